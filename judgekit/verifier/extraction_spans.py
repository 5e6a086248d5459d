"""A span of text that a cue marks as an answer, and how a raw span is cleaned.

Cleaning strips what is typography around an answer and never part of it: white space, Markdown
emphasis, a closing full stop, math delimiters that enclose the whole of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Strength = Literal["strong", "medium", "weak"]

MAX_ANSWER = 20_000
"""Characters of one answer; a longer one is not read (no reader could use it)."""

_EDGE = " \t\r\n\f\v\u00a0\u2000\u2001\u2002\u2003\u2009\u200a\u202f\u3000"
_DELIMITERS = (("$$", "$$"), ("$", "$"), ("\\(", "\\)"), ("\\[", "\\]"), ("**", "**"), ("`", "`"))


@dataclass(frozen=True, slots=True)
class Span:
    """`text` is cleaned; `start` and `end` delimit the raw answer in the response.

    Spans of one `group` are readings of the same words. A `rival` is one that the writer gave as
    the answer too, so that a difference from it is a conflict.
    """

    text: str
    start: int
    end: int
    cue: str
    strength: Strength
    group: int = 0
    rival: bool = False


def clean(text: str) -> str:
    """The answer without the typography around it."""
    text = text.strip(_EDGE)
    while text:
        before = text
        text = text.rstrip("。．؟！,;；，：:").strip(_EDGE)
        if text.endswith(".") and not text.endswith(".."):
            text = text[:-1].rstrip(_EDGE)
        for opening, closing in _DELIMITERS:
            text = _unwrap(text, opening, closing)
        if text == before:
            break
    return text


def _unwrap(text: str, opening: str, closing: str) -> str:
    """Without a pair of delimiters, if it encloses the whole text and nothing but it."""
    if len(text) <= len(opening) + len(closing) or not text.startswith(opening):
        return text
    if not text.endswith(closing):
        return text
    inner = text[len(opening) : -len(closing)]
    if opening in inner or closing in inner:
        return text
    return inner.strip(_EDGE)
