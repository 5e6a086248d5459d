"""Text answers: equal after normalisation, or not decidable without a reader."""

from __future__ import annotations

import re
import unicodedata

MAX_TEXT = 20_000

_COMMAND = re.compile(
    r"\\(?:text|textbf|textit|textrm|mathrm|mathbf|mbox|emph|operatorname)\s?\{([^{}]*)\}"
)
_SPACING = re.compile(r"\\[,;:! ]|\\quad|\\qquad|~|\\left|\\right|\\displaystyle")
_ARTICLE = re.compile(r"\A(?:the|a|an)\s+")
_PUNCTUATION = re.compile(r"[;:!?\"'`*_$“”‘’´]|[.,](?!\d)|(?<!\d)[.,](?=\D)")
_ENCLOSED = re.compile(r"[({\[]([^(){}\[\]]*)[)}\]]")
_DASHES = str.maketrans({"\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2212": "-"})


def normalise(text: str) -> str:
    """What remains of a text answer when typography, case, articles and punctuation are dropped.

    An "and" goes as the comma goes that may stand in its place. Signs that can change a meaning
    are kept: brackets inside, decimal points, +, -, /, <, =, ^.
    """
    text = unicodedata.normalize("NFKC", text[:MAX_TEXT]).translate(_DASHES)
    for _ in range(3):
        text = _COMMAND.sub(r"\1", text)
    text = _PUNCTUATION.sub("", _SPACING.sub(" ", text).casefold()).strip()
    if enclosed := _ENCLOSED.fullmatch(text):
        text = enclosed.group(1)
    return _ARTICLE.sub("", " ".join(word for word in text.split() if word != "and"))


_MATHEMATICS = re.compile(r"[\d+*/^=<>\\|~≈±√π∞]")


def is_words(text: str) -> bool:
    """Whether a normalised text is words alone, without a number or a sign of mathematics."""
    return bool(text) and not _MATHEMATICS.search(text)


def same_text(gold: str, answer: str) -> bool:
    """Whether two text answers are the same words. False says nothing about their meaning."""
    left, right = normalise(gold), normalise(answer)
    return bool(left) and left == right
