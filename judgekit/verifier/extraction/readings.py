"""Parts of an answer in words that may be the answer proper: "The smallest $m$ is 27" means 27.

A reading is offered beside the whole, never in its place, and only where the words leave no choice:
one copula, one formula, or one number that stands free.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from judgekit.verifier.extraction.spans import FORMULA, NUMBER, Candidate, clean
from judgekit.verifier.reader.words import NUMBER_WORDS, number_word

LONGEST = 600
NUMBER_IN_WORDS = "number-in-words"
"""Cue of the only number in a sentence: enough to accept a plain number, never to reject one."""

_WORD = re.compile(r"[^\W\d_]{2}")
_WRAPPED = re.compile(r"\\text\s?\{([^{}]{1,600})\}")
_COPULA = re.compile(
    r"(?<![^\s\\~}$*])(?:is|are|equals|was|were|will be|would be|est|es|ist)(?![^\s\\~{$*:])"
)
_HEDGED = re.compile(
    r"\b(?:not|no|never|nor|n't|or|either|except|unless|if|than|between|least|most|isn't|cannot|without"
    r"|neither|maybe|possibly|perhaps|but|unclear)\b|n't\b",
    re.I,
)
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
_OTHER_NUMBER = re.compile(
    rf"\b(?:{_ALTERS}|{_TIMES}|quarters?\sof\b|(?:{'|'.join(sorted(NUMBER_WORDS))}|from|up|starting|on|after|more"
    r"|greater|less|fewer)\b)|\d\sto\b",
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
_FREE = re.compile(r"[+*^=<>_{}\\|&/]")
_AGAIN = re.compile(
    r",?\s{0,3}(?:or|i\.e\.|that is)(?:,?\s(?:equivalently|simply|in\s[a-z ]{1,30}))?,?\s{0,3}"
)
_COMPOUND = re.compile(r"[-+*/^\\(]")
_SIZE = re.compile(r"[\s$]+|\\(?:left|right)(?![A-Za-z])")
_CONTRAST = re.compile(r"\b(?:and|or|while|but|if|when|where)\b")


def with_readings(span: Candidate) -> list[Candidate]:
    """The span, then its readings."""
    text = span.text
    if text.startswith("\\text") and (wrapped := _WRAPPED.fullmatch(text)):
        text = wrapped.group(1)
    if len(text) > LONGEST or " " not in text.strip() or not _WORD.search(text):
        return [span]
    spans = [span]
    if again := _said_again(text):
        spans.append(Candidate(again, span.start, span.end, span.cue, span.strength, span.group))
    for low, high, cue in _readings(text):
        reading = clean(text[low:high].lstrip("} "))
        if reading and all(reading != other.text for other in spans):
            spans.append(
                Candidate(reading, span.start, span.end, cue or span.cue, span.strength, span.group)
            )
    return spans


def _said_again(text: str) -> str:
    """Two formulas of which the second says the first again, as "one or the other"."""
    formulas = list(FORMULA.finditer(text))
    if len(formulas) != 2 or not _AGAIN.fullmatch(text, formulas[0].end(), formulas[1].start()):
        return ""
    first, second = (clean(formula.group()) for formula in formulas)
    return f"{first} \\text{{ or }} {second}"


def value_asked_for(question: str, answer: str) -> str | None:
    """What an answer says an expression of the question is: 81, where `(x+y)^2 = 81` is said.

    The left side has to stand in the question and be more than a name.
    """
    left, equals, value = answer.partition("=")
    asked = _squeezed(left)
    if not equals or "=" in value or len(asked) < 3 or not _COMPOUND.search(asked):
        return None
    return clean(value) if asked in _squeezed(question[:20_000]) else None


def _squeezed(text: str) -> str:
    """The text without white space, dollars and the size of brackets."""
    return _SIZE.sub("", text)


def _readings(text: str) -> Iterator[tuple[int, int, str]]:
    hedged = _HEDGED.search(text)
    copulas = list(_COPULA.finditer(text))
    if len(copulas) == 1 and not (hedged and hedged.start() < copulas[0].end() + 8):
        copula = copulas[0]
        if not _CONTRAST.search(text, 0, copula.start()):
            yield copula.end(), len(text), ""
    if hedged:
        return
    formulas = [m.span() for m in FORMULA.finditer(text)]
    if len(formulas) == 1 and not NUMBER.search(text, formulas[0][1]):
        start, stop = formulas[0]
        governed = _GOVERNED.search(text, max(0, start - 16), start)
        if not governed and not is_altered(text, 0, (start, stop), len(text)):
            yield start, stop, ""
    elif not formulas and not _FREE.search(text) and not _OTHER_NUMBER.search(_unspelled(text)):
        numbers = [m.span() for m in NUMBER.finditer(text)]
        before = max(0, numbers[0][0] - 24) if numbers else 0
        if (
            len(numbers) == 1
            and not _GOVERNED.search(text, before, numbers[0][0])
            and not _POINTED_AT.search(text, before, numbers[0][0])
        ):
            yield (*numbers[0], NUMBER_IN_WORDS)


def _unspelled(text: str) -> str:
    """15 (fifteen) as 15."""
    spelled = _SPELLED.search(text)
    if not spelled or number_word(spelled[2]) != int(spelled[1]):
        return text
    return text[: spelled.end(1)] + text[spelled.end() :]


def is_altered(text: str, low: int, number: tuple[int, int], end: int) -> bool:
    """Whether words make another number of this one: "minus 5", "half of 5", "5 squared"."""
    start, stop = number
    before = _BEFORE.search(text, max(low, start - 32), start)
    return before is not None or _BEHIND.match(text, stop, end) is not None
