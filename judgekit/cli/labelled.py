"""What the commands about judges share: their options over labelled rows, and how they end."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from judgekit import errors
from judgekit.cli.common import plain, remarks

if TYPE_CHECKING:
    from judgekit.judges.labelled import Labelled

Judges = Annotated[list[str], typer.Argument(metavar="JUDGE...", help="Names of judges.")]
OneJudge = Annotated[str, typer.Argument(metavar="JUDGE", help="The name of a judge.")]
Labels = Annotated[
    Path,
    typer.Option(
        "--labels", metavar="FILE|RUN", help="Rows with a column label, or a labelled run."
    ),
]
Limit = Annotated[int | None, typer.Option(min=1, help="Only the first N labelled rows.")]


def verdicts_beside(labels: Path) -> Path:
    """Where verdicts are kept: with the run, or in the user's cache."""
    from judgekit.backends.transformers.embedded import cache_folder

    return labels / "judged.jsonl" if labels.is_dir() else cache_folder() / "judged.jsonl"


def gaps(found: Labelled, down: Mapping[str, str]) -> int:
    """Say which rows had no part in it, and which judges stayed down; the exit code."""
    say = remarks()
    for row, reason in found.left_out[:10]:
        say.print(f"[yellow]row {row} left out:[/yellow] {plain(reason)}", soft_wrap=True)
    if found.unsure:
        say.print(f"[dim]{found.unsure} rows without a label, or with one that is unsure[/dim]")
    for name, fault in down.items():
        say.print(f"[bold red]error[/bold red] judge {plain(name)} stayed down: {plain(fault)}")
    if down:
        return errors.BackendError.exit_code
    return errors.INCOMPLETE if found.left_out else errors.DONE
