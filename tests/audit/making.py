"""Rows, subjects and runs to audit, made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from judgekit.audit.subject import Row, Subject
from judgekit.records import Grade, Label, Outcome, Problem, Response, Verdict
from judgekit.runs import Run, Writer, load


def row(
    id: str = "p1",
    outcome: Outcome = "correct",
    stage: str = "exact",
    *verdicts: Verdict,
    text: str = r"So it is \boxed{4}.",
    question: str = "What is 2 + 2?",
    gold: str = "4",
    **more: Any,
) -> Row:
    """A row decided by a stage; `verdicts` are all on it, by default the stage's own."""
    said = verdicts or (Verdict(stage, outcome),)
    given: dict[str, tuple[Verdict, ...]] = {}
    for verdict in said:
        given[verdict.stage] = (*given.get(verdict.stage, ()), verdict)
    grade = Grade(id, outcome, stage, trail=said, grading="a" * 8)
    return Row(Problem(id, question, gold), Response(id, text), grade, given, **more)


def subject(folder: Path, rows: Sequence[Row]) -> Subject:
    return Subject("made", folder, tuple(rows), "a" * 8)


def label(id: str, outcome: Outcome = "correct", by: str = "ana", **more: Any) -> Label:
    return Label(id, outcome, by, "2026-01-01T00:00:00+00:00", **more)


def finished_run(
    folder: Path, grades: Sequence[Grade], labels: Sequence[Label] = (), text: str = "4"
) -> Run:
    """A run directory with these grades and labels."""
    with Writer(folder) as writer:
        writer.start({"model": "m", "benchmark": "b", "strategy": "cot"}, {})
        ids = list(dict.fromkeys(grade.id for grade in grades))
        writer.append(*(Problem(id, f"Question {id}?", "4") for id in ids))
        writer.append(*(Response(id, text) for id in ids))
        writer.append(*grades)
        writer.append(*labels)
    return load(folder)
