"""Runs -> tables, for the terminal, for papers, for machines.

found = report(runs)                     # the numbers
console.print(terminal(found))           # or render(found, "markdown" | "latex" | "csv" | "json")
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from judgekit.analysis.cost import Prices
from judgekit.analysis.intervals import LEVEL
from judgekit.errors import UnknownName, UserError
from judgekit.report.alone import alone_table
from judgekit.report.card import summary_table
from judgekit.report.comparison import compare_runs
from judgekit.report.costs import cost_table
from judgekit.report.courses import answers_table, cutoff_table
from judgekit.report.forms import format_table, thinking_table
from judgekit.report.loops import looping_table, loops_table
from judgekit.report.scaling import scaling_table, votes_table
from judgekit.report.seeds import seeds_table
from judgekit.report.slices import slices_table
from judgekit.report.summary import Line, RunLike, summarise
from judgekit.report.sure import confidence_table
from judgekit.report.table import Report, Table
from judgekit.report.tables import (
    accuracy_table,
    corrected_table,
    details_table,
    lengths_table,
    outcomes_table,
    tokens_table,
)
from judgekit.report.terminal import terminal

if TYPE_CHECKING:
    import pandas as pd

Format = Literal["terminal", "markdown", "latex", "csv", "json"]
FORMATS: tuple[str, ...] = get_args(Format)

__all__ = [
    "FORMATS",
    "TABLES",
    "Format",
    "Line",
    "Report",
    "compare_runs",
    "html",
    "render",
    "report",
    "terminal",
]


def report(
    runs: Sequence[RunLike],
    *,
    table: str | None = None,
    by: str | None = None,
    level: float = LEVEL,
    prices: Prices | None = None,
) -> Report:
    """What the runs say: a summary of a single one, strategy by benchmark for several.

    `table` asks for one of `TABLES` alone, `by` for slices by a column of the frame (`kind`,
    `subject`, `level`, `stage`, `reason`, ...). `prices` turn tokens into money. Raises `UserError`
    without runs or responses, `UnknownName` for a table or field that there is not.
    """
    if table is not None and table not in TABLES:
        raise UnknownName("table", table, TABLES)
    if not runs:
        raise UserError("no runs to report on")
    counted = summarise(runs, level, prices)
    lines = [line for line, _ in counted]
    if not any(line.accuracy.n for line in lines):
        raise UserError(
            f"there are no responses in {', '.join(str(run.path) for run in runs)}",
            hint="judgekit generate makes them",
        )
    if by is not None:
        tables = [_slices(counted, by, level)]
    elif table is not None:
        tables = _BY_NAME[table](_Found(runs, counted, level))
    elif len(lines) == 1:
        tables = [summary_table(lines[0])]
    else:
        over = seeds_table(counted)
        tables = [
            accuracy_table(lines),
            *([corrected_table(lines)] if any(line.corrected for line in lines) else []),
            *([over] if over else []),
            tokens_table(lines),
            outcomes_table(lines),
            details_table(lines),
        ]
    if by is None and table is None and (judges := alone_table(runs)):
        tables.append(judges)
    return Report(tuple(lines), tuple(tables), frames=tuple(rows for _, rows in counted))


def render(found: Report, format: Format, width: int = 80) -> str:
    """The report as text. Raises `UnknownName` for a format that there is not."""
    from judgekit.report import files

    if format == "markdown":
        return files.markdown(found)
    if format == "latex":
        return files.latex(found)
    if format == "csv":
        return files.as_csv(found)
    if format == "json":
        import orjson

        return orjson.dumps(files.as_json(found), option=orjson.OPT_INDENT_2).decode() + "\n"
    if format == "terminal":
        from rich.console import Console

        console = Console(width=width, highlight=False)
        with console.capture() as capture:
            console.print(terminal(found))
        return capture.get()
    raise UnknownName("format", format, FORMATS)


def html(runs: Sequence[RunLike], found: Report | None = None, *, level: float = LEVEL) -> str:
    """The report as one HTML file that needs no network: tables, charts, every response.

    `found` is what `report` made of the same runs; by default it is made here, and raises the same
    errors. The file stays below 5 MB for up to 10,000 problems: of more than `packing.MOST`
    responses some of each problem, run and outcome can be opened, and long texts lose their middle
    where it must be.
    """
    from judgekit.report.page import page

    return page(runs, found or report(runs, level=level), level)


@dataclass(frozen=True, slots=True)
class _Found:
    """What a table is made from."""

    runs: Sequence[RunLike]
    counted: Sequence[tuple[Line, pd.DataFrame]]
    level: float

    @property
    def lines(self) -> list[Line]:
        return [line for line, _ in self.counted]


def _of_lines(*makers: Callable[[Sequence[Line]], Table | None]) -> Callable[[_Found], list[Table]]:
    return lambda found: [made for make in makers if (made := make(found.lines))]


_BY_NAME: Mapping[str, Callable[[_Found], list[Table]]] = {
    "accuracy": _of_lines(accuracy_table),
    "tokens": _of_lines(tokens_table, lengths_table),
    "loops": _of_lines(looping_table, loops_table),
    "format": _of_lines(format_table, thinking_table),
    "cost": _of_lines(cost_table),
    "confidence": _of_lines(confidence_table),
    "answers": lambda found: [answers_table(found.runs, found.lines, found.level)],
    "cutoff": lambda found: [cutoff_table(found.runs, found.lines, found.level)],
    "votes": lambda found: [votes_table(found.counted, found.level)],
    "scaling": lambda found: [scaling_table(found.counted, found.level)],
}
TABLES: tuple[str, ...] = tuple(_BY_NAME)
_NO_SLICES = {"id", "text", "question", "gold", "extracted", "usage", "judged"}


def _slices(counted: Sequence[tuple[Line, pd.DataFrame]], by: str, level: float) -> Table:
    frames = [(line, rows) for line, rows in counted if by in rows and by not in _NO_SLICES]
    if not frames:
        names = {str(name) for _, rows in counted for name in rows.columns}
        raise UnknownName("field", by, names - _NO_SLICES)
    return slices_table(frames, by, level)
