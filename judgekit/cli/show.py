"""`judgekit show`: one response with all that is known of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from judgekit import errors
from judgekit.cli.common import examples, plain, print_json, screen, the_run
from judgekit.cli.options import Json

if TYPE_CHECKING:
    from rich.console import Console

    from judgekit.records import Problem, Response

EPILOG = examples(
    "judgekit show integer-01",
    "judgekit show runs/starter-embedded-cot-1a2b3c4d integer-01",
    "judgekit show runs/starter-embedded-cot-1a2b3c4d integer-01 --sample 2 --json",
)


def register(app: typer.Typer, name: str) -> None:
    app.command(name, epilog=EPILOG)(show)


def show(
    run_or_id: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN", help="Run directory; default: the newest.", show_default=False
        ),
    ] = None,
    id: Annotated[
        str | None, typer.Argument(metavar="ID", help="The problem's id.", show_default=False)
    ] = None,
    sample: Annotated[int | None, typer.Option(help="Only this sample.")] = None,
    prompt: Annotated[bool, typer.Option("--prompt", help="The prompt as rendered, too.")] = False,
    as_json: Json = False,
) -> int:
    """One response: segments, loop, extracted answer, trail, labels."""
    from judgekit.rows import to_row

    if run_or_id is None:
        raise errors.UserError("which response? its ID is missing", hint="judgekit show [RUN] ID")
    path = Path(run_or_id) if id is not None else None
    id = run_or_id if id is None else id
    found = the_run(path)
    run = found.path
    samples = [r for r in found.responses if r.id == id]
    if not samples:
        known = list(dict.fromkeys(r.id for r in found.responses))
        raise errors.UnknownName(
            f"response in {run}:", id, known[:2000], hint="see responses.jsonl"
        )
    responses = [r for r in samples if sample is None or r.sample == sample]
    if not responses:
        has = ", ".join(dict.fromkeys(str(r.sample) for r in samples))
        raise errors.UserError(f"{id} has no sample {sample} in {run}", hint=f"it has {has}")
    problem = next((p for p in found.problems if p.id == id), None)
    grades = {grade.key: grade for grade in found.grades}
    labels = [label for label in found.labels if label.id == id]
    if as_json:
        print_json(
            {
                "problem": to_row(problem) if problem else None,
                "responses": [to_row(r) for r in responses],
                "grades": [to_row(grades[r.key]) for r in responses if r.key in grades],
                "labels": [to_row(label) for label in labels],
            }
        )
        return errors.DONE
    console = screen()
    if problem:
        _show_problem(console, problem, prompt)
    for response in responses:
        _show_response(console, response)
        if response.key in grades:
            from judgekit.cli.trail import show_grade

            show_grade(console, grades[response.key])
        for label in labels:
            if label.key == response.key:
                note = f": {label.note}" if label.note else ""
                console.print(plain(f"label {label.outcome} by {label.by} at {label.at}{note}"))
    return errors.DONE


def _show_problem(console: Console, problem: Problem, prompt: bool) -> None:
    from judgekit.prompt import options

    console.print(f"[bold]{plain(problem.id)}[/bold]  [dim]{problem.kind}[/dim]")
    console.print(plain(problem.prompt if prompt else problem.question))
    if problem.choices and not prompt:
        console.print(plain(options(problem.choices)))
    console.print(f"gold [bold]{plain(problem.gold)}[/bold]")


def _show_response(console: Console, response: Response) -> None:
    from rich.rule import Rule

    name = f"sample {response.sample}" + (f" {response.variant}" if response.variant else "")
    console.print(Rule(plain(name), style="dim", align="left"))
    if response.error:
        console.print(f"[red]failed:[/red] {plain(response.error)}")
    for segment in response.segments:
        style = "magenta" if segment.by == "forced" else "dim" if segment.role != "answer" else ""
        text = plain(segment.text)
        console.print(f"[{style}]{text}[/{style}]" if style else text, end="")
    if not response.segments:
        console.print(plain(response.text), end="")
    console.print()
    facts = [
        f"{response.completion_tokens} tokens",
        f"{response.forced_tokens} forced" if response.forced_tokens else "",
        f"ended by {response.finish_reason}",
        f"{response.seconds:.1f} s" if response.seconds else "",
    ]
    console.print(f"[dim]{plain(', '.join(filter(None, facts)))}[/dim]")
    if loop := response.loop:
        console.print(
            f"[yellow]{loop.kind} loop[/yellow] from {loop.unit} {loop.onset}: "
            f"period {loop.period}, {loop.cycles:.1f} cycles, {loop.wasted} wasted"
        )
