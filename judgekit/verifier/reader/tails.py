"""What may follow a value: a unit, or words that label it.

    value [unit]             5\\text{ cm}, 2.6 \\times 10^5 GeV, 4306 J mol^{-1}
    value label              40\\text{ candies}: at most six words, none that changes the meaning

A lone letter outside `\\text` is a unit only in the style `units` (10 m), since it may
be a product.
"""

from __future__ import annotations

import re

from judgekit.verifier.reader import units, words
from judgekit.verifier.reader.items import joint
from judgekit.verifier.reader.parser import Parser
from judgekit.verifier.reader.precedence import MULTIPLY
from judgekit.verifier.reader.tokens import Token
from judgekit.verifier.reader.tree import (
    Call,
    Expr,
    Labelled,
    Number,
    Power,
    Product,
    Quantity,
    Quotient,
    Sum,
    symbols,
)

_LONGEST_TAIL = 24
_ATOM = re.compile(r"[\u3400-\u9fff]+|[A-Za-z]+\.?|\d+|\^|\*|/|\(|\)|-|\\cdot|\\times")
_UNIT_SIGNS = frozenset(("^", "/", "*", "(", ")", "{", "}", "-", "\\cdot", "\\times", "\\circ"))
_COMMANDS = {"\\Omega": "Omega", "\\AA": "AA", "\\mu": "u", "\\ohm": "Omega", "\\%": "%"}
_OHM = frozenset(("\\Omega", "\\ohm"))
_AFTER_A_LETTER = _OHM | {"/"}
"""What makes a unit of the letter before it: 3 m/s, 5 k\\Omega."""
_FRACTIONS = frozenset(("\\frac", "\\dfrac", "\\tfrac"))
_COMPOUNDED = ((("s", 1),), (("m", 1),), (("USD", 1),), (("year", 1),))
"""Kinds of quantity that are said in two units: 3 hours and 20 minutes, 5 dollars and 20 cents."""
_ENDS = frozenset((",", ";", "=", "\\\\", "&", "\\approx", "<", ">", "\\le", "\\ge", "\\}", "]"))


def tail(parser: Parser, left: Expr) -> Expr | None:
    """The value with the unit or label that stands here, or None if the token starts neither."""
    token = parser.token
    if parser.at("(", "{"):
        return _bracketed_unit(parser, left)
    if token.kind not in ("word", "text", "cmd") or _is_constant(token):
        return None
    if token.text in _FRACTIONS:
        return _unit_fraction(parser, left)
    if isinstance(left, Call) and left.name == "deg" and token.text.strip() in ("C", "F"):
        name = "celsius" if parser.advance().text.strip() == "C" else "fahrenheit"
        return Quantity(left.args[0], ((name, 1),))
    alone = token.kind == "word" and len(token.text) == 1 and not parser.style.units
    if alone and parser.peek().text not in _AFTER_A_LETTER:
        return None
    if token.kind == "cmd" and token.text not in _COMMANDS:
        return None
    if not isinstance(left, (Number, Quotient, Product, Power, Sum, Call)):
        return None
    if isinstance(left, Call) and left.name == "deg":
        return _label(parser, left)
    if not _numeric(left, parser):
        return None
    end, atoms = _atoms(parser)
    if atoms[-1:] == ["and"] and parser.tokens[end].kind == "num":
        atoms.pop()
    unit = units.parse(atoms) if atoms else None
    tight = alone and not token.spaced and parser.peek().text == "/"  # 3m/s may be 3 m / s
    if unit is not None and not tight:
        parser.i = end
        if parser.token.kind == "num" or _goes_on(parser, unit):
            return _compound(parser, left, unit)
        if unit == (("deg", 1),):
            return Call("deg", (left,))
        if unit == (("percent", 1),):
            return Call("percent", (left,))
        return Quantity(left, unit)
    return _label(parser, left)


def _is_constant(token: Token) -> bool:
    """`\\mathrm{i}` and `\\mathrm{e}`, the constants as ISO 80000-2 prints them."""
    return token.kind == "text" and token.text in ("i", "e")


def _bracketed_unit(parser: Parser, left: Expr) -> Expr | None:
    """5 (cm), 5 {cm}: a unit in a group of its own."""
    if symbols(left):
        return None
    if parser.at("{") and (quantity := _grouped_unit(parser, left)):
        return quantity
    content, closer = parser.peek(), parser.peek(2)
    if content.kind not in ("word", "text") or closer.text not in (")", "}"):
        return None
    unit = units.parse(_ATOM.findall(content.text[:80]))
    if unit is None or (content.kind == "word" and len(content.text) == 1):
        return None
    parser.i += 3
    return Quantity(left, unit)


def _grouped_unit(parser: Parser, left: Expr) -> Expr | None:
    """5 \\mathrm{km/h}, 9.8 \\mathrm{m\\,s^{-2}}: a unit of several factors in braces."""
    start = parser.i
    parser.i += 1
    end, atoms = _atoms(parser)
    parser.i = start
    unit = units.parse(atoms) if len(atoms) > 1 and parser.tokens[end].text == "}" else None
    if unit is None:
        return None
    parser.i = end + 1
    return Quantity(left, unit)


def _unit_fraction(parser: Parser, left: Expr) -> Expr | None:
    """9.8 \\frac{\\text{m}}{\\text{s}^2}; letters without `\\text` in the style `units` only."""
    if symbols(left) or not isinstance(left, (Number, Product)):
        return None
    start, atoms = parser.i, ["("]
    parser.advance()
    for closing in (")", ")"):
        if not parser.take("{"):
            break
        while not parser.at("}") and parser.token.kind != "end":
            token = parser.advance()
            if token.kind == "word" and not parser.style.units:
                atoms = ["?"]
            atoms += _ATOM.findall(token.text[:80])
        parser.take("}")
        atoms += [closing, "/", "("]
    unit = units.parse(atoms[:-2])
    if unit is None:
        parser.i = start
        return None
    return Quantity(left, unit)


def _compound(parser: Parser, left: Expr, unit: units.Unit) -> Expr:
    """2 hours 30 minutes: a smaller unit of the same kind after the greater one."""
    rest = parser.expression(MULTIPLY)
    if not isinstance(rest, Quantity):
        raise parser.fault("a number without a unit after a quantity")
    (size, base), (smaller, other) = units.size(unit), units.size(rest.unit)
    if base != other:
        raise parser.fault("two quantities of different kinds beside each other")
    part = Product((Number(smaller / size), rest.value))
    return Quantity(Sum((left, part)), unit)


def _goes_on(parser: Parser, unit: units.Unit) -> bool:
    """Whether "and 20 minutes" stands here after hours; the "and" is then stepped over."""
    if joint(parser, parser.token) != "and" or parser.peek().kind != "num":
        return False
    smaller = units.parse(_ATOM.findall(parser.peek(2).text[:80]))
    if smaller is None or parser.peek(2).kind not in ("word", "text"):
        return False
    (size, base), (other, its) = units.size(unit), units.size(smaller)
    if base != its or base not in _COMPOUNDED or other >= size:
        return False
    parser.advance()
    return True


def _numeric(left: Expr, parser: Parser) -> bool:
    """Units follow numbers; under `\\text` they may follow an expression with symbols too."""
    return parser.token.kind == "text" or not symbols(left)


def _atoms(parser: Parser) -> tuple[int, list[str]]:
    """The tokens up to the next separator, cut into the atoms of a unit, and where they end."""
    atoms: list[str] = []
    i, stop, depth = parser.i, parser.i + _LONGEST_TAIL, 0
    micro = False
    while i < stop:
        token = parser.tokens[i]
        if token.kind == "end" or token.text in _ENDS or (i > parser.i and _joins(token)):
            return i, atoms
        if token.text == "(" and parser.tokens[min(i + 2, len(parser.tokens) - 1)].text == ")":
            return i, atoms  # a list mark, (b), or a group of one letter
        if token.text in (")", "}"):
            if depth == 0:
                return i, atoms
            depth -= 1
        depth += token.text in ("(", "{")
        if token.kind in ("text", "word"):
            content = token.text.replace("~", " ").replace("$", " ")
            found = _ATOM.findall(content[:80])
            if micro and found:
                found[0] = "u" + found[0]
            micro = False
            atoms += found
        elif token.kind == "num":
            if atoms and atoms[-1] not in ("^", "-"):
                return i, atoms
            atoms.append(token.text)
        elif token.text == "\\mu":
            micro = True
        elif token.text in _COMMANDS:
            prefixed = token.text in _OHM and atoms[-1:] in (["k"], ["M"], ["m"])
            prefix = atoms.pop() if prefixed else ""
            atoms.append(prefix + _COMMANDS[token.text])
        elif token.text in ("{", "}"):
            pass
        elif token.text in _UNIT_SIGNS:
            atoms.append(token.text)
        else:
            return i, []
        i += 1
    return i, []


def _joins(token: Token) -> bool:
    return token.kind in ("word", "text") and token.text.strip(" ,").lower() in ("and", "or")


def _label(parser: Parser, left: Expr) -> Expr | None:
    """Words after a value, to the end of the statement, that only name what is counted."""
    found: list[str] = []
    i = parser.i
    while parser.tokens[i].kind in ("word", "text"):
        token = parser.tokens[i]
        if joint(parser, token) and i > parser.i:
            break
        if token.kind == "word" and len(token.text) < 3 and token.text not in ("of", "th", "st"):
            return None
        if re.search(r"[\\\d=<>^_]", token.text):
            return None
        said = words.words_of(token.text)
        if said[-1:] == ["and"] and parser.tokens[i + 1].kind == "num" and len(said) > 1:
            found += said[:-1]  # \\text{ goats and } 4: the next amount
            parser.tokens[i] = Token("word", "and", token.at, True)
            break
        found += said
        i += 1
        if len(found) > 6:
            return None
    token = parser.tokens[i]
    if token.kind != "end" and token.text not in _ENDS | {")", "}", "and"}:
        return None
    if not found or any(word in words.STOP or word in words.NUMBER_WORDS for word in found):
        return None
    if any(not word.isascii() and words.EASTERN_ALTERS.search(word) for word in found):
        return None
    parser.i = i
    return Labelled(left, " ".join(found))
