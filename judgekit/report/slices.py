"""Accuracy and tokens for each value of a field: subject, level, kind, stage, length ..."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from judgekit.analysis.accuracy import accuracy_by
from judgekit.analysis.tokens import tokens
from judgekit.report.summary import Line
from judgekit.report.table import Cell, Column, Table, count, interval, number, percent, words
from judgekit.report.tables import (
    accuracy_note,
    label_cells,
    label_columns,
    level_head,
    shown_reasons,
    varying,
)

if TYPE_CHECKING:
    import pandas as pd

    Frames = Sequence[tuple[Line, pd.DataFrame]]

SLICE = "_slice"
MOST_SLICES = 12
"""Different numbers of a field above which its slices are quarters."""


def slices_table(frames: Frames, field: str, level: float) -> Table:
    """Accuracy and tokens for each value of a field, run by run.

    A number with more than `MOST_SLICES` different values (a length, say) is cut into quarters of
    equal size over all runs.
    """
    lines = [line for line, _ in frames]
    reasons = shown_reasons(lines)
    columns = (
        *label_columns(lines),
        Column(field, field, "left"),
        Column("n", "n"),
        Column("accuracy", "accuracy"),
        Column("interval", level_head(lines)),
        Column("tokens", "tokens"),
        *(Column(name.replace(" ", "_"), name) for name in reasons),
    )
    rows = []
    for line, frame in _sliced(frames, field):
        for value, found in accuracy_by(frame, SLICE, level):
            missing = value is None or value != value
            part = frame[frame[SLICE].isna()] if missing else frame[frame[SLICE] == value]
            rows.append(
                (
                    *label_cells(lines, line),
                    words(None if missing else value),
                    count(found.n),
                    Cell(percent(found.value), found.value),
                    words(None)
                    if found.value is None
                    else Cell(interval(found.low, found.high), [found.low, found.high]),
                    number(tokens(part).mean, 0),
                    *(count(found.reasons.get(name, 0)) for name in reasons),
                )
            )
    notes = (accuracy_note(lines),)
    return Table("slices", f"By {field}", columns, tuple(rows), notes, len(varying(lines)))


def _sliced(frames: Frames, field: str) -> Frames:
    """The frames with the slice of each row as a column."""
    import pandas as pd

    values = pd.concat([frame[field] for _, frame in frames])
    many = pd.api.types.is_numeric_dtype(values) and values.nunique() > MOST_SLICES
    if not many:
        return [(line, frame.assign(**{SLICE: frame[field]})) for line, frame in frames]
    edges = (
        values.quantile([0, 0.25, 0.5, 0.75, 1], interpolation="lower").drop_duplicates().tolist()
    )
    names = [f"{low:,.6g}–{high:,.6g}" for low, high in pairwise(edges)]

    def cut(column: pd.Series[float]) -> pd.Series[str]:
        return pd.cut(column, edges, labels=names, include_lowest=True)

    return [(line, frame.assign(**{SLICE: cut(frame[field])})) for line, frame in frames]
