"""What the commands share: screens, tables, and the run or configuration a command means."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judgekit.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

    from judgekit.config import Config
    from judgekit.runs import Run


def screen() -> Console:
    """Where results go."""
    from rich.console import Console

    return Console(highlight=False)


def remarks(quiet: bool = False) -> Console:
    """Where progress and remarks go: standard error, so that results can be piped."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, quiet=quiet)


def plain(text: str) -> str:
    """Text of a model or file made safe for a terminal: no control characters, no markup."""
    from rich.markup import escape

    shown = "".join(
        char if char in "\n\t" or (char.isprintable()) else f"\\x{ord(char):02x}" for char in text
    )
    return escape(shown)


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    import orjson

    option = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY
    sys.stdout.buffer.write(orjson.dumps(value, option=option, default=str) + b"\n")
    sys.stdout.flush()


def configuration(path: Path | None) -> Config:
    """The configuration a command reads."""
    from judgekit.config import load

    return load(path)


def the_run(path: Path | None, quiet: bool = False) -> Run:
    """The run that was named, else the newest below ./runs (and which that is, is said)."""
    from judgekit.runs import load, newest

    if path is not None:
        return load(path)
    run = newest()
    remarks(quiet).print(f"[dim]newest run: {plain(str(run.path))}[/dim]")
    return run


def only_of_a_file(**options: object) -> None:
    """Refuse options about the fields of a file where a run is meant."""
    if misplaced := [f"--{name}" for name, value in options.items() if value]:
        raise UserError(f"only a file of rows takes {', '.join(misplaced)}, not a run")


def key_values(pairs: Sequence[str]) -> dict[str, str]:
    """`KEY=VALUE` options as a mapping."""
    found = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise UserError(f"-o {pair!r} is no KEY=VALUE", hint="such as -o waits=2")
        found[key.strip()] = value.strip()
    return found


def table(
    title: str | None, columns: Sequence[str], rows: Sequence[Sequence[str]], right: int = 0
) -> Any:
    """A plain table; the last `right` columns are numbers. Cells are escaped.

    The first column is folded only where all others are numbers, which are read worse in pieces.
    """
    from rich import box
    from rich.table import Table

    shown = Table(
        title=title,
        box=box.SIMPLE_HEAD,
        title_justify="left",
        title_style="bold",
        pad_edge=False,
        collapse_padding=True,
    )
    only_numbers = right == len(columns) - 1
    for i, column in enumerate(columns):
        number = i >= len(columns) - right
        shown.add_column(
            column,
            justify="right" if number else "left",
            overflow="fold",
            no_wrap=i == 0 and not only_numbers,
        )
    for row in rows:
        shown.add_row(*(plain(cell) for cell in row))
    return shown


def examples(*lines: str) -> str:
    """The examples at the end of a command's help."""
    return "\n".join(["Examples:", *(f"  $ {line}" for line in lines)])
