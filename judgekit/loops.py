"""Responses that repeat themselves: the criterion, an exact linear search, an online detector.

**Criterion.** A sequence loops at its end when some suffix of length L >= 128 has a smallest period
p <= 4096 with L >= 3 p. The longest such suffix is reported: where it starts (`onset`), its period,
its `cycles` L / p, and the units `wasted` on repeating, L - p.

**Classes**, the gravest first:

* `terminal`: the criterion holds at the end;
* `numeric`: it holds at the end once numbers are masked ("try n = 1 ... try n = 2 ...");
* `recovered`: it held at some point before the end, and the text then went on otherwise;
* `near`: the end nearly repeats itself: 4-grams hardly ever new, or one 30-gram again and again.

**Units** are tokens; of a text, words and single punctuation marks. Masking numbers needs the text.

**How the search works.** Units become characters of a Python string, so that comparing and finding
are C. A stretch of length L with period p has L - p >= max(128 - p, 2 p) units that recur p later.
Periods are taken in bands [2^k, 2^(k+1)): a match that long holds a block of 2^k units aligned to a
multiple of 2^k, and the block must recur within the band. Two different loops that share a stretch
as long as both periods together are one loop (Fine and Wilf 1965), so inside a loop already found
the search skips to periods that could be another. Work grows with the length of the sequence; every
answer equals that of brute force.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from judgekit.records import Loop, LoopKind, Response, Segment

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Tokens = Sequence[int] | NDArray[Any]

MIN_LENGTH = 128
MIN_CYCLES = 3
MAX_PERIOD = 4096

NEAR_WINDOW = 1024
"""Units at the end in which near repetition is looked for."""
NEAR_REP4 = 0.80
"""Share of 4-grams that are repeats (seq-rep-4 of Welleck et al. 2019) from which the end is near
looping. Ours; model solutions stay below, half of them below 0.20 (docs/loops.md)."""
NEAR_GRAM = 30
NEAR_COUNT = 8
NEAR_REP4_WITH_GRAM = 0.50
"""... or this share, where one 30-gram occurs 8 times. A drawn line of dashes is not enough."""


class Run(NamedTuple):
    """A stretch `[start, end)` of smallest period `period` that cannot be extended either way."""

    start: int
    end: int
    period: int

    @property
    def length(self) -> int:
        return self.end - self.start


def detect_loop(tokens_or_text: Tokens | str) -> Loop | None:
    """The gravest loop in a sequence of token ids, or in a text by its words.

    >>> detect_loop([7, 8, 9] * 50)
    Loop(kind='terminal', onset=0, period=3, cycles=50.0, wasted=147, unit='token')
    """
    if isinstance(tokens_or_text, str):
        return _text_loop(tokens_or_text)
    sequence = _characters(tokens_or_text)
    return _terminal(sequence) or _recovered(sequence) or _near(sequence)


def response_loop(response: Response, token_ids: Tokens | None = None) -> Loop | None:
    """The gravest loop in the part of a response that the model wrote freely.

    That is the thinking where there is any, so that a forced answer hides nothing, and else the
    text without forced words at its end. `token_ids` (all that came after the prompt; by default
    the response's own) are used where they agree with the segments' token counts. `onset` counts
    from the start of that part.
    """
    part, text = _searched(response.segments), searched_text(response)
    ids = _ids_of(part, response, response.token_ids if token_ids is None else token_ids)
    if ids is None:
        return _text_loop(text)
    sequence = _characters(ids)
    return (
        _terminal(sequence)
        or _numeric(text, units(text))
        or _recovered(sequence)
        or _near(sequence)
    )


def searched_text(response: Response) -> str:
    """The text of the part in which `response_loop` looks."""
    if not response.segments:
        return response.text
    return "".join(segment.text for segment in _searched(response.segments))


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
            if _terminal(self._seen[-self._window() :]):
                return _terminal(self._seen)
        return None

    def _window(self) -> int:
        """The longest window due now; the shorter ones lie within it."""
        window = MIN_LENGTH
        while window < 4 * MAX_PERIOD and len(self._seen) % (window // 2) == 0:
            window *= 2
        return window


_UNIT = re.compile(
    # An ideograph or kana is a word; a "word" beyond 16 letters is cut, or "aaaa..." would be one.
    r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
    r"|[^\W\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]{1,16}"
    r"|[^\w\s]"
)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def units(text: str) -> list[str]:
    """Words and single punctuation marks of a text, white space left out."""
    return _UNIT.findall(text)


def unit_span(text: str, loop: Loop) -> tuple[int, int]:
    """Where in the searched text a loop counted in words stands, as character offsets.

    The first cycle is included.
    """
    if loop.kind == "numeric":
        masked, place = _masked(text)
    else:
        masked, place = text, list(range(len(text) + 1))
    matches = list(_UNIT.finditer(masked))
    last = min(loop.onset + round(loop.cycles * loop.period), len(matches)) - 1
    return place[matches[loop.onset].start()], place[matches[last].end()]


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


# --- the text of a response ---------------------------------------------------------------------


def _searched(segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
    thinking = tuple(s for s in segments if s.role == "thinking")
    if thinking:
        return thinking
    end = len(segments)
    while end and segments[end - 1].by == "forced":
        end -= 1
    return segments[:end]


def _ids_of(
    part: tuple[Segment, ...], response: Response, token_ids: Tokens | None
) -> Tokens | None:
    """The ids of the searched segments; None where there are none or the counts disagree."""
    if token_ids is None or not response.segments:
        return token_ids
    if sum(s.tokens for s in response.segments) != len(token_ids):
        return None
    wanted, at, ids = {id(s) for s in part}, 0, list[int]()
    for segment in response.segments:
        if id(segment) in wanted:
            ids.extend(token_ids[at : at + segment.tokens])
        at += segment.tokens
    return ids


def _text_loop(text: str) -> Loop | None:
    words = units(text)
    sequence = _numbered(words)
    loop = (
        _terminal(sequence)
        or _cut_terminal(words, sequence)
        or _numeric(text, words)
        or _recovered(sequence)
        or _near(sequence)
    )
    return loop and replace(loop, unit="word")


def _numeric(text: str, words: Sequence[str]) -> Loop | None:
    if len(words) < MIN_LENGTH:
        return None
    masked = units(_masked(text)[0])
    sequence = _numbered(masked)
    loop = _terminal(sequence) or _cut_terminal(masked, sequence)
    return loop and replace(loop, kind="numeric", unit="word")


def _cut_terminal(words: Sequence[str], sequence: str) -> Loop | None:
    """A terminal loop whose last word was cut off, so that only its beginning agrees."""
    loop = _terminal(sequence[:-1])
    if loop and words[-1 - loop.period].startswith(words[-1]):
        return loop
    return None


def _masked(text: str) -> tuple[str, list[int]]:
    """The text with each number as 0, and where each character of it, and its end, stood."""
    pieces, place, at = list[str](), list[int](), 0
    for number in _NUMBER.finditer(text):
        pieces += (text[at : number.start()], "0")
        place += range(at, number.start() + 1)
        at = number.end()
    return "".join([*pieces, text[at:]]), [*place, *range(at, len(text) + 1)]


def _numbered(words: Iterable[str]) -> str:
    """Equal words as equal characters, by order of appearance."""
    number: dict[str, int] = {}
    return "".join([chr(number.setdefault(word, len(number))) for word in words])


def _characters(tokens: Tokens) -> str:
    """Equal ids as equal characters."""
    if hasattr(tokens, "__array_interface__"):
        import numpy as np

        ids = np.asarray(tokens)
        if ids.size and (ids.min() < 0 or ids.max() >= 0x10F800):
            _, ids = np.unique(ids, return_inverse=True)
        shifted = ids.astype(np.uint32) + np.where(ids >= 0xD800, 0x800, 0).astype(np.uint32)
        return shifted.astype("<u4").tobytes().decode("utf-32-le")
    try:
        return "".join(map(chr, tokens))
    except (ValueError, OverflowError):
        return _numbered(map(str, tokens))


# --- periods ------------------------------------------------------------------------------------


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


def _terminal(sequence: str) -> Loop | None:
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


def _recovered(sequence: str) -> Loop | None:
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


def _near(sequence: str) -> Loop | None:
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


def _as_loop(run: Run, kind: LoopKind) -> Loop:
    return Loop(kind, run.start, run.period, run.length / run.period, run.length - run.period)
