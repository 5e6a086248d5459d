"""One call for one pair, one call for many: the verifier without a cascade around it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, get_args

from judgekit.errors import DataError, UnknownName
from judgekit.records import Grade, Kind, Verdict
from judgekit.verifier.case import Case, make_case
from judgekit.verifier.stages import NO_ANSWER, exact, symbolic


def verify(
    gold: str,
    response: str,
    question: str | None = None,
    kind: Kind | Literal["auto"] = "auto",
    choices: Sequence[str] | None = None,
) -> Grade:
    """Whether a response's answer equals the gold answer, decided without any model.

    `outcome` is `undecided` wherever neither equality nor difference is proven; `trail` holds the
    verdicts of both stages. Raises `UnknownName` for another `kind`, `DataError` for a gold or
    response that is no text.
    """
    row = {"gold": gold, "response": response}
    case = make_case(
        _text(row, "gold", 0), _text(row, "response", 0), question, _kind(kind), choices
    )
    return grade(case, "0")


def verify_many(rows: Iterable[Mapping[str, Any]], workers: int | None = None) -> list[Grade]:
    """`verify` over rows, in their order.

    A row has `gold` and `response`, and where known `question`, `kind`, `choices`, `finished`, `id`
    and `sample` (the id defaults to the row's number). With `workers`, that many processes share
    the work; they are started by `python -m` and never run the caller's script again, so this is
    safe in notebooks, threads and trainers. Raises as `verify`, naming the row.
    """
    if workers is None or workers <= 1:
        return [grade_row(row, number) for number, row in enumerate(rows)]
    from judgekit.verifier.batch_workers import grade_in_workers

    return grade_in_workers(rows, workers)


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
