"""`judgekit grade`."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from judgekit import errors
from judgekit.cli.common import (
    configuration,
    examples,
    only_of_a_file,
    plain,
    print_json,
    remarks,
    screen,
    table,
    the_run,
)
from judgekit.cli.options import (
    ConfigFile,
    GoldField,
    IdField,
    Json,
    QuestionField,
    Quiet,
    ResponseField,
    RunOrFile,
)

if TYPE_CHECKING:
    from judgekit.grade import Graded

EPILOG = examples(
    "judgekit grade",
    "judgekit grade runs/math500-embedded-cot-1a2b3c4d --judge large",
    "judgekit grade responses.jsonl --question question --gold gold --response response "
    "--judge none --out graded.jsonl",
    "judgekit grade judged.csv --judge recorded:gpt_verdict",
)


def register(app: typer.Typer, name: str) -> None:
    app.command(name, epilog=EPILOG)(grade)


def grade(
    target: RunOrFile = None,
    judge: Annotated[
        str | None,
        typer.Option(help="A judge in place of the configured ones; `none` for no judge at all."),
    ] = None,
    question: QuestionField = None,
    gold: GoldField = None,
    response: ResponseField = None,
    id_field: IdField = None,
    kind: Annotated[str, typer.Option(help="auto, math, choice or text.")] = "auto",
    out: Annotated[
        Path | None, typer.Option(help="Where grades of a FILE go; default: FILE.graded.jsonl.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that verify; default: this one.")
    ] = None,
    config: ConfigFile = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> int:
    """Grade a run, or responses that another tool has written.

    The cheapest stage that can be certain decides: exact, symbolic, then the judges of
    judgekit.toml where the verifier cannot. Without a configuration no model is called.
    """
    import asyncio

    from judgekit.cli.progress import grading
    from judgekit.formats.foreign import read_responses
    from judgekit.grade import grade_file, grade_run

    settings = configuration(config)
    say = remarks(quiet)
    if target is None or target.is_dir():
        only_of_a_file(question=question, gold=gold, response=response, id=id_field, out=out)
        run = the_run(target, quiet)
        start = functools.partial(grade_run, run, settings, judge, workers=workers)
    else:
        rows = read_responses(
            target, question=question, gold=gold, response=response, id=id_field, kind=kind
        )
        out = out or target.with_suffix(".graded.jsonl")
        start = functools.partial(grade_file, rows, out, settings, judge, workers=workers)
    try:
        with grading(quiet) as watch:
            result = asyncio.run(start(watch=watch))
    except KeyboardInterrupt:
        say.print("interrupted; what is graded is kept: the same command goes on from here")
        raise typer.Abort from None
    if as_json:
        print_json(_summary(result))
    else:
        _show(result)
        say.print(f"grades: {plain(str(result.out))}", soft_wrap=True)
    return _report_gaps(result, quiet)


def _summary(result: Graded) -> dict[str, object]:
    from collections import Counter

    outcomes = Counter[str](grade.outcome for grade in result.grades)
    return {
        "out": str(result.out),
        "grading": result.grading,
        "graded": len(result.grades),
        **{name: outcomes[name] for name in ("correct", "incorrect", "undecided")},
        "stages": dict(Counter(grade.stage for grade in result.grades)),
        "left_out": [{"row": row, "reason": reason} for row, reason in result.left_out],
        "failed": result.failed,
        "down": list(result.down),
    }


def _show(result: Graded) -> None:
    from collections import Counter

    outcomes = ("correct", "incorrect", "undecided")
    counts = Counter[tuple[str, str]]((grade.stage, grade.outcome) for grade in result.grades)
    stages = list(dict.fromkeys(grade.stage for grade in result.grades))
    rows = [
        [stage, *(str(counts[stage, outcome] or "") for outcome in outcomes)] for stage in stages
    ]
    totals = Counter[str](grade.outcome for grade in result.grades)
    rows.append(["all", *(str(totals[outcome]) for outcome in outcomes)])
    screen().print(table(None, ["decided by", *outcomes], rows, right=3))


def _report_gaps(result: Graded, quiet: bool) -> int:
    say = remarks()
    for row, reason in result.left_out[:10]:
        say.print(f"[yellow]row {row} left out:[/yellow] {plain(reason)}", soft_wrap=True)
    if len(result.left_out) > 10:
        say.print(f"[yellow]and {len(result.left_out) - 10} more rows left out[/yellow]")
    if result.failed:
        say.print(
            f"[yellow]{result.failed} failed responses have no grade[/yellow]; "
            "repeat judgekit generate to try them again"
        )
    for name, fault in result.down.items():
        say.print(
            f"[bold red]error[/bold red] judge {plain(name)} stayed down, what it should have "
            f"judged is undecided: {plain(fault)}",
            soft_wrap=True,
        )
    if result.down:
        return errors.BackendError.exit_code
    return errors.INCOMPLETE if result.left_out or result.failed else errors.DONE
