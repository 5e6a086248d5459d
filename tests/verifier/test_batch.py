"""One pair, many rows, many processes: the same grades."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from judgekit.errors import DataError, UnknownName
from judgekit.records import Grade
from judgekit.rows import from_row, to_row
from judgekit.verifier import verify, verify_many
from judgekit.verifier.batch_workers import grade_in_workers

ROWS: list[dict[str, Any]] = [
    {"gold": str(i % 5), "response": f"The answer is {i % 7}.", "id": f"p{i // 2}", "sample": i % 2}
    for i in range(200)
]


def outcomes(grades: list[Grade]) -> list[tuple[str, int, str, str, str | None]]:
    return [(g.id, g.sample, g.outcome, g.stage, g.extracted) for g in grades]


def test_the_grade_carries_the_trail() -> None:
    grade = verify(r"\frac{1}{2}", r"\boxed{0.5}")
    assert (grade.outcome, grade.stage) == ("correct", "exact")
    assert [v.stage for v in grade.trail] == ["exact"]
    grade = verify("x+1", r"\boxed{\frac{x^2-1}{x-1}}")
    assert (grade.outcome, grade.stage) == ("correct", "symbolic")
    assert [v.stage for v in grade.trail] == ["exact", "symbolic"]
    assert grade.evidence
    assert from_row(Grade, to_row(grade)) == grade


def test_no_answer_is_a_stage_of_its_own() -> None:
    grade = verify("4", "")
    assert (grade.outcome, grade.stage) == ("incorrect", "no-answer")
    assert grade.evidence == "The response is empty."


def test_nobody_decided() -> None:
    grade = verify("Mercy", "Justice, I would say")
    assert (grade.outcome, grade.stage) == ("undecided", "none")


def test_rows_keep_their_keys_and_order() -> None:
    grades = verify_many(ROWS)
    assert [g.key[:2] for g in grades] == [(r["id"], r["sample"]) for r in ROWS]
    assert [g.id for g in verify_many([{"gold": "1", "response": "1"}] * 3)] == ["0", "1", "2"]


def test_workers_say_the_same() -> None:
    assert outcomes(verify_many(ROWS, workers=2)) == outcomes(verify_many(ROWS))


def test_rows_may_come_from_a_generator() -> None:
    def rows() -> Iterator[dict[str, Any]]:
        yield from ROWS

    assert len(verify_many(rows(), workers=2)) == len(ROWS)
    assert verify_many([], workers=2) == []


def test_batches_in_threads() -> None:
    with ThreadPoolExecutor(3) as threads:
        results = list(threads.map(lambda _: outcomes(verify_many(ROWS, workers=2)), range(3)))
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize("workers", [None, 2])
def test_a_row_that_is_no_row_is_named(workers: int | None) -> None:
    with pytest.raises(DataError, match="row 1: gold"):
        verify_many([ROWS[0], {"gold": None, "response": "4"}], workers=workers)
    with pytest.raises(UnknownName, match="kind"):
        verify_many([{**ROWS[0], "kind": "maths"}])


def test_the_callers_script_runs_once(tmp_path: Path) -> None:
    script = tmp_path / "mine.py"
    script.write_text(
        textwrap.dedent("""
        print("once")
        from judgekit.verifier import verify_many
        rows = [{"gold": "4", "response": "The answer is 4."}] * 100
        print(len(verify_many(rows, workers=2)))
        """)
    )
    (tmp_path / "json.py").write_text("raise SystemExit('the worker imported a file of the user')")
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-P", str(script)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["once", "100"]


def test_no_process_is_left() -> None:
    before = _children()
    verify_many(ROWS, workers=2)
    assert _children() <= before


def test_a_worker_that_dies_loses_no_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker is killed while rows are underway; every row is graded all the same."""
    before = _children()

    def kill_soon() -> None:
        for _ in range(200):
            for child in _children() - before:
                try:
                    os.kill(child, signal.SIGKILL)
                except ProcessLookupError:
                    continue
                return
            threading.Event().wait(0.01)

    killer = threading.Thread(target=kill_soon)
    killer.start()
    grades = grade_in_workers(ROWS, 2)
    killer.join()
    assert [g.id for g in grades] == [r["id"] for r in ROWS]
    decided = [g for g in grades if g.outcome != "undecided"]
    assert len(decided) >= len(ROWS) - 1


def test_a_grade_is_as_frozen_as_the_records() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        verify("4", "4").outcome = "incorrect"  # type: ignore[misc]


def _children() -> set[int]:
    found = set()
    for entry in Path("/proc").iterdir() if Path("/proc").is_dir() else ():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(stat[1]) == os.getpid() and stat[0] != "Z":
                found.add(int(entry.name))
    return found
