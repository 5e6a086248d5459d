"""What a strategy is to everyone who offers, lists, checks or runs one."""

from __future__ import annotations

import inspect
import math
import types
import typing
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from judgekit.backends.engine import Feature
from judgekit.backends.turn import Model, Transcript
from judgekit.errors import ConfigError, UnknownName
from judgekit.records import Problem
from judgekit.strategies.scoring import LOGPROB, Scorer, by_logprob

Run = Callable[..., Awaitable[Transcript | Sequence[Transcript]]]
Check = Callable[[Mapping[str, Any]], None]
Preflight = Callable[[Model, Problem, Mapping[str, Any]], str]

ON_EVERY_STRATEGY: Mapping[str, Any] = {
    "system": True,
    "shots": 0,
    "token_ids": False,
    "logprobs": False,
    "prompt": "",
    "stop_loops": False,
}
"""Options that are not the method's: whether the system prompt is sent as one, how many worked
examples precede the question, whether token ids are kept in the responses, and the mean
log-probability of the model's own tokens, another prompt than the strategy's (a name or a `.toml`
file), and whether a response that provably loops is stopped."""

SAMPLING_TEMPERATURE = 0.7
"""What strategies that draw several responses use where no temperature is given."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """A method by name: the function, its prompts, what it needs of a backend, what it costs.

    `run` takes a `Model` and a `Problem`, and the options as keyword-only arguments: bool, int,
    float, str or a `Literal`, each perhaps or None; `Model` (a second model of the configuration)
    and `Scorer` are given by name. `helpers` are the prompts that it uses beside its own.
    `samples` says that it draws several responses, which temperature 0 would make the same. `check`
    raises `ConfigError` for options that do not go together. `needs_with` is what an option needs
    of a backend where it is set. `preflight` is given a model and a problem before anything is
    written: it raises `UserError` where this model cannot be driven so with these options, and
    returns what the user should know, if anything.
    """

    name: str
    run: Run
    prompt: str
    needs: frozenset[Feature] = frozenset()
    cost: str = "one response"
    about: str = ""
    helpers: tuple[str, ...] = ()
    samples: bool = False
    check: Check | None = None
    needs_with: Mapping[str, frozenset[Feature]] = field(default_factory=dict)
    preflight: Preflight | None = None

    def options(self, given: Mapping[str, str]) -> dict[str, Any]:
        """The options as typed values over the defaults; models and scorers stay names.

        Raises `UnknownName` for an option the method has not, `ConfigError` for a bad or missing
        value.
        """
        hints = self._hints
        known = {**hints, **{name: type(value) for name, value in ON_EVERY_STRATEGY.items()}}
        values = {**self.defaults, **ON_EVERY_STRATEGY}
        for name, text in given.items():
            if name not in known:
                raise UnknownName(f"option of {self.name}:", name, known)
            values[name] = _typed(text, known[name], f"-o {name}")
        for name in self.required:
            if name not in values:
                raise ConfigError(
                    f"strategy {self.name} needs -o {name}=NAME",
                    hint=f"NAME is a model of judgekit.toml: [models.NAME], or embedded; such as "
                    f"-o {name}=embedded",
                )
        if self.check is not None:
            self.check(values)
        return values

    @property
    def defaults(self) -> dict[str, Any]:
        """The method's own options that have a default, and it; a scorer by its name."""
        return {
            p.name: LOGPROB if p.default is by_logprob else p.default
            for p in self._parameters
            if p.default is not p.empty
        }

    @property
    def required(self) -> list[str]:
        """The method's own options that must be given."""
        return [p.name for p in self._parameters if p.default is p.empty]

    @property
    def models(self) -> list[str]:
        """The options that name a second model."""
        return [name for name, hint in self._hints.items() if Model in _members(hint)]

    @property
    def scorers(self) -> list[str]:
        """The options that name a scorer."""
        return [name for name, hint in self._hints.items() if Scorer in _members(hint)]

    @property
    def choices(self) -> dict[str, tuple[str, ...]]:
        """The options that take one of a few words, and which."""
        members = {name: _members(hint)[0] for name, hint in self._hints.items()}
        return {
            name: typing.get_args(first)
            for name, first in members.items()
            if typing.get_origin(first) is Literal
        }

    def needed(self, options: Mapping[str, Any]) -> frozenset[Feature]:
        """What these options need of a backend."""
        asks = options["logprobs"] or any(options.get(n) == LOGPROB for n in self.scorers)
        logprobs: frozenset[Feature] = frozenset({"logprobs"} if asks else ())
        # A looping response is stopped, and then made to answer.
        loops: frozenset[Feature] = frozenset({"loops", "text"} if options["stop_loops"] else ())
        chosen = (needs for name, needs in self.needs_with.items() if options.get(name))
        return self.needs.union(logprobs, loops, *chosen)

    @property
    def wants(self) -> list[str]:
        """What must be there for the method, with its options' defaults, to run."""
        usual = {**dict.fromkeys(self.required), **self.defaults, **ON_EVERY_STRATEGY}
        second = ["a second model"] if self.required else []
        return sorted(self.needed(usual)) + second

    @property
    def _parameters(self) -> list[inspect.Parameter]:
        parameters = inspect.signature(self.run).parameters.values()
        return [p for p in parameters if p.kind is p.KEYWORD_ONLY]

    @property
    def _hints(self) -> dict[str, Any]:
        hints = typing.get_type_hints(self.run)
        return {p.name: hints.get(p.name, str) for p in self._parameters}


def _members(hint: Any) -> tuple[Any, ...]:
    """The types of which a value may be one."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return typing.get_args(hint)
    return (hint,)


def _typed(text: str, hint: Any, where: str) -> Any:
    """The text of an option as a value of the hinted type."""
    members = _members(hint)
    if types.NoneType in members and text.lower() in ("", "none"):
        return None
    wanted = next(each for each in members if each is not types.NoneType)
    if typing.get_origin(wanted) is Literal:
        if text not in typing.get_args(wanted):
            raise UnknownName(f"value of {where}:", text, typing.get_args(wanted))
        return text
    if wanted is bool:
        return _boolean(text, where)
    if wanted in (int, float):
        try:
            value = wanted(text)
        except ValueError:
            raise ConfigError(f"{where}: {text!r} is no {wanted.__name__}") from None
        if not math.isfinite(value) or (wanted is int and value < 0):
            raise ConfigError(f"{where}: {text} is {'below 0' if value < 0 else 'no number'}")
        return value
    return text


def _boolean(text: str, where: str) -> bool:
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if text.lower() not in words:
        raise ConfigError(f"{where}: {text!r} is neither true nor false")
    return words[text.lower()]
