"""Rows with a person's word on them: what a judge is measured against and calibrated on.

From a file with the columns `id`, `question`, `gold`, `response` and `label` (true = correct), or
from a run that was labelled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from judgekit.errors import DataError
from judgekit.formats.foreign import read_responses
from judgekit.records import Key, Label, Outcome
from judgekit.runs import load
from judgekit.verifier import Case, make_case

LABEL = "label"
WORDS: dict[str, bool] = {"true": True, "correct": True, "1": True, "1.0": True}
WORDS |= {"false": False, "incorrect": False, "0": False, "0.0": False}


@dataclass(frozen=True, slots=True)
class LabelledRow:
    """One response that a person has judged; `cluster` is its problem, `model` who wrote it."""

    key: Key
    case: Case
    label: bool
    model: str = ""

    @property
    def cluster(self) -> str:
        """The question where it is known: files give the same problem several ids."""
        return self.case.question or self.key.id


@dataclass(frozen=True, slots=True)
class Labelled:
    """The rows, and what was left out: rows that cannot be read, and labels that say unsure."""

    rows: tuple[LabelledRow, ...]
    left_out: tuple[tuple[int, str], ...] = ()
    unsure: int = 0
    columns: Mapping[Key, Mapping[str, Any]] = field(default_factory=dict)


def read_labelled(path: Path, **columns: Any) -> Labelled:
    """The labelled rows of a file or of a run.

    `columns` name the file's columns where they are called otherwise (`question`, `gold`,
    `response`, `id`). Raises `DataError` where there is no labelled row.
    """
    found = _of_run(path) if path.is_dir() else _of_file(path, columns)
    if not found.rows:
        raise DataError(f"{path} has no labelled rows", hint=_hint(path))
    return found


def settle(labels: Iterable[Label]) -> dict[Key, Outcome]:
    """One label a response: the labellers' majority, undecided where they are divided.

    A labeller's last word on a response replaces the earlier ones.
    """
    said: dict[Key, dict[str, Outcome]] = {}
    for label in labels:
        said.setdefault(label.key, {})[label.by] = label.outcome
    settled: dict[Key, Outcome] = {}
    for key, by in said.items():
        counts = Counter(outcome for outcome in by.values() if outcome != "undecided")
        difference = counts["correct"] - counts["incorrect"]
        settled[key] = (
            "correct" if difference > 0 else "incorrect" if difference < 0 else "undecided"
        )
    return settled


def _of_file(path: Path, names: Mapping[str, Any]) -> Labelled:
    read = read_responses(path, **names)
    rows: list[LabelledRow] = []
    left_out = [(int(number), str(reason)) for number, reason in read.left_out]
    unsure = 0
    columns: dict[Key, Mapping[str, Any]] = {}
    parallel = zip(read.problems, read.responses, read.columns, strict=True)
    for number, (problem, response, row) in enumerate(parallel, start=1):
        value = row.get(LABEL)
        if value is None or str(value).strip().casefold() in ("", "undecided", "unsure", "nan"):
            unsure += 1
            continue
        label = WORDS.get(str(value).strip().casefold())
        if label is None:
            left_out.append((number, f"label {value!r:.40} is neither true nor false"))
            continue
        case = make_case(
            problem.gold,
            response.text,
            question=problem.question or None,
            choices=problem.choices,
            kind="auto" if read.kind == "auto" else problem.kind,
            finished=response.finished,
        )
        rows.append(
            LabelledRow(
                response.key, replace(case, columns=row), label, str(row.get("model") or "")
            )
        )
        columns[response.key] = row
    return Labelled(tuple(rows), tuple(left_out), unsure, columns)


def _of_run(path: Path) -> Labelled:
    run = load(path)
    problems = {problem.id: problem for problem in run.problems}
    responses = {response.key: response for response in run.responses}
    model = str(run.config.get("model", ""))
    rows: list[LabelledRow] = []
    unsure = 0
    for key, outcome in settle(run.labels).items():
        response = responses.get(key)
        if outcome == "undecided" or response is None or key.id not in problems:
            unsure += 1
            continue
        problem = problems[key.id]
        case = make_case(
            problem.gold,
            response.text,
            question=problem.question or None,
            kind=problem.kind,
            choices=problem.choices,
            finished=response.finished,
        )
        rows.append(LabelledRow(key, case, outcome == "correct", model))
    return Labelled(tuple(rows), unsure=unsure)


def _hint(path: Path) -> str:
    if path.is_dir():
        return f"label some: judgekit audit {path} --label"
    return f"a column {LABEL!r} says true (correct) or false"
