"""How a model is driven at test time: one module a family, one async function a method.

A strategy takes a `Model` and a `Problem`, and its options as keyword-only arguments with defaults
(they are the `-o KEY=VALUE` of the command line), and returns one `Transcript`, or several with
variants. It knows nothing of batching: the engine keeps its batch full from hundreds of them.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from judgekit import plugins
from judgekit.backends.engine import Feature
from judgekit.backends.turn import Transcript
from judgekit.errors import ConfigError, UnknownName
from judgekit.strategies.prompting import prompting

Run = Callable[..., Awaitable[Transcript | Sequence[Transcript]]]

GROUP = "judgekit.strategies"
"""The entry-point group in which a package offers strategies of its own."""

ON_EVERY_STRATEGY: Mapping[str, Any] = {"system": True, "shots": 0, "token_ids": False}
"""Options that are not the method's: whether the system prompt is sent as one, how many worked
examples precede the question, and whether token ids are kept in the responses."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """A method by name: the function, its prompt, what it needs of a backend, what it costs."""

    name: str
    run: Run
    prompt: str
    needs: frozenset[Feature] = frozenset()
    cost: str = "one response"
    about: str = ""

    def options(self, given: Mapping[str, str]) -> dict[str, Any]:
        """The options as typed values over the defaults.

        Raises `UnknownName` for an option the method has not, `ConfigError` for a bad value.
        """
        hints = typing.get_type_hints(self.run)
        defaults = {**self.defaults, **ON_EVERY_STRATEGY}
        values = dict(defaults)
        for name, text in given.items():
            if name not in defaults:
                raise UnknownName(f"option of {self.name}:", name, defaults)
            wanted = type(ON_EVERY_STRATEGY[name]) if name in ON_EVERY_STRATEGY else hints[name]
            values[name] = _typed(text, wanted, f"-o {name}")
        return values

    @property
    def defaults(self) -> dict[str, Any]:
        """The method's own options and their defaults."""
        parameters = inspect.signature(self.run).parameters.values()
        return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}


BUILT_IN: Mapping[str, Strategy] = {
    name: Strategy(name, prompting, prompt=name, about=about)
    for name, about in {
        "standard": "answer directly, without reasoning",
        "zero-shot": "the bare question",
        "cot": "think step by step, then answer",
        "cod": "Chain of Draft: at most five words a step",
        "reasoning": "the R1 template: <think> and <answer>",
    }.items()
}


def names() -> list[str]:
    """All strategies by name: built in, then those of installed packages."""
    return [*BUILT_IN, *(name for name in plugins.installed(GROUP) if name not in BUILT_IN)]


def get(name: str) -> Strategy:
    """A strategy by name, by entry point, or the user's own as `mine.py:my_strategy`.

    A function of the user's may carry its prompt's name as an attribute `prompt` (default `cot`).
    """
    if name in BUILT_IN:
        return BUILT_IN[name]
    if plugins.is_reference(name):
        return _wrap(name, plugins.load_reference(name))
    offered = plugins.installed(GROUP)
    if name in offered:
        return _wrap(name, plugins.load_installed(offered[name]))
    raise UnknownName("strategy", name, names(), hint="judgekit strategies lists them")


def _wrap(name: str, found: Any) -> Strategy:
    if isinstance(found, Strategy):
        return found
    if not inspect.iscoroutinefunction(found):
        raise ConfigError(f"strategy {name} is no async function")
    about = (inspect.getdoc(found) or "").split("\n")[0]
    return Strategy(name, found, prompt=getattr(found, "prompt", "cot"), about=about)


def _typed(text: str, wanted: Any, where: str) -> Any:
    try:
        if wanted is bool:
            return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[
                text.lower()
            ]
        if wanted in (int, float):
            return wanted(text)
    except (KeyError, ValueError):
        raise ConfigError(f"{where}: {text!r} is no {wanted.__name__}") from None
    return text
