"""Answers with a notation of their own: times of day, dates, words for numbers, lone words.

time = h ":" mm [":" ss] ["am" | "pm"]        (without am or pm only 3:05 or 3:15:20, since
                                               3:15 may be a ratio)
date = month day ["," year] | day month [year] | yyyy-mm-dd
     | dd/mm/yyyy | mm/dd/yyyy                (where only one of the two can be the month)
word = a number word, yes, no, true, false, a month, a day of the week, none, infinity
"""

from __future__ import annotations

import re
from fractions import Fraction

from judgekit.verifier.reader import words
from judgekit.verifier.reader.tree import (
    EMPTY,
    Clock,
    Collection,
    Constant,
    Date,
    Expr,
    Number,
    Truth,
    Word,
)

_CLOCK = re.compile(
    r"(\d{1,2})(?::([0-5]\d))?(?::([0-5]\d))?\s*(?:([ap])\.?\s?m\.?)?", re.IGNORECASE
)
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/((?:1[5-9]|20)\d{2})")
_MONTH = "|".join(word for word, name in words.NAMED.items() if name.startswith("month"))
_MONTH_DAY = re.compile(
    rf"({_MONTH}|may)\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s+(\d{{4}}))?", re.IGNORECASE
)
_DAY_MONTH = re.compile(
    rf"(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?({_MONTH}|may)\.?(?:,?\s+(\d{{4}}))?", re.IGNORECASE
)
_TEXT = re.compile(r"\$?\s*\\(?:text|mathrm|textbf|mbox|textrm)\s*\{([^{}\\$]*)\}\s*\$?")
_TRUTH_FIRST = re.compile(
    r"(?:\\text\s?\{\s?)?(yes|no|true|false)\s?[,.;:\u2014-]\s", re.IGNORECASE
)
_REMAINDER = re.compile(
    r"(\d{1,30})\s{0,3}(?:\\text\s?\{\s{0,3})?"
    r"(?:R|r|rem\.?|remainder|with remainder|with a remainder of)\s{0,3}\}?\s{0,3}(\d{1,30})"
)
_WORDS = re.compile(r"[A-Za-z][A-Za-z'\- ]*")


def read(text: str) -> Expr | None:
    """The answer, where the whole of the text is one of these; else None."""
    if len(text) > 120 or not text:
        return None
    if inner := _TEXT.fullmatch(text):
        text = inner.group(1).strip().rstrip(".")
    if "\\text{ " in text or ("\\text{" in text and ":" in text):
        text = text.replace("\\text{", "").replace("}", "")
    text = re.sub(r"(?<=[.,\d ])~(?=[a-z])|\\[,;: ]", " ", text)
    if found := _REMAINDER.fullmatch(text):
        numbers = (Number(Fraction(int(part))) for part in found.groups())
        return Collection("()", (Word("quotient with remainder"), *numbers))
    if text[:1].isdigit():
        return _clock(text) or _date(text)
    if not _WORDS.match(text):
        return None
    return _date(text) or _word(text)


def said_first(text: str) -> str:
    """The yes or no, true or false, that an answer begins with before it gives a reason."""
    first = _TRUTH_FIRST.match(text)
    return first.group(1) if first else ""


def _clock(text: str) -> Expr | None:
    found = _CLOCK.fullmatch(text)
    if not found:
        return None
    hour, minute, second = (int(part or 0) for part in found.groups()[:3])
    if found.group(4) is None:
        zero = (found.group(2) or "").startswith("0") or found.group(3) is not None
        return Clock((hour * 60 + minute) * 60 + second, "") if zero and hour < 25 else None
    half = found.group(4).lower() + "m"
    if not 1 <= hour <= 12:
        return None
    return Clock(((hour % 12 + 12 * (half == "pm")) * 60 + minute) * 60 + second, half)


def _date(text: str) -> Expr | None:
    if found := _ISO.fullmatch(text):
        year, month, day = map(int, found.groups())
    elif found := _MONTH_DAY.fullmatch(text):
        month, day, year = _month(found.group(1)), int(found.group(2)), int(found.group(3) or 0)
    elif found := _DAY_MONTH.fullmatch(text):
        day, month, year = int(found.group(1)), _month(found.group(2)), int(found.group(3) or 0)
    elif found := _SLASHED.fullmatch(text):
        first, second, year = map(int, found.groups())
        if first <= 12 and second <= 12 and first != second:
            return None  # the third of February, or the second of March
        day, month = max(first, second), min(first, second)
    else:
        return None
    return Date(year, month, day) if 1 <= month <= 12 and 1 <= day <= 31 else None


def _month(name: str) -> int:
    return words.MONTHS.index(next(m for m in words.MONTHS if m[:3] == name.lower()[:3])) + 1


def _word(text: str) -> Expr | None:
    if not _WORDS.fullmatch(text):
        return None
    word = " ".join(text.lower().split())
    if word in words.TRUTHS:
        return Truth(words.TRUTHS[word])
    if word in ("noon", "midnight"):
        return Clock(43200 if word == "noon" else 0, "pm" if word == "noon" else "am")
    if word in words.ALL_REALS:
        return Word("set:R")
    if word in words.EMPTY:
        return EMPTY
    if word in words.NAMED and (len(word) > 3 or word in ("odd", "dne", "may")):
        return Word(words.NAMED[word])
    if word in words.INFINITE:
        return Constant("inf")
    value = words.number_word(word)
    return None if value is None else Number(Fraction(value))
