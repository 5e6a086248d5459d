"""Normal form of an answer's text: the cheapest test of equality, and the only one for words.

Two texts are the same if they agree once mark-up without meaning is dropped: math delimiters,
`\\left` and `\\right`, white space, `\\text`, the size of fractions, the punctuation at the end.
Case counts, except in words of three letters and more that are not all capitals.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

from judgekit.verifier.reader.tokens import LONGEST
from judgekit.verifier.reader.tree import Number

_MARKUP = re.compile(
    r"(?:\\(?:left|right|displaystyle|textstyle|limits|big|Big|bigg|Bigg|quad|qquad|hline)(?![A-Za-z])"
    r"|\\[,!;:>\s()\[\]]|[\s$~]"
    r"|\\(?:text|mathrm|textbf|mathbf|mbox|operatorname|rm)(?![A-Za-z]))+"
)
_SAME = {"\\dfrac": "\\frac", "\\tfrac": "\\frac", "\\cfrac": "\\frac", "\\cdot": "*"}
_SIZED = re.compile(r"\\[dtc]frac|\\cdot(?![A-Za-z])")
_WORD = re.compile(r"(?<![A-Za-z\\])[A-Za-z]{3,}")
_PLAIN = re.compile(
    r"([+-]?)\s?(?:(\d{1,400})(?:\.(\d{1,400}))?|\\[dt]?frac\{(\d{1,400})\}\{(\d{1,400})\}"
    r"|(\d{1,400})/(\d{1,400}))"
)
_END = ".,;: \n\t"
_KEPT = 32
"""Texts whose form is kept: the samples of one problem share its gold, and often an answer."""


@lru_cache(_KEPT)
def normal(text: str) -> str:
    """The text without mark-up and white space; empty if it is too long to look at."""
    if len(text) > LONGEST:
        return ""
    text = text.strip().rstrip(_END)
    if text.isdigit():
        return text
    text = _SIZED.sub(lambda found: _SAME[found.group()], text)
    text = _WORD.sub(_lower, text)
    return _MARKUP.sub(_gap, text).rstrip(_END)


def _lower(found: re.Match[str]) -> str:
    """A word in lower case; capitals alone may be a product of variables, ABC."""
    word = found.group()
    return word if word.isupper() else word.lower()


def _gap(found: re.Match[str]) -> str:
    """Nothing, but a space where two digits would run together: 4 2 is not 42."""
    text, start, end = found.string, found.start(), found.end()
    return " " if text[start - 1 : start].isdigit() and text[end : end + 1].isdigit() else ""


@lru_cache(_KEPT)
def plain(text: str) -> Number | None:
    """A plain number, read without the reader; None for all other text."""
    bare = text.strip().strip("$").strip().rstrip(".").rstrip()
    if len(bare) > 1000:
        return None
    if "," in bare:
        if not re.fullmatch(r"[+-]?[1-9]\d{0,2}(?:,\d{3}){1,20}(?:\.\d{1,40})?", bare):
            return None
        bare = bare.replace(",", "")
    found = _PLAIN.fullmatch(bare)
    if found is None:
        return None
    sign, whole, part, top, bottom, over, under = found.groups()
    if whole is not None:
        value = Fraction(int(whole + (part or "")), 10 ** len(part or ""))
    else:
        denominator = int(bottom or under)
        if denominator == 0:
            return None
        value = Fraction(int(top or over), denominator)
    return Number(-value if sign == "-" else value, None if part is None else len(part))
