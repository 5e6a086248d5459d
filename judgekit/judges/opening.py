"""From the names of judges to judges: every name is found, and every option checked, first.

A JUDGE is a name in `[judges]` or `[juries]`, an import path `package.module:name`, a file
`mine.py:name`, an entry point of the group `judgekit.judges`, or `recorded:COLUMN`.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from judgekit.config import Config, JudgeConfig, JuryConfig
from judgekit.errors import ConfigError, MissingExtra, UnknownName, UserError
from judgekit.judges.cache import Cache
from judgekit.judges.contract import Columns, Judge
from judgekit.judges.custom import CustomJudge
from judgekit.judges.deliberation import Deliberation
from judgekit.judges.engines import Engines, Opener, open_backend
from judgekit.judges.jury import Jury
from judgekit.judges.plain import PlainJudge
from judgekit.judges.recorded import PREFIX, open_recorded
from judgekit.judges.sheet import VARIABLES
from judgekit.plugins import installed, is_reference, load_installed, load_reference
from judgekit.prompt import Prompt, load_prompt

GROUP = "judgekit.judges"
"""The entry-point group in which an installed package offers judges."""


@asynccontextmanager
async def open_judges(
    names: Sequence[str],
    config: Config,
    *,
    cache: Path | None = None,
    columns: Columns | None = None,
    opener: Opener | None = None,
) -> AsyncIterator[dict[str, Judge]]:
    """The judges of these names, by name; they are closed at the end.

    `cache` is the file in which verdicts are kept by content, None for this process only.
    `columns` are the rows that `recorded:COLUMN` reads, by key; a case carries its own
    (`Case.columns`). Models are opened when first needed, once for each distinct model, by `opener`
    (default: `judgekit.backends.open_engine`).

    Raises `UnknownName`, `ConfigError` or `UserError` before any model is loaded.
    """
    bench = _Bench(config, Cache(cache), columns, Engines(opener or open_backend))
    judges = {name: bench.judge(name) for name in names}
    try:
        yield judges
    finally:
        for judge in judges.values():
            await judge.aclose()


def known_judges(config: Config) -> dict[str, str]:
    """Every name that a JUDGE can have here, and where it comes from."""
    return {
        **{name: f"entry point {entry.value}" for name, entry in installed(GROUP).items()},
        **{name: f"jury: {', '.join(jury.members)}" for name, jury in config.juries.items()},
        **{name: _what(judge) for name, judge in config.judges.items()},
    }


def _what(judge: JudgeConfig) -> str:
    return f"model {judge.model}" + (f", program {judge.program}" if judge.program else "")


@dataclass(slots=True)
class _Bench:
    config: Config
    cache: Cache
    columns: Columns | None
    engines: Engines

    def judge(self, name: str, within: tuple[str, ...] = ()) -> Judge:
        if name.startswith(PREFIX):
            return open_recorded(name, self.columns)
        if name in self.config.judges:
            return open_model_judge(name, self.config.judges[name], self.engines, self.cache)
        if name in self.config.juries:
            return self._jury(name, self.config.juries[name], within)
        if is_reference(name):
            return CustomJudge(name, load_reference(name))
        if entry := installed(GROUP).get(name):
            version = entry.dist.version if entry.dist else ""
            return CustomJudge(name, load_installed(entry), version)
        raise UnknownName(
            "judge",
            name,
            known_judges(self.config),
            hint="a table [judges.NAME] in judgekit.toml, package.module:name, mine.py:name or "
            "recorded:COLUMN",
        )

    def _jury(self, name: str, config: JuryConfig, within: tuple[str, ...]) -> Judge:
        where = f"juries.{name}"
        if not config.members:
            raise ConfigError(f"{where}: members is empty")
        if name in within:
            raise ConfigError(f"{where} is a member of itself: {' > '.join((*within, name))}")
        if len(set(config.members)) < len(config.members):
            raise ConfigError(
                f"{where}: a member stands twice and would say the same twice",
                hint="votes = 3 in the judge's own table asks it three times",
            )
        if config.rule == "weighted" and len(config.weights) != len(config.members):
            raise ConfigError(
                f"{where}: the rule weighted needs one weight a member",
                hint=f"judgekit judge calibrate {name} --labels FILE writes them",
            )
        if config.weights and config.rule != "weighted":
            raise ConfigError(f"{where}: weights go with rule = 'weighted'")
        members = [self._member(member, name, within) for member in config.members]
        if config.rule == "deliberation":
            if config.rounds < 1:
                raise ConfigError(f"{where}: rounds = {config.rounds}: at least one")
            return Deliberation(name, members, config.rounds)
        return Jury(name, members, config.rule, config.weights)

    def _member(self, member: str, jury: str, within: tuple[str, ...]) -> Judge:
        try:
            return self.judge(member, (*within, jury))
        except UnknownName as fault:
            raise UserError(f"juries.{jury}: {fault.message}", hint=fault.hint) from None


def open_model_judge(name: str, config: JudgeConfig, engines: Engines, cache: Cache) -> PlainJudge:
    """The judge of one table `[judges.NAME]`. Raises as `open_judges`."""
    where = f"judges.{name}"
    if config.decide_above is not None and not 0 <= config.decide_above <= 1:
        raise ConfigError(f"{where}: decide_above = {config.decide_above:g}: 0 to 1")
    if config.max_tokens < 1 or config.concurrency < 1:
        raise ConfigError(f"{where}: max_tokens and concurrency are at least 1")
    judge = _of_program if config.program else _of_prompt
    opened = judge(name, config, engines, cache)
    variable = config.api_key_env
    if variable and not os.environ.get(variable, "").strip():
        raise UserError(
            f"{where}: the environment variable {variable} is not set",
            hint=f"export {variable}=… holds the server's key",
        )
    return opened


def _of_prompt(name: str, config: JudgeConfig, engines: Engines, cache: Cache) -> PlainJudge:
    prompt = load_prompt(config.prompt)
    check_prompt(name, prompt)
    if config.tool_steps and (prompt.then or prompt.start):
        raise ConfigError(
            f"judges.{name}: tools go with a prompt of one turn, not with {prompt.name!r}",
            hint='prompt = "judge/agent"',
        )
    return PlainJudge(name, config, prompt, engines.share(config.served_by), cache)


def _of_program(name: str, config: JudgeConfig, engines: Engines, cache: Cache) -> PlainJudge:
    if importlib.util.find_spec("dspy") is None:
        raise MissingExtra(f"judges.{name}: DSPy, of which its program is made,", "judge")
    from judgekit.judges.programs.judge import open_program_judge

    return open_program_judge(name, config, engines.share(config.served_by), cache)


def check_prompt(name: str, prompt: Prompt) -> None:
    """A judge's prompt shows the response, and asks for no variable that a judge does not have."""
    if unknown := [each for each in prompt.variables if each not in VARIABLES]:
        raise ConfigError(
            f"judges.{name}: prompt {prompt.name!r} wants {', '.join(unknown)}",
            hint=f"a judge's prompt has {', '.join(VARIABLES)} and question",
        )
    if "response" not in prompt.variables:
        raise ConfigError(
            f"judges.{name}: prompt {prompt.name!r} does not show the response",
            hint='variables = ["gold", "response"] and {response} in its text',
        )
