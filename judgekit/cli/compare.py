"""`judgekit compare`."""

from __future__ import annotations

import typing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from judgekit import errors
from judgekit.cli.common import examples, screen, the_run
from judgekit.cli.options import Json, TableFormat

if TYPE_CHECKING:
    from judgekit.report import Format

EPILOG = examples(
    "judgekit compare runs/starter-embedded-cot-1a2b3c4d runs/starter-embedded-cod-5e6f7a8b",
    "judgekit compare runs/gsm8k-* --format markdown",
)


def register(app: typer.Typer, name: str) -> None:
    app.command(name, epilog=EPILOG)(compare)


def compare(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN", help="Two runs or more.")],
    format: TableFormat = "terminal",
    as_json: Json = False,
) -> int:
    """Whether runs differ: paired by problem, with intervals, flips both ways, and power."""
    from judgekit.report import FORMATS, compare_runs, render, terminal

    if format not in FORMATS:
        raise errors.UnknownName("format", format, FORMATS)
    found = compare_runs(
        [the_run(path) for path in {path.resolve(): path for path in runs}.values()]
    )
    wanted = "json" if as_json else format
    if wanted == "terminal":
        console = screen()
        console.print(terminal(found, console.width))
    else:
        typer.echo(render(found, typing.cast("Format", wanted)), nl=False)
    return errors.DONE
