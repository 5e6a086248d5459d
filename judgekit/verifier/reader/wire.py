"""Trees as plain JSON values and back: how a tree reaches the SymPy worker, which sees no text."""

from __future__ import annotations

import typing
from dataclasses import fields
from fractions import Fraction
from typing import Any

from judgekit.verifier.reader.tree import Expr

_NODES: dict[str, type] = {node.__name__: node for node in typing.get_args(Expr)}


def dump(value: Any) -> Any:
    """The tree as JSON values: a node is a list that begins with its name."""
    if isinstance(value, Fraction):
        return ["/", hex(value.numerator), hex(value.denominator)]
    if isinstance(value, tuple):
        return [dump(item) for item in value]
    if type(value).__name__ in _NODES:
        return [type(value).__name__, *(dump(getattr(value, f.name)) for f in fields(value))]
    return value


def load(value: Any) -> Any:
    """The tree that `dump` wrote."""
    if not isinstance(value, list):
        return value
    if value and value[0] == "/":
        return Fraction(int(value[1], 16), int(value[2], 16))
    if value and isinstance(value[0], str) and value[0] in _NODES:
        return _NODES[value[0]](*(load(item) for item in value[1:]))
    return tuple(load(item) for item in value)
