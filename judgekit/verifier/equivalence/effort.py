"""How much work one comparison may be: counted, not timed, so that no verdict depends on a machine.

The unit is one node of a tree evaluated in machine floats, about two microseconds; a node in high
precision counts `HIGH` of them. What would pass the bound raises `Exhausted`, and the comparison is
undecided. Counts are kept a thread.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from judgekit.verifier.reader.tree import Expr, children

MOST_STEPS = 120_000
"""Steps of one comparison: some tenths of a second."""

HIGH = 8

EFFORT = "effort"
"""The rung of a comparison that was given up."""

_LEFT = threading.local()


class Exhausted(Exception):
    """The comparison would be more work than it may be."""


@contextmanager
def limited(steps: int = MOST_STEPS) -> Iterator[None]:
    """Let what runs inside take that many steps and no more."""
    _LEFT.steps = steps
    try:
        yield
    finally:
        _LEFT.steps = None


def spend(steps: int) -> None:
    """Count work that is about to be done; free outside `limited`."""
    left = getattr(_LEFT, "steps", None)
    if left is None:
        return
    if steps > left:
        raise Exhausted
    _LEFT.steps = left - steps


def size(expr: Expr) -> int:
    """The number of nodes of a tree."""
    return 1 + sum(map(size, children(expr)))
