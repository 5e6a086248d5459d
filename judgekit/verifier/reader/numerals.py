"""Numerals in place: with a base, repeating digits, an ordinal ending or a multiplier.

numeral = digits [ "_" base | "st" | "nd" | "rd" | "th" | "million" ... ]
        | digits "." "\\overline{" digits "}" | decimal "..."
"""

from __future__ import annotations

import re
from fractions import Fraction

from judgekit.verifier.reader import words
from judgekit.verifier.reader.arguments import argument
from judgekit.verifier.reader.brackets import digits_group
from judgekit.verifier.reader.parser import Parser
from judgekit.verifier.reader.terms import numeral
from judgekit.verifier.reader.tree import (
    Approx,
    Based,
    Expr,
    Number,
)

_REPEATED = re.compile(r"(\d{1,12}?)\1{2,39}\Z")
_TWICE = re.compile(r"(\d{2,20})\1")
DOTS = frozenset((r"\ldots", r"\dots", r"\cdots", r"\vdots", "..."))


def numeral_here(parser: Parser) -> Expr:
    """A numeral, with its base, its repeating digits or its ordinal ending."""
    text = parser.advance().text
    after = parser.token
    if after.kind == "op" and after.text in ("_", ".", ",", "..."):
        if after.text == "_":
            return _based(parser, text)
        if (
            after.text == "."
            and "." not in text
            and parser.peek().text in ("\\overline", "\\dot", "\\bar")
        ):
            parser.advance()
            return _repeating(parser, text + ".")
        if after.text == "," and parser.style.comma and (text + parser.peek().text).isdigit():
            parser.advance()
            return numeral(f"{text}.{parser.advance().text}")
        if after.text == "..." and "." in text:
            parser.advance()
            return _going_on(text)
        if after.text == "." and parser.peek().text in ("", ")", "]", "}", "\\}", ",", ";"):
            parser.advance()
            return numeral(text)
    if after.kind == "cmd":
        if after.text in ("\\overline", "\\bar") and "." in text:
            return _repeating(parser, text)
        if after.text in DOTS and "." in text:
            parser.advance()
            return _going_on(text)
    if after.kind == "word" and not after.spaced and after.text in words.ORDINAL_ENDINGS:
        parser.advance()
    elif after.kind in ("word", "text") and after.text.strip().lower() in words.MULTIPLIERS:
        parser.advance()
        scale = words.MULTIPLIERS[after.text.strip().lower()]
        value = numeral(text)
        if value.places is None:
            return Number(value.value * scale)
        return Number(value.value * scale, value.places - len(str(scale)) + 1)
    return numeral(text)


def _going_on(text: str) -> Expr:
    """0.1666... and 0.4545... repeat their end; 3.14... is only an approximation.

    Three repetitions make a period, or two that are all there is: 2.718281828... has none.
    """
    whole, _, part = text.partition(".")
    if len(part) <= 40 and (found := _REPEATED.search(part) or _TWICE.fullmatch(part)):
        return _periodic(f"{whole}.{part[: found.start()]}", found.group(1))
    return Approx(numeral(text))


def _repeating(parser: Parser, text: str) -> Expr:
    """0.1\\overline{6}: the digits before the bar, then those under it again and again."""
    parser.advance()
    period = digits_group(parser)
    if period is None:
        raise parser.fault("no digits under the bar")
    return _periodic(text, period)


def _periodic(text: str, period: str) -> Number:
    whole, _, part = text.partition(".")
    fixed = Fraction(int(whole + part or "0"), 10 ** len(part))
    return Number(fixed + Fraction(int(period), (10 ** len(period) - 1) * 10 ** len(part)))


def _based(parser: Parser, digits: str) -> Expr:
    parser.advance()
    base = argument(parser)
    if not isinstance(base, Number) or not digits.isdigit() or not 2 <= base.value <= 36:
        raise parser.fault("a subscript that is no base")
    number = int(base.value)
    if any(int(digit) >= number for digit in digits) or len(digits) > 400:
        raise parser.fault(f"not a numeral of base {number}")
    return Based(digits, number, int(digits, number))
