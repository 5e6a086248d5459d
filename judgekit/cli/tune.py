"""`judgekit judge tune`: a judge's program, made better on labels, or honestly not."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from judgekit import errors
from judgekit.cli.common import configuration, examples, plain, print_json, remarks, screen
from judgekit.cli.labelled import Labels, Limit, OneJudge, Reduced, gaps, verdicts_beside
from judgekit.cli.options import ConfigFile, Json, Quiet

EPILOG = examples(
    "judgekit judge tune small --labels labelled.jsonl",
    "judgekit judge tune small --labels labelled.jsonl --optimizer gepa --out tuned.json",
)


def tune_judge(
    name: OneJudge,
    labels: Labels,
    optimizer: Annotated[
        str, typer.Option(help="bootstrap (examples), mipro (both), gepa (instructions).")
    ] = "bootstrap",
    out: Annotated[
        Path | None, typer.Option(help="The judge file; default: JUDGE-tuned.json.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Which labelled problems are held back.")] = 0,
    rule: Reduced = "majority",
    limit: Limit = None,
    config: ConfigFile = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> int:
    """Tune a judge on one half of the labels; the other half says whether anything was gained."""
    import asyncio
    import importlib.util

    from judgekit.judges.labelled import read_labelled

    settings, out = configuration(config), out or Path(f"{name}-tuned.json")
    if importlib.util.find_spec("dspy") is None:
        raise errors.MissingExtra("DSPy, which tunes judges,", "judge")
    if out.exists():
        raise errors.UserError(f"{out} is there already", hint="--out names another file")
    from judgekit.judges.programs.search import OPTIMIZERS
    from judgekit.judges.programs.tune import tune

    if optimizer not in OPTIMIZERS:
        raise errors.UnknownName("--optimizer", optimizer, OPTIMIZERS)
    found = read_labelled(labels, cast(Any, rule))
    say = remarks(quiet)
    say.file = sys.stderr  # DSPy is kept from writing there while it optimises; we are not
    try:
        tuned = asyncio.run(
            tune(
                name,
                settings,
                found.rows[:limit],
                out,
                optimizer=optimizer,
                seed=seed,
                cache=verdicts_beside(labels),
                watch=lambda line: say.print(f"[dim]{plain(line)}[/dim]", soft_wrap=True),
            )
        )
    except (KeyboardInterrupt, errors.BackendError):
        if out.exists():
            say.print(f"the best so far is in {plain(str(out))}, not measured", soft_wrap=True)
        raise
    if as_json:
        print_json({**dataclasses.asdict(tuned), "sentence": tuned.sentence})
    else:
        screen().print(plain(tuned.sentence), soft_wrap=True)
    if tuned.found:
        shown = f'\\[judges.{plain(name)}] program = "{plain(str(out))}"'
        say.print(f"[dim]written to {plain(str(out))}; to use it: {shown}[/dim]", soft_wrap=True)
    return gaps(found, {})
