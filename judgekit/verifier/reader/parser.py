"""A Pratt parser over `tokens`: precedence in one table, one function a construct.

    answer     = statement { separator statement }        separator = , ; and or newline
    statement  = sum { relation sum }                      relation  = = < <= > >= != ~ in
    sum        = term { (+ | - | \\pm) term }
    term       = factor { (* | / | nothing) factor }       nothing   = juxtaposition
    factor     = [-] atom [^ factor] { ! | % | degree | ' }

Commands and brackets live in `latex` and `brackets`, words and units in `tails`, what binds tightly
to a value in `suffixes`; each is handed the parser. Depth is bounded by `DEEPEST`, size by the
tokenizer, time is linear in the tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from judgekit.verifier.reader.precedence import (
    ADD,
    BINDING,
    CHOOSE,
    DEEPEST,
    DOMAINS,
    IMPLICIT,
    MOD,
    MODULO,
    MULTIPLY,
    POSTFIX,
    POWER,
    RATIO,
    RELATION,
    RELATIONS,
    SET,
    SET_OPS,
    TIMES,
)
from judgekit.verifier.reader.terms import combined, is_set, product
from judgekit.verifier.reader.tokens import Token, Unreadable
from judgekit.verifier.reader.tree import (
    Call,
    Collection,
    Combined,
    Expr,
    Power,
    Product,
    Quantity,
    Quotient,
    Ratio,
    Relation,
    Sum,
    Symbol,
    Word,
    negate,
)


class Grammar(NamedTuple):
    """The constructs of the other modules, handed to the parser that runs them.

    `prefix` reads an atom, `starts` tells whether a token begins one, `tail` reads the words or
    units after a value and `mixed` the fraction of a mixed number (None where there are none),
    `postfix` the sign behind a value, `power` its exponent.
    """

    prefix: Callable[[Parser], Expr]
    starts: Callable[[Parser, Token], bool]
    tail: Callable[[Parser, Expr], Expr | None]
    mixed: Callable[[Parser, Expr], Expr | None]
    postfix: Callable[[Parser, Expr], Expr]
    power: Callable[[Parser, Expr], Expr]


@dataclass(frozen=True, slots=True)
class Style:
    """How an ambiguous spelling is taken; `reader.readings` tries several.

    `grouped`: 1,234 is one number. `comma`: 3,14 is a decimal. `tight`: 1/2x is 1/(2x).
    `units`: a lone letter after a number may be a unit (10 m). `broken`: the lines of a matrix are
    one formula. `typed`: e^2t is e^{2t}, as it is typed where there are no braces.
    `named`: a run of three or more letters is one name (plx^2).
    """

    grouped: bool = True
    comma: bool = False
    tight: bool = False
    units: bool = False
    broken: bool = False
    typed: bool = False
    named: bool = False


class Parser:
    """Tokens, the place reached in them, and the depth of the construct being read."""

    def __init__(self, tokens: list[Token], text: str, style: Style, grammar: Grammar) -> None:
        self.grammar = grammar
        self.tokens = tokens
        self.text = text
        self.style = style
        self.i = 0
        self.depth = 0
        self.bars = 0
        self.ranges: list[Relation] = []
        """Statements that say in which integers a letter runs (`k \\in \\mathbb{Z}`)."""

    @property
    def token(self) -> Token:
        return self.tokens[self.i]

    def peek(self, offset: int = 1) -> Token:
        return self.tokens[min(self.i + offset, len(self.tokens) - 1)]

    def advance(self) -> Token:
        token = self.tokens[self.i]
        if token.kind != "end":
            self.i += 1
        return token

    def at(self, *texts: str) -> bool:
        token = self.tokens[self.i]
        return token.text in texts and token.kind in ("op", "cmd")

    def split(self) -> None:
        """Cut the first character off the token here."""
        token = self.token
        first = token._replace(text=token.text[0])
        rest = Token(token.kind, token.text[1:], token.at + 1, False)
        self.tokens[self.i : self.i + 1] = [first, rest]

    def take(self, *texts: str) -> bool:
        """Step over the token if it is one of these."""
        if self.at(*texts):
            self.i += 1
            return True
        return False

    def expect(self, *texts: str) -> None:
        if not self.take(*texts):
            raise self.fault(f"expected {' or '.join(texts)}")

    def fault(self, problem: str, token: Token | None = None) -> Unreadable:
        """The error to raise, at a token or at the one that is next."""
        return Unreadable(problem, self.text, (token or self.token).at)

    def expression(self, least: int = RELATION) -> Expr:
        """An expression of operators that bind at least this tightly."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.fault(f"nested more than {DEEPEST} deep")
        left = self.grammar.prefix(self)
        while True:
            token = self.tokens[self.i]
            binding = BINDING.get(token.text, 0) if token.kind in ("op", "cmd") else 0
            if not binding and self.at_modulus():
                binding = MOD
            if not binding:
                if not self.grammar.starts(self, token):
                    break
                binding = IMPLICIT if self.style.tight else MULTIPLY
                if binding < least or (self.style.tight and least == IMPLICIT):
                    break
                left = self.implicit_product(left)
                continue
            if binding < least:
                break
            left = self.infix(left, token, binding)
        self.depth -= 1
        return left

    def implicit_product(self, left: Expr) -> Expr:
        token = self.token
        finished = self.grammar.tail(self, left)
        if finished is not None:
            return finished
        mixed = self.grammar.mixed(self, left)
        if mixed is not None:
            return mixed
        if self.by_x(token):
            self.advance()
            return product(left, self.expression(MULTIPLY + 1))
        if token.kind == "num" and not self.may_precede_numeral(left):
            raise self.fault("two numbers without a sign between them")
        right = self.expression(MULTIPLY + 1)
        if isinstance(right, Relation):
            if right.ops == ("in",):
                self.ranges.append(right)  # k\\pi (k \\in Z)
                return left
            raise self.fault("a statement as a factor")
        return product(left, right)

    def may_precede_numeral(self, left: Expr) -> bool:
        """Whether a numeral after this is a factor: after a letter or bracket, or 2^{a}3^{b}."""
        if isinstance(left, (Symbol, Call, Collection)):
            return True
        last = left.factors[-1] if isinstance(left, Product) else left
        powers = isinstance(last, Power) or last == Symbol("...")
        return powers and self.peek().text == "^"

    def by_x(self, token: Token) -> bool:
        """Whether the letter x here is a multiplication sign between numerals: 2.8 x 10^5."""
        if token.kind != "word" or token.text not in ("x", "X") or self.peek().kind != "num":
            return False
        return self.tokens[self.i - 1].kind == "num"

    def infix(self, left: Expr, token: Token, binding: int) -> Expr:
        sign = token.text
        if binding == RELATION:
            return self.relation(left)
        if binding == POSTFIX:
            return self.grammar.postfix(self, left)
        if binding == MOD:
            return self.modulo(left)
        self.advance()
        if binding == POWER:
            return self.grammar.power(self, left)
        if binding == CHOOSE:
            right = self.expression(CHOOSE + 1)
            return Call("binom", (left, right)) if sign == "\\choose" else Quotient(left, right)
        if binding == SET:
            if sign in SET_OPS:
                return combined(SET_OPS[sign], left, self.expression(SET + 1))
            return Combined("minus", (left, self.expression(SET + 1)))
        if binding == RATIO:
            right = self.expression(RATIO + 1)
            return Ratio((*left.parts, right) if isinstance(left, Ratio) else (left, right))
        if binding == ADD:
            return self.add(left, sign)
        if sign in TIMES:
            return product(left, self.expression(MULTIPLY + 1))
        return Quotient(left, self.expression(IMPLICIT if self.style.tight else MULTIPLY + 1))

    def at_modulus(self) -> bool:
        """Whether `mod 7` or `(mod 7)` stands here."""
        word = self.peek() if self.at("(") else self.token
        return word.kind != "end" and word.text.strip() in MODULO

    def modulo(self, left: Expr) -> Expr:
        bracketed = self.take("(")
        self.advance()
        modulus = self.expression(ADD)
        if bracketed:
            self.expect(")")
        return Call("mod", (left, modulus))

    def add(self, left: Expr, sign: str) -> Expr:
        right = self.expression(ADD + 1)
        if sign == "-" and (is_set(left) or isinstance(left, Collection)) and is_set(right):
            return Combined("minus", (left, right))
        if isinstance(right, Quantity) and not isinstance(left, Quantity):
            return Quantity(self.signed(left, sign, right.value), right.unit)
        return self.signed(left, sign, right)

    def signed(self, left: Expr, sign: str, right: Expr) -> Expr:
        if sign == "-":
            right = negate(right)
        elif sign == "\\pm":
            right = Call("pm", (right,))
        elif sign == "\\mp":
            right = Call("pm", (negate(right),))
        return Sum((*left.terms, right) if isinstance(left, Sum) else (left, right))

    def relation(self, left: Expr) -> Expr:
        ops: list[str] = []
        members = [left]
        while self.token.kind in ("op", "cmd") and self.token.text in RELATIONS:
            op = RELATIONS[self.advance().text]
            domain = self.token.text if op in ("in", "notin") else ""
            if domain in DOMAINS and self.peek().text not in ("(", "^", "_"):
                self.advance()
                ops.append(op)
                members.append(Word(f"set:{domain}"))
                continue
            if op in ("<", ">") and self.take("="):
                op += "="
            ops.append(op)
            if self.token.kind == "end" and op in "=~":
                raise self.fault("nothing after the sign")
            members.append(self.expression(RELATION + 1))
        return Relation(tuple(ops), tuple(members))
