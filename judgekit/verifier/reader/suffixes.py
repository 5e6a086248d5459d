"""What binds tightly to the value before it: powers, factorials, percents, degrees, marks.

suffix = ^ exponent | ! | % | degree [ minutes ' [ seconds '' ] ] | ' | feet inches
mixed  = integer proper-fraction
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from judgekit.verifier.reader.precedence import POWER, WHOLE_EXPONENTS
from judgekit.verifier.reader.terms import numeral, product
from judgekit.verifier.reader.tree import (
    MINUS_ONE,
    Call,
    Constant,
    Expr,
    Number,
    Power,
    Product,
    Quantity,
    Quotient,
    Sum,
    Symbol,
    Word,
    negate,
)
from judgekit.verifier.reader.units import MONEY
from judgekit.verifier.reader.words import ORDINAL_ENDINGS

if TYPE_CHECKING:
    from judgekit.verifier.reader.parser import Parser


def power(parser: Parser, base: Expr) -> Expr:
    """The base to the exponent that stands here; `^\\circ` makes degrees of it."""
    if parser.at("\\circ", "\\degree", "\\textdegree", "\\textcirc", "{") and _degree(parser):
        return _arc_minutes(parser, Call("deg", (base,)))
    if parser.at("\\prime", "'"):
        parser.advance()
        return _primed(parser, base)
    if _ordinal(parser):
        return base
    if parser.at("+", "-") and parser.peek().kind in ("op", "end"):
        raise parser.fault("a sign alone as exponent")  # one-sided limits, ions
    word = parser.token.text if parser.token.kind == "word" and not parser.style.typed else ""
    if len(word) > 1 and word.lower() not in WHOLE_EXPONENTS:
        parser.split()  # a^xy is a^x times y
    exponent = parser.expression(POWER)
    if isinstance(exponent, Word):
        raise parser.fault("words as exponent")
    if parser.style.typed and base == Constant("e") and parser.token.kind == "word":
        exponent = product(exponent, parser.expression(POWER))
    if isinstance(base, Product) and len(base.factors) == 2 and base.factors[0] == MINUS_ONE:
        return negate(Power(base.factors[1], exponent))
    return Power(base, exponent)


def _degree(parser: Parser) -> bool:
    """Step over `\\circ` or `{\\circ}`."""
    if parser.take("\\circ", "\\degree", "\\textdegree", "\\textcirc"):
        return True
    if parser.at("{") and parser.peek().text == "\\circ" and parser.peek(2).text == "}":
        parser.i += 3
        return True
    return False


def _ordinal(parser: Parser) -> bool:
    """Step over the raised ending of an ordinal, `\\text{th}` or `{\\text{th}}`."""
    braced = int(parser.at("{"))
    ending = parser.peek(braced)
    if ending.kind != "text" or ending.text.strip() not in ORDINAL_ENDINGS:
        return False
    if braced and parser.peek(2).text != "}":
        return False
    parser.i += 1 + 2 * braced
    return True


def _arc_minutes(parser: Parser, degrees: Call) -> Expr:
    """degrees [minutes '] [seconds '']: 60°42'."""
    total: list[Expr] = list(degrees.args)
    for mark, size in (("'", 60), ("''", 3600)):
        if parser.token.kind != "num":
            break
        after = parser.peek()
        if after.text not in ("'", '"', "^"):
            break
        minutes = numeral(parser.advance().text)
        if parser.take("^"):
            braced = parser.take("{")
            parser.expect("\\prime", "'")
            if mark == "''":
                parser.take("\\prime", "'")
            if braced:
                parser.expect("}")
        else:
            parser.expect("'", '"')
            if mark == "''":
                parser.take("'")
        total.append(Number(minutes.value / size))
    return degrees if len(total) == 1 else Call("deg", (Sum(tuple(total)),))


def _primed(parser: Parser, base: Expr) -> Expr:
    if isinstance(base, Symbol):
        return Symbol(base.name + "'")
    raise parser.fault("a prime after something that is no name")


def postfix(parser: Parser, left: Expr) -> Expr:
    """The value under the sign that stands behind it."""
    sign = parser.advance().text
    if sign == "!":
        if parser.at("!"):
            raise parser.fault("a double factorial")
        return Call("factorial", (left,))
    if sign in ("%", "\\%"):
        return Call("percent", (left,))
    if sign == "\\permille":
        return Quotient(left, Number(Fraction(1000)))
    if sign in MONEY:
        return Quantity(left, ((MONEY[sign], 1),))
    if sign in ("\\degree", "\\textdegree"):
        return _arc_minutes(parser, Call("deg", (left,)))
    if isinstance(left, Number) and parser.token.kind == "num" and parser.peek().text in ("'", '"'):
        return _feet(parser, left)
    return _primed(parser, left)


def _feet(parser: Parser, left: Number) -> Expr:
    """5'6'': feet and inches, from behind the first mark."""
    inches = numeral(parser.advance().text)
    if parser.take("'"):
        parser.expect("'")
    else:
        parser.expect('"')
    return Quantity(Number(left.value + inches.value / 12), (("ft", 1),))


def mixed_number(parser: Parser, left: Expr) -> Expr | None:
    """A mixed number: an integer, then a proper fraction of integers, `1\\frac12`, `1 1/2`."""
    if not isinstance(left, Number) or left.places is not None or left.value.denominator != 1:
        return None
    start = parser.i
    if parser.tokens[start - 1].text == ")":
        return None  # (2)\\frac12 is a product
    part = _proper_fraction(parser)
    if part is None:
        parser.i = start
        return None
    return Number(left.value + (part if left.value >= 0 else -part))


def _proper_fraction(parser: Parser) -> Fraction | None:
    if parser.token.kind == "num":
        top, bottom = parser.token.text, parser.peek(2).text
        if not (top.isdigit() and parser.peek().text == "/" and bottom.isdigit()):
            return None
        parser.i += 3
        fraction: Expr = Quotient(numeral(top), numeral(bottom))
    elif parser.at("\\frac", "\\dfrac", "\\tfrac", "\\cfrac"):
        fraction = parser.grammar.prefix(parser)
    else:
        return None
    match fraction:
        case Quotient(Number(over, None), Number(under, None)) if 0 < over < under:
            return over / under
    return None
