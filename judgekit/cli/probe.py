"""`judgekit probe`: what a model can be made to do, before a long run."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from judgekit import errors
from judgekit.cli.common import examples, print_json, remarks, screen, table
from judgekit.cli.options import ApiKeyEnv, BackendName, BaseUrl, ConfigFile, Json, Quiet

if TYPE_CHECKING:
    from judgekit.config import ModelConfig
    from judgekit.strategies.probe import Trait

EPILOG = examples(
    "judgekit probe embedded",
    "judgekit probe Qwen/Qwen2.5-1.5B-Instruct --limit 10",
    "judgekit probe my-model --base-url http://localhost:8000/v1 --json",
)


def register(app: typer.Typer, name: str) -> None:
    app.command(name, epilog=EPILOG)(probe)


def probe(
    model: Annotated[
        str,
        typer.Argument(
            help="Hub id, folder, GGUF file, a server's model, or a name in the config."
        ),
    ],
    limit: Annotated[int, typer.Option(min=1, help="How many problems are asked.")] = 5,
    max_tokens: Annotated[int, typer.Option(min=1, help="New tokens a reply.")] = 256,
    backend: BackendName = "auto",
    base_url: BaseUrl = None,
    api_key_env: ApiKeyEnv = None,
    config: ConfigFile = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> int:
    """Does it obey a system prompt, keep a format, stop, take a forced start?"""
    from judgekit.cli.generate import named_model

    chosen = named_model(model, backend, base_url, api_key_env, config)
    remarks(quiet).print(f"asking {limit} problems of the starter set in five ways")
    traits, delimiter = asyncio.run(_probe(chosen, limit, max_tokens))
    if as_json:
        from dataclasses import asdict

        rows = [{**asdict(trait), "holds": trait.holds} for trait in traits]
        print_json({"model": chosen.model, "end_of_thinking_tokens": delimiter, "traits": rows})
        return errors.DONE
    cells = [_row(trait) for trait in traits]
    screen().print(table(chosen.model, ["trait", "the model", "", "if not"], cells))
    if delimiter is not None:
        kind = "one token" if delimiter == 1 else f"{delimiter} tokens: no delimiter of its own"
        screen().print(f"</think> is {kind}")
    return errors.DONE


async def _probe(
    chosen: ModelConfig, limit: int, max_tokens: int
) -> tuple[list[Trait], int | None]:
    from judgekit.backends import open_engine
    from judgekit.benchmark import load
    from judgekit.strategies.probe import delimiter_tokens, probe

    problems = load("starter", limit=limit).problems
    engine = await asyncio.to_thread(open_engine, chosen)
    try:
        return await probe(engine, problems, max_tokens), delimiter_tokens(engine)
    finally:
        await engine.aclose()


def _row(trait: Trait) -> list[str]:
    if not trait.of:
        return [trait.name, trait.asks, "this backend cannot", trait.otherwise]
    share = f"{trait.held} of {trait.of}"
    return [trait.name, trait.asks, share, "" if trait.holds else trait.otherwise]
