"""`judgekit generate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from judgekit import errors
from judgekit.cli.common import configuration, examples, key_values, plain, print_json, remarks
from judgekit.cli.options import ApiKeyEnv, BackendName, BaseUrl, ConfigFile, Json, Quiet

if TYPE_CHECKING:
    from judgekit.config import Backend, ModelConfig

EPILOG = examples(
    "judgekit generate",
    "judgekit generate --model Qwen/Qwen2.5-1.5B-Instruct --benchmark gsm8k --strategy cod",
    "judgekit generate --benchmark math500 --data math500.jsonl --limit 50 --strategy reasoning",
    "judgekit generate --strategy reasoning --max-tokens 2048 --stop-loops",
    "judgekit generate --base-url http://localhost:8000/v1 --model my-model --samples 4 "
    "--temperature 0.7",
)


def register(app: typer.Typer, name: str) -> None:
    app.command(name, epilog=EPILOG)(generate)


def generate(
    model: Annotated[
        str | None,
        typer.Option(
            help="Hub id, folder, GGUF file, a server's model, or a name in the config; "
            "default: embedded, or the only model of the server."
        ),
    ] = None,
    benchmark: Annotated[
        str, typer.Option(help="A benchmark's name, a TOML file, or reasoning_gym:TASK.")
    ] = "starter",
    data: Annotated[
        Path | None, typer.Option(help="Local JSONL, CSV or Parquet instead of the hub.")
    ] = None,
    strategy: Annotated[
        str, typer.Option(help="How the model is driven; `judgekit strategies` lists them.")
    ] = "cot",
    option: Annotated[
        list[str] | None,
        typer.Option("--option", "-o", metavar="KEY=VALUE", help="An option of the strategy."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first N problems.")] = None,
    samples: Annotated[int, typer.Option(min=1, help="Responses to each problem.")] = 1,
    seed: Annotated[int, typer.Option(help="Seed of sampling and of shuffled options.")] = 0,
    temperature: Annotated[
        float | None,
        typer.Option(help="0 is greedy, the default; 0.7 for strategies that draw several."),
    ] = None,
    top_p: Annotated[float, typer.Option(help="Nucleus sampling.")] = 1.0,
    max_tokens: Annotated[
        int | None, typer.Option(help="New tokens a response; default: the benchmark's own.")
    ] = None,
    stop_loops: Annotated[
        bool,
        typer.Option("--stop-loops", help="End thinking that provably loops, force an answer."),
    ] = False,
    backend: BackendName = "auto",
    base_url: BaseUrl = None,
    api_key_env: ApiKeyEnv = None,
    out: Annotated[
        Path | None, typer.Option(help="Run directory; default: runs/…, the same for each rerun.")
    ] = None,
    config: ConfigFile = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> int:
    """Run a model over a benchmark with a strategy; the same command resumes its own run."""
    import asyncio

    from judgekit.generate import Job, plan
    from judgekit.generate import generate as run_job

    job = Job(
        model=named_model(model, backend, base_url, api_key_env, config),
        benchmark=benchmark,
        data=data,
        strategy=strategy,
        options={**key_values(option or []), **({"stop_loops": "true"} if stop_loops else {})},
        limit=limit,
        samples=samples,
        seed=seed,
        temperature=temperature,
        top_p=top_p,
        max_tokens=max_tokens,
        config=configuration(config),
    )
    planned = plan(job)
    where = out or planned.out
    say = remarks(quiet)
    say.print(
        f"[bold]{plain(planned.benchmark.name)}[/bold] x "
        f"[bold]{plain(planned.strategy.name)}[/bold] on "
        f"[bold]{plain(job.model.model)}[/bold] -> {plain(str(where))}",
        soft_wrap=True,
    )
    from judgekit.cli.progress import generating

    try:
        with generating(quiet) as watch:
            path, progress = asyncio.run(run_job(planned, out, watch))
    except KeyboardInterrupt:
        say.print("interrupted; what is done is kept: the same command goes on from here")
        raise typer.Abort from None
    if as_json:
        print_json(
            {
                "run": str(path),
                "responses": progress.done,
                "resumed": progress.resumed,
                "failed": progress.failed,
                "completion_tokens": progress.tokens,
                "seconds": round(progress.seconds, 3),
            }
        )
    else:
        say.print(_ending(progress.done, progress.resumed, progress.failed, progress.total))
        say.print(f"next: judgekit grade {plain(str(path))}", soft_wrap=True)
    return errors.INCOMPLETE if progress.failed else errors.DONE


def _ending(done: int, resumed: int, failed: int, total: int) -> str:
    parts = [f"{done} of {total} responses"]
    if resumed:
        parts.append("all there before" if resumed == total else f"{resumed} there before")
    if failed:
        parts.append(f"[yellow]{failed} failed, tried again when the command is repeated[/yellow]")
    return ", ".join(parts)


def named_model(
    name: str | None,
    backend: str,
    base_url: str | None,
    api_key_env: str | None,
    config: Path | None,
) -> ModelConfig:
    """The model that the options name: one of the configuration's, or a new one."""
    import typing
    from dataclasses import replace

    from judgekit.config import SERVED, Backend, ModelConfig
    from judgekit.errors import UnknownName

    if backend not in typing.get_args(Backend):
        raise UnknownName("backend", backend, typing.get_args(Backend))
    name = name or (SERVED if base_url else "embedded")
    configured = configuration(config).models.get(name, ModelConfig(model=name))
    return replace(
        configured,
        backend=typing.cast("Backend", backend) if backend != "auto" else configured.backend,
        base_url=base_url or configured.base_url,
        api_key_env=api_key_env or configured.api_key_env,
    )
