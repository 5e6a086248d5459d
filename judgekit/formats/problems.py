"""Rows as problems: which column is what, how gold is cut out of it, how options are shuffled."""

from __future__ import annotations

import hashlib
import re
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from judgekit.errors import DataError
from judgekit.formats.rows import cell_text
from judgekit.prompt import LETTERS
from judgekit.records import Kind, Problem


@dataclass(frozen=True, slots=True)
class Fields:
    """Which column is what, and how a row becomes a problem.

    Multiple choice comes either as `options` (columns, the first being right) or as `choices` (one
    column with a list; `gold_as` says how gold names one of them), shuffled unless `shuffle` is
    false. `id` absent from the rows means their number; `meta` columns are kept. `gold_after` keeps
    what follows the last such mark in the gold column, `gold_remove` drops characters from it.
    `kind` is that of all rows; `auto` tells prose from mathematics row by row, and `kind_from`
    names a column that says it.
    """

    question: str = "question"
    gold: str = "gold"
    id: str = "id"
    meta: tuple[str, ...] = ()
    kind: Literal["auto", "math", "choice", "text"] = "auto"
    kind_from: str | None = None
    gold_after: str | None = None
    gold_remove: str = ""
    choices: str | None = None
    gold_as: Literal["letter", "index", "text"] = "letter"
    options: tuple[str, ...] = ()
    shuffle: bool = True

    @property
    def needed(self) -> list[str]:
        """The columns without which there is no problem."""
        return [self.question, *(self.options or (self.gold,))]


def read_problems(
    rows: Iterable[tuple[int, Mapping[str, Any]]], fields: Fields, seed: int, where: str
) -> Iterator[Problem]:
    """The rows as problems. Raises `DataError` naming the row for the first that makes none."""
    seen: dict[str, int] = {}
    for number, (place, row) in enumerate(rows, 1):
        try:
            problem = _problem(fields, number, row, seed)
        except _Unusable as fault:
            raise DataError(f"{where}, row {place}: {fault}", hint=fault.hint) from None
        if problem.id in seen:
            raise DataError(
                f"{where}, row {place}: the id {problem.id!r} stands in row {seen[problem.id]} too"
            )
        seen[problem.id] = place
        yield problem


class _Unusable(Exception):
    """A row that makes no problem."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


def _problem(fields: Fields, number: int, row: Mapping[str, Any], seed: int) -> Problem:
    for column in fields.needed:
        if column not in row:
            expected = ", ".join(fields.needed)
            raise _Unusable(
                f"no column {column!r}", f"expected: {expected}; the row has: {', '.join(row)}"
            )
    id_ = _text(row, fields.id) if row.get(fields.id) not in (None, "") else str(number)
    question = _text(row, fields.question)
    meta = {name: _plain(row[name]) for name in fields.meta if row.get(name) not in (None, "")}
    if fields.options:
        texts = [_text(row, column) for column in fields.options]
        choices, gold = _shuffled(texts, 0, id_, seed if fields.shuffle else None)
        return Problem(id_, question, gold, "choice", choices, meta)
    gold = _gold(fields, row)
    listed = row.get(fields.choices) if fields.choices else None
    if listed:
        if not isinstance(listed, list) or not all(isinstance(text, str) for text in listed):
            raise _Unusable(f"{fields.choices} should be a list of texts")
        right = _right(gold, listed, fields.gold_as)
        choices, gold = _shuffled(listed, right, id_, seed if fields.shuffle else None)
        return Problem(id_, question, gold, "choice", choices, meta)
    return Problem(id_, question, gold, _kind(fields, row, gold), (), meta)


def _gold(fields: Fields, row: Mapping[str, Any]) -> str:
    gold = _text(row, fields.gold)
    if fields.gold_after is not None:
        _, mark, gold = gold.rpartition(fields.gold_after)
        if not mark:
            raise _Unusable(f"{fields.gold} has no {fields.gold_after!r}")
    gold = gold.translate(dict.fromkeys(map(ord, fields.gold_remove))).strip()
    if not gold:
        raise _Unusable(f"{fields.gold} is empty")
    return gold


def _text(row: Mapping[str, Any], column: str) -> str:
    try:
        text = cell_text(row.get(column)).strip()
    except ValueError as fault:
        raise _Unusable(f"{column} {fault}") from None
    if not text:
        raise _Unusable(f"{column} is empty")
    return text


def _plain(value: Any) -> Any:
    """What JSON can hold stays as it is, a date or the like becomes text."""
    return value if isinstance(value, str | int | float | list | dict) else str(value)


def _right(gold: str, choices: Sequence[str], gold_as: str) -> int:
    """The position of the right option."""
    if gold_as == "text" and choices.count(gold) == 1:
        return choices.index(gold)
    if gold_as == "letter" and len(gold) == 1 and gold.upper() in LETTERS[: len(choices)]:
        return LETTERS.index(gold.upper())
    if gold_as == "index" and gold.isdecimal() and int(gold) < len(choices):
        return int(gold)
    raise _Unusable(f"gold {gold!r} is not the {gold_as} of one of the {len(choices)} options")


def _shuffled(
    choices: Sequence[str], right: int, id_: str, seed: int | None
) -> tuple[tuple[str, ...], str]:
    """The options in the order that seed and id give, and the letter of the right one."""
    if not 2 <= len(choices) <= len(LETTERS):
        raise _Unusable(f"{len(choices)} options: from 2 to {len(LETTERS)} can be asked")
    order = list(range(len(choices)))
    if seed is not None:
        order.sort(key=lambda i: hashlib.sha256(f"{seed}\0{id_}\0{i}".encode()).digest())
    return tuple(choices[i] for i in order), LETTERS[order.index(right)]


def _kind(fields: Fields, row: Mapping[str, Any], gold: str) -> Kind:
    if fields.kind_from is not None:
        kind = row.get(fields.kind_from)
        if kind not in ("math", "text"):
            wanted = "math or text, or choice with its options"
            raise _Unusable(f"{fields.kind_from} should be {wanted}, is {kind!r:.60}")
        return typing.cast(Kind, kind)
    if fields.kind == "choice":
        raise _Unusable("no options")
    return kind_of(gold) if fields.kind == "auto" else fields.kind


def kind_of(gold: str) -> Kind:
    """Prose (two letters running that no LaTeX command explains) or several lines are text."""
    bare = re.sub(r"\\[A-Za-z]+|\b(?:sqrt|sin|cos|tan|log|ln|exp|pi)\b", " ", gold)
    return "text" if "\n" in gold.strip() or re.search(r"[^\W\d_]{2}", bare) else "math"
