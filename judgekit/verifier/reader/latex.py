"""Atoms: what may begin a factor, and the commands of LaTeX.

    command = "\\frac" arg arg | "\\sqrt" [ "[" index "]" ] arg | "\\binom" arg arg | ...

Numerals, names and arguments have modules of their own.
"""

from __future__ import annotations

from fractions import Fraction

from judgekit.verifier.reader import functions, words
from judgekit.verifier.reader.arguments import argument, digit
from judgekit.verifier.reader.brackets import OPENING, absolute, bracketed
from judgekit.verifier.reader.items import items, joint
from judgekit.verifier.reader.names import (
    FUNCTIONS,
    GREEK,
    a_word,
    call,
    function,
    subscripted,
    text_word,
)
from judgekit.verifier.reader.numerals import DOTS, numeral_here
from judgekit.verifier.reader.operators import OPERATORS, operator
from judgekit.verifier.reader.parser import Parser
from judgekit.verifier.reader.precedence import ADD, MULTIPLY, NEGATE
from judgekit.verifier.reader.terms import product
from judgekit.verifier.reader.tokens import Token
from judgekit.verifier.reader.tree import (
    UNIT_VECTOR,
    Approx,
    Call,
    Collection,
    Constant,
    Expr,
    Number,
    Product,
    Quantity,
    Quotient,
    Symbol,
    Word,
    children,
    negate,
)
from judgekit.verifier.reader.units import MONEY
from judgekit.verifier.reader.words import listed

_ALIAS = {"varepsilon": "epsilon", "varphi": "phi", "vartheta": "theta", "varrho": "rho"}
_CONSTANTS = {
    "\\pi": "pi", "\\infty": "inf", "\\e": "e", "\\infin": "inf",
}  # fmt: skip
_FRACTIONS = frozenset((r"\frac", r"\dfrac", r"\tfrac", r"\cfrac", r"\nicefrac", r"\sfrac"))
_BINOMIALS = frozenset((r"\binom", r"\dbinom", r"\tbinom"))
_EMPTY = frozenset((r"\emptyset", r"\varnothing"))
_DECORATIONS = frozenset(
    listed(r"""
        \overline \vec \overrightarrow \widehat \hat \bar \tilde \widetilde \underline \boxed \fbox
        \angle \triangle \measuredangle \dot \ddot \mathbin \ensuremath \color \overset \cancel
        \bcancel
    """)
)
_ACCENTS = frozenset((r"\hat", r"\widehat", r"\bar", r"\tilde", r"\widetilde", r"\dot", r"\ddot"))
_UNIT_VECTORS = frozenset((Constant("i"), Symbol("j"), Symbol("k")))
_DIFFERENTIALS = frozenset((Symbol("d"), Symbol("partial")))
_MONEY = {"$": "USD"} | MONEY
_BRACKETED = {
    f"\\{name}": kind
    for name, kind in functions.BRACKETED.items()
    if name not in ("sqrt", "binom", "gamma")
}
_STARTS = (
    GREEK | _FRACTIONS | _BINOMIALS | _EMPTY | _DECORATIONS | DOTS | frozenset(_CONSTANTS)
    | frozenset(OPERATORS) | frozenset(FUNCTIONS) | frozenset(_BRACKETED) | OPENING
    | {"\\sqrt", "\\surd", "\\mathbb", "\\lvert", "\\lVert", "\\operatorname", "\\AA"}
)  # fmt: skip
_QUANTIFIERS = frozenset(("\\forall", "\\exists"))
_SIGNS = frozenset(("-", "+", "\\pm", "\\mp"))
_ABOUT = frozenset(("~", "\\approx", "\\sim", "\\simeq"))


def starts(parser: Parser, token: Token) -> bool:
    """Whether an atom may begin with this token where one has just ended."""
    kind, text = token.kind, token.text
    if kind == "op":
        if text == "|":
            return not parser.bars
        return text in ("(", "[", "{") and not (text == "[" and not parser.depth)
    if kind == "cmd":
        return text in _STARTS
    if kind in ("word", "text"):
        return not joint(parser, token)
    return kind == "num"


def prefix(parser: Parser) -> Expr:
    """The atom that starts here."""
    token = parser.token
    kind, text = token.kind, token.text
    if kind == "num":
        return numeral_here(parser)
    if kind == "word":
        return a_word(parser, text)
    if kind == "text":
        return text_word(parser, text)
    if text in _SIGNS:
        return _signed(parser)
    if text in OPENING:
        return bracketed(parser)
    if text in ("|", "\\vert", "\\mid"):
        return absolute(parser)
    if text in _MONEY:
        parser.advance()
        value = parser.expression(NEGATE)
        if isinstance(value, Quantity):
            return value
        word = parser.token.text.strip().lower()
        if word in words.MULTIPLIERS:
            parser.advance()
            value = product(value, Number(Fraction(words.MULTIPLIERS[word])))
        return Quantity(value, ((_MONEY[text], 1),))
    if text in _ABOUT:
        parser.advance()
        return Approx(parser.expression(ADD))
    if kind == "cmd" or text == "...":
        return _command(parser, text)
    raise parser.fault(f"cannot start with {text!r}" if text else "the text ends too early")


def _signed(parser: Parser) -> Expr:
    sign = parser.advance().text
    operand = parser.expression(NEGATE)
    if sign == "-":
        return negate(operand)
    if sign == "+":
        return operand
    return Call("pm", (operand,))


def _command(parser: Parser, text: str) -> Expr:
    start = parser.token
    if text in FUNCTIONS:
        return function(parser, FUNCTIONS[text])
    if text in _BRACKETED:
        return call(parser, _BRACKETED[text])
    parser.advance()
    if text in _FRACTIONS:
        top = digit(parser)
        parser.take("/")  # \\frac{a}/{b}, a slip whose meaning is plain
        bottom = digit(parser)
        if top in _DIFFERENTIALS and _is_differential(bottom):
            raise parser.fault("a derivative to be worked out", start)
        return Quotient(top, bottom)
    if text in ("\\sqrt", "\\surd"):
        return _root(parser)
    if text in _CONSTANTS:
        return Constant(_CONSTANTS[text])
    if text in GREEK:
        name = _ALIAS.get(text[1:], text[1:])
        return subscripted(parser, name)
    if text in _BINOMIALS:
        top = digit(parser)
        return Call("binom", (top, digit(parser)))
    if text in _EMPTY:
        return Collection("{}", ())
    if text in _DECORATIONS:
        if text in ("\\angle", "\\triangle", "\\measuredangle"):
            return parser.expression(MULTIPLY)
        inside = argument(parser)
        if text in ("\\overline", "\\bar") and _complex(inside):
            return Call("conjugate", (inside,))
        unit = text == "\\vec" and inside in _UNIT_VECTORS
        if (text in _ACCENTS or unit) and isinstance(inside, (Symbol, Constant)):
            if inside in _UNIT_VECTORS:
                return Symbol(UNIT_VECTOR + inside.name)
            return Symbol(f"{inside.name}{text}")  # \\hat x is not x
        return inside
    if text == "\\mathbb":
        parser.take("{")
        letter = parser.advance().text
        parser.take("}")
        return _number_set(parser, letter)
    if text in OPERATORS:
        return operator(parser, OPERATORS[text])
    if text in DOTS:
        return Symbol("...")
    if text in _QUANTIFIERS:
        return Call(text[1:], (parser.expression(),))
    raise parser.fault(f"a command, {text[:20]}", start)


def _number_set(parser: Parser, letter: str) -> Expr:
    """A set of numbers, with the sign, star or bound that follows: `\\mathbb{R}^+`, `_{\\ge 0}`."""
    if not parser.at("^", "_"):
        return Word(f"set:{letter}")
    parser.advance()
    braced = parser.take("{")
    sign = parser.advance().text
    if sign in (">", "\\ge", "\\geq", "\\geqslant", ">="):
        if parser.advance().text != "0":
            raise parser.fault("a set bounded elsewhere")
    elif sign not in ("+", "*", "\\ast") and (letter, sign) != ("N", "0"):
        raise parser.fault("a power of a set")
    if braced:
        parser.expect("}")
    if sign == "0":
        return Word("set:Z>=0")
    above = sign in (">", "+") or (sign in ("*", "\\ast") and letter in "NZ")
    if letter == "R" and sign not in ("*", "\\ast"):
        return Collection("()" if above else "[)", (Number(Fraction(0)), Constant("inf")))
    if letter in "NZ" and (sign != "*" or letter == "N"):
        return Word("set:Z+" if above else "set:Z>=0")
    return Word(f"set:{letter}{sign}")


def _is_differential(bottom: Expr) -> bool:
    """dx, or \\partial x."""
    return isinstance(bottom, Product) and bottom.factors[0] in _DIFFERENTIALS


def _complex(inside: Expr) -> bool:
    """Whether a bar over this can only mean the conjugate: z, w, or something with an i in it."""
    known = (Symbol("z"), Symbol("w"), Constant("i"))
    return inside in known or any(map(_complex, children(inside)))


def _root(parser: Parser) -> Expr:
    """`\\sqrt`, its opening already consumed: [index] argument."""
    if parser.take("["):
        index = items(parser, ("]",))
        parser.expect("]")
        return Call("root", (argument(parser), index))
    return Call("sqrt", (argument(parser),))
