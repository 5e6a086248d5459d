"""LaTeX, ASCII or Unicode mathematics -> the tree of `tree.py`.

`read` takes the text of one answer in its most usual sense; `readings` also yields the other senses
that the spelling allows (1,234 as a list; 10 m as a quantity). Nothing is ever evaluated. Time is
linear in the length of the text, and text that is too long, too deep or not mathematics raises
`Unreadable` and nothing else. The grammar stands in `parser`, `brackets`, `latex` and `tails`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from judgekit.verifier.reader import special
from judgekit.verifier.reader.items import items
from judgekit.verifier.reader.latex import prefix, starts
from judgekit.verifier.reader.parser import Grammar, Parser, Style
from judgekit.verifier.reader.special import said_first
from judgekit.verifier.reader.suffixes import mixed_number, postfix, power
from judgekit.verifier.reader.tails import tail
from judgekit.verifier.reader.tidy import tidy
from judgekit.verifier.reader.tokens import LONGEST, Token, Unreadable, tokenize
from judgekit.verifier.reader.tree import (
    VALUES,
    Approx,
    Expr,
    Quantity,
    SetBuilder,
    Truth,
    children,
)

__all__ = ["Unreadable", "is_known_word", "is_truth", "read", "readings", "said_first"]

_GRAMMAR = Grammar(prefix, starts, tail, mixed_number, postfix, power)
_LEADS = ("=", "\\Rightarrow", "\\implies", "\\therefore", "\\Longrightarrow", ":", "=>")
_GROUPED = re.compile(r"\d,\d{3}(?!\d)")
_COMMA = re.compile(
    r"[^\d,()\[\]{}]*(?:0|\d+(?=,(?!\d{3}(?!\d)))),\d+(?:\s?(?:\\cdot|\\times|[*×·])\s?10\^\{?-?\d{1,3}\}?)?"
    r"[^\d,()\[\]{}]*"
)
_INNER_COMMA = re.compile(r"\d,\d")
_NAMED = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{3,12}\^")
_SLASHED = re.compile(r"/\s*(?:\d+(?:\.\d+)?|[A-Za-z])\s*(?:[A-Za-z(\\]|\d)")
_TYPED = re.compile(r"e\^-?\d{1,9}[A-Za-z]|\^-?[A-Za-z]{2}")
_LETTER = re.compile(
    r"[\d}]\s{0,3}(?:\\[, ;])?\s{0,3}\\[dt]?frac\s?\{\s?[A-Za-z]|"
    r"[^A-Za-z\\\s~][ ~]+[A-Za-z]{1,5}(?![A-Za-z(])|\A-?[\d.,]{1,20}[A-Za-z][²³]?\Z"
)


def read(text: str) -> Expr:
    """The tree of an answer's text, in its most usual sense.

    Raises `Unreadable`, with the position at which reading stopped.
    """
    if len(text) > LONGEST:
        raise Unreadable(f"longer than {LONGEST} characters")
    return _read(tidy(text), Style())


def readings(text: str) -> Iterator[Expr]:
    """The tree of the text in every sense that its spelling allows, the most usual one first.

    Yields nothing where no sense can be read.
    """
    if len(text) > LONGEST:
        return
    text = tidy(text)
    for style in _styles(text):
        try:
            tree = _read(text, style)
        except Unreadable:
            continue
        if not style.units or not _within_value(tree):
            yield tree


def _within_value(tree: Expr) -> bool:
    """Whether a quantity is only part of a value: 3 m in 3 m/2 - 1 is no length."""
    inner = children(tree)
    if isinstance(tree, VALUES) and not isinstance(tree, (Quantity, Approx)):
        return any(isinstance(each, Quantity) or _within_value(each) for each in inner)
    return any(map(_within_value, inner))


def is_known_word(text: str) -> bool:
    """Whether the text is an answer of a closed list: yes, Monday, infinitely many, 5 May."""
    return len(text) <= 200 and special.read(tidy(text)) is not None


def is_truth(text: str) -> bool:
    """Whether the text is yes or no, true or false, and nothing else."""
    return isinstance(special.read(tidy(text)), Truth)


def _styles(text: str) -> Iterator[Style]:
    yield Style()
    if "," in text:
        if _GROUPED.search(text):
            yield Style(grouped=False)
        if _COMMA.fullmatch(text) or (";" in text and _INNER_COMMA.search(text)):
            yield Style(comma=True, grouped=False)
    if "/" in text and _SLASHED.search(text):
        yield Style(tight=True)
    if "^" in text and _TYPED.search(text):
        yield Style(typed=True)
    if "^" in text and _NAMED.search(text):
        yield Style(named=True)
    if _LETTER.search(text):
        yield Style(units=True)
    if "\\begin{matrix}" in text:
        yield Style(broken=True)


def _read(text: str, style: Style) -> Expr:
    found = special.read(text)
    if found is not None:
        return found
    tokens = tokenize(text, grouped=style.grouped)
    parser = Parser(_whole(tokens) if style.broken else tokens, text, style, _GRAMMAR)
    while parser.take(*_LEADS):
        pass
    if parser.token.kind == "end":
        raise Unreadable("nothing to read", text)
    tree = items(parser, (), lines=True)
    if parser.token.kind != "end":
        raise parser.fault(f"cannot go on with {parser.token.text!r} here")
    return SetBuilder(tree, parser.ranges[0]) if parser.ranges else tree


def _whole(tokens: list[Token]) -> list[Token]:
    """The tokens of a formula that was broken over the lines of a `matrix` environment."""
    kept: list[Token] = []
    skip = 0
    for token in tokens:
        if token.kind == "end":
            kept.append(token)
        elif skip:
            skip -= 1
        elif token.text in ("\\begin", "\\end"):
            skip = 3
        elif token.text == "}" and kept and kept[-1].text == "{":
            kept.pop()
        elif token.text != "\\\\":
            kept.append(token)
    return kept
