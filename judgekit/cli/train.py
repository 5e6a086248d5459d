"""`judgekit train`."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from judgekit import errors
from judgekit.cli.common import examples, key_values, plain, print_json, remarks, screen, table
from judgekit.cli.options import Json, Quiet

if TYPE_CHECKING:
    from judgekit.report.table import Report
    from judgekit.train.folder import Training
    from judgekit.train.recipe import Recipe
    from judgekit.train.train import Trained

EPILOG = examples(
    "judgekit train sft traces.jsonl --model Qwen/Qwen2.5-1.5B-Instruct",
    "judgekit train sft traces.jsonl --recipe small",
    "judgekit train sft traces.jsonl --sweep learning_rate=2e-4,1e-4,1e-5,5e-6,1e-6",
    "judgekit train grpo problems.jsonl --model trained/sft-… --recipe r1 -o held_back=64",
    "judgekit train rloo reasoning_gym:chain_sum --sweep alpha=0,0.05,0.1,0.2,0.4",
    "judgekit train grpo problems.jsonl -o use_vllm=true --launch 4",
    "judgekit train rloo --show",
)


def register(app: typer.Typer, name: str) -> None:
    app.command(name, epilog=EPILOG)(train)


def train(
    method: Annotated[
        str | None, typer.Argument(metavar="METHOD", help="sft, dpo, grpo or rloo.")
    ] = None,
    data: Annotated[
        str | None,
        typer.Argument(
            metavar="DATA",
            help="JSONL, CSV or Parquet; for grpo and rloo also a benchmark or reasoning_gym:TASK.",
        ),
    ] = None,
    model: Annotated[
        str, typer.Option(help="Hub id, folder, a training's folder, or embedded.")
    ] = "embedded",
    recipe: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE", help="A shipped recipe or a TOML file; see --show."),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(
            "--option",
            "-o",
            metavar="KEY=VALUE",
            help="A setting of the recipe, or of TRL's by its own name.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder; default: trained/…, the same for each rerun.")
    ] = None,
    sweep: Annotated[
        str | None,
        typer.Option(
            metavar="KEY=A,B,C", help="Train, generate, grade and report once for each value."
        ),
    ] = None,
    launch: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Print the command for N GPUs instead of training."),
    ] = None,
    show: Annotated[
        bool, typer.Option("--show", help="Print the recipe with its settings, or list all.")
    ] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> int:
    """Train a model with TRL; the same command resumes its own training, Ctrl-C saves first."""
    from judgekit.train.recipe import load

    if show and method is None:
        return _list(as_json)
    if method is None:
        raise errors.UserError("which method?", hint="sft, dpo, grpo or rloo; --show lists recipes")
    settings = key_values(option or [])
    if sweep is not None:
        return _sweep(method, data, model, recipe, settings, sweep, out, quiet, as_json)
    chosen = load(method, recipe, settings)
    if show:
        return _show(chosen, as_json)
    if launch is not None:
        from judgekit.train.launch import commands

        typer.echo("\n".join(commands(_arguments(), chosen, model, launch)))
        return errors.DONE
    return _train(chosen, _given(data), model, out, quiet, as_json)


def _train(
    recipe: Recipe, data: str, model: str, out: Path | None, quiet: bool, as_json: bool
) -> int:
    from judgekit.cli.progress import training
    from judgekit.train.launch import check_devices
    from judgekit.train.train import Job, plan
    from judgekit.train.train import train as run_job
    from judgekit.train.trainers import main_process, require

    quiet = quiet or not main_process()
    say = remarks(quiet)
    planned = plan(Job(recipe, data, model))
    require()
    check_devices(_arguments(), recipe, model)
    where = out or planned.out
    say.print(
        f"[bold]{recipe.method}[/bold] of [bold]{plain(model)}[/bold] "
        f"on {len(planned.rows.rows):,} rows, recipe {plain(recipe.name)} -> {plain(str(where))}",
        soft_wrap=True,
    )
    with training(quiet) as watch:
        found = run_job(planned, out, watch)
    _say_left_out(found, quiet)
    if not found.finished:
        say.print("interrupted and saved: the same command goes on from here")
        raise typer.Abort
    if main_process():
        _report(found, quiet, as_json)
    say.print(f"next: {plain(_generation(where, recipe))}", soft_wrap=True)
    return errors.INCOMPLETE if found.training.rows_left_out else errors.DONE


def _sweep(
    method: str,
    data: str | None,
    model: str,
    name: str | None,
    settings: dict[str, str],
    wanted: str,
    out: Path | None,
    quiet: bool,
    as_json: bool,
) -> int:
    from judgekit.cli.progress import generating, training
    from judgekit.report.training import sweep_report
    from judgekit.train import sweep
    from judgekit.train.recipe import load
    from judgekit.train.train import Job, plan
    from judgekit.train.trainers import processes

    if processes() > 1:
        raise errors.UserError("--sweep runs in one process", hint="train the values one by one")
    key, values = sweep.parse(wanted)
    jobs = [
        sweep.Setting(
            key,
            value,
            plan(Job(load(method, name, {**settings, key: value}), _given(data), model)),
        )
        for value in values
    ]
    where = out or sweep.folder(jobs)
    say = remarks(quiet)
    points = list(
        sweep.sweep(
            jobs,
            where,
            say=lambda line: say.print(plain(line), soft_wrap=True),
            training=lambda: training(quiet),
            generating=lambda: generating(quiet),
        )
    )
    if len(points) <= len(values):
        say.print("interrupted and saved: the same command goes on from here")
        raise typer.Abort
    _render(sweep_report(key, points), as_json)
    trainings = [point.training for point in points if point.training]
    for each in trainings:
        _write_page(each)
        if each.rows_left_out:
            say.print(
                f"[yellow]{each.rows_left_out} rows left out[/yellow] of {plain(str(each.path))}"
            )
    runs = " ".join(str(point.run.path) for point in points)
    say.print(f"next: judgekit report {plain(runs)}", soft_wrap=True)
    return errors.INCOMPLETE if any(each.rows_left_out for each in trainings) else errors.DONE


def _list(as_json: bool) -> int:
    from judgekit.train.recipe import DEFAULTS, METHODS, load, names

    found = [load(method, name) for method in METHODS for name in names(method)]
    if as_json:
        print_json(
            [{"method": r.method, "recipe": r.name, "description": r.description} for r in found]
        )
        return errors.DONE
    rows = [
        [r.method, f"{r.name}{' *' if r.name == DEFAULTS[r.method] else ''}", r.description]
        for r in found
    ]
    screen().print(table(None, ["method", "recipe", "* is the method's default"], rows))
    return errors.DONE


def _show(recipe: Recipe, as_json: bool) -> int:
    import tomli_w

    from judgekit.train.recipe import as_table

    if as_json:
        print_json({"name": recipe.name, "method": recipe.method, **as_table(recipe)})
    else:
        typer.echo(f"# judgekit train {recipe.method} --recipe {recipe.name}")
        typer.echo(tomli_w.dumps(as_table(recipe)), nl=False)
    return errors.DONE


def _report(found: Trained, quiet: bool, as_json: bool) -> None:
    from judgekit.report.training import training_report

    _render(training_report(found.training), as_json)
    path = _write_page(found.training)
    remarks(quiet).print(f"page: {plain(str(path))}", soft_wrap=True)


def _write_page(training: Training) -> Path:
    from judgekit.lines import disk
    from judgekit.report.training import page

    path = training.path / "report.html"
    with disk(path):
        path.write_text(page(training), encoding="utf-8")
    return path


def _render(found: Report, as_json: bool) -> None:
    from judgekit.report import render, terminal

    if as_json:
        typer.echo(render(found, "json"), nl=False)
        return
    console = screen()
    console.print(terminal(found, console.width))


def _generation(model: Path, recipe: Recipe) -> str:
    """The command that asks the trained model as it was asked in training."""
    from judgekit.train.sweep import asked

    strategy, options = asked(recipe)
    command = ["judgekit", "generate", "--model", str(model), "--strategy", strategy]
    return shlex.join([*command, *(w for pair in options.items() for w in ("-o", "=".join(pair)))])


def _say_left_out(found: Trained, quiet: bool) -> None:
    if not found.left_out:
        return
    first = "; ".join(f"row {each.number}: {each.reason}" for each in found.left_out[:3])
    remarks(quiet).print(
        f"[yellow]{len(found.left_out)} rows left out[/yellow]: {plain(first)}", soft_wrap=True
    )


def _given(data: str | None) -> str:
    if data is None:
        raise errors.UserError("which data?", hint="judgekit train METHOD DATA")
    return data


def _arguments() -> Sequence[str]:
    """What was typed after `judgekit train`, without --launch."""
    typed = list(sys.argv[sys.argv.index("train") + 1 :]) if "train" in sys.argv else []
    if "--launch" in typed:
        at = typed.index("--launch")
        return [*typed[:at], *typed[at + 2 :]]
    return [word for word in typed if not word.startswith("--launch=")]
