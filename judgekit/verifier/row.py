"""A row of plain values -> its grade by the two pure stages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from judgekit.errors import DataError, UnknownName
from judgekit.records import Grade, Kind, Verdict
from judgekit.verifier.case import Case, make_case
from judgekit.verifier.stages import NO_ANSWER, exact, symbolic


def grade_row(row: Mapping[str, Any], number: int) -> Grade:
    """The grade of one row of `verify_many`."""
    case = make_case(
        _text(row, "gold", number),
        _text(row, "response", number),
        row.get("question"),
        _kind(row.get("kind") or "auto"),
        row.get("choices"),
        bool(row.get("finished", True)),
    )
    return grade(case, str(row.get("id", number)), int(row.get("sample", 0)))


def grade(case: Case, id: str = "", sample: int = 0) -> Grade:
    """The decision of the two pure stages on a case: the first that decides, or nobody."""
    trail: list[Verdict] = []
    for stage in (exact, symbolic):
        verdict = stage(case)
        if NO_ANSWER in verdict.flags:
            final = Verdict(NO_ANSWER, "incorrect", None, verdict.evidence, flags=verdict.flags)
            return _grade(final, NO_ANSWER, id, sample, (final,))
        trail.append(verdict)
        if verdict.outcome != "undecided":
            return _grade(verdict, verdict.stage, id, sample, tuple(trail))
    return _grade(trail[-1], "none", id, sample, tuple(trail))


def _grade(verdict: Verdict, stage: str, id: str, sample: int, trail: tuple[Verdict, ...]) -> Grade:
    return Grade(
        id,
        verdict.outcome,
        stage,
        sample,
        extracted=verdict.extracted,
        evidence=verdict.evidence,
        trail=trail,
    )


_KINDS = ("auto", *get_args(Kind))


def _text(row: Mapping[str, Any], field: str, number: int) -> str:
    value = row.get(field)
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    raise DataError(
        f"row {number}: {field} should be text, is {value!r:.60}", hint=f"give every row a {field}"
    )


def _kind(kind: str) -> Any:
    if kind not in _KINDS:
        raise UnknownName("kind of answer", kind, _KINDS)
    return kind
