"""`judgekit prompts|benchmarks|strategies|models`: list, and `show NAME`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from judgekit import errors
from judgekit.cli.common import configuration, examples, plain, print_json, screen, table
from judgekit.cli.options import ConfigFile, Json


def register(app: typer.Typer, name: str) -> None:
    groups = {
        "prompts": prompts,
        "benchmarks": benchmarks,
        "strategies": strategies,
        "models": models,
    }
    app.add_typer(groups[name], name=name)


def _group(help: str, *lines: str) -> typer.Typer:
    return typer.Typer(help=help, epilog=examples(*lines), invoke_without_command=True)


prompts = _group(
    "The prompts that ship with judgekit, and what a model sees of them.",
    "judgekit prompts",
    "judgekit prompts show cot --benchmark math500",
)
benchmarks = _group(
    "The benchmarks that judgekit knows.", "judgekit benchmarks", "judgekit benchmarks show gsm8k"
)
strategies = _group(
    "The strategies that drive a model.", "judgekit strategies", "judgekit strategies show cot"
)
models = _group(
    "The embedded model, and the models of the configuration.",
    "judgekit models",
    "judgekit models show embedded",
)


@prompts.callback()
def list_prompts(context: typer.Context, as_json: Json = False) -> None:
    if context.invoked_subcommand:
        return
    from judgekit.prompt import load_prompt, prompt_names

    rows = [load_prompt(name) for name in prompt_names()]
    if as_json:
        print_json([{"name": p.name, "description": p.description} for p in rows])
        return
    screen().print(table(None, ["prompt", "what it asks"], [[p.name, p.description] for p in rows]))


@prompts.command(
    "show",
    epilog=examples(
        "judgekit prompts show cot --benchmark math500",
        "judgekit prompts show reasoning --benchmark starter --id choice-01",
    ),
)
def show_prompt(
    name: Annotated[str, typer.Argument(help="A prompt's name, or a TOML file.")],
    benchmark: Annotated[str, typer.Option(help="Whose first problem is asked.")] = "starter",
    data: Annotated[Path | None, typer.Option(help="Local file of the benchmark.")] = None,
    id: Annotated[str | None, typer.Option(help="Another problem than the first.")] = None,
    model: Annotated[str, typer.Option(help="Whose chat template is applied.")] = "embedded",
    shots: Annotated[int, typer.Option(help="Worked examples before the question.")] = 0,
    system: Annotated[bool, typer.Option(help="A system prompt as one, or folded in.")] = True,
) -> None:
    """What the model would see, byte for byte, chat template applied."""
    import sys

    from judgekit.backends.transformers.loading import load_tokenizer
    from judgekit.benchmark import load
    from judgekit.prompt import load_prompt, messages

    prompt = load_prompt(name)
    problems = load(benchmark, data=data, limit=None if id else 1).problems
    chosen = [p for p in problems if id is None or p.id == id]
    if not chosen:
        raise errors.UnknownName("problem", str(id), [p.id for p in problems])
    chat = messages(prompt, chosen[0], system=system, shots=shots)
    sys.stdout.write(load_tokenizer(model).render(chat) + (prompt.start or ""))
    if sys.stdout.isatty():
        sys.stdout.write("\n")


@benchmarks.callback()
def list_benchmarks(context: typer.Context, as_json: Json = False) -> None:
    if context.invoked_subcommand:
        return
    from judgekit.benchmark import describe, names

    rows = [describe(name) for name in names()]
    if as_json:
        print_json(rows)
        return
    cells = [[str(r["name"]), str(r["max_tokens"]), str(r["description"])] for r in rows]
    shown = table(None, ["benchmark", "max tokens", "what it measures"], cells)
    screen().print(shown)
    screen().print("[dim]also reasoning_gym:TASK, and a TOML file of your own[/dim]")


@benchmarks.command("show", epilog=examples("judgekit benchmarks show gsm8k"))
def show_benchmark(
    name: Annotated[str, typer.Argument(help="A benchmark's name, or a TOML file.")],
    as_json: Json = False,
) -> None:
    """Where a benchmark comes from and how its rows are read."""
    from judgekit.benchmark import describe

    found = describe(name)
    if as_json:
        print_json(found)
        return
    rows = [[key, said] for key, value in found.items() if (said := _told(value))]
    screen().print(table(None, ["", ""], rows))


def _told(value: Any) -> str:
    """A value as words, a table's a line each; what is not set is not told."""
    if isinstance(value, Mapping):
        return "\n".join(f"{key}: {said}" for key, each in value.items() if (said := _told(each)))
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else ""
    return "" if value is None else str(value)


@strategies.callback()
def list_strategies(context: typer.Context, as_json: Json = False) -> None:
    if context.invoked_subcommand:
        return
    from judgekit.strategies import get, names

    rows = [get(name) for name in names()]
    if as_json:
        keys = ("name", "about", "cost")
        print_json([{**{k: getattr(r, k) for k in keys}, "needs": r.wants} for r in rows])
        return
    cells = [[r.name, r.about, r.cost, ", ".join(r.wants) or "nothing"] for r in rows]
    screen().print(table(None, ["strategy", "what it does", "costs", "needs of a backend"], cells))


@strategies.command("show", epilog=examples("judgekit strategies show cot"))
def show_strategy(
    name: Annotated[str, typer.Argument(help="A strategy's name, or mine.py:function.")],
    as_json: Json = False,
) -> None:
    """A strategy's options, and what it needs of a backend."""
    from judgekit.strategies import ON_EVERY_STRATEGY, get

    found = get(name)
    options = {**found.defaults, **ON_EVERY_STRATEGY}
    facts = {
        "name": found.name,
        "about": found.about,
        "prompt": found.prompt,
        "needs": found.wants,
        "cost": found.cost,
        "required": found.required,
        "options": options,
    }
    if as_json:
        print_json(facts)
        return
    rows = [[key, str(facts[key])] for key in ("about", "prompt", "cost")]
    rows.append(["needs", ", ".join(found.wants) or "nothing"])
    rows += [[f"-o {key}=", "must be given"] for key in found.required]
    rows += [
        [f"-o {key}=", f"{_typed(value)} by default{_one_of(found.choices.get(key, ()))}"]
        for key, value in options.items()
    ]
    screen().print(table(found.name, ["", ""], rows))


def _typed(value: object) -> str:
    """A default as it would be typed."""
    return f"'{value}'" if isinstance(value, str) else str(value)


def _one_of(words: Sequence[str]) -> str:
    return f"; one of {', '.join(words)}" if words else ""


@models.callback()
def list_models(context: typer.Context, config: ConfigFile = None, as_json: Json = False) -> None:
    if context.invoked_subcommand:
        return
    from judgekit.backends.openai.calls import without_login
    from judgekit.backends.transformers.embedded import HUB_ID, INSTALL, locate, prepared_folder

    if prepared_folder().is_dir():
        state = f"ready in {prepared_folder()}"
    else:
        state = "installed, converted at its first use" if locate() else f"absent: {INSTALL}"
    rows = [{"name": "embedded", "model": HUB_ID, "backend": "transformers", "state": state}]
    rows += [
        {
            "name": name,
            "model": m.model,
            "backend": m.resolved_backend,
            "state": without_login(m.base_url or ""),
        }
        for name, m in configuration(config).models.items()
    ]
    if as_json:
        print_json(rows)
        return
    columns = ["name", "model", "backend", "state"]
    screen().print(table(None, columns, [[str(r[c]) for c in columns] for r in rows]))


@models.command("show", epilog=examples("judgekit models show embedded"))
def show_model(
    name: Annotated[str, typer.Argument(help="embedded, or a model of the configuration.")],
    config: ConfigFile = None,
    as_json: Json = False,
) -> None:
    """How a model of the configuration is reached."""
    from dataclasses import asdict

    from judgekit.backends.openai.calls import without_login
    from judgekit.config import ModelConfig

    known = {"embedded": ModelConfig(), **configuration(config).models}
    if name not in known:
        raise errors.UnknownName("model", name, known)
    facts = asdict(known[name])
    facts["base_url"] = without_login(known[name].base_url or "") or None
    if as_json:
        print_json(facts)
        return
    rows = [[key, plain(str(value))] for key, value in facts.items() if value is not None]
    screen().print(table(name, ["", ""], rows))
