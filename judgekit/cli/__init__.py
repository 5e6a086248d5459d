"""The command line: each module parses, calls one function of the house, and renders.

Nothing heavy is imported here: what a command needs is imported inside it.
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn

import typer

from judgekit import errors
from judgekit.cli import (
    doctor,
    generate,
    grade,
    lists,
    report,
    show,
    verify,
)

app = typer.Typer(
    name="judgekit",
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Run small reasoning language models, and know what they got right.",
    epilog="\n".join(
        [
            "A first run:",
            "  $ judgekit generate",
            "  $ judgekit grade",
            "  $ judgekit report",
            "Grade what another tool has written:",
            "  $ judgekit grade responses.jsonl --gold answer --out graded.jsonl",
        ]
    ),
)


def _version(wanted: bool) -> None:
    if wanted:
        from judgekit import __version__

        typer.echo(f"judgekit {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Show the version and exit."
    ),
) -> None:
    del version


for module in (generate, grade, report, verify, show):
    module.register(app)
lists.register(app)
doctor.register(app)


def main() -> NoReturn:
    """Run the command line; every way to end is an exit code of `judgekit.errors`."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    command = typer.main.get_command(app)
    try:
        code = command.main(
            args=arguments or ["--help"], prog_name="judgekit", standalone_mode=False
        )
    except typer.Abort:
        return errors.INTERRUPTED
    except typer.TyperException as fault:
        _say(f"{fault.format_message()} (judgekit --help, or COMMAND --help, tells more)")
        return errors.UserError.exit_code
    except errors.JudgekitError as fault:
        _say(str(fault))
        return fault.exit_code
    except KeyboardInterrupt:
        return errors.INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone (`| head`); Python must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return errors.DONE
    return code if isinstance(code, int) else errors.DONE


def _say(line: str) -> None:
    from judgekit.cli.common import plain, remarks

    remarks().print(f"[bold red]error[/bold red] {plain(line)}", soft_wrap=True)
