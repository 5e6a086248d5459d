"""Rows with a person's word on them: what a judge is measured against and calibrated on.

From a file with the columns `id`, `question`, `gold`, `response` and `label` (true = correct), or
from a run. What people said in an audit of the run or file (`judgekit audit --label`) counts, and
takes precedence over a column.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from judgekit.analysis.labels import Rule, settle
from judgekit.errors import DataError
from judgekit.formats.foreign import read_responses
from judgekit.records import Key, Label
from judgekit.runs import load, read_records, standing
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
    """The rows, and what was left out: rows that cannot be read, and those without a word.

    `unsure` counts rows that nobody labelled, or only as unsure; `divided` those on which labellers
    disagree, whether or not the rule makes one word of theirs.
    """

    rows: tuple[LabelledRow, ...]
    left_out: tuple[tuple[int, str], ...] = ()
    unsure: int = 0
    divided: int = 0
    columns: Mapping[Key, Mapping[str, Any]] = field(default_factory=dict)


def read_labelled(path: Path, rule: Rule = "majority", **columns: Any) -> Labelled:
    """The labelled rows of a file or of a run, several labellers reduced to one by `rule`.

    `columns` name the file's columns where they are called otherwise (`question`, `gold`,
    `response`, `id`). Raises `DataError` where there is no labelled row, and `UnknownName` for a
    rule that there is not.
    """
    found = _of_run(path, rule) if path.is_dir() else _of_file(path, rule, columns)
    if not found.rows:
        raise DataError(f"{path} has no labelled rows", hint=_hint(path))
    return found


def audit_folder(path: Path) -> Path:
    """Where an audit of a file keeps what people said of its rows."""
    return path.with_suffix(".audit")


def _of_file(path: Path, rule: Rule, names: Mapping[str, Any]) -> Labelled:
    read = read_responses(path, **names)
    said = settle(standing(read_records(audit_folder(path), Label)), rule)
    rows: list[LabelledRow] = []
    left_out = [(int(number), str(reason)) for number, reason in read.left_out]
    unsure = 0
    columns: dict[Key, Mapping[str, Any]] = {}
    parallel = zip(read.problems, read.responses, read.columns, strict=True)
    for number, (problem, response, row) in enumerate(parallel, start=1):
        word = said.outcomes.get(response.key, "undecided")
        value = row.get(LABEL) if word == "undecided" else word
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
    return Labelled(tuple(rows), tuple(left_out), unsure, len(said.divided), columns)


def _of_run(path: Path, rule: Rule) -> Labelled:
    run = load(path)
    problems = {problem.id: problem for problem in run.problems}
    responses = {response.key: response for response in run.responses}
    model = str(run.config.get("model", ""))
    rows: list[LabelledRow] = []
    unsure = 0
    said = settle(run.labels, rule)
    for key, outcome in said.outcomes.items():
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
    return Labelled(tuple(rows), unsure=unsure, divided=len(said.divided))


def _hint(path: Path) -> str:
    label_them = f"label some: judgekit audit {path} --label"
    if path.is_dir():
        return label_them
    return f"a column {LABEL!r} says true (correct) or false, or {label_them}"
