"""A candidate: text that a cue marks as an answer, and how the raw text is cleaned.

Cleaning strips what is typography around an answer and never part of it: white space, Markdown
emphasis, a closing full stop, math delimiters that enclose the whole of it.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

Strength = Literal["strong", "medium", "weak"]

MAX_ANSWER = 20_000
"""Characters of one answer; a longer one is not read (no reader could use it)."""

BESIDE = "beside"
"""Cue of what stands beside an answer and may say it again: it proves nothing by itself."""

FORMULA = re.compile(
    r"\$\$(?:\\.|[^$\\]){1,2000}\$\$|\$(?:\\.|[^$\\\n]){1,1000}\$"
    r"|\\\((?:\\[^)]|[^\\]){1,1000}\\\)|\\\[(?:\\[^\]]|[^\\]){1,2000}\\\]",
    re.S,
)
"""A formula between LaTeX or Markdown delimiters."""

NUMBER = re.compile(
    r"(?<![A-Za-z0-9_.,{^])(?:[-\u2212](?=[\d.$]))?[$\u20ac\u00a3\u00a5]?"
    r"(?:\d{1,3}(?:,\d{3}){1,20}(?![\d,])|\d{1,400})?(?:\.\d{1,400}|(?<=\d))"
    r"(?:/\d{1,100})?\s?(?:\\?%)?(?![A-Za-z0-9_}]|[.,]\d|-[A-Za-z])"
)
"""A number as running text writes it, sign, currency and percent included."""

_DELIMITERS = (
    ("$$", "$$"),
    ("$", "$"),
    ("\\(", "\\)"),
    ("\\[", "\\]"),
    ("**", "**"),
    ("__", "__"),
    ("`", "`"),
)
_QUOTES = (('\\"', '\\"'), ('"', '"'), ("\u201c", "\u201d"))
_ARROW = re.compile(
    r"(?:=>|->|\u21d2|\u2192|\u2234|\\(?:Rightarrow|implies|therefore|to)(?![A-Za-z]))\s*"
)
_PLACEHOLDERS = frozenset(
    """
    answer youranswer youranswerhere answerhere finalanswer yourfinalanswer thefinalanswer ans
    theanswer yourfinalanswerhere finalanswerhere letter solution result insertanswerhere option
    yourchoice choice x.. ... .. … \\ldots \\cdots \\dots \\boxed
    """.split()  # noqa: SIM905
)
_TYPOGRAPHY = str.maketrans("", "", " _-{}[]<>()")
_ENDS_PROOF = "\u25a1\u25a0\u220e"
_ENDS = "。．？！,;；，：:" + _ENDS_PROOF
_MAY_OPEN = frozenset('=-\u21d2\u2192\u2234\\*_"\u201c')
_MAY_CLOSE = frozenset('。．？！,;；，：:.$)]*_`"\u201d' + _ENDS_PROOF)
"""First and last characters of which some may have to go; any other text is clean."""


class Candidate(NamedTuple):
    """One reading of the answer: `text` as cleaned, `response[start:end]` as it stood.

    `cue` names what marked it ("boxed", "answer-tag", "hashes", "final-answer", "phrase", ...).
    Candidates of one `group` are readings of the same words. A `rival` is one that the writer gave
    as the answer too, so that a difference from it is a conflict.
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
    text = text.strip()
    while text and (text[0] in _MAY_OPEN or text[-1] in _MAY_CLOSE):
        before = text
        text = _without_closing_mark(text).strip()
        if arrow := _ARROW.match(text):
            text = text[arrow.end() :]
        for opening, closing in _DELIMITERS:
            text = _unwrap(text, opening, closing)
        if text.endswith(('"', "\u201d")):
            for opening, closing in _QUOTES:
                text = _unwrap(text, opening, closing)
        for emphasis in ("**", "__"):
            if text.count(emphasis) == 1 and emphasis in (text[:2], text[-2:]):
                text = text.replace(emphasis, "").strip()
        if text == before:
            break
    return "" if not text.strip("$ ") else text


def _without_closing_mark(text: str) -> str:
    """Without the punctuation that ends it; `\\;` is a space of LaTeX and `...` means something."""
    bare = text.rstrip(_ENDS)
    if bare.endswith(".") and not bare.endswith(".."):
        bare = bare[:-1]
    return bare + text[len(bare) : len(bare) + 1] if bare.endswith("\\") else bare


def _unwrap(text: str, opening: str, closing: str) -> str:
    """Without a pair of delimiters, if it encloses the whole text and nothing but it."""
    if len(text) <= len(opening) + len(closing) or not text.startswith(opening):
        return text
    if not text.endswith(closing):
        return text
    inner = text[len(opening) : -len(closing)]
    if opening in inner or closing in inner:
        return text
    return inner.strip()


def is_placeholder(answer: str) -> bool:
    """Whether a box only says where an answer should go, as an echoed instruction does."""
    word = answer.replace("\\text", "").translate(_TYPOGRAPHY).casefold()
    return word in _PLACEHOLDERS or not word
