"""The arguments of commands and functions.

arg  = "{" items "}" | one digit | one atom
args = "(" items ")"
"""

from __future__ import annotations

from judgekit.verifier.reader import functions
from judgekit.verifier.reader.brackets import bracketed
from judgekit.verifier.reader.parser import Parser
from judgekit.verifier.reader.precedence import POWER
from judgekit.verifier.reader.terms import numeral
from judgekit.verifier.reader.tree import (
    Collection,
    Expr,
)


def argument(parser: Parser) -> Expr:
    """The argument of a command: a group, or the next digit, letter or command."""
    token = parser.token
    if token.kind == "num":
        parser.advance()
        return numeral(token.text)
    if token.kind == "word" and len(token.text) > 1 and token.text not in functions.UNARY:
        parser.split()
    if token.text == "{" and token.kind == "op":
        return bracketed(parser)
    return parser.expression(POWER + 1)


def digit(parser: Parser) -> Expr:
    """The argument of `\\frac`, which takes one digit of a numeral that has no braces.

    A numeral on a line of its own, in a formula that was broken over lines, is whole.
    """
    token = parser.token
    long = token.kind == "num" and len(token.text) > 1 and token.text[0].isdigit()
    if long and not parser.style.broken:
        parser.split()
        return numeral(parser.advance().text)
    return argument(parser)


def arguments(parser: Parser) -> tuple[Expr, ...]:
    """The items in the bracket, or the matrix, that opens here."""
    if not parser.at("(", "[", "{", "\\{", "\\begin"):
        raise parser.fault("expected a bracket")
    inside = bracketed(parser)
    if inside in (Collection("  ", ()), Collection("()", ())):
        raise parser.fault("a function of nothing")
    return inside.items if isinstance(inside, Collection) else (inside,)
