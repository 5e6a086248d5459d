"""A table as data, before anybody decides how it looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Column:
    """A column's head; `key` is its name in CSV and JSON."""

    key: str
    head: str
    align: Literal["left", "right"] = "right"


@dataclass(frozen=True, slots=True)
class Cell:
    """What is shown, and the value behind it.

    `mark` is `best` for the best of its column and `tie` where it is not clearly worse.
    """

    text: str
    value: Any = None
    mark: Literal["best", "tie"] | None = None


Span = tuple[float, float, float]
"""Low, value, high, as shares."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Named points (x, (low, value, high)) in ascending x, to be drawn as a line."""

    name: str
    points: tuple[tuple[float, Span], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table; `notes` say what its numbers mean and belong under it.

    The first `labels` columns name the row. `pictures` may give each row something to draw where
    there is room: an interval, or counts of what became of its responses. `curves` are its numbers
    as lines over `axis`, for a page.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    labels: int = 1
    pictures: tuple[Span | Mapping[str, int] | None, ...] = ()
    curves: tuple[Curve, ...] = ()
    axis: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What `report` found: a line a run and variant, the rows each counts, and tables to show."""

    lines: tuple[Any, ...]
    tables: tuple[Table, ...]
    notes: tuple[str, ...] = field(default=())
    frames: tuple[pd.DataFrame, ...] = field(default=(), repr=False, compare=False)


def words(value: Any) -> Cell:
    """Any value as it is written; None as a dash."""
    return Cell("–" if value is None else str(value), value)


def count(value: int | None) -> Cell:
    return Cell("–" if value is None else f"{value:,}", value)


def number(value: float | None, digits: int = 1) -> Cell:
    """A measured number; None and NaN as a dash."""
    if value is None or value != value:
        return Cell("–", None)
    return Cell(f"{value:,.{digits}f}".replace("-", "−"), value)


def percent(share: float | None, *, sign: bool = False) -> str:
    """A share in per cent with one decimal."""
    if share is None or share != share:
        return "–"
    return f"{100 * share:.1f}{' %' if sign else ''}"


def interval(low: float, high: float) -> str:
    """Two shares as per cent: 22.2–42.1."""
    return f"{percent(low)}–{percent(high)}"
