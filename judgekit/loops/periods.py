"""Exact periods: the stretches of a sequence that meet the criterion, in work linear in its length.

Units are characters of a Python string, so that comparing and finding are C. A stretch of length L
with period p has L - p >= max(128 - p, 2 p) units that recur p later. Periods are taken in bands
[2^k, 2^(k+1)): a match that long holds a block of 2^k units aligned to a multiple of 2^k, and the
block must recur within the band. Two different loops that share a stretch as long as both periods
together are one loop (Fine and Wilf 1965), so inside a loop already found the search skips to
periods that could be another. Every answer equals that of brute force.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from judgekit.records import Loop, LoopKind

MIN_LENGTH = 128
MIN_CYCLES = 3
MAX_PERIOD = 4096


class Run(NamedTuple):
    """A stretch `[start, end)` of smallest period `period` that cannot be extended either way."""

    start: int
    end: int
    period: int

    @property
    def length(self) -> int:
        return self.end - self.start


class _Band(NamedTuple):
    low: int
    high: int
    block: int


_BANDS = (
    # For p < 64 at least 86 units match (the least of max(128 - p, 2 p)): blocks of 43.
    _Band(1, 63, 43),
    *(_Band(1 << k, min((2 << k) - 1, MAX_PERIOD), 1 << k) for k in range(6, 13)),
)


def _long_enough(matched: int, period: int) -> bool:
    """Whether `matched` units that recur `period` later make a loop."""
    return matched + period >= max(MIN_LENGTH, MIN_CYCLES * period)


def terminal(sequence: str) -> Loop | None:
    """The longest suffix that meets the criterion."""
    if len(sequence) < MIN_LENGTH:
        return None
    tail = sequence[-(MIN_CYCLES * MAX_PERIOD) :][::-1]
    best: Run | None = None
    for low, high, block in _BANDS:
        if len(tail) < MIN_CYCLES * low:
            break
        needed = tail[: 2 * block]
        first = low if best is None else max(low, best.length - best.period + 1)
        period = tail.find(needed, first, high + len(needed))
        while period != -1:
            end = len(sequence) - period
            matched = _match_back(sequence, end, end + period)
            if _long_enough(matched, period) and (best is None or matched + period > best.length):
                best = Run(end - matched, len(sequence), period)
                period = max(period, best.length - best.period)
            period = tail.find(needed, period + 1, high + len(needed))
    return best and _as_loop(best, "terminal")


def recovered(sequence: str) -> Loop | None:
    """The longest stretch that meets the criterion, wherever it ends; the first of equals."""
    longest = max(runs(sequence), key=lambda run: (run.length, -run.start), default=None)
    return longest and _as_loop(longest, "recovered")


def runs(sequence: str) -> set[Run]:
    """Every stretch of a string of units that meets the criterion and cannot be extended."""
    found: set[Run] = set()
    for band in _BANDS:
        known, around = sorted(found, reverse=True), list[Run]()
        for start in range(0, len(sequence) - band.block - band.low + 1, band.block):
            while known and known[-1].start <= start:
                around.append(known.pop())
            if around:
                around = [run for run in around if run.end >= start + band.block]
            around += _runs_through(sequence, start, band, around, found)
    return found


def _runs_through(
    sequence: str, start: int, band: _Band, around: Sequence[Run], found: set[Run]
) -> list[Run]:
    """Adds to `found`, and returns, the new runs of a band's periods that hold a block.

    `around` are the runs known to hold it, which tell what need not be tried.
    """
    new: list[Run] = []
    end = start + band.block
    first = max([band.low, *(_other_period(run, start, band) for run in around)])
    at = sequence.find(sequence[start:end], start + first, end + band.high)
    while at != -1:
        back, ahead = _match_back(sequence, start, at), _match_ahead(sequence, start, at)
        run = Run(start - back, at + ahead, at - start)
        if _long_enough(back + ahead, run.period):
            at = max(at, start + _other_period(run, start, band) - 1)
            if run not in found:
                found.add(run)
                new.append(run)
        at = sequence.find(sequence[start:end], at + 1, end + band.high)
    return new


def _other_period(run: Run, start: int, band: _Band) -> int:
    """The least period that a different run through the block at `start` inside `run` can have."""
    if run.period > band.block:
        return run.period + 1
    return run.end - start - run.period + 1


def _match_back(sequence: str, left: int, right: int) -> int:
    """How many units before `left` equal those before `right` > `left`."""
    matched, step = 0, 32
    while matched < left:
        step = min(step, left - matched)
        a, b = left - matched, right - matched
        if sequence[a - step : a] != sequence[b - step : b]:
            break
        matched += step
        step *= 2
    a, b = left - matched, right - matched
    low, high = 0, min(step, a)
    while low < high:
        middle = (low + high + 1) // 2
        if sequence[a - middle : a - low] == sequence[b - middle : b - low]:
            low = middle
        else:
            high = middle - 1
    return matched + low


def _match_ahead(sequence: str, left: int, right: int) -> int:
    """How many units from `left` on equal those from `right` > `left` on."""
    matched, step, room = 0, 32, len(sequence) - right
    while matched < room:
        step = min(step, room - matched)
        a, b = left + matched, right + matched
        if sequence[a : a + step] != sequence[b : b + step]:
            break
        matched += step
        step *= 2
    a, b = left + matched, right + matched
    low, high = 0, min(step, room - matched)
    while low < high:
        middle = (low + high + 1) // 2
        if sequence[a + low : a + middle] == sequence[b + low : b + middle]:
            low = middle
        else:
            high = middle - 1
    return matched + low


def _as_loop(run: Run, kind: LoopKind) -> Loop:
    return Loop(kind, run.start, run.period, run.length / run.period, run.length - run.period)
