"""The command line: each module parses, calls one function of the house, and renders.

`COMMANDS` is the whole surface. Only the module of the command that was typed is imported, and
nothing heavy before it needs it, so that help is there at once.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import NoReturn

import typer

from judgekit import errors

COMMANDS: Mapping[str, tuple[str, str]] = {
    "generate": ("generate", "Run a model over a benchmark with a strategy."),
    "grade": ("grade", "Grade a run, or responses that another tool has written."),
    "report": ("report", "What a run got right and how sure that is."),
    "compare": ("compare", "Whether runs differ, problem by problem."),
    "verify": ("verify", "Whether one response's answer equals the gold answer."),
    "show": ("show", "One response with all that is known of it."),
    "export": ("export", "A run as a table, a dataset or a log for other tools."),
    "audit": ("audit", "Where verdicts disagree, what to label, and labelling it."),
    "judge": ("judge", "How good a judge is, what fools it, what it may decide."),
    "select": ("select", "Training data from graded runs."),
    "curate": ("curate", "A small training set from a large pool of traces."),
    "train": ("train", "Train a model with TRL: SFT, DPO, GRPO, RLOO."),
    "probe": ("probe", "What a model can be made to do: obey, keep a format, stop."),
    "serve": ("serve", "A model of this machine behind an OpenAI-compatible server."),
    "prompts": ("lists", "The prompts, and what a model sees of them."),
    "benchmarks": ("lists", "The benchmarks that judgekit knows."),
    "strategies": ("lists", "The strategies that drive a model."),
    "models": ("lists", "The embedded model, and those of the configuration."),
    "doctor": ("doctor", "What is installed, what works, what to do about the rest."),
}
"""Each command: the module of this package that has it, and its line in `judgekit --help`."""

EPILOG = "\n".join(
    [
        "A first run:",
        "  $ judgekit generate",
        "  $ judgekit grade",
        "  $ judgekit report",
        "Grade what another tool has written:",
        "  $ judgekit grade responses.jsonl --gold answer --out graded.jsonl",
    ]
)


def build(wanted: str | None) -> typer.Typer:
    """The application with one command in full and the others by name; all in full for None."""
    app = typer.Typer(
        name="judgekit",
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        help="Run small reasoning language models, and know what they got right.",
        epilog=EPILOG,
    )
    app.callback()(_root)
    for name, (module, line) in COMMANDS.items():
        if wanted in (name, None):
            importlib.import_module(f"judgekit.cli.{module}").register(app, name)
        else:
            app.command(name, help=line)(_elsewhere)
    return app


def main() -> NoReturn:
    """Run the command line; every way to end is an exit code of `judgekit.errors`."""
    sys.excepthook = _defect
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    typed = next((word for word in arguments if not word.startswith("-")), "")
    completing = "_JUDGEKIT_COMPLETE" in os.environ
    command = typer.main.get_command(build(None if completing else typed))
    try:
        code = command.main(
            args=arguments or ["--help"], prog_name="judgekit", standalone_mode=False
        )
    except typer.Abort:  # by a command that has said what is kept
        return errors.INTERRUPTED
    except typer.TyperException as fault:
        _say(f"{fault.format_message()} (judgekit --help, or COMMAND --help, tells more)")
        return errors.UserError.exit_code
    except errors.JudgekitError as fault:
        _say(str(fault))
        return fault.exit_code
    except BrokenPipeError:
        # The reader of our output has gone (`| head`); Python must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return errors.DONE
    except Exception as fault:
        from judgekit.plugins import theirs

        if told := theirs(fault):
            _say(told)
            return errors.UserError.exit_code
        raise
    if code == errors.INTERRUPTED:  # what typer makes of Ctrl-C
        from judgekit.cli.common import remarks

        remarks().print("interrupted")
    return code if isinstance(code, int) else errors.DONE


def _root(
    version: bool = typer.Option(
        False,
        "--version",
        callback=lambda wanted: _version() if wanted else None,
        is_eager=True,
        help="Show the version and exit.",
    ),
) -> None:
    del version


def _version() -> NoReturn:
    from judgekit.version import __version__

    typer.echo(f"judgekit {__version__}")
    raise typer.Exit


def _elsewhere() -> None:
    """Stands for a command that was not typed; it is listed, and never run."""


def _defect(kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
    """What no rule of `judgekit.errors` foresees is a defect of ours, and is told as one."""
    sys.__excepthook__(kind, fault, trace)
    _say("this is a defect of judgekit: please report it with the lines above")


def _say(line: str) -> None:
    from judgekit.cli.common import plain, remarks

    remarks().print(f"[bold red]error[/bold red] {plain(line)}", soft_wrap=True)
