"""Which kind of answer a problem wants: mathematics, a letter of choice, or text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from judgekit.records import Kind
from judgekit.verifier.choice import letter_of, options_in

_CHOICE_GOLD = re.compile(
    r"\A[\s$]*(?:\\(?:text|textbf|mathrm|mathbf|boxed)\s?\{)*[\s(]*[A-J][\s).]*\}*[\s$.]*\Z"
)
_LETTERED_GOLD = re.compile(r"\A\([A-HJ]\)\s+\S.{0,300}\Z")
"""(B) Paris: the letter with the words of its option."""
_TEXT_COMMAND = re.compile(r"\\(?:text|mbox|textbf|mathrm|textrm)\s?\{([^{}]*)\}")
_ENVIRONMENT = re.compile(r"\\(?:begin|end)\s?\{\w{1,12}\*?\}")
_MARK_BEHIND = re.compile(r"\s\([A-J]\)\s")
_WORDS = re.compile(r"[^\W\d_]{2,}")
_APPLIED = re.compile(
    r"(?<![A-Za-z])(?:sqrt|sin|cos|tan|cot|sec|csc|sinh|cosh|tanh|arcsin|arccos|arctan|log|ln|exp|abs|binom(?:ial)?)"
    r"\s?(?:\(|[a-z]\Z)"
)
"""A function typed without a backslash: cos(x), ln x."""
_MATH_SIGNS = re.compile(r"[\d=^_<>+*/\\|±√∞≤≥π]")


def resolve_kind(gold: str, question: str | None, choices: Sequence[str]) -> Kind:
    """The kind that `auto` stands for.

    Choice, where options are given (or listed in the question) and the gold names one of them, or
    where the gold is a lone capital letter that the question does not use as a variable. Text,
    where the gold is words without a number or sign of mathematics. Mathematics otherwise.
    """
    if choices and letter_of(gold, choices):
        return "choice"
    if _CHOICE_GOLD.match(gold) and (question is None or options_in(question)):
        return "choice"
    if gold[:1] == "(" and _LETTERED_GOLD.match(gold) and not _MARK_BEHIND.search(gold):
        return "choice"
    return "text" if _is_prose(gold) else "math"


@lru_cache(32)
def _is_prose(gold: str) -> bool:
    gold = unicodedata.normalize("NFKC", gold)  # x² is x2
    if not _WORDS.search(gold):
        return False
    plain = _ENVIRONMENT.sub(r"\\", _TEXT_COMMAND.sub(r"\1", gold)).strip().strip("$").strip()
    words = _WORDS.findall(plain)
    if not words:
        return False
    if plain in ("pi", "-inf", "-infinity") or (len(words) < 4 and _APPLIED.search(plain)):
        return False
    signs = len(_MATH_SIGNS.findall(plain))
    letters = sum(map(len, words))
    if not signs and "-" in plain and max(map(len, words)) < 3:
        return False  # ad-bc
    return signs == 0 or (len(words) >= 4 and letters > 8 * signs)
