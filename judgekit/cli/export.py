"""`judgekit export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from judgekit.cli.common import examples, plain, print_json, remarks, the_run
from judgekit.cli.options import Json, Quiet
from judgekit.errors import UnknownName

EPILOG = examples(
    "judgekit export --to csv",
    "judgekit export runs/math500-embedded-cot-1a2b3c4d --to parquet --out rows.parquet",
    "judgekit export runs/math500-embedded-cot-1a2b3c4d --to inspect",
)


def register(app: typer.Typer, name: str) -> None:
    app.command(name, epilog=EPILOG)(export)


def export(
    run: Annotated[
        Path | None, typer.Argument(metavar="RUN", help="Run directory; default: the newest.")
    ] = None,
    to: Annotated[
        str, typer.Option(help="parquet, csv, jsonl, hf (a dataset folder) or inspect (a log).")
    ] = "jsonl",
    out: Annotated[
        Path | None, typer.Option(help="Where it goes; default: the run's name, in this folder.")
    ] = None,
    grading: Annotated[
        str | None, typer.Option(help="Hash of another grading than the newest complete one.")
    ] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """A run for other tools: one row a response, its problem, grade, trail and labels in it."""
    from judgekit.formats.export import WRITERS, export

    if to not in WRITERS:
        raise UnknownName("form", to, list(WRITERS))
    found = the_run(run, quiet)
    path = out or Path(found.name + WRITERS[to][0])
    count = export(found, to, path, grading)
    if as_json:
        print_json({"out": str(path), "to": to, "responses": count})
    else:
        remarks(quiet).print(f"{count:,} responses: {plain(str(path))}", soft_wrap=True)
