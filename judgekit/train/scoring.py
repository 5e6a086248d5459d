"""A recipe's rewards, bound to their options, as TRL calls them.

[rewards.NAME]           one of judgekit.rewards
[rewards."trl:NAME"]     one of trl.rewards; a `get_…` factory is called with the options
[rewards."mine.py:NAME"] the user's own, also package.module:name

`weight` (1 where it is absent) is the recipe's, every other key an option of the reward. Each is
logged under its own name. Two more are only watched, with weight 0: `graded_accuracy`, the
verifier's word, and `kept_format`, the format adherence of reports. A reply that no reward of the
recipe scores is left out of both.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import pstdev
from typing import Any

from judgekit import plugins
from judgekit.analysis.format import Expected, expected, format_fault
from judgekit.errors import ConfigError, UnknownName
from judgekit.rewards import REWARDS, Reward
from judgekit.rewards.tags import last_text
from judgekit.rewards.verified import correctness
from judgekit.train.recipe import Recipe

TRL = "trl:"
ACCURACY, FORMAT, SCALED = "graded_accuracy", "kept_format", "scaled_reward"


class Scorer:
    """One reward with its options, under its name; remembers what it last gave.

    `opening` is put before every reply: the tag that the chat template has opened. `ends` are the
    token ids that end a turn; a reply without one was cut off.
    """

    def __init__(
        self,
        name: str,
        reward: Reward,
        options: Mapping[str, Any],
        opening: str = "",
        ends: Collection[int] = (),
    ) -> None:
        self.__name__ = name
        self.reward = reward
        self.options = options
        self.opening = opening
        self.ends = ends
        self.last: list[float | None] = []

    def __call__(
        self, prompts: Sequence[Any], completions: Sequence[Any], **columns: Any
    ) -> list[float | None]:
        if self.opening:
            completions = [_opened(each, self.opening) for each in completions]
        ids = columns.get("completion_ids") or []
        finished = [bool(each) and each[-1] in self.ends for each in ids]
        # An option of the recipe is meant, whatever columns the data set has.
        given = {**columns, "finished": finished, **self.options}
        self.last = list(self.reward(prompts=prompts, completions=completions, **given))
        return self.last


class Watched:
    """A scorer with weight 0, for the replies that one of the recipe's rewards scores.

    TRL takes a reply out of the advantages where every function gives None: a watched number must
    not bring it back, with the reward 0 of a wrong one.
    """

    def __init__(self, scorer: Scorer, rewards: Sequence[Scorer]) -> None:
        self.__name__ = scorer.__name__
        self.scorer = scorer
        self.rewards = rewards

    def __call__(
        self, prompts: Sequence[Any], completions: Sequence[Any], **columns: Any
    ) -> list[float | None]:
        found = self.scorer(prompts, completions, **columns)
        counts = [any(each is not None for each in row) for row in self._given()]
        return [value if counted else None for value, counted in zip(found, counts, strict=True)]

    def _given(self) -> Iterable[tuple[float | None, ...]]:
        """What the rewards gave each reply last: TRL calls the functions in order."""
        return zip(*(reward.last for reward in self.rewards), strict=True)


@dataclass(frozen=True, slots=True)
class Weighted:
    """A reward function and what it counts."""

    scorer: Any
    weight: float


def scorers(recipe: Recipe, prompt: str, ends: Collection[int]) -> list[Weighted]:
    """The recipe's rewards, the two that are watched, and with `per-prompt` their scaled sum.

    `prompt` is one as rendered: the form that it asks for is watched. Raises `UnknownName` for a
    reward or option that there is not.
    """
    wanted = expected("", prompt)
    opening = f"<{recipe.tags}>\n" if wanted.opened else ""
    found = [
        Weighted(
            Scorer(name, *_reward(name, options, recipe), opening, ends), _weight(name, options)
        )
        for name, options in recipe.rewards.items()
    ]
    watching = [Scorer(ACCURACY, correctness, {}, opening, ends)]
    if wanted:
        watching.append(Scorer(FORMAT, _kept(wanted), {}, "", ends))
    rewards = [each.scorer for each in found]
    watched = [Weighted(Watched(each, rewards), 0.0) for each in watching]
    if recipe.advantages != "per-prompt":
        return [*found, *watched]
    return [
        *(Weighted(each.scorer, 0.0) for each in found),
        *watched,
        Weighted(PerPrompt(found), 1.0),
    ]


def check(recipe: Recipe) -> None:
    """Refuse rewards and options that there are not, where TRL is not needed to know.

    Each of judgekit's rewards is called on no reply at all, and says which values it cannot take.
    """
    for name, table in recipe.rewards.items():
        if not name.startswith(TRL):
            reward, options = _reward(name, table, recipe)
            if name in REWARDS:
                reward(prompts=[], completions=[], completion_ids=[], gold=[], **options)
        _weight(name, table)


class PerPrompt:
    """The weighted sum of rewards over its deviation among the replies to the same prompt.

    Leave-one-out advantages are linear in the reward and blind to a constant, so that this is
    per-prompt normalisation of the advantages. It reads what the rewards gave last: TRL calls the
    functions in order, this one at the end.
    """

    def __init__(self, parts: Sequence[Weighted]) -> None:
        self.__name__ = SCALED
        self.parts = parts

    def __call__(
        self, prompts: Sequence[Any], completions: Sequence[Any], **columns: Any
    ) -> list[float | None]:
        del completions, columns
        totals = [self._total(row) for row in range(len(prompts))]
        groups: dict[str, list[int]] = {}
        for row, total in enumerate(totals):
            if total is not None:
                groups.setdefault(repr(prompts[row]), []).append(row)
        for rows in groups.values():
            deviation = pstdev(totals[row] or 0.0 for row in rows)
            for row in rows:
                totals[row] = (totals[row] or 0.0) / (deviation + 1e-4)
        return totals

    def _total(self, row: int) -> float | None:
        given = [(part.weight, part.scorer.last[row]) for part in self.parts]
        known = [weight * value for weight, value in given if value is not None]
        return sum(known) if known else None


def _reward(
    name: str, table: Mapping[str, Any], recipe: Recipe
) -> tuple[Reward, Mapping[str, Any]]:
    options = {key: value for key, value in table.items() if key != "weight"}
    if name.startswith(TRL):
        return _from_trl(name.removeprefix(TRL), options)
    if name not in REWARDS and plugins.is_reference(name):
        reward: Reward = plugins.load_reference(name)
        return reward, options
    if name not in REWARDS:
        raise UnknownName("reward", name, REWARDS, hint="or trl:NAME, or mine.py:NAME")
    parameters = inspect.signature(REWARDS[name]).parameters.values()
    known = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}
    for option, value in options.items():
        if option not in known:
            raise UnknownName(f"option of reward {name}:", option, [*known, "weight"])
        if not _is_like(value, known[option]):
            like = json.dumps(known[option])
            raise ConfigError(f"rewards.{name}.{option} should be like {like}, is {value!r}")
    return REWARDS[name], {"tags": recipe.tags, **options} if "tags" in known else options


def _from_trl(name: str, options: Mapping[str, Any]) -> tuple[Reward, Mapping[str, Any]]:
    from trl import rewards

    known = [each for each in dir(rewards) if each.endswith(("_reward", "_punishment"))]
    if name not in known:
        raise UnknownName("reward of TRL", name, known)
    found = getattr(rewards, name)
    if not name.startswith("get_"):
        return found, options
    try:
        return found(**options), {}
    except TypeError as fault:
        raise ConfigError(f"TRL refuses the options of rewards.{TRL}{name}: {fault}") from None


def _is_like(value: Any, default: Any) -> bool:
    """Whether a value is of the default's type; a whole number is a fraction as well."""
    return type(value) is type(default) or (type(value), type(default)) == (int, float)


def _weight(name: str, options: Mapping[str, Any]) -> float:
    weight = options.get("weight", 1.0)
    if isinstance(weight, bool) or not isinstance(weight, int | float):
        raise ConfigError(f"rewards.{name}.weight should be a number, is {weight!r}")
    return float(weight)


def _kept(wanted: Expected) -> Reward:
    """1.0 for a reply in the form that the prompt asks for, as the report's format table counts."""

    def kept_format(
        prompts: Sequence[Any], completions: Sequence[Any], **columns: Any
    ) -> list[float | None]:
        del prompts, columns
        return [float(format_fault(last_text(each), wanted) is None) for each in completions]

    return kept_format


def _opened(completion: Any, opening: str) -> Any:
    if isinstance(completion, str):
        return opening + completion
    return [*completion[:-1], {**completion[-1], "content": opening + last_text(completion)}]
