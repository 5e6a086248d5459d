"""Words around a number or a formula that make another answer of it, or only point at it.

"minus 5", "half of $5$" and "5 squared" are not 5; "a multiple of $5$" and "in row 5" speak of it.
Words are English and Chinese: what other languages do to a number is not known here.
"""

from __future__ import annotations

import re

from judgekit.verifier.reader.words import NUMBER_WORDS, number_word

_ALTERS = (
    r"(?:minus|negative|plus|over|divided|division|divisible|multipl[a-z]{1,6}|squared?|cubed?|roots?"
    r"|powers?|half|halves|thirds?|fourths?|fifths|sixths|sevenths|eighths|ninths|tenths?"
    r"|hundredths?|thousandths?|twice|double|triple|thrice|dozens?|hundreds?|thousands?|millions?"
    r"|billions?|trillions?|factorial|log|logarithm|ln|sine?|cosine|cos|tangent|tan|pi|reciprocal"
    r"|inverse|opposite|modulo|mod|base(?!\sof)|choose|below|close)\b"
)
_TIMES = r"times\b(?!\s{0,3}(?:[.,;!?)]|\Z))"  # they ran 5 times: that is 5
_BEFORE = re.compile(
    rf"\b(?:{_ALTERS}|times|quarters?)(?:\s(?:of|by|to|the|after|power)){{0,3}}\s{{1,3}}[*_]{{0,2}}\Z",
    re.I,
)
_BEHIND = re.compile(rf"[*_]{{0,2}}\s{{0,3}}(?:degrees\s)?(?:{_ALTERS}|{_TIMES}|to\sthe\b)", re.I)
_EASTERN = r"\s?(?:万|亿|百|千|的|倍|以|左右|之|分之|次方|折|余|多|半|几|或|还是)"
_EASTERN_BEHIND = re.compile(rf"{_EASTERN}(?!克|米|瓦|卡|分)")
_EASTERN_BEFORE = re.compile(r"(?:分之|不[是为到足]?|约|超过|大于|小于|多于|少于|负|还是|或)\s?\Z")
_OTHER_NUMBER = re.compile(
    rf"\b(?:{_ALTERS}|{_TIMES}|quarters?\sof\b|\d\sto\b"
    rf"|(?:{'|'.join(sorted(NUMBER_WORDS))}|from|up|starting|on|after|more|greater|less|fewer)\b)",
    re.I,
)
"""Words with which a number is not the answer alone: 5 squared, five and 5 tenths, from 5 on."""
_GOVERNED = re.compile(
    r"(?<!total)(?<!value)(?<!score)(?<!remainder)\s(?:of|above|near|dividing|from|de|von|di)\s{1,3}\Z",
    re.I,
)
"""A formula that is only spoken of: a multiple of $5$."""
_POINTED_AT = re.compile(
    r"\b(?:at|by|in|with|among|for|between|row|table|step|page|equation|problem|question|choice|case"
    r"|figure|part|option|section|chapter|line|item|exercise|to)\s{1,3}\(?\Z",
    re.I,
)
"""A number that only says where or which: in row 5, at 5."""
_SPELLED = re.compile(r"(\d{1,15}) ?\(([A-Za-z -]{3,80})\)")


def is_altered(text: str, where: tuple[int, int], low: int = 0, end: int | None = None) -> bool:
    """Whether the words of `text[low:end]` make another value of what stands at a place in it."""
    start, stop = where
    first, last = max(low, start - 32), len(text) if end is None else end
    if _BEFORE.search(text, first, start) or _BEHIND.match(text, stop, last):
        return True
    if text.isascii():
        return False
    before = _EASTERN_BEFORE.search(text, first, start)
    return before is not None or _EASTERN_BEHIND.match(text, stop, last) is not None


def is_spoken_of(text: str, where: tuple[int, int]) -> bool:
    """Whether what stands at a place only belongs to what the words name: a multiple of 5."""
    return _GOVERNED.search(text, max(0, where[0] - 24), where[0]) is not None


def says_only(text: str, number: tuple[int, int]) -> bool:
    """Whether a sentence with a single numeral may say that number as its answer."""
    if is_spoken_of(text, number) or _OTHER_NUMBER.search(_unspelled(text)):
        return False
    if not text.isascii() and is_altered(text, number):
        return False
    return not _POINTED_AT.search(text, max(0, number[0] - 24), number[0])


def _unspelled(text: str) -> str:
    """15 (fifteen) as 15."""
    spelled = _SPELLED.search(text)
    if not spelled or number_word(spelled[2]) != int(spelled[1]):
        return text
    return text[: spelled.end(1)] + text[spelled.end() :]
