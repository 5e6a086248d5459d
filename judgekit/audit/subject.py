"""What is audited: responses with every verdict that was given on them, and what people said.

A subject is a run, or a file of somebody else's responses. What the audit writes (labels, plans)
stands in the run itself, or beside the file in a folder `FILE.audit`.
"""

from __future__ import annotations

import asyncio
import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from judgekit.cascade import Stage
from judgekit.cascade import run as ask_cascade
from judgekit.config import Config
from judgekit.errors import DataError, UserError
from judgekit.formats.foreign import ForeignRows
from judgekit.grade import AT_ONCE, PURE, Item, policy
from judgekit.judges import Judge, hold, open_judges
from judgekit.judges.labelled import LABEL, WORDS, audit_folder
from judgekit.lines import read_lines
from judgekit.records import Grade, Key, Kind, Label, Outcome, Problem, Response, Verdict
from judgekit.rows import from_row
from judgekit.runs import Run, read_records, standing
from judgekit.verifier import Case

NOT_JUDGES = frozenset({*PURE, "no-answer", "none"})
"""Stages that are no judge's: of the verifier, and of the policy."""


@dataclass(frozen=True, slots=True)
class Row:
    """One response under audit.

    `grade` is the one that is audited. `verdicts` are all that were given on the response, by
    stage: several of one stage where it was asked again in another grading and said otherwise.
    `gradings` are the outcomes of the other gradings by their hash. `known` is what a column of the
    file says about the truth.
    """

    problem: Problem
    response: Response
    grade: Grade
    verdicts: Mapping[str, tuple[Verdict, ...]]
    gradings: Mapping[str, Outcome] = field(default_factory=dict)
    known: bool | None = None
    columns: Mapping[str, Any] = field(default_factory=dict)
    kind: Kind | Literal["auto"] = "math"

    @property
    def key(self) -> Key:
        return self.response.key

    @property
    def stratum(self) -> tuple[str, Outcome]:
        """Who decided and what: within these, responses are alike for sampling."""
        return self.grade.stage, self.grade.outcome

    @property
    def verifier(self) -> Verdict | None:
        """The verifier's last word, or the policy's where there was no answer."""
        said = [v for name, each in self.verdicts.items() if name in NOT_JUDGES for v in each[:1]]
        return said[-1] if said else None

    @property
    def judges(self) -> dict[str, Verdict]:
        """Each judge's verdict, held to its claim."""
        return {name: each[0] for name, each in self.verdicts.items() if name not in NOT_JUDGES}

    @property
    def case(self) -> Case:
        return Item(self.problem, self.response, self.columns, self.kind).case


@dataclass(frozen=True)
class Subject:
    """The rows, and where what the audit writes has its place."""

    name: str
    folder: Path
    rows: tuple[Row, ...]
    grading: str

    @cached_property
    def by_key(self) -> dict[Key, Row]:
        return {row.key: row for row in self.rows}

    @property
    def labels(self) -> list[Label]:
        """What people say as it stands on disk now."""
        return standing(read_records(self.folder, Label))


def of_run(run: Run, grading: str | None = None) -> Subject:
    """A run under audit, by its shown grading or the one named.

    Raises `UserError` where nothing is graded.
    """
    shown = run.graded(grading) if grading else run.grades
    if not shown:
        raise UserError(f"{run.path} has no grades to audit", hint="judgekit grade makes them")
    name = shown[0].grading
    others: dict[Key, list[Grade]] = {}
    for grade in run.all_grades:
        if grade.grading != name:
            others.setdefault(grade.key, []).append(grade)
    problems = {problem.id: problem for problem in run.problems}
    responses = {response.key: response for response in run.responses}
    rows = [
        _row(
            problems.get(grade.id, Problem(grade.id, "", "")),
            responses[grade.key],
            [grade, *others.get(grade.key, ())],
        )
        for grade in shown
        if grade.key in responses
    ]
    return Subject(str(run.path), run.path, tuple(rows), name)


async def of_file(
    path: Path, found: ForeignRows, config: Config, judges: Sequence[str] = ()
) -> Subject:
    """A file under audit.

    With `judges` its rows are graded afresh, in memory, by the cascade with the first of them as
    its only judge, and every judge is asked about every row. Without, the grades are those that
    `judgekit grade` has written beside the file, else the verifier's.

    Raises what reading grades and opening judges raise, and `DataError` where no row can be used.
    """
    if not found.responses:
        raise DataError(f"{path}: no row can be audited")
    items = [
        Item(problem, response, columns, typing.cast(Any, found.kind))
        for problem, response, columns in zip(
            found.problems, found.responses, found.columns, strict=True
        )
    ]
    stored = None if judges else _grades_beside(path)
    if stored is not None:
        rows = [
            _row(item.problem, item.response, stored[item.response.key], item.columns, item.kind)
            for item in items
            if item.response.key in stored
        ]
        if not rows:
            raise DataError(f"{path.with_suffix('.graded.jsonl')} has no grade of a row of {path}")
    else:
        rows = await _graded_now(items, config, judges)
    return Subject(str(path), audit_folder(path), tuple(rows), rows[0].grade.grading)


async def with_judges(subject: Subject, config: Config, names: Sequence[str]) -> Subject:
    """The subject with the verdicts of more judges on every row."""
    columns = {row.key: row.columns for row in subject.rows}
    async with open_judges(
        names, config, cache=subject.folder / "judged.jsonl", columns=columns
    ) as opened:
        rows = await _all([(row, row.case) for row in subject.rows], opened)
    return replace(subject, rows=tuple(rows))


async def _graded_now(items: Sequence[Item], config: Config, judges: Sequence[str]) -> list[Row]:
    cascade = policy(config, judges[0] if judges else "none")
    columns = {item.response.key: item.columns for item in items}
    async with open_judges(judges, config, columns=columns) as opened:
        stages = [
            PURE[name] if name in PURE else Stage(name, opened[name], judge=True)
            for name in cascade.stages
        ]
        graded = []
        for item in items:
            case = item.case
            grade = await ask_cascade(case, item.response.key, stages, cascade)
            row = _row(item.problem, item.response, [grade], item.columns, item.kind)
            graded.append((row, case))
        return await _all(graded, opened)


async def _all(rows: Sequence[tuple[Row, Case]], judges: Mapping[str, Judge]) -> list[Row]:
    bound = asyncio.Semaphore(AT_ONCE)

    async def one(row: Row, case: Case) -> Row:
        async with bound:
            return await _asked(row, case, judges)

    return list(await asyncio.gather(*(one(row, case) for row, case in rows)))


async def _asked(row: Row, case: Case, judges: Mapping[str, Judge]) -> Row:
    verdicts = dict(row.verdicts)
    for name, judge in judges.items():
        if name not in verdicts:
            verdicts[name] = (hold(await judge(case), case),)
    return replace(row, verdicts=verdicts)


def _grades_beside(path: Path) -> dict[Key, list[Grade]] | None:
    graded = path.with_suffix(".graded.jsonl")
    if not graded.exists():
        return None
    found: dict[Key, list[Grade]] = {}
    for number, row in read_lines(graded):
        grade = from_row(Grade, row, where=f"{graded} line {number}")
        found[grade.key] = [grade]
    return found


def _row(
    problem: Problem,
    response: Response,
    grades: Sequence[Grade],
    columns: Mapping[str, Any] | None = None,
    kind: Kind | Literal["auto"] | None = None,
) -> Row:
    """A row of one response's grades, the audited one first."""
    verdicts: dict[str, list[Verdict]] = {}
    for verdict in (verdict for grade in grades for verdict in grade.trail):
        said = verdicts.setdefault(verdict.stage, [])
        if all(_opinion(verdict) != _opinion(earlier) for earlier in said):
            said.append(verdict)
    return Row(
        problem,
        response,
        grades[0],
        {name: tuple(each) for name, each in verdicts.items()},
        {grade.grading: grade.outcome for grade in grades[1:]},
        _known(columns or {}),
        columns or {},
        kind or problem.kind,
    )


def _opinion(verdict: Verdict) -> tuple[Any, ...]:
    """What a verdict says; one that came from the cache is no second opinion."""
    return verdict.outcome, verdict.extracted, verdict.evidence


def _known(columns: Mapping[str, Any]) -> bool | None:
    return WORDS.get(str(columns.get(LABEL)).strip().casefold())


def truth(rows: Iterable[Row], settled: Mapping[Key, Outcome]) -> dict[Key, bool]:
    """What people say of each row as far as they do: labels, else the file's own column."""
    found = {row.key: row.known for row in rows if row.known is not None}
    found |= {key: word == "correct" for key, word in settled.items() if word != "undecided"}
    return found
