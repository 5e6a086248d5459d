"""The criterion while tokens arrive."""

from __future__ import annotations

from collections.abc import Iterable

from judgekit.loops.periods import MAX_PERIOD, MIN_LENGTH, terminal
from judgekit.records import Loop


class LoopDetector:
    """Tells, while tokens arrive, when the sequence is provably looping.

    Every 2^(j-2) tokens, j = 7 ... 14, the criterion is looked for within the last 2^j tokens, so
    that a loop is noticed within four and a half cycles (or 160 tokens) of its onset, at a cost a
    token that does not grow. Ids must lie below 0x110000, as every vocabulary's do.

    >>> detector = LoopDetector()
    >>> detector.feed([1, 2, 3] * 20) is None
    True
    >>> detector.feed([1, 2, 3] * 30).period
    3
    """

    def __init__(self) -> None:
        self._seen = ""
        self._waiting: list[int] = []

    def feed(self, tokens: Iterable[int]) -> Loop | None:
        """Take more tokens; the loop as soon as there is one, else None.

        Tokens that follow the one at which the loop was noticed are kept for the next call.
        """
        self._waiting.extend(tokens)
        step = MIN_LENGTH // 4
        while len(self._waiting) >= step:
            self._seen += "".join(map(chr, self._waiting[:step]))
            del self._waiting[:step]
            if terminal(self._seen[-self._window() :]):
                return terminal(self._seen)
        return None

    def _window(self) -> int:
        """The longest window due now; the shorter ones lie within it."""
        window = MIN_LENGTH
        while window < 4 * MAX_PERIOD and len(self._seen) % (window // 2) == 0:
            window *= 2
        return window
