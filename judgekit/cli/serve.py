"""`judgekit serve`: a model of this machine behind an OpenAI-compatible server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from judgekit import errors
from judgekit.cli.common import examples, plain, remarks
from judgekit.cli.options import ConfigFile

if TYPE_CHECKING:
    from judgekit.backends.openai.serving import Command

EPILOG = examples(
    "judgekit serve Qwen/Qwen2.5-1.5B-Instruct",
    "judgekit serve Qwen/Qwen2.5-72B-Instruct -- --tensor-parallel-size 4",
    "judgekit serve Qwen/Qwen2.5-7B-Instruct --port 8001 --print",
)


def register(app: typer.Typer, name: str) -> None:
    app.command(name, epilog=EPILOG)(serve)


def serve(
    model: Annotated[
        str, typer.Argument(help="Hub id, folder, `embedded`, or a name in the config.")
    ],
    more: Annotated[
        list[str] | None,
        typer.Argument(metavar="-- OPTIONS", help="The server's own options, after two dashes."),
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where it answers.")] = 8000,
    only_print: Annotated[
        bool,
        typer.Option(
            "--print", help="Print vLLM's command for a machine that has it; needs none here."
        ),
    ] = False,
    config: ConfigFile = None,
) -> int:
    """Run the server for a model: vLLM's where it is installed, else `transformers serve`."""
    from judgekit.backends.openai import serving
    from judgekit.cli.generate import named_model

    named = named_model(model, "auto", None, None, config)
    if only_print:
        typer.echo(_line(serving.elsewhere(named, port, more or ())))
        return errors.DONE
    chosen = serving.command(named, port, more or ())
    say = remarks()
    say.print(f"$ {plain(_line(chosen))}", soft_wrap=True)
    say.print(
        f"[bold]then, in another terminal:[/bold] judgekit generate --base-url {chosen.base_url}"
        "   [dim](Ctrl-C ends the server)[/dim]",
        soft_wrap=True,
    )
    serving.serve(chosen)
    return errors.DONE


def _line(chosen: Command) -> str:
    """The command as a shell reads it, with what is set for it beside the environment."""
    import shlex

    variables = [f"{name}={value}" for name, value in chosen.variables.items()]
    return shlex.join([*variables, *chosen.arguments])
