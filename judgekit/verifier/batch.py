"""One call for one pair, one call for many: the verifier without a cascade around it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from judgekit.records import Grade, Kind
from judgekit.verifier.row import grade_row


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
    row = {
        "gold": gold,
        "response": response,
        "question": question,
        "kind": kind,
        "choices": choices,
    }
    return grade_row(row, 0)


def verify_many(rows: Iterable[Mapping[str, Any]], workers: int | None = None) -> list[Grade]:
    """`verify` over rows, in their order.

    A row has `gold` and `response`, and where known `question`, `kind`, `choices`, `finished`, `id`
    and `sample` (the id defaults to the row's number). With `workers`, that many processes share
    the work; they are started by `python -m` and never run the caller's script again, so this is
    safe in notebooks, threads and trainers. Raises as `verify`, naming the row.
    """
    if workers is None or workers <= 1:
        return [grade_row(row, number) for number, row in enumerate(rows)]
    # Not above: a worker is this very module run by `python -m`.
    from judgekit.verifier.batch_workers import grade_in_workers

    return grade_in_workers(rows, workers)
