"""`judgekit report`."""

from __future__ import annotations

import typing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from judgekit import errors
from judgekit.cli.common import configuration, examples, plain, remarks, screen, the_run
from judgekit.cli.options import ConfigFile, Json, Quiet, TableFormat

if TYPE_CHECKING:
    from judgekit.report import Format, Report

EPILOG = examples(
    "judgekit report",
    "judgekit report runs/starter-*",
    "judgekit report runs/math500-* --table tokens --format latex",
    "judgekit report runs/math500-embedded-cot-1a2b3c4d --by subject",
    "judgekit report runs/gsm8k-* --table scaling",
    "judgekit report runs/starter-* --html report.html",
    "judgekit report trained/rloo-*",
)


def register(app: typer.Typer, name: str) -> None:
    app.command(name, epilog=EPILOG)(report)


def report(
    runs: Annotated[
        list[Path] | None,
        typer.Argument(metavar="RUN", help="Run or training folders; default: the newest run."),
    ] = None,
    format: TableFormat = "terminal",
    table: Annotated[
        str | None,
        typer.Option(
            help="Only this table: accuracy, tokens, loops, format, cost, confidence, answers, "
            "cutoff, votes or scaling."
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            metavar="FIELD", help="Slices: kind, subject, level, stage, completion_tokens, …"
        ),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="One HTML file too: charts, problems, every response."),
    ] = None,
    config: ConfigFile = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> int:
    """What a run got right and how sure that is; several runs side by side."""
    from judgekit.analysis.cost import Prices
    from judgekit.lines import disk
    from judgekit.report import FORMATS
    from judgekit.report import html as make_page
    from judgekit.report import report as make_report
    from judgekit.train.folder import is_training

    if format not in FORMATS:
        raise errors.UnknownName("format", format, FORMATS)
    wanted = "json" if as_json else format
    if runs and all(is_training(path) for path in runs):
        from judgekit.report.training import trainings_report

        # Each training has its own page beside it, made when it ended.
        _show(trainings_report(runs), wanted)
        return errors.DONE
    named = {path.resolve(): path for path in runs}.values() if runs else (None,)
    chosen = [the_run(path, quiet) for path in named]
    models = [run.config.get("model") for run in chosen]
    chosen.sort(key=lambda run: models.index(run.config.get("model")))  # each model's runs together
    prices = Prices.of(configuration(config))
    found = make_report(chosen, table=table, by=by, prices=prices)
    _show(found, wanted)
    if html is not None:
        with disk(html):
            html.write_text(make_page(chosen, found), encoding="utf-8")
        remarks(quiet).print(f"page: {plain(str(html))}", soft_wrap=True)
    return errors.DONE


def _show(found: Report, wanted: str) -> None:
    from judgekit.report import render, terminal

    if wanted == "terminal":
        console = screen()
        console.print(terminal(found, console.width))
    else:
        typer.echo(render(found, typing.cast("Format", wanted)), nl=False)
