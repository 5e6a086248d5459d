"""Grading in worker processes, over pipes.

A worker is `python -m judgekit.verifier.batch_workers`: neither forked (threads and CUDA survive
that badly) nor spawned from the caller's script (which would run it again). One line in is a chunk
of rows, one line out its grades: a worker reads its chunk whole before it answers, so that two full
pipes never wait for each other. A worker that dies is replaced, and the rows of its chunk are
tried one by one; a row that kills it again is undecided.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from judgekit.errors import DataError, UserError
from judgekit.records import Grade
from judgekit.rows import from_row, to_row
from judgekit.verifier.row import grade_row

CHUNK = 64
"""Rows handed to a worker at once: enough that pipes cost nothing, few enough that work is even."""

_Chunk = list[tuple[int, dict[str, Any]]]


class _Died(Exception):
    """The worker went away in the middle of a chunk."""


class _Worker:
    """One process and its two pipes."""

    def __init__(self) -> None:
        root = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "judgekit.verifier.batch_workers"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
        )

    def grade(self, chunk: _Chunk) -> list[Grade]:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(chunk).encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            raise _Died from None
        line = process.stdout.readline()
        if not line.endswith(b"\n"):
            raise _Died
        answer = json.loads(line)
        if "fault" in answer:
            raise DataError(answer["fault"])
        return [from_row(Grade, row) for row in answer["grades"]]

    def close(self) -> None:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        process.stdout.close()
        process.wait()


def grade_in_workers(rows: Iterable[Mapping[str, Any]], workers: int) -> list[Grade]:
    """The grades of the rows, in their order."""
    idle: SimpleQueue[_Worker] = SimpleQueue()
    started = [_Worker() for _ in range(workers)]
    for worker in started:
        idle.put(worker)
    try:
        with ThreadPoolExecutor(workers) as threads:
            chunks = _chunks(rows)
            ahead: list[Future[list[Grade]]] = [
                threads.submit(_grade_chunk, idle, chunk) for chunk in islice(chunks, 2 * workers)
            ]
            grades: list[Grade] = []
            while ahead:
                grades += ahead.pop(0).result()
                ahead += [threads.submit(_grade_chunk, idle, c) for c in islice(chunks, 1)]
            return grades
    finally:
        while not idle.empty():
            idle.get().close()


def _chunks(rows: Iterable[Mapping[str, Any]]) -> Iterator[_Chunk]:
    numbered = enumerate(rows)
    while chunk := [(number, dict(row)) for number, row in islice(numbered, CHUNK)]:
        yield chunk


def _grade_chunk(idle: SimpleQueue[_Worker], chunk: _Chunk) -> list[Grade]:
    worker = idle.get()
    try:
        return worker.grade(chunk)
    except _Died:
        worker.close()
        worker = _Worker()
        if len(chunk) == 1:
            return [_lost(*chunk[0])]
        grades = []
        for row in chunk:
            try:
                grades += worker.grade([row])
            except _Died:
                worker.close()
                worker = _Worker()
                grades.append(_lost(*row))
        return grades
    finally:
        idle.put(worker)


def _lost(number: int, row: Mapping[str, Any]) -> Grade:
    evidence = "The process that compared this answer died; nothing is proven."
    key = str(row.get("id", number)), int(row.get("sample", 0))
    return Grade(key[0], "undecided", "none", key[1], evidence=evidence)


def _serve() -> None:
    """Read chunks from standard input and answer each with its grades, until the input ends."""
    out, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        try:
            grades = [to_row(grade_row(row, number)) for number, row in json.loads(line)]
            answer: dict[str, Any] = {"grades": grades}
        except UserError as fault:
            answer = {"fault": str(fault)}
        out.write(json.dumps(answer) + "\n")
        out.flush()


if __name__ == "__main__":
    _serve()
