"""Brackets: groups, tuples, lists, sets, set-builders, intervals, absolute values, matrices.

group   = "(" items ")" | "[" items "]" | "(" items "]" | "[" items ")" | "]" items "["
set     = "\\{" items "\\}" | "\\{" expression ("|" | ":" | "\\mid") statements "\\}"
items   = statement { ("," | ";" | "and" | "or") statement }
matrix  = "\\begin{pmatrix}" row { "\\\\" row } "\\end{pmatrix}",  row = entry { "&" entry }
"""

from __future__ import annotations

from judgekit.verifier.reader.items import items
from judgekit.verifier.reader.parser import Parser
from judgekit.verifier.reader.precedence import SET
from judgekit.verifier.reader.tree import (
    Call,
    Collection,
    Expr,
    Matrix,
    Number,
    Relation,
    SetBuilder,
)

_CLOSING = {
    "(": (")", "]"), "[": ("]", ")"), "\\{": ("\\}",), "{": ("}",), "\\lbrace": ("\\rbrace",),
    "\\langle": ("\\rangle",), "]": ("[", "]"), "\\lbrack": ("\\rbrack", ")"),
}  # fmt: skip
_AROUND = {
    "\\lfloor": ("\\rfloor", "floor"), "\\lceil": ("\\rceil", "ceil"),
    "\\lvert": ("\\rvert", "abs"), "\\lVert": ("\\rVert", "abs"),
}  # fmt: skip
OPENING = frozenset(_CLOSING) | frozenset(_AROUND) | {"\\begin"}
_MATRICES = frozenset(
    ["matrix", "pmatrix", "bmatrix", "vmatrix", "Vmatrix", "Bmatrix", "smallmatrix", "array"]
)
_LINES = frozenset(
    ["cases", "aligned", "align", "align*", "gathered", "gather", "gather*", "split", "equation"]
)


def bracketed(parser: Parser) -> Expr:
    """What stands in the bracket that opens here."""
    opener = parser.advance().text
    if opener in _AROUND:
        closer, name = _AROUND[opener]
        inside = parser.expression()
        parser.expect(closer)
        return Call(name, (inside,))
    if opener == "\\begin":
        return environment(parser)
    closers = _CLOSING[opener]
    bars, parser.bars = parser.bars, 0
    if opener == "{":
        inside = items(parser, closers, lines=True)
        parser.expect(*closers)
        parser.bars = bars
        return inside
    if opener == "\\{" and parser.take("\\begin"):
        system = environment(parser)
        parser.take(".", *closers)  # \\right. or \\right\\}
        parser.bars = bars
        return system
    if opener in ("\\{", "\\lbrace"):
        result = _set(parser, closers)
        parser.bars = bars
        return result
    inside = items(parser, closers)
    closer = parser.token.text
    parser.expect(*closers)
    parser.bars = bars
    if isinstance(inside, Collection) and inside.brackets == "  ":
        return Collection(_plain(opener) + _plain(closer), inside.items)
    return inside


def _plain(bracket: str) -> str:
    return {"\\langle": "(", "\\rangle": ")", "\\lbrack": "[", "\\rbrack": "]"}.get(
        bracket, bracket
    )


def _set(parser: Parser, closers: tuple[str, ...]) -> Expr:
    if parser.take(*closers):
        return Collection("{}", ())
    start = parser.i
    parser.bars = 1  # a bar ends the head of a set-builder
    first = parser.expression(SET + 3)
    parser.bars = 0
    if parser.take("|", ":", "\\mid", "\\vert", "\\colon"):
        condition = items(parser, closers)
        parser.expect(*closers)
        return SetBuilder(first, condition)
    if parser.at("\\in"):
        first = _member(parser, first)
        if parser.take("|", ":", "\\mid", "\\vert", "\\colon"):
            condition = items(parser, closers)
            parser.expect(*closers)
            return SetBuilder(first, condition)
    parser.i = start
    inside = items(parser, closers)
    parser.expect(*closers)
    if isinstance(inside, Collection) and inside.brackets == "  ":
        return Collection("{}", inside.items)
    return Collection("{}", (inside,))


def _member(parser: Parser, head: Expr) -> Expr:
    """`x \\in A` at the head of a set-builder."""
    parser.advance()
    parser.bars = 1
    whole = parser.expression(SET + 3)
    parser.bars = 0
    return Relation(("in",), (head, whole))


def environment(parser: Parser) -> Expr:
    """A matrix, or lines of statements, from `\\begin{name}` (consumed) to `\\end{name}`."""
    name = _name(parser)
    if name == "array" and parser.take("{"):
        while not parser.at("}") and parser.token.kind != "end":
            parser.advance()
        parser.expect("}")
    if name in _LINES and name != "cases":
        _drop_alignment(parser)
    if name == "cases":
        _drop_conditions(parser)
    if name in _LINES:
        inside = items(parser, ("\\end",), lines=True)
        _end(parser)
        return inside
    if name not in _MATRICES:
        raise parser.fault(f"an environment {name!r}")
    start = parser.i
    rows: list[tuple[Expr, ...]] = []
    row: list[Expr] = []
    while True:
        if parser.at("\\end") or parser.token.kind == "end":
            break
        if parser.take("&"):
            continue
        if parser.take("\\\\"):
            if row:
                rows.append(tuple(row))
            row = []
            continue
        row.append(parser.expression())
        if not (parser.at("&", "\\\\", "\\end") or parser.token.kind == "end"):
            raise parser.fault(f"cannot go on with {parser.token.text!r} in a matrix")
    if row:
        rows.append(tuple(row))
    _end(parser)
    if not rows or len({len(line) for line in rows}) != 1:
        parser.i = start
        raise parser.fault("a matrix whose rows differ in length")
    if all(isinstance(entry, Relation) for line in rows for entry in line):
        return Collection("  ", tuple(entry for line in rows for entry in line))
    if name == "vmatrix":
        return Call("det", (Matrix(tuple(rows)),))
    return Matrix(tuple(rows))


def _drop_conditions(parser: Parser) -> None:
    """Take the "if" before the conditions of a definition by cases out of it."""
    i = parser.i
    while parser.tokens[i].kind != "end" and parser.tokens[i].text != "\\end":
        if parser.tokens[i].text.strip().lower() in ("if", "when", "for", "where"):
            parser.tokens[i] = parser.tokens[i]._replace(kind="op", text=",")
        i += 1


def _drop_alignment(parser: Parser) -> None:
    """Take the alignment marks out of the lines up to `\\end`."""
    i = parser.i
    while parser.tokens[i].kind != "end" and parser.tokens[i].text != "\\end":
        i += 1
    parser.tokens[parser.i : i] = [t for t in parser.tokens[parser.i : i] if t.text != "&"]


def _name(parser: Parser) -> str:
    parser.expect("{")
    word = parser.advance().text
    if parser.take("*"):
        word += "*"
    parser.expect("}")
    return word


def _end(parser: Parser) -> None:
    parser.expect("\\end")
    _name(parser)


def absolute(parser: Parser) -> Expr:
    """`|x|`, from its first bar."""
    parser.advance()
    double = parser.take("|")
    parser.bars += 1
    inside = parser.expression()
    parser.bars -= 1
    parser.expect("|", "\\vert", "\\mid")
    if double:
        parser.expect("|")
    return Call("abs", (inside,))


def digits_group(parser: Parser) -> str | None:
    """The digits of `{3}` or `3`, for repeating decimals."""
    braced = parser.take("{")
    token = parser.advance()
    if token.kind != "num" or not token.text.isdigit():
        return None
    if braced:
        parser.expect("}")
    return token.text


def is_integer(expr: Expr) -> bool:
    """Whether this is an integer numeral."""
    return isinstance(expr, Number) and expr.places is None and expr.value.denominator == 1
