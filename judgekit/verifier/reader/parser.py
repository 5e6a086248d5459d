"""A Pratt parser over `tokens`: precedence in one table, one function a construct.

    answer     = statement { separator statement }        separator = , ; and or newline
    statement  = sum { relation sum }                      relation  = = < <= > >= != ~ in
    sum        = term { (+ | - | \\pm) term }
    term       = factor { (* | / | nothing) factor }       nothing   = juxtaposition
    factor     = [-] atom [^ factor] { ! | % | degree | ' }

Commands and brackets live in `latex` and `brackets`, words and units in `tails`; each is handed
the parser. Depth is bounded by `DEEPEST`, size by the tokenizer, time is linear in the tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
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
    WHOLE_EXPONENTS,
)
from judgekit.verifier.reader.tokens import Token, Unreadable
from judgekit.verifier.reader.tree import (
    MINUS_ONE,
    Call,
    Collection,
    Combined,
    Constant,
    Expr,
    Number,
    Power,
    Product,
    Quantity,
    Quotient,
    Ratio,
    Relation,
    SetBuilder,
    Sum,
    Symbol,
    Word,
    negate,
)
from judgekit.verifier.reader.units import MONEY


class Grammar(NamedTuple):
    """The constructs of the other modules, handed to the parser that runs them.

    `prefix` reads an atom, `starts` tells whether a token begins one, and `tail` reads the words
    or units after a value (None where there are none).
    """

    prefix: Callable[[Parser], Expr]
    starts: Callable[[Parser, Token], bool]
    tail: Callable[[Parser, Expr], Expr | None]


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
        mixed = self.mixed(left)
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

    def mixed(self, left: Expr) -> Expr | None:
        """A mixed number: an integer, then a proper fraction of integers, `1\\frac12`, `1 1/2`."""
        if not isinstance(left, Number) or left.places is not None or left.value.denominator != 1:
            return None
        start = self.i
        if self.token.kind == "num":
            top = self.advance().text
            if not (self.take("/") and self.token.kind == "num" and top.isdigit()):
                self.i = start
                return None
            bottom = self.advance().text
            if not bottom.isdigit():
                self.i = start
                return None
            fraction = Quotient(Number(Fraction(int(top))), Number(Fraction(int(bottom))))
        elif self.at("\\frac", "\\dfrac", "\\tfrac", "\\cfrac"):
            read = self.grammar.prefix(self)
            if not isinstance(read, Quotient):
                self.i = start
                return None
            fraction = read
        else:
            return None
        top_, bottom_ = fraction.top, fraction.bottom
        if not (isinstance(top_, Number) and isinstance(bottom_, Number)):
            self.i = start
            return None
        if not (0 < top_.value < bottom_.value and top_.places is bottom_.places is None):
            self.i = start
            return None
        part = top_.value / bottom_.value
        return Number(left.value + (part if left.value >= 0 else -part))

    def infix(self, left: Expr, token: Token, binding: int) -> Expr:
        sign = token.text
        if binding == RELATION:
            return self.relation(left)
        if binding == POSTFIX:
            return self.postfix(left)
        if binding == MOD:
            return self.modulo(left)
        self.advance()
        if binding == POWER:
            return self.power(left)
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

    def power(self, base: Expr) -> Expr:
        if self.at("\\circ", "\\degree", "\\textdegree", "\\textcirc", "{") and self.degree():
            return self.arc_minutes(Call("deg", (base,)))
        if self.at("\\prime", "'"):
            self.advance()
            return self.primed(base)
        if self.at("+", "-") and self.peek().kind in ("op", "end"):
            raise self.fault("a sign alone as exponent")  # one-sided limits, ions
        word = self.token.text if self.token.kind == "word" and not self.style.typed else ""
        if len(word) > 1 and word.lower() not in WHOLE_EXPONENTS:
            self.split()  # a^xy is a^x times y
        exponent = self.expression(POWER)
        if isinstance(exponent, Word):
            raise self.fault("words as exponent")
        if self.style.typed and base == Constant("e") and self.token.kind == "word":
            exponent = product(exponent, self.expression(POWER))
        if isinstance(base, Product) and len(base.factors) == 2 and base.factors[0] == MINUS_ONE:
            return negate(Power(base.factors[1], exponent))
        return Power(base, exponent)

    def degree(self) -> bool:
        """Step over `\\circ` or `{\\circ}`."""
        if self.take("\\circ", "\\degree", "\\textdegree", "\\textcirc"):
            return True
        if self.at("{") and self.peek().text == "\\circ" and self.peek(2).text == "}":
            self.i += 3
            return True
        return False

    def arc_minutes(self, degrees: Call) -> Expr:
        """degrees [minutes '] [seconds '']: 60°42'."""
        total: list[Expr] = list(degrees.args)
        for mark, size in (("'", 60), ("''", 3600)):
            if self.token.kind != "num":
                break
            after = self.peek()
            if after.text not in ("'", '"', "^"):
                break
            minutes = numeral(self.advance().text)
            if self.take("^"):
                braced = self.take("{")
                self.expect("\\prime", "'")
                if mark == "''":
                    self.take("\\prime", "'")
                if braced:
                    self.expect("}")
            else:
                self.expect("'", '"')
                if mark == "''":
                    self.take("'")
            total.append(Number(minutes.value / size))
        return degrees if len(total) == 1 else Call("deg", (Sum(tuple(total)),))

    def primed(self, base: Expr) -> Expr:
        if isinstance(base, Symbol):
            return Symbol(base.name + "'")
        raise self.fault("a prime after something that is no name")

    def postfix(self, left: Expr) -> Expr:
        sign = self.advance().text
        if sign == "!":
            if self.at("!"):
                raise self.fault("a double factorial")
            return Call("factorial", (left,))
        if sign in ("%", "\\%"):
            return Call("percent", (left,))
        if sign == "\\permille":
            return Quotient(left, Number(Fraction(1000)))
        if sign in MONEY:
            return Quantity(left, ((MONEY[sign], 1),))
        if sign in ("\\degree", "\\textdegree"):
            return self.arc_minutes(Call("deg", (left,)))
        if isinstance(left, Number) and self.token.kind == "num" and self.peek().text in ("'", '"'):
            return self.feet(left)
        return self.primed(left)

    def feet(self, left: Number) -> Expr:
        """5'6'': feet and inches, from behind the first mark."""
        inches = numeral(self.advance().text)
        if self.take("'"):
            self.expect("'")
        else:
            self.expect('"')
        return Quantity(Number(left.value + inches.value / 12), (("ft", 1),))


def product(left: Expr, right: Expr) -> Expr:
    """Left times right, flat."""
    if isinstance(right, Quantity):
        return Quantity(product(left, right.value), right.unit)
    factors = (*left.factors,) if isinstance(left, Product) else (left,)
    return Product((*factors, right))


def is_set(expr: Expr) -> bool:
    """Whether a minus sign before this can only take members away: {1}, (0, 1], \\mathbb{Q}."""
    if isinstance(expr, Collection):
        return expr.brackets in ("{}", "(]", "[)") or Constant("inf") in expr.items
    return isinstance(expr, (Combined, SetBuilder)) or (
        isinstance(expr, Word) and expr.text.startswith("set:")
    )


def combined(op: str, left: Expr, right: Expr) -> Expr:
    parts = left.parts if isinstance(left, Combined) and left.op == op else (left,)
    return Combined(op, (*parts, right))


def numeral(text: str) -> Number:
    """A numeral as the tokenizer found it: 12, 1{,}000, 0.50, .5, 1.5e-3.

    Raises `Unreadable` on more than 4000 digits or an exponent beyond a million.
    """
    if text.isdigit():
        if len(text) > 4000:
            raise Unreadable("a numeral of more than 4000 digits")
        return Number(Fraction(int(text)))
    mantissa, _, exponent = text.lower().partition("e")
    whole, point, part = mantissa.partition(".")
    whole = "".join(c for c in whole if c.isdigit())
    if len(whole) + len(part) > 4000 or abs(int(exponent or 0)) > 10_000:
        raise Unreadable("a numeral of more than 4000 digits")
    value = Fraction(int((whole + part) or "0"))
    places = len(part) - int(exponent or 0)
    value = value / 10**places if places > 0 else value * 10**-places
    return Number(value, places if point or exponent else None)
