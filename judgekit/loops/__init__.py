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
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from judgekit.loops.near import compression_ratio, near, rep_n
from judgekit.loops.online import LoopDetector
from judgekit.loops.periods import (
    MAX_PERIOD,
    MIN_CYCLES,
    MIN_LENGTH,
    Run,
    recovered,
    runs,
    terminal,
)
from judgekit.loops.units import UNIT, characters, masked, numbered, units
from judgekit.records import Loop, Response, Segment

if TYPE_CHECKING:
    from judgekit.loops.units import Tokens

__all__ = [
    "MAX_PERIOD",
    "MIN_CYCLES",
    "MIN_LENGTH",
    "LoopDetector",
    "Run",
    "compression_ratio",
    "detect_loop",
    "rep_n",
    "response_loop",
    "runs",
    "searched_text",
    "unit_span",
    "units",
]


def detect_loop(tokens_or_text: Tokens | str) -> Loop | None:
    """The gravest loop in a sequence of token ids, or in a text by its words.

    >>> detect_loop([7, 8, 9] * 50)
    Loop(kind='terminal', onset=0, period=3, cycles=50.0, wasted=147, unit='token')
    """
    if isinstance(tokens_or_text, str):
        return _text_loop(tokens_or_text)
    sequence = characters(tokens_or_text)
    return terminal(sequence) or recovered(sequence) or near(sequence)


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
    sequence = characters(ids)
    return (
        terminal(sequence) or _numeric(text, units(text)) or recovered(sequence) or near(sequence)
    )


def searched_text(response: Response) -> str:
    """The text of the part in which `response_loop` looks."""
    if not response.segments:
        return response.text
    return "".join(segment.text for segment in _searched(response.segments))


def unit_span(text: str, loop: Loop) -> tuple[int, int]:
    """Where in the searched text a loop counted in words stands, as character offsets.

    The first cycle is included.
    """
    if loop.kind == "numeric":
        shown, place = masked(text)
    else:
        shown, place = text, list(range(len(text) + 1))
    matches = list(UNIT.finditer(shown))
    last = min(loop.onset + round(loop.cycles * loop.period), len(matches)) - 1
    return place[matches[loop.onset].start()], place[matches[last].end()]


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
    sequence = numbered(words)
    loop = (
        terminal(sequence)
        or _cut_terminal(words, sequence)
        or _numeric(text, words)
        or recovered(sequence)
        or near(sequence)
    )
    return loop and replace(loop, unit="word")


def _numeric(text: str, words: Sequence[str]) -> Loop | None:
    if len(words) < MIN_LENGTH:
        return None
    words = units(masked(text)[0])
    sequence = numbered(words)
    loop = terminal(sequence) or _cut_terminal(words, sequence)
    return loop and replace(loop, kind="numeric", unit="word")


def _cut_terminal(words: Sequence[str], sequence: str) -> Loop | None:
    """A terminal loop whose last word was cut off, so that only its beginning agrees."""
    loop = terminal(sequence[:-1])
    if loop and words[-1 - loop.period].startswith(words[-1]):
        return loop
    return None
