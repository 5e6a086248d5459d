"""Does a judge go easier on its own model than on others?

Measured against people's labels, so that an own model which is better is no preference (equality of
opportunity, as in Wataoka et al. 2024, arXiv 2410.21819, after Panickssery et al. 2024, arXiv
2404.13076): of the wrong responses, is a larger share of its own accepted; of the right ones, is a
smaller share of its own refused?
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal

from judgekit.analysis.intervals import Share, share
from judgekit.errors import UnknownName
from judgekit.judges.contract import Judge
from judgekit.judges.labelled import LabelledRow
from judgekit.judges.plain import PlainJudge
from judgekit.records import Outcome

Error = Literal["accepted though wrong", "refused though right"]
ERRORS: tuple[tuple[Error, bool, Outcome], ...] = (
    ("accepted though wrong", False, "correct"),
    ("refused though right", True, "incorrect"),
)
"""Each kind of error: on rows with which label, by which verdict."""


@dataclass(frozen=True, slots=True)
class Preference:
    """One kind of error of the judge alone, on its own model's responses and on those of others.

    `difference` is own minus others, with the interval that Newcombe's method (1998, method 10)
    makes of the two clustered ones; None where one of the two has no rows. Negative on *refused*
    and positive on *accepted* favours the judge's own model.
    """

    model: str
    error: Error
    own: Share
    others: Share
    difference: tuple[float, float, float] | None


async def self_preference(
    judge: Judge, rows: Sequence[LabelledRow], *, limit: int, own: str | None = None
) -> list[Preference]:
    """Both kinds of error, on at most `limit` rows of each (own or others', right or wrong).

    `own` names the judge's model among those of the rows; by default it is looked for. Nothing is
    measured where it is not there, or is the only one. Raises `UnknownName` for an `own` that no
    row has.
    """
    models = sorted({row.model for row in rows if row.model})
    if own is not None and own not in models:
        raise UnknownName("model of a row", own, models)
    own = own or own_model(judge, models)
    if own is None or len(models) < 2:
        return []

    async def rate(mine: bool, label: bool, verdict: Outcome) -> Share:
        chosen = [r for r in rows if r.model and r.label is label and (r.model == own) is mine]
        said = await asyncio.gather(*(judge(row.case) for row in chosen[:limit]))
        wrong = [each.outcome == verdict for each in said]
        return share(wrong, [row.cluster for row in chosen[:limit]])

    found = []
    for error, label, verdict in ERRORS:
        mine, others = await rate(True, label, verdict), await rate(False, label, verdict)
        found.append(Preference(own, error, mine, others, difference(mine, others)))
    return found


def own_model(judge: Judge, models: Sequence[str]) -> str | None:
    """The model of a plain judge among those of the rows, by its name without the owner's."""
    if not isinstance(judge, PlainJudge):
        return None
    mine = _short(judge.config.model)
    return next((model for model in models if _short(model) == mine), None)


def difference(a: Share, b: Share) -> tuple[float, float, float] | None:
    """a - b, low, high (Newcombe 1998, method 10); None where one has no rows."""
    if a.value is None or b.value is None:
        return None
    value = a.value - b.value
    low = value - sqrt((a.value - a.low) ** 2 + (b.high - b.value) ** 2)
    high = value + sqrt((a.high - a.value) ** 2 + (b.value - b.low) ** 2)
    return value, low, high


def _short(model: str) -> str:
    return model.rstrip("/").rpartition("/")[2].casefold()
