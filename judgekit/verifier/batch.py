"""One call for one pair, one call for many: the verifier without a cascade around it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

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
    """Whether a response's answer equals the gold answer, decided without any model."""
    return grade(make_case(gold, response, question, kind, choices))


def grade(case: Case, id: str = "", sample: int = 0) -> Grade:
    """The stages' decision on a case: the first that decides, or nobody."""
    trail: list[Verdict] = []
    for stage in (exact, symbolic):
        verdict = stage(case)
        if NO_ANSWER in verdict.flags:
            final = Verdict(NO_ANSWER, "incorrect", None, verdict.evidence, flags=verdict.flags)
            return _grade(final, id, sample, (final,))
        trail.append(verdict)
        if verdict.outcome != "undecided":
            return _grade(verdict, id, sample, tuple(trail))
    return _grade(trail[-1], id, sample, tuple(trail), stage="none")


def _grade(
    verdict: Verdict, id: str, sample: int, trail: tuple[Verdict, ...], stage: str | None = None
) -> Grade:
    return Grade(
        id,
        verdict.outcome,
        stage or verdict.stage,
        sample,
        extracted=verdict.extracted,
        evidence=verdict.evidence,
        trail=trail,
    )


def verify_many(rows: Iterable[Mapping[str, Any]], workers: int | None = None) -> list[Grade]:
    """`verify` over rows: `gold`, `response`, and where known `question`, `kind`, `choices`."""
    return [
        grade(
            make_case(
                str(row["gold"]),
                str(row["response"]),
                row.get("question"),
                row.get("kind") or "auto",
                row.get("choices"),
            ),
            str(row.get("id", number)),
            int(row.get("sample", 0)),
        )
        for number, row in enumerate(rows)
    ]
