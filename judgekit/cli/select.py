"""`judgekit select pairs|shortest|rollouts|mix|revised`: training data from graded runs."""

from __future__ import annotations

import shlex
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from judgekit import errors
from judgekit.cli.common import examples, plain, print_json, remarks, screen, table, the_run
from judgekit.cli.options import Json, Quiet, SeedOfDraw

if TYPE_CHECKING:
    from judgekit.rewards.tags import Tags
    from judgekit.train.selection.candidates import Candidates
    from judgekit.train.selection.rows import Drawn
    from judgekit.train.selection.select import Selected

GradedRun = Annotated[
    Path | None, typer.Argument(metavar="RUN", help="A graded run; default: the newest.")
]
Grading = Annotated[str | None, typer.Option(help="This grading of the run, not the newest.")]
Out = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Where rows go; default: METHOD.jsonl in RUN.")
]
TagPair = Annotated[
    str, typer.Option("--tags", help="The pair around the thinking: think or reasoning.")
]

TRAINED_BY = {
    "pairs": "dpo",
    "shortest": "sft",
    "rollouts": "dpo --recipe rollouts",
    "mix": "sft",
    "revised": "dpo",
}
"""How each selection's rows are trained on."""

select = typer.Typer(
    help="Training data from graded runs: which responses to learn from.",
    epilog=examples(
        "judgekit select pairs runs/gsm8k-embedded-reasoning-1a2b3c4d",
        "judgekit select shortest runs/gsm8k-embedded-reasoning-1a2b3c4d --out sft.jsonl",
        "judgekit select mix runs/gsm8k-large-… runs/gsm8k-small-… --ratio 1:4",
    ),
    no_args_is_help=True,
)


def register(app: typer.Typer, name: str) -> None:
    app.add_typer(select, name=name)


@select.command("pairs", epilog=examples("judgekit select pairs --tags reasoning"))
def select_pairs(
    run: GradedRun = None,
    grading: Grading = None,
    tags: TagPair = "think",
    out: Out = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> int:
    """DPO on length: the shortest correct response against the longest correct one."""
    from judgekit.train.selection.pairs import pairs

    found = _candidates(run, grading, quiet)
    return _finish("pairs", pairs(found, tags=_tags(tags)), [found], out, quiet, as_json, tags=tags)


@select.command("shortest", epilog=examples("judgekit select shortest --out sft.jsonl"))
def select_shortest(
    run: GradedRun = None,
    grading: Grading = None,
    out: Out = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> int:
    """Rejection sampling for SFT: the shortest correct response to each problem."""
    from judgekit.train.selection.shortest import shortest

    found = _candidates(run, grading, quiet)
    return _finish("shortest", shortest(found), [found], out, quiet, as_json)


@select.command("rollouts", epilog=examples("judgekit select rollouts --per-problem 1 --seed 3"))
def select_rollouts(
    run: GradedRun = None,
    grading: Grading = None,
    per_problem: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="At most N pairs a problem.")
    ] = None,
    tags: TagPair = "think",
    seed: SeedOfDraw = 0,
    out: Out = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> int:
    """Rollout DPO: correct against incorrect rollouts of the same problem."""
    from judgekit.train.selection.rollouts import rollouts

    found = _candidates(run, grading, quiet)
    drawn = rollouts(found, tags=_tags(tags), seed=seed, per_problem=per_problem)
    options = {"tags": tags, "seed": seed, "per_problem": per_problem}
    return _finish("rollouts", drawn, [found], out, quiet, as_json, **options)


@select.command(
    "mix",
    epilog=examples(
        "judgekit select mix runs/gsm8k-embedded-reasoning-1a2b3c4d --ratio 1:4",
        "judgekit select mix runs/gsm8k-large-… runs/gsm8k-small-… --ratio 1:4 --total 1000",
    ),
)
def select_mix(
    run: GradedRun = None,
    second: Annotated[
        Path | None, typer.Argument(metavar="RUN", help="The run of a second teacher.")
    ] = None,
    ratio: Annotated[
        str, typer.Option(metavar="A:B", help="Long to short, or first run to second.")
    ] = "1:4",
    total: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Rows; default: as many as there are.")
    ] = None,
    grading: Grading = None,
    seed: SeedOfDraw = 0,
    out: Out = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> int:
    """Long and short correct traces of one run, or those of two teachers, in a given ratio."""
    from judgekit.train.selection.mix import mix, parse_ratio

    if second is not None and grading is not None:
        raise errors.UserError("--grading names a grading of one run, and there are two")
    first = _candidates(run, grading, quiet, several=second is None)
    other = None if second is None else _candidates(second, None, quiet, several=False)
    drawn = mix(first, other, ratio=parse_ratio(ratio), total=total, seed=seed)
    sources = [first] if other is None else [first, other]
    return _finish("mix", drawn, sources, out, quiet, as_json, ratio=ratio, total=total, seed=seed)


@select.command("revised", epilog=examples("judgekit select revised runs/gsm8k-…-self-refine-…"))
def select_revised(
    run: GradedRun = None,
    grading: Grading = None,
    tags: TagPair = "think",
    out: Out = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> int:
    """A wrong response and its corrected one: a draft and what became of it, or two samples."""
    from judgekit.train.selection.revised import revised

    found = _candidates(run, grading, quiet)
    return _finish(
        "revised", revised(found, tags=_tags(tags)), [found], out, quiet, as_json, tags=tags
    )


def _candidates(
    path: Path | None, grading: str | None, quiet: bool, *, several: bool = True
) -> Candidates:
    from judgekit.train.selection.candidates import candidates

    return candidates(the_run(path, quiet), grading, several=several)


def _tags(name: str) -> Tags:
    if name not in ("think", "reasoning"):
        raise errors.UnknownName("tag pair", name, ("think", "reasoning"))
    return typing.cast("Tags", name)


def _finish(
    method: str,
    drawn: Drawn,
    sources: list[Candidates],
    out: Path | None,
    quiet: bool,
    as_json: bool,
    **options: Any,
) -> int:
    """Write what was selected, and show what it came to."""
    from judgekit.train.selection.select import write

    selected = write(method, drawn, sources, out, options)
    record = selected.record
    if as_json:
        print_json({"out": str(selected.out), **record})
        return errors.DONE
    rows = [
        [f"responses of {Path(source['run']).name}, {fate}", f"{n:,}"]
        for source in record["sources"]
        for fate, n in source["responses"].items()
    ]
    rows += [[f"problems with {reason}", f"{n:,}"] for reason, n in record["nothing"].items()]
    rows += [["problems that gave rows", f"{record['problems']:,}"]]
    rows += [["rows", f"{record['rows']:,}"]]
    rows += [[f"rows, {name.replace('_', ' ')}", f"{n:,}"] for name, n in record["counts"].items()]
    screen().print(table(None, [f"select {method}", ""], rows, right=1))
    say = remarks(quiet)
    say.print(f"rows: {plain(str(selected.out))}", soft_wrap=True)
    config = sources[0].run.config
    say.print(f"next: {plain(_training(method, selected, config))}", soft_wrap=True)
    return errors.DONE


def _training(method: str, selected: Selected, config: Mapping[str, Any]) -> str:
    """The command that trains the model of the run, where it has one, on these rows."""
    command = ["judgekit", "train", *TRAINED_BY[method].split(), str(selected.out)]
    if config.get("backend") not in ("scripted", "replay"):
        command += ["--model", str(config["model"])]
    if (tags := selected.record["options"].get("tags", "think")) != "think":
        command += ["-o", f"tags={tags}"]
    return shlex.join(command)
