"""The second models and scorers that a strategy's options name: found, opened, bound, closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from judgekit.backends import open_engine
from judgekit.backends.engine import Engine, require
from judgekit.backends.turn import Model, derive
from judgekit.config import Config, ModelConfig
from judgekit.errors import ConfigError, UnknownName
from judgekit.judges import Judge, known_judges, open_judges
from judgekit.plugins import is_reference
from judgekit.prompt import load_prompt
from judgekit.strategies.reward_model import RewardModel, classifier_of
from judgekit.strategies.scoring import (
    JUDGE,
    LOGPROB,
    YES_OR_NO,
    JudgeScorer,
    ModelScorer,
    RewardScorer,
    Scorer,
    by_logprob,
)
from judgekit.strategies.strategy import Strategy

TAKEN = ("model", "forced")
"""Names that a second model cannot have: they stand in a response for others."""


def check(strategy: Strategy, options: Mapping[str, Any], config: Config) -> None:
    """Find every model and scorer that the options name.

    Raises `UnknownName` with the nearest known ones, `ConfigError` for a judge that would see the
    gold answer.
    """
    for option in strategy.models:
        if options[option] is not None:
            _model(options[option], config, f"model of -o {option}:")
    for option in strategy.scorers:
        if options[option] is not None:
            _check_scorer(options[option], config, f"scorer of -o {option}:")


@dataclass(frozen=True, slots=True)
class Resources:
    """What a run has opened beside its model, by name."""

    engines: Mapping[str, Engine]
    rewards: Mapping[str, RewardModel]
    judges: Mapping[str, Judge]

    def bind(self, strategy: Strategy, options: Mapping[str, Any], model: Model) -> dict[str, Any]:
        """The options with models and scorers in place of their names, for one generation."""
        bound = dict(options)
        for option in strategy.models:
            if (name := options[option]) is not None:
                bound[option] = self._second(name, model)
        for option in strategy.scorers:
            if (name := options[option]) is not None:
                bound[option] = self._scorer(name, model)
        return bound

    def _second(self, name: str, model: Model) -> Model:
        seed = derive(model.sampling.seed, name)
        return Model(
            self.engines[name],
            model.prompt,
            model.settings(seed=seed, logprobs=False).sampling,
            system=model.system,
            shots=model.shots,
            name=name,
            ledger=model.ledger,
        )

    def _scorer(self, name: str, model: Model) -> Scorer:
        if name == LOGPROB:
            return by_logprob
        if name.startswith(JUDGE):
            return JudgeScorer(self.judges[name])
        if name in self.rewards:
            return RewardScorer(self.rewards[name])
        second = self._second(name, model)
        known = "logprobs" in second.engine.features
        return ModelScorer(second.settings(logprobs=known), load_prompt(YES_OR_NO))


NOTHING = Resources({}, {}, {})
"""What a strategy without second models and scorers has opened."""


@asynccontextmanager
async def opened(
    strategy: Strategy,
    options: Mapping[str, Any],
    config: Config,
    main: tuple[ModelConfig, Engine],
    opener: Callable[[ModelConfig], Engine] = open_engine,
) -> AsyncIterator[Resources]:
    """Open what the options name; a second model that is the first one again shares its engine.

    Raises what opening raises, and `UserError` where a second model's backend cannot do what the
    strategy needs.
    """
    seconds = [options[o] for o in strategy.models if options[o] is not None]
    scorers = [options[o] for o in strategy.scorers if options[o] is not None]
    judges = [name for name in scorers if name.startswith(JUDGE)]
    named = [name for name in scorers if name != LOGPROB and name not in judges]
    engines: dict[str, Engine] = {}
    rewards: dict[str, RewardModel] = {}
    async with AsyncExitStack() as stack:
        for name in dict.fromkeys([*seconds, *named]):
            wanted = _model(name, config, "model:")
            classifier = classifier_of(wanted) if name in named else None
            if classifier:
                rewards[name] = await asyncio.to_thread(RewardModel, wanted, classifier)
            elif wanted == main[0]:
                engines[name] = main[1]
            else:
                # Loading takes seconds of pure CPU: off the loop, so that Ctrl-C is heard.
                engines[name] = await asyncio.to_thread(opener, wanted)
                stack.push_async_callback(engines[name].aclose)
        for name in seconds:
            require(engines[name], strategy.needs, f"strategy {strategy.name} with {name}")
        bare = [name.removeprefix(JUDGE) for name in judges]
        found = await stack.enter_async_context(open_judges(bare, config, opener=opener))
        yield Resources(engines, rewards, {f"{JUDGE}{name}": found[name] for name in bare})


def _model(name: str, config: Config, what: str) -> ModelConfig:
    known = {"embedded": ModelConfig(), **config.models}
    if name in TAKEN:
        raise ConfigError(f"{what} {name!r} is taken", hint="give the table another name")
    if name not in known:
        raise UnknownName(what, name, known, hint="a table [models.NAME] in judgekit.toml")
    return known[name]


def _check_scorer(name: str, config: Config, what: str) -> None:
    if name == LOGPROB:
        return
    if not name.startswith(JUDGE):
        known = ["embedded", *config.models, LOGPROB, *(f"{JUDGE}{j}" for j in config.judges)]
        if name not in known:
            raise UnknownName(what, name, known, hint="logprob, judge:NAME or [models.NAME]")
        _model(name, config, what)
        return
    judge = name.removeprefix(JUDGE)
    if judge.startswith("recorded:"):
        raise ConfigError(f"{what} {name}: recorded verdicts are about other responses")
    known_names = known_judges(config)
    if judge not in known_names and not is_reference(judge):
        raise UnknownName("judge", judge, known_names, hint="a table [judges.NAME]")
    for member in _members(judge, config):
        prompt = load_prompt(config.judges[member].prompt)
        if "gold" in prompt.variables:
            raise ConfigError(
                f"{what} judge {member!r} is shown the gold answer by prompt {prompt.name!r}",
                hint='a scorer must not see it: prompt = "judge/no-gold"',
            )


def _members(judge: str, config: Config, within: tuple[str, ...] = ()) -> list[str]:
    """The plain judges behind a name; a jury within itself is left to who opens it."""
    if judge in config.juries and judge not in within:
        members = config.juries[judge].members
        return [each for m in members for each in _members(m, config, (*within, judge))]
    return [judge] if judge in config.judges else []
