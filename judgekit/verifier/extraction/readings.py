"""Parts of an answer in words that may be the answer proper: "The smallest $m$ is 27" means 27.

A reading is offered beside the whole, never in its place, and only where the words leave no choice:
one copula, one formula, or one number that stands free.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from judgekit.verifier.extraction.altered import is_altered, is_spoken_of, says_only
from judgekit.verifier.extraction.spans import FORMULA, NUMBER, Candidate, clean

LONGEST = 600
NUMBER_IN_WORDS = "number-in-words"
"""Cue of the only number in a sentence: enough to accept a plain number, never to reject one."""

_WORD = re.compile(r"[^\W\d_]{2}")
_WRAPPED = re.compile(r"\\text\s?\{([^{}]{1,600})\}")
_COPULA = re.compile(
    r"(?<![^\s\\~}$*])(?:is|are|equals|was|were|will be|would be|est|es|ist)(?![^\s\\~{$*:])"
)
_EASTERN_COPULA = re.compile(r"(?<![还不])(?:等于|等於|为|為|是)(?=\s?[\d$\\(（-])")
_EASTERN_HEDGE = re.compile(r"不|非|没|或|至少|至多|最多|大约|约|如果|若")
_HEDGED = re.compile(
    r"\b(?:not|no|never|nor|n't|or|either|except|unless|if|than|between|least|most|isn't|cannot|without"
    r"|neither|maybe|possibly|perhaps|but|unclear)\b|n't\b",
    re.I,
)
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
    if len(text) > LONGEST or (" " not in text.strip() and text.isascii()):
        return [span]
    if not _WORD.search(text):
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
    if hedged or _EASTERN_HEDGE.search(text):
        return
    if not copulas and len(eastern := list(_EASTERN_COPULA.finditer(text))) == 1:
        yield eastern[0].end(), len(text), ""
    if " " not in text.strip():
        return
    formulas = [m.span() for m in FORMULA.finditer(text)]
    if len(formulas) == 1 and not NUMBER.search(text, formulas[0][1]):
        if not is_altered(text, formulas[0]) and not is_spoken_of(text, formulas[0]):
            yield (*formulas[0], "")
    elif not formulas and not _FREE.search(text):
        numbers = [m.span() for m in NUMBER.finditer(text)]
        if len(numbers) == 1 and says_only(text, numbers[0]):
            yield (*numbers[0], NUMBER_IN_WORDS)
