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
from judgekit.verifier.reader.brackets import items
from judgekit.verifier.reader.latex import prefix, starts
from judgekit.verifier.reader.parser import Grammar, Parser, Style
from judgekit.verifier.reader.special import said_first
from judgekit.verifier.reader.tails import tail
from judgekit.verifier.reader.tokens import LONGEST, Token, Unreadable, tokenize
from judgekit.verifier.reader.tree import Expr, SetBuilder, Truth

__all__ = ["Unreadable", "is_known_word", "is_truth", "read", "readings", "said_first"]

_GRAMMAR = Grammar(prefix, starts, tail)
_LEADS = ("=", "\\Rightarrow", "\\implies", "\\therefore", "\\Longrightarrow", ":", "=>")
_END = ".,;:^ \n\t"
_GROUPED = re.compile(r"\d,\d{3}(?!\d)")
_COMMA = re.compile(r"[^\d,()\[\]{}]*\d+,(?!\d{3}(?!\d))\d+[^\d,()\[\]{}]*")
_INNER_COMMA = re.compile(r"\d,\d")
_INTEGER = re.compile(
    r",?\s{0,3}(?:\\q?quad\s{0,3})?\(?(?:\\text\s?\{\s{0,3})?(?:where|with|and|for)?\s{0,3}"
    r"(?:(?:all|any|every|some|an|arbitrary)\s{1,3}){0,2}"
    r"(?:integers?\s{1,3}\}?\s{0,3}\$?([kmnl])\$?"
    r"|\}?\s{0,3}\$?([kmnl])\$?\s{0,3}(?:\\text\s?\{\s{0,3})?"
    r"(?:is|are|an|any|is an|is any)\s{1,3}integers?)"
    r"\}?\)?\.?\Z"
)
"""Words after a formula that say which letter is an integer."""
_NAMED = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{3,12}\^")
_ALL = re.compile(
    r"\A(?:\\text\s?\{\s{0,3})?(?:for\s)?(?:all|any|every)(?:\sreal)?(?:\svalues\sof)?\s{0,3}\}?\s{0,3}\$?"
    r"(?=[A-Za-z]\s{0,3}(?:[<>=]|\\(?:[gln]eq?|in)(?![a-z])))",
    re.IGNORECASE,
)
"""Words before a condition: all x > 2."""
_FOR_ALL = re.compile(
    r",?\s{0,3}(?:\\q?quad\s{0,3})?\(?(?:\\text\s?\{\s{0,3})?(?:\\forall\s{0,3}|for\s(?:all|any|every)\s{0,3})"
    r"(?:real\s)?(?:numbers?\s|integers?\s)?\}?\s{0,3}\$?[A-Za-z](?:\s{0,3}\\in\s{0,3}[^\s,;]{1,30})?\$?\}?\)?\Z"
)
"""Words after an identity: f(x) = x for all x."""
_REMARK = re.compile(
    r"(?:\\text\s?\{\s{0,3})?\(\s{0,3}(?:approximately|approx\.?|about|\\approx|≈)\s{0,3}\}?\s{0,3}\$?"
    r"(-?\d[\d.,]{0,40})\$?\s{0,3}(?:\\text\s?\{\s{0,3})?\)\}?\Z"
)
"""The remark after a value that says what it is about: 2\\pi (approximately 6.28)."""
_GOING_ON = re.compile(r"\d\.\d{1,40}\s?\.\.\.\Z")
_SLASHED = re.compile(r"/\s*(?:\d+(?:\.\d+)?|[A-Za-z])\s*(?:[A-Za-z(\\]|\d)")
_TYPED = re.compile(r"e\^-?\d{1,9}[A-Za-z]|\^-?[A-Za-z]{2}")
_LETTER = re.compile(r"[^A-Za-z\\\s~][ ~]+[A-Za-z]{1,5}(?![A-Za-z(])|\A-?[\d.,]{1,20}[A-Za-z]\Z")


def read(text: str) -> Expr:
    """The tree of an answer's text, in its most usual sense.

    Raises `Unreadable`, with the position at which reading stopped.
    """
    if len(text) > LONGEST:
        raise Unreadable(f"longer than {LONGEST} characters")
    return _read(clean(text), Style())


def readings(text: str) -> Iterator[Expr]:
    """The tree of the text in every sense that its spelling allows, the most usual one first.

    Yields nothing where no sense can be read.
    """
    if len(text) > LONGEST:
        return
    text = clean(text)
    for style in _styles(text):
        try:
            yield _read(text, style)
        except Unreadable:
            continue


def is_known_word(text: str) -> bool:
    """Whether the text is an answer of a closed list: yes, Monday, infinitely many, 5 May."""
    return len(text) <= 200 and special.read(clean(text)) is not None


def is_truth(text: str) -> bool:
    """Whether the text is yes or no, true or false, and nothing else."""
    return isinstance(special.read(clean(text)), Truth)


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


def clean(text: str) -> str:
    """The text without the punctuation and mark-up around it."""
    text = text.strip()
    going_on = text.endswith("...") and _GOING_ON.search(text[-60:])
    while text and text[-1] in _END and not going_on:
        spaced = len(text) > 1 and text[-2] == "\\"  # a thin space, \, or \;
        text = text[: -2 if spaced else -1].rstrip()
    if text.endswith("\\") and not text.endswith("\\\\"):
        text = text[:-1].rstrip()  # a control space that lost its space
    if text.startswith("~"):
        text = "\\approx " + text[1:]
    if text.startswith("\\\\boxed{"):
        text = text[1:]
    if text.startswith("\\boxed{") and text.count("{") > text.count("}"):
        text = text[len("\\boxed{") :]
    if "all" in text or "any" in text:
        text = _FOR_ALL.sub("", _ALL.sub("", text))
    if "integer" in text:
        text = _INTEGER.sub(lambda m: rf", {m[1] or m[2]} \in \mathbb{{Z}}", text)
    if text.endswith("}") and text.count("}") == text.count("{") + 1:
        text = text[:-1].rstrip()  # one brace too many, as a box leaves it behind
    if "approx" in text or "about" in text or "≈" in text:
        text = _REMARK.sub(r" \\approx \1", text)
    if text.startswith("**") and text.endswith("**") and len(text) > 4:
        text = text[2:-2].strip()
    return text
