"""`recorded:COLUMN`: verdicts that stand in a column of the rows, as a judge like any other.

So judgements made elsewhere are audited, compared, corrected and put into a cascade without a call.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

from judgekit.errors import UnknownName, UserError
from judgekit.judges.contract import Columns, columns_of
from judgekit.records import Outcome, Verdict
from judgekit.verifier import Case

PREFIX = "recorded:"
CORRECT_FROM = 0.5
"""A score counts as correct from here on. Ratings on another scale are refused: of 1 to 5, all
would count as correct."""

WORDS: dict[str, Outcome] = {
    "true": "correct",
    "correct": "correct",
    "yes": "correct",
    "false": "incorrect",
    "incorrect": "incorrect",
    "no": "incorrect",
    "undecided": "undecided",
}
_MISSING = ("", "none", "null", "nan", "n/a")


class Recorded:
    """A judge that repeats what a column says; a value that is missing is undecided."""

    down: ClassVar[str | None] = None

    def __init__(self, column: str) -> None:
        self.column = column
        self.name = PREFIX + column
        self.identity = f"{self.name} from {CORRECT_FROM}"

    async def __call__(self, case: Case) -> Verdict:
        value = case.columns.get(self.column)
        outcome, confidence = read(value)
        evidence = f"{self.column} of this row is {_shown(value)}."
        return Verdict(self.name, outcome, evidence=evidence, confidence=confidence)

    async def aclose(self) -> None:
        """Nothing is held."""


def open_recorded(name: str, rows: Columns | None) -> Recorded:
    """The judge of a column.

    Raises `UserError` where no rows with columns are being graded, or a value is no verdict,
    `UnknownName` where no row has the column.
    """
    column = name.removeprefix(PREFIX)
    known = list(columns_of(rows or {}))
    if rows is None or not known:
        raise UserError(
            f"{name} reads a column, and there are no rows with columns here",
            hint="judgekit grade FILE --judge recorded:COLUMN",
        )
    if column not in known:
        raise UnknownName("column", column, known)
    for key, row in rows.items():
        try:
            read(row.get(column))
        except ValueError:
            place = getattr(key, "id", key)
            raise UserError(
                f"column {column!r} of row {place!r} holds {_shown(row.get(column))}, no verdict",
                hint="true/false, correct/incorrect, or a score from 0 to 1",
            ) from None
    return Recorded(column)


def read(value: Any) -> tuple[Outcome, float | None]:
    """The outcome that a value stands for, and the confidence where it is a score.

    Raises `ValueError` for what is neither a truth value, a verdict nor a score from 0 to 1.
    """
    if value is None:
        return "undecided", None
    if isinstance(value, str):
        word = value.strip().casefold()
        if word in _MISSING:
            return "undecided", None
        if word in WORDS:
            return WORDS[word], None
        value = float(word)
    if value in (True, False):
        return ("correct" if value else "incorrect"), None
    score = float(value)
    if math.isnan(score):
        return "undecided", None
    if not 0 <= score <= 1:
        raise ValueError("a score is between 0 and 1")
    return ("correct", score) if score >= CORRECT_FROM else ("incorrect", 1 - score)


def _shown(value: Any) -> str:
    return "missing" if value is None else f"{value!r:.60}"
