"""Loops: how many responses end in one, by benchmark and by kind, and what that wastes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from judgekit.report.summary import Line
from judgekit.report.table import Cell, Column, Span, Table, count, interval, percent, words
from judgekit.report.tables import (
    AT_LIMIT,
    BOLD,
    label_cells,
    label_columns,
    level_head,
    marked,
    pivot,
    varying,
    with_cells,
)


def looping_table(lines: Sequence[Line]) -> Table:
    """Share of responses that end in a loop; rows are settings, columns benchmarks."""
    table, places = pivot("looping", "Responses that end in a loop", lines, _looping_cell)
    columns = [
        marked(column, _looping_cell, _span, lowest=True) for column in zip(*places, strict=True)
    ]
    rows = with_cells(table, columns)
    notes = [f"% of the responses [{level_head(lines)} interval], those that left it not counted"]
    if any(cell.mark for row in rows for cell in row):
        notes.append(BOLD)
    pictures = tuple(_span(row[0]) for row in places) if len(columns) == 1 else ()
    return replace(table, rows=rows, notes=tuple(notes), pictures=pictures)


def loops_table(lines: Sequence[Line]) -> Table:
    """Loops by kind, what they wasted, and truncation."""
    kinds = ("terminal", "numeric", "recovered", "near")
    columns = (
        *label_columns(lines),
        Column("n", "n"),
        *(Column(kind, kind) for kind in kinds),
        Column("wasted_share", "wasted"),
        Column("at_limit", "at limit"),
    )
    rows = tuple(
        (
            *label_cells(lines, line),
            count(line.accuracy.n),
            *(count(line.loops.get(kind, 0)) for kind in kinds),
            _wasted(line),
            count(sum(line.at_limit.values())),
        )
        for line in lines
    )
    notes = (
        "wasted: units of a loop after its first cycle, as a share of all completion tokens",
        AT_LIMIT,
    )
    return Table("loops", "Loops", columns, rows, notes, len(varying(lines)))


def _looping_cell(line: Line) -> Cell:
    found = line.looping
    if found.value is None:
        return words(None)
    return Cell(f"{percent(found.value)} [{interval(found.low, found.high)}]", found.value)


def _span(line: Line | None) -> Span | None:
    found = line.looping if line else None
    return None if found is None or found.value is None else (found.low, found.value, found.high)


def _wasted(line: Line) -> Cell:
    total = line.completion.total
    share = line.cost.wasted / total if total else None
    return Cell(percent(share, sign=True), share)
