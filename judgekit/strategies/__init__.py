"""How a model is driven at test time: one module a family, one async function a method.

A strategy takes a `Model` and a `Problem`, and its options as keyword-only arguments (they are the
`-o KEY=VALUE` of the command line), and returns one `Transcript`, or several with variants. It
knows nothing of batching: the engine keeps its batch full from hundreds of them.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

from judgekit import plugins
from judgekit.errors import ConfigError, UnknownName
from judgekit.strategies import (
    correction,
    expansion,
    forcing,
    guide,
    leading,
    mutual,
    prompting,
    search,
    ssr,
    voting,
)
from judgekit.strategies.strategy import (
    ON_EVERY_STRATEGY,
    SAMPLING_TEMPERATURE,
    Run,
    Strategy,
)

__all__ = [
    "BUILT_IN",
    "GROUP",
    "ON_EVERY_STRATEGY",
    "SAMPLING_TEMPERATURE",
    "Run",
    "Strategy",
    "category",
    "get",
    "names",
]

GROUP = "judgekit.strategies"
"""The entry-point group in which a package offers strategies of its own."""

_FAMILIES: Mapping[str, Sequence[ModuleType]] = {
    "prompting": (prompting,),
    "forcing and limits": (forcing,),
    "expansion": (expansion,),
    "parallel": (voting,),
    "search": (search,),
    "two models": (leading, ssr, mutual),
    "guided": (guide,),
    "self-correction": (correction,),
}

BUILT_IN: Mapping[str, Strategy] = {
    strategy.name: strategy
    for family in _FAMILIES.values()
    for module in family
    for strategy in module.STRATEGIES
}


def category(name: str) -> str:
    """What kind of method a strategy is: the rows of a table are grouped so; `own` for others'."""
    for family, modules in _FAMILIES.items():
        if any(strategy.name == name for module in modules for strategy in module.STRATEGIES):
            return family
    return "own"


def names() -> list[str]:
    """All strategies by name: built in, then those of installed packages."""
    return [*BUILT_IN, *(name for name in plugins.installed(GROUP) if name not in BUILT_IN)]


def get(name: str) -> Strategy:
    """A strategy by name, by entry point, or the user's own as `mine.py:my_strategy`.

    A function of the user's may carry its prompt's name as an attribute `prompt` (default `cot`),
    and what it needs of a backend as `needs`.
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
    needs = frozenset(getattr(found, "needs", ()))
    return Strategy(name, found, prompt=getattr(found, "prompt", "cot"), needs=needs, about=about)
