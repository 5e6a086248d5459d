"""Near repetition, by n-grams; and the compression ratio that others use, for comparison."""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from judgekit.loops.periods import MIN_LENGTH
from judgekit.records import Loop

NEAR_WINDOW = 1024
"""Units at the end in which near repetition is looked for."""
NEAR_REP4 = 0.80
"""Share of 4-grams that are repeats (seq-rep-4 of Welleck et al. 2019) from which the end is near
looping. Ours; model solutions stay below, half of them below 0.20 (docs/loops.md)."""
NEAR_GRAM = 30
NEAR_COUNT = 8
NEAR_REP4_WITH_GRAM = 0.50
"""... or this share, where one 30-gram occurs 8 times. A drawn line of dashes is not enough."""


def near(sequence: str) -> Loop | None:
    """A tail of mostly repeated 4-grams, or with one 30-gram many times over."""
    if len(sequence) < 2 * MIN_LENGTH:
        return None
    tail = sequence[-NEAR_WINDOW:]
    repeated = rep_n(tail, 4)
    if repeated < NEAR_REP4_WITH_GRAM:
        return None
    gram, times = _commonest(tail, NEAR_GRAM)
    if times < NEAR_COUNT:
        if repeated < NEAR_REP4:
            return None
        gram, times = _commonest(tail, 4)
    places = [match.start() for match in re.finditer(f"(?={re.escape(gram)})", tail)]
    period = sorted(b - a for a, b in pairwise(places))[(len(places) - 1) // 2]
    onset = len(sequence) - len(tail) + places[0]
    cycles = (len(sequence) - onset) / period
    return Loop("near", onset, period, cycles, wasted=round(repeated * len(tail)))


def _commonest(sequence: str, n: int) -> tuple[str, int]:
    grams = Counter(sequence[i : i + n] for i in range(len(sequence) - n + 1))
    return grams.most_common(1)[0]


def rep_n(sequence: Sequence[Any], n: int = 4) -> float:
    """seq-rep-n: the share of n-grams that have occurred before (Welleck et al. 2019)."""
    grams = len(sequence) - n + 1
    if grams < 1:
        return 0.0
    if isinstance(sequence, str):
        distinct = len({sequence[i : i + n] for i in range(grams)})
    else:
        distinct = len({tuple(sequence[i : i + n]) for i in range(grams)})
    return 1.0 - distinct / grams


def compression_ratio(text: str, window: int = 2000) -> float:
    """The largest zlib compression ratio over consecutive windows of characters (Whisper's test).

    On a window of unlimited length the usual threshold of 2.4 flags every long plain text.
    """
    ratios = [
        len(raw) / len(zlib.compress(raw))
        for start in range(0, max(len(text) - window // 2, 1), window)
        if (raw := text[start : start + window].encode("utf-8", "surrogatepass"))
    ]
    return max(ratios, default=0.0)
