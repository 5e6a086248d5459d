"""Statements in a row: lists, joined statements, labels and list marks before them.

items = [label ":"] statement { ("," | ";" | "and" | "or") [label ":"] statement }
"""

from __future__ import annotations

from judgekit.verifier.reader import words
from judgekit.verifier.reader.parser import Parser
from judgekit.verifier.reader.tokens import Token
from judgekit.verifier.reader.tree import (
    VALUES,
    Call,
    Collection,
    Combined,
    Expr,
    Relation,
    Symbol,
    Word,
    symbols,
)


def joint(parser: Parser, token: Token) -> str:
    """`and` or `or` where the token joins two statements, else empty."""
    if token.kind not in ("word", "text", "cmd"):
        return ""
    text = token.text.strip(" ,;~\\").lower()
    if text in ("and", "or"):
        return text
    if text in ("land", "wedge"):
        return "and"
    if text in ("lor", "vee"):
        return "or"
    if token.kind == "word" and not token.spaced and parser.tokens[parser.i - 1].kind == "num":
        for word in ("and", "or"):  # glued to the number before: 1or2
            if token.text.startswith(word):
                rest = Token("word", token.text[len(word) :], token.at + len(word), False)
                parser.tokens[parser.i : parser.i + 1] = [
                    Token("word", word, token.at, True),
                    rest,
                ]
                return word
    return ""


def items(parser: Parser, closers: tuple[str, ...], *, lines: bool = False) -> Expr:
    """Statements up to a closer (not consumed): one, or a bare collection, or joined statements."""
    found: list[Expr] = []
    joints: set[str] = set()
    before: list[str] = []  # what joins each statement to the one before it: and, or, "" (a comma)
    joined = ""
    while True:
        while parser.take(",", ";") or (lines and parser.take("\\\\", "&")):
            pass
        if parser.at(*closers) or parser.token.kind == "end":
            break
        if found and (word := joint(parser, parser.token)):
            joints.add(word)
            joined = word
            parser.advance()
            continue
        before.append(joined)
        joined = ""
        label = _label(parser)
        statement = parser.expression()
        found.append(_labelled(label, statement) if label else statement)
        if parser.at(".") and parser.peek().text in closers:
            parser.advance()  # the full stop of a sentence that strayed into the bracket
        token = parser.token
        if not (
            _mark(parser)
            or parser.at(",", ";", *closers)
            or token.kind == "end"
            or (lines and parser.at("\\\\", "&"))
            or joint(parser, token)
        ):
            raise parser.fault(f"cannot go on with {token.text!r} here")
    said = [item for item in found if not _is_range(item)]
    if said and len(said) < len(found):
        parser.ranges += [item for item in found if isinstance(item, Relation) and item not in said]
        found = said
    if len(found) > 1:
        found = _grouped(_of_one_name(found))
    if len(found) == 1:
        return found[0]
    if all(isinstance(item, Relation) and set(item.ops) <= {"=", "~"} for item in found):
        return Collection("  ", tuple(found))
    statements = [isinstance(item, (Relation, Combined)) for item in found]
    if "or" in joints and any(statements):
        if "and" not in joints:
            return Combined("or", tuple(found))
        if "" in before[1:] or len(before) != len(found):
            raise parser.fault("and, or and a comma in one row")
        return _by_precedence(found, before)
    if joints == {"and"} and all(statements):
        return Combined("and", tuple(found))
    return Collection("  ", tuple(found))


def _by_precedence(found: list[Expr], before: list[str]) -> Combined:
    """`x < 0 or x >= 1 and x <= 3`, where "and" binds tighter."""
    groups: list[list[Expr]] = []
    for item, word in zip(found, before, strict=True):
        if word == "and":
            groups[-1].append(item)
        else:
            groups.append([item])
    parts = [group[0] if len(group) == 1 else Combined("and", tuple(group)) for group in groups]
    return Combined("or", tuple(parts))


def _of_one_name(found: list[Expr]) -> list[Expr]:
    """`x = 1, 2` as the list of values of x, `x \\ne 1, 2` as two statements.

    A modulus at the end is that of the whole list.
    """
    first, *rest = found
    if not all(isinstance(item, VALUES) for item in rest):
        return found
    *before, last = found
    if isinstance(last, Call) and last.name == "mod":
        found = [*(_modulo(item, last.args[1]) for item in before), last]
        first, *rest = found
    if not isinstance(first, Relation) or first.ops not in (("=",), ("!=",)):
        return found
    name, value = first.members
    single = isinstance(name, (Symbol, Word)) and isinstance(value, VALUES)
    if not single or any(map(symbols, rest)):
        return found
    if first.ops == ("!=",):
        return [Relation(("!=",), (name, each)) for each in (value, *rest)]
    return [Relation(("=",), (name, Collection("  ", (value, *rest))))]


def _modulo(item: Expr, modulus: Expr) -> Expr:
    if isinstance(item, Relation) and item.ops == ("=",):
        name, value = item.members
        return Relation(("=",), (name, _modulo(value, modulus)))
    plain = isinstance(item, VALUES) and not (isinstance(item, Call) and item.name == "mod")
    return Call("mod", (item, modulus)) if plain else item


def _grouped(found: list[Expr]) -> list[Expr]:
    """`x = 1, y = 2; x = 3, y = 4` as `(x, y) = (1, 2)` and `(x, y) = (3, 4)`."""
    names = [_assigned(item) for item in found]
    size = names.index(names[0], 1) if names[0] in names[1:] else 0
    if size < 2 or None in names or names != names[:size] * (len(names) // size):
        return found
    pairs = [item.members for item in found if isinstance(item, Relation)]
    groups = [pairs[i : i + size] for i in range(0, len(pairs), size)]
    return [
        Relation(("=",), tuple(Collection("()", side) for side in zip(*group, strict=True)))
        for group in groups
    ]


def _assigned(item: Expr) -> str | None:
    """The variable of `x = 1`."""
    if not isinstance(item, Relation) or item.ops != ("=",):
        return None
    name, _ = item.members
    return name.name if isinstance(name, Symbol) else None


def _is_range(item: Expr) -> bool:
    """`k \\in \\mathbb{Z}`: where a parameter of the other statements runs."""
    if not isinstance(item, Relation) or item.ops != ("in",):
        return False
    return item.members[1] in (Word("set:Z"), Word("set:N"))


def _label(parser: Parser) -> str:
    """Words and a colon before a statement, `Minimum: 1`, or a mark before it, `(a) 5`."""
    if mark := _mark(parser):
        parser.i += 2 + parser.at("(")
        return mark
    if parser.token.kind not in ("word", "text"):
        return ""
    start = parser.i
    found: list[str] = []
    colon = False
    while len(found) < 9 and (parser.token.kind in ("word", "text") or parser.at("\\triangle")):
        token = parser.advance()
        read = words.words_of(token.text)
        colon = token.text.rstrip().endswith(":")
        if read and read[-1] in ("is", "are", "equals"):
            found += read[:-1]
            return _if_plain(parser, start, found)
        found += read or [token.text.strip("\\ ")]
    if parser.take(":") or colon:
        return _if_plain(parser, start, found)
    if parser.at("=") and max(map(len, found), default=0) > 3:
        parser.advance()
        return _if_plain(parser, start, found)
    parser.i = start
    return ""


def _labelled(label: str, statement: Expr) -> Relation:
    """The statement under a label, as an equation that names it."""
    if isinstance(statement, Relation) and set(statement.ops) <= {"=", "~"}:
        return Relation(("=", *statement.ops), (Word(label), *statement.members))
    return Relation(("=",), (Word(label), statement))


def _if_plain(parser: Parser, start: int, found: list[str]) -> str:
    """The label, unless a word of it may change the meaning of what follows."""
    label = " ".join(found).rstrip(": ")
    if len(label) > 1 and words.TURNING.isdisjoint(label.split()):
        return label
    parser.i = start
    return ""


def _mark(parser: Parser) -> str:
    """The letter of a list mark that stands here, `(a)` or `b)`, before a number."""
    first = int(parser.at("("))
    mark, after, value = (parser.peek(first + offset) for offset in range(3))
    if mark.kind != "word" or mark.text not in "abcdefghABCDE" or after.text != ")":
        return ""
    return mark.text if value.kind == "num" or value.text in ("$", "\\$", "-") else ""
