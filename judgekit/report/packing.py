"""The responses that a page can open, as compressed JSON: what its script needs of each.

Of a run with very many the page counts all and holds some, spread over problems, runs and outcomes.
"""

from __future__ import annotations

import base64
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from judgekit.analysis.frame import CORRECT
from judgekit.records import Key, Label, Problem, Response
from judgekit.report.responses import Answer, cut, loop_span, shown
from judgekit.report.safe import all_seen
from judgekit.report.summary import Line, RunLike
from judgekit.report.tables import label
from judgekit.rows import in_bulk
from judgekit.runs import Run

if TYPE_CHECKING:
    import pandas as pd

MOST = 10_000
"""Responses that a page holds."""
MAX_BYTES = 3_600_000
"""Compressed data of the responses; a file stays below 5 MB."""
MAX_TEXTS = (200_000, 40_000, 16_000, 8_000, 4_000, 2_000, 1_400, 1_000, 600, 400, 250, 150)
"""Characters kept of a response where all of them are too many; the first that fits is taken."""

Place = tuple[str, str]
"""Benchmark and id of a problem."""


@dataclass(frozen=True, slots=True)
class Packed:
    """`data` is base64 of deflated JSON.

    `kept` of `total` responses are in it, and their texts are cut to `longest` characters, if they
    are.
    """

    data: str
    kept: int
    total: int
    longest: int | None


def packed(
    runs: Sequence[RunLike], lines: Sequence[Line], frames: Sequence[pd.DataFrame]
) -> Packed:
    """The responses of the runs; `frames` has the rows that each line counts."""
    with in_bulk():
        found = _Found(runs, lines, frames)
    lengths = [found.longest, *(each for each in MAX_TEXTS if each < found.longest)]
    for longest in lengths:
        most = None if longest == lengths[-1] else MAX_BYTES
        if data := _compressed(found.head, found.problems(longest), most):
            break
    cut = longest if longest < found.longest else None
    return Packed(base64.b64encode(data or b"").decode(), found.kept, found.total, cut)


def _compressed(
    head: Mapping[str, Any], problems: Iterable[Mapping[str, Any]], most: int | None
) -> bytes | None:
    """`head` with its `problems`, one at a time; None as soon as that is more than `most` bytes."""
    import orjson

    def dumped(value: Mapping[str, Any]) -> bytes:
        return orjson.dumps(all_seen(value), option=orjson.OPT_NON_STR_KEYS)

    packer = zlib.compressobj(6)
    parts = [packer.compress(dumped(head)[:-1] + b',"problems":[')]
    size, comma = 0, b""
    for problem in problems:
        parts.append(packer.compress(comma + dumped(problem)))
        size, comma = size + len(parts[-1]), b","
        if most is not None and size > most:
            return None
    data = b"".join((*parts, packer.compress(b"]}"), packer.flush()))
    return None if most is not None and len(data) > most else data


class _Found:
    """The responses that are kept, with what is known of each, and counts of all."""

    def __init__(
        self, runs: Sequence[RunLike], lines: Sequence[Line], frames: Sequence[pd.DataFrame]
    ) -> None:
        self.head = {"lines": [{"name": label(line, lines), "run": line.run} for line in lines]}
        self.total = sum(map(len, frames))
        self.counts = _counts(lines, frames)
        self.asked: dict[Place, Problem] = {}
        self.answers: dict[Place, dict[int, list[Answer]]] = {}
        kept = _chosen(frames)
        self.kept = sum(map(len, kept))
        self.longest = 0
        for run, mine in _by_run(runs, lines):
            benchmark = lines[min(mine.values())].benchmark
            for problem in run.problems:
                self.asked.setdefault((benchmark, problem.id), problem)
            wanted = set[Key]().union(*(kept[line] for line in mine.values()))
            grades = {grade.key: grade for grade in run.grades if grade.key in wanted}
            labels = _labels(run)
            for key, response in _responses(run, wanted).items():
                known = Answer(response, grades.get(key), labels.get(key, ()), loop_span(response))
                by_line = self.answers.setdefault((benchmark, key.id), {})
                by_line.setdefault(mine[key.variant], []).append(known)
                self.longest = max(self.longest, len(response.text))
        for place in self.counts:
            problem = self.asked.setdefault(place, Problem(place[1], "", ""))
            self.longest = max(self.longest, len(problem.question), len(problem.gold))

    def problems(self, longest: int) -> Iterator[dict[str, Any]]:
        """Each problem that has responses, in texts of at most `longest` characters."""
        for place, problem in self.asked.items():
            if place in self.counts:
                yield {
                    "benchmark": place[0],
                    "id": problem.id,
                    "question": cut(problem.question, longest),
                    "gold": cut(problem.gold, longest),
                    "choices": [cut(choice, longest) for choice in problem.choices],
                    "counts": self.counts[place],
                    # Responses stand in their file as they were finished.
                    "answers": {
                        line: [
                            shown(each, longest) for each in sorted(all_, key=lambda a: a.sample)
                        ]
                        for line, all_ in self.answers.get(place, {}).items()
                    },
                }


def _by_run(
    runs: Sequence[RunLike], lines: Sequence[Line]
) -> Iterator[tuple[RunLike, dict[str, int]]]:
    """Each run with the places of its lines by variant."""
    at = 0
    for run in runs:
        mine: dict[str, int] = {}
        while at < len(lines) and lines[at].run == str(run.path) and lines[at].variant not in mine:
            mine[lines[at].variant] = at
            at += 1
        yield run, mine


def _responses(run: RunLike, wanted: set[Key]) -> dict[Key, Response]:
    all_ = run.each_response(wanted) if isinstance(run, Run) else run.responses
    return {response.key: response for response in all_ if response.key in wanted}


def _counts(
    lines: Sequence[Line], frames: Sequence[pd.DataFrame]
) -> dict[Place, dict[int, Counter[str]]]:
    """For each problem and line how many responses became what."""
    counts: dict[Place, dict[int, Counter[str]]] = {}
    for index, (line, rows) in enumerate(zip(lines, frames, strict=True)):
        for key, became in zip(rows["id"], rows["reason"], strict=True):
            problem = counts.setdefault((line.benchmark, key), {})
            problem.setdefault(index, Counter())[became] += 1
    return counts


def _chosen(frames: Sequence[pd.DataFrame]) -> list[set[Key]]:
    """The responses of each line that are kept: all, or `MOST` of them.

    Of every problem, line and outcome one first, then a second, and so on; those that are not
    correct before those that are.
    """
    if sum(map(len, frames)) <= MOST:
        return [set(map(Key, f["id"], f["sample"], f["variant"])) for f in frames]
    order = []
    for line, rows in enumerate(frames):
        rows = rows.sort_values("sample", kind="stable")
        turns = Counter[tuple[str, str]]()
        keys = map(Key, rows["id"], rows["sample"], rows["variant"])
        for key, became in zip(keys, rows["reason"], strict=True):
            turn = turns[key.id, became] = turns[key.id, became] + 1
            order.append((turn, became == CORRECT, line, key))
    order.sort(key=lambda each: each[:2])
    chosen = [set[Key]() for _ in frames]
    for _, _, line, key in order[:MOST]:
        chosen[line].add(key)
    return chosen


def _labels(run: RunLike) -> dict[Key, list[Label]]:
    found: dict[Key, list[Label]] = {}
    for each in getattr(run, "labels", ()):
        found.setdefault(each.key, []).append(each)
    return found
