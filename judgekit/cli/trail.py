"""A grade and its trail on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from judgekit.cli.common import plain

if TYPE_CHECKING:
    from rich.console import Console

    from judgekit.records import Grade

COLOURS = {"correct": "green", "incorrect": "red", "undecided": "yellow"}


def show_grade(console: Console, grade: Grade) -> None:
    """The outcome, who decided, and every verdict in order with its evidence."""
    from rich.table import Table

    colour = COLOURS[grade.outcome]
    decided = f"by {grade.stage}" if grade.stage != "none" else "nobody could be certain"
    console.print(f"[bold {colour}]{grade.outcome}[/bold {colour}]  {plain(decided)}")
    shown = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    shown.add_column(no_wrap=True)
    shown.add_column(no_wrap=True)
    shown.add_column(overflow="fold")
    for verdict in grade.trail:
        colour = COLOURS[verdict.outcome]
        lines = [plain(verdict.evidence or "")]
        if verdict.extracted is not None:
            lines.insert(0, f"read [bold]{plain(verdict.extracted)}[/bold]")
        if verdict.flags:
            lines.append(f"[dim]{plain(', '.join(verdict.flags))}[/dim]")
        confidence = "" if verdict.confidence is None else f" {verdict.confidence:.2f}"
        shown.add_row(
            f"[dim]{plain(verdict.stage)}[/dim]",
            f"[{colour}]{verdict.outcome}[/{colour}]{confidence}",
            "\n".join(lines),
        )
    console.print(shown)
