"""What the commands about judges share: their options over labelled rows, and how they end."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from judgekit import errors
from judgekit.cli.common import plain, remarks

if TYPE_CHECKING:
    from judgekit.audit.report_card import Rated
    from judgekit.config import Config
    from judgekit.judges.labelled import Labelled

Judges = Annotated[list[str], typer.Argument(metavar="JUDGE", help="Names of judges.")]
OneJudge = Annotated[str, typer.Argument(metavar="JUDGE", help="The name of a judge.")]
Labels = Annotated[
    Path,
    typer.Option(
        "--labels", metavar="FILE|RUN", help="Rows with a column label, or an audited FILE or RUN."
    ),
]
Reduced = Annotated[
    str,
    typer.Option("--rule", help="Several labellers: majority, unanimous, first or last."),
]
Limit = Annotated[int | None, typer.Option(min=1, help="Only the first N labelled rows.")]


def verdicts_beside(labels: Path) -> Path:
    """Where verdicts are kept: with the run, or in the user's cache."""
    from judgekit.backends.transformers.embedded import cache_folder

    return labels / "judged.jsonl" if labels.is_dir() else cache_folder() / "judged.jsonl"


def examined(
    judges: list[str],
    labels: Path,
    rule: str,
    limit: int | None,
    config: Config,
    quiet: bool,
    alone: bool = False,
) -> tuple[dict[str, list[Rated]], Labelled, dict[str, str]]:
    """Every judge's verdicts on the labelled rows, one row a problem where they have to be
    independent of one another."""
    import asyncio

    from judgekit.audit.examining import examine, one_a_problem
    from judgekit.judges import open_judges
    from judgekit.judges.labelled import read_labelled

    found = read_labelled(labels, cast(Any, rule))
    rows = one_a_problem(found.rows) if alone else list(found.rows)
    if len(rows) < len(found.rows):
        remarks(quiet).print(
            f"[dim]{len(rows)} of {len(found.rows)} labelled rows, one a problem[/dim]"
        )

    async def work() -> tuple[dict[str, list[Rated]], dict[str, str]]:
        async with open_judges(
            judges, config, cache=verdicts_beside(labels), columns=found.columns
        ) as opened:
            rated = {name: await examine(each, rows[:limit]) for name, each in opened.items()}
            return rated, {name: each.down for name, each in opened.items() if each.down}

    rated, down = asyncio.run(work())
    return rated, found, down


def gaps(found: Labelled, down: Mapping[str, str]) -> int:
    """Say which rows had no part in it, and which judges stayed down; the exit code."""
    say = remarks()
    for row, reason in found.left_out[:10]:
        say.print(f"[yellow]row {row} left out:[/yellow] {plain(reason)}", soft_wrap=True)
    if found.unsure:
        say.print(f"[dim]{found.unsure} rows without a label, or with one that is unsure[/dim]")
    if found.divided:
        say.print(f"[dim]labellers disagree on {found.divided} rows: see --rule[/dim]")
    for name, fault in down.items():
        say.print(f"[bold red]error[/bold red] judge {plain(name)} stayed down: {plain(fault)}")
    if down:
        return errors.BackendError.exit_code
    return errors.INCOMPLETE if found.left_out else errors.DONE
