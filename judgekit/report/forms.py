"""Whether responses keep the form that was asked for, and how their thinking is enclosed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from judgekit.analysis.format import ThinkingClass
from judgekit.report.summary import Line
from judgekit.report.table import Cell, Column, Table, count, interval, percent, words
from judgekit.report.tables import label_cells, label_columns, level_head, varying


def format_table(lines: Sequence[Line]) -> Table:
    """How many responses keep the form that the prompt asks for, and where the others fail."""
    columns = (
        *label_columns(lines),
        Column("asked", "asked for", "left"),
        Column("kept", "kept"),
        Column("kept_share", "%"),
        Column("interval", level_head(lines)),
        Column("fault", "most frequent fault", "left"),
    )
    rows = []
    for line in lines:
        kept = line.format_kept
        fault, times = next(iter(line.format_faults.items()), (None, 0))
        rows.append(
            (
                *label_cells(lines, line),
                words(line.format_asked or "nothing"),
                count(round((kept.value or 0) * kept.n) if kept.n else None),
                Cell(percent(kept.value), kept.value),
                Cell(interval(kept.low, kept.high) if kept.n else "–", [kept.low, kept.high]),
                Cell(f"{fault} ({times})" if fault else "–", fault),
            )
        )
    return Table("format", "Format", columns, tuple(rows), labels=len(varying(lines)))


def thinking_table(lines: Sequence[Line]) -> Table | None:
    """S1-Bench's classes of format failure, for the lines that think in tags; None without any."""
    thinking = [line for line in lines if line.thinking]
    if not thinking:
        return None
    known: tuple[str, ...] = get_args(ThinkingClass)
    classes = [each for each in known if any(each in line.thinking for line in thinking)]
    columns = (
        *label_columns(lines),
        Column("n", "n"),
        *(Column(each.replace(" ", "_"), each) for each in classes),
    )
    rows = tuple(
        (
            *label_cells(lines, line),
            count(sum(line.thinking.values())),
            *(count(line.thinking.get(each, 0)) for each in classes),
        )
        for line in thinking
    )
    notes = (
        "ok: one clean <think>…</think> and an answer after it; else the fault as S1-Bench has it",
    )
    return Table("thinking", "Thinking", columns, rows, notes, len(varying(lines)))
