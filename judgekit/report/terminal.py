"""A report for the terminal. Whatever a model or file wrote is escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from judgekit.report.card import heading, summary_rows
from judgekit.report.summary import Line
from judgekit.report.table import Cell, Report, Span, Table

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
    from rich.table import Table as RichTable
    from rich.text import Text

_LOOK = (
    ("correct", "█", "green"),
    ("wrong", "▓", "red"),
    ("truncated", "▒", "yellow"),
    ("looped", "~", "magenta"),
    ("no answer", "░", "bright_black"),
    ("undecided", "?", "cyan"),
    ("failed", "x", "bright_red"),
    ("ungraded", "·", "bright_black"),
)
BAR = 56
PICTURE = 26
"""Widest picture beside a table, in characters."""


def terminal(report: Report, width: int = 80) -> RenderableType:
    """What `rich` prints: a card for a single run, else the tables."""
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = []
    for table in report.tables:
        if table.name == "summary":
            parts += [_card(line) for line in report.lines]
        else:
            parts.append(Text(_plain(table.title), style="bold"))
            parts += [_table(piece, width) for piece in fitting(table, width) if table.rows]
            parts += [Text(_plain(note), style="dim") for note in table.notes]
        parts.append(Text(""))
    parts += [Text(_plain(note), style="dim") for note in report.notes]
    return Group(*parts)


def _card(line: Line) -> RenderableType:
    from rich.console import Group
    from rich.table import Table as RichTable
    from rich.text import Text

    grid = RichTable.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, text in summary_rows(line):
        shown = Text(_plain(text))
        if name == "Accuracy":
            shown.stylize("bold", 0, text.index("%") + 1)
        grid.add_row(name, shown)
    bar, legend = outcome_bar(line.accuracy.reasons)
    return Group(Text(_plain(heading(line)), style="bold"), Text(""), bar, legend, Text(""), grid)


def outcome_bar(reasons: Mapping[str, int], width: int = BAR) -> tuple[Text, Text]:
    """What became of the responses as a bar, and its legend; readable without colours too."""
    from rich.text import Text

    bar, legend = Text(), Text()
    present = [look for look in _LOOK if reasons.get(look[0])]
    cells = _apportion([reasons[name] for name, _, _ in present], width)
    for (name, glyph, style), wide in zip(present, cells, strict=True):
        bar.append(glyph * wide, style=style)
        legend.append("  " if legend else "")
        legend.append(glyph, style=style)
        legend.append(f" {name} {reasons[name]:,}")
    return bar, legend


def forest(span: Span, width: int = PICTURE) -> str:
    """An interval on the scale from 0 to 100 %: `  ├──●───┤    `."""
    low, value, high = (min(int(each * width), width - 1) for each in span)
    cells = [" "] * width
    cells[low : high + 1] = "─" * (high + 1 - low)
    cells[low], cells[high] = "├", "┤"
    cells[value] = "●"
    return "".join(cells)


WIDEST = 24
"""Characters that a column asks for at most; a longer text is folded."""


def fitting(table: Table, width: int) -> list[Table]:
    """The table in pieces that fit the width, each with the columns that name the rows."""
    columns = list(zip(table.columns, *table.rows, strict=True))
    names = next((i for i, c in enumerate(table.columns) if c.align == "right"), len(columns))
    names = max(names, table.labels)
    wide = [
        2 + min(max(len(column.head), *(len(c.text) + (c.mark == "tie") for c in cells), 1), WIDEST)
        for column, *cells in columns
    ]
    first = sum(wide[table.labels - 1 : names])
    pieces, used = [list[int]()], first
    for index in range(names, len(columns)):
        if pieces[-1] and used + wide[index] > width:
            pieces.append([])
            used = first
        pieces[-1].append(index)
        used += wide[index]
    if len(pieces) == 1:
        return [table]
    return [_columns_of(table, (*range(names), *piece)) for piece in pieces]


def _columns_of(table: Table, chosen: Sequence[int]) -> Table:
    columns = tuple(table.columns[i] for i in chosen)
    rows = tuple(tuple(row[i] for i in chosen) for row in table.rows)
    return replace(table, columns=columns, rows=rows, pictures=())


_HEADING = "\ue000"
"""Stands in a table for a line that is wider than its first column."""


class _Headed:
    """A table with headings across all of its columns, which `rich` does not know."""

    def __init__(self, table: RichTable, headings: Sequence[Text]) -> None:
        self.table, self.headings = table, headings

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.segment import Segment

        headings = iter(self.headings)
        for line in console.render_lines(self.table, options, pad=False):
            if any(_HEADING in segment.text for segment in line):
                yield next(headings)
            else:
                yield from line
                yield Segment.line()


def _table(table: Table, width: int) -> RenderableType:
    """Rows under a heading for each value of all labels but the last; the best in bold."""
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    shown = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    skipped = table.labels - 1
    by_column = list(zip(*table.rows, strict=True))[skipped:]
    starred = [any(cell.mark == "tie" for cell in cells) for cells in by_column]
    for column in table.columns[skipped:]:
        shown.add_column(_plain(column.head), justify=column.align, overflow="fold")
    room = _room(table, width) if table.pictures else 0
    if room:
        span = any(isinstance(each, tuple) for each in table.pictures)
        head = "0" + "100 %".rjust(room - 1) if span else ""
        shown.add_column(Text(head, style="dim"), no_wrap=True)
    heading: tuple[str, ...] = ()
    headings: list[Text] = []
    for index, row in enumerate(table.rows):
        above = tuple(cell.text for cell in row[:skipped])
        if above != heading:
            if heading:
                shown.add_row()
            shown.add_row(_HEADING)
            headings.append(Text(" " + _plain(" · ".join(above)), style="bold cyan"))
            heading = above
        cells: list[RenderableType] = [
            _cell(cell, star) for cell, star in zip(row[skipped:], starred, strict=True)
        ]
        if room and (picture := table.pictures[index]):
            if isinstance(picture, tuple):
                cells.append(forest(picture, room))
            else:
                cells.append(outcome_bar(picture, room)[0])
        shown.add_row(*cells)
    return _Headed(shown, headings)


def _room(table: Table, width: int) -> int:
    """Characters left for a picture beside the table; 0 where that is too little to see."""
    columns = zip(table.columns, *table.rows, strict=True)
    widths = [
        max(len(column.head), *(len(cell.text) + (cell.mark == "tie") for cell in cells))
        for column, *cells in list(columns)[table.labels - 1 :]
    ]
    left = width - sum(widths) - 2 * len(widths) - 3
    return min(left, PICTURE) if left >= 10 else 0


def _cell(cell: Cell, starred: bool) -> Text:
    """The cell; in a column with stars, one without a star leaves room for it."""
    from rich.text import Text

    text = Text(_plain(cell.text), style="bold green" if cell.mark == "best" else "")
    if starred:
        text.append("*" if cell.mark == "tie" else " ")
    return text


def _plain(text: str) -> str:
    """Without control characters. `rich.text.Text` reads no markup."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)


def _apportion(counts: Sequence[int], width: int) -> list[int]:
    """Cells for each count, at least one, the rest by largest remainder."""
    total = sum(counts)
    cells = [max(1, width * count // total) for count in counts]
    order = sorted(range(len(counts)), key=lambda i: -(width * counts[i] % total))
    for index in order[: max(0, width - sum(cells))]:
        cells[index] += 1
    return cells
