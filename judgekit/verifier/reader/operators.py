r"""Sums, products, integrals and limits: operators that bind a variable.

operator = ( \sum | \prod ) range factor           range  = _{k = expr} ^ arg
         | \int _ arg ^ arg sum dx
         | \lim _{x \to expr} factor

The bound variable is renamed after its depth, so that sums that differ in its name alone are the
same tree. Operators without bounds, and variables that occur in a subscript (a_k), are not read.
"""

from __future__ import annotations

import re

from judgekit.verifier.reader.arguments import argument
from judgekit.verifier.reader.parser import Parser
from judgekit.verifier.reader.precedence import ADD, MULTIPLY, RELATION
from judgekit.verifier.reader.tree import (
    BOUND,
    ONE,
    Binder,
    Constant,
    Expr,
    Symbol,
    children,
    rebuilt,
    symbols,
)

OPERATORS = {"\\sum": "sum", "\\prod": "prod", "\\int": "int", "\\lim": "lim"}
MOST_NESTED = 3
MOST_BEFORE = 200
"""Tokens between an integral's sign and its differential."""

_TO = ("\\to", "\\rightarrow", "\\longrightarrow")


def operator(parser: Parser, op: str) -> Expr:
    """What follows `\\sum`, `\\prod`, `\\int` or `\\lim`, the command itself already consumed."""
    if op == "int":
        return _integral(parser)
    parser.expect("_")
    parser.expect("{")
    name = _name(parser)
    parser.expect(*_TO if op == "lim" else "=")
    bounds = [parser.expression(RELATION + 1)]
    parser.expect("}")
    if op != "lim":
        parser.expect("^")
        bounds.append(argument(parser))
    return _bound(parser, op, name, bounds, parser.expression(MULTIPLY))


def _integral(parser: Parser) -> Expr:
    """The body stands between the bounds and `dx`, at which reading it has to stop."""
    parser.expect("_")
    bounds = [argument(parser)]
    parser.expect("^")
    bounds.append(argument(parser))
    end = _differential(parser)
    mark = parser.tokens[end]
    parser.tokens[end] = mark._replace(kind="op")
    body = ONE if parser.i == end else parser.expression(ADD)
    if parser.i != end:
        raise parser.fault("an integral without its differential")
    parser.advance()
    return _bound(parser, "int", mark.text[1:] or _name(parser), bounds, body)


def _differential(parser: Parser) -> int:
    """Where this integral's `dx`, or a lone `d`, stands: behind those of the integrals inside."""
    inside = 0
    for at in range(parser.i, min(len(parser.tokens), parser.i + MOST_BEFORE)):
        token = parser.tokens[at]
        if token.kind == "cmd" and token.text == "\\int":
            inside += 1
        elif token.kind == "word" and token.text[0] == "d" and len(token.text) <= 2:
            if not inside:
                return at
            inside -= 1
    raise parser.fault("an integral without its differential")


def _name(parser: Parser) -> str:
    """The variable that is bound: one letter, or a Greek one."""
    token = parser.advance()
    if token.kind == "word" and len(token.text) == 1:
        return token.text
    if token.kind == "cmd" and token.text[1:].isalpha():
        return token.text[1:]
    raise parser.fault("no variable to run over", token)


def _bound(parser: Parser, op: str, name: str, bounds: list[Expr], body: Expr) -> Binder:
    depth = 1 + _depth(body)
    if depth > MOST_NESTED:
        raise parser.fault("operators nested too deep")
    if any(re.search(rf"_.*{name}", each) for each in symbols(body)):
        raise parser.fault("a bound variable in a subscript")
    return Binder(op, f"{BOUND}{depth}", tuple(bounds), _renamed(body, name, f"{BOUND}{depth}"))


def _renamed(expr: Expr, old: str, new: str) -> Expr:
    """The body with its variable renamed; i and e are letters too where they are bound."""
    if isinstance(expr, (Symbol, Constant)):
        return Symbol(new) if expr.name == old else expr
    return rebuilt(expr, lambda inner: _renamed(inner, old, new))


def _depth(expr: Expr) -> int:
    inner = max(map(_depth, children(expr)), default=0)
    return inner + isinstance(expr, Binder)
