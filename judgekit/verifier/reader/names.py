"""Names: variables, functions, constants and words.

    name     = letter [ "_" subscript ] { "'" }
    function = name [ "^" power ] [ "_" base ] ( "(" items ")" | factors )

A run of letters is a product of one-letter variables if it is short (abc), and refused if it reads
like a word. The argument of a function without brackets ends at the next sum sign, division or
function: `\\sin b \\cos a` has two factors.
"""

from __future__ import annotations

import re

from judgekit.verifier.reader import functions, words
from judgekit.verifier.reader.arguments import argument, arguments
from judgekit.verifier.reader.brackets import bracketed
from judgekit.verifier.reader.parser import Parser
from judgekit.verifier.reader.precedence import ADD, BINDING, POWER
from judgekit.verifier.reader.terms import numeral, product
from judgekit.verifier.reader.tree import (
    Approx,
    Call,
    Collection,
    Constant,
    Expr,
    Number,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
    Truth,
    Word,
)
from judgekit.verifier.reader.words import listed

GREEK = frozenset(
    listed(r"""
        \alpha \beta \gamma \delta \epsilon \varepsilon \zeta \eta \theta \vartheta \iota \kappa
        \lambda \mu \nu \xi \rho \varrho \sigma \tau \upsilon \phi \varphi \chi \psi \omega \Gamma
        \Delta \Theta \Lambda \Xi \Pi \Sigma \Upsilon \Phi \Psi \Omega \hbar \ell \nabla \partial
        \imath \jmath \mho \Box \star \dagger \complement \Re \Im \aleph \Pr \deg \dim \sup \inf
        \top
    """)
)
_SELECTIONS = frozenset("CAP")
_FUNCTION_LETTERS = frozenset("fgh")
FUNCTIONS = {f"\\{name}": kind for name, kind in functions.UNARY.items()}
_TERM = re.compile(r"[+-]\w+")
_SUM = re.compile(r"[+-]?\w+(?:[+-]\w+)+")
_UNKNOWN_WORDS = frozenset(
    listed("""
        the and are for not but all any has was its let can may
    """)
)


def a_word(parser: Parser, text: str) -> Expr:
    """A function, a constant, a number word, or a product of variables."""
    if len(text) == 1:
        parser.advance()
        return _name(parser, text)
    if text in functions.UNARY:
        return function(parser, functions.UNARY[text])
    if text in functions.BRACKETED and parser.peek().text in ("(", "[", "{"):
        if text == "sqrt":
            parser.advance()
            return Call("sqrt", (argument(parser),))
        return call(parser, functions.BRACKETED[text])
    if text == "sqrt" and (parser.peek().kind == "num" or len(parser.peek().text) == 1):
        parser.advance()
        return Call("sqrt", (argument(parser),))
    lower = text.lower()
    if lower == "pi":
        parser.advance()
        return Constant("pi")
    if lower in words.INFINITE:
        parser.advance()
        return Constant("inf")
    if text in ("max", "min"):
        parser.advance()
        return subscripted(parser, text)
    circa = lower == "ca" and (parser.peek().text == "." or parser.peek().kind == "num")
    if circa or lower in ("about", "approximately", "approx", "roughly", "around", "circa"):
        parser.advance()
        parser.take(".")
        return Approx(parser.expression(ADD))
    if lower in words.NUMBER_WORDS:
        return _number_words(parser)
    if lower in words.TRUTHS:
        parser.advance()
        return Truth(words.TRUTHS[lower])
    for head in ("sin", "cos", "tan", "ln", "log"):
        if text.startswith(head) and len(text) == len(head) + 1:
            parser.advance()
            return Call(functions.UNARY[head], (_name(parser, text[-1]),))
    if lower in words.NAMED and len(lower) > 3:
        parser.advance()
        return Word(words.NAMED[lower])
    if len(text) > 3 and not (text.isupper() and len(text) < 7):
        if _known_letters(text):
            parser.advance()
            return Symbol(lower)
        raise parser.fault(f"a word, {text[:20]!r}")
    raised = parser.peek().text in ("^", "_") and len(text) == 2  # at^2
    if (lower in words.STOP or lower in _UNKNOWN_WORDS) and not raised:
        raise parser.fault(f"a word, {text!r}")
    parser.advance()
    if parser.style.named and len(text) > 2:
        return subscripted(parser, text)
    factors: list[Expr] = [_letter(letter) for letter in text[:-1]]
    last = _name(parser, text[-1])
    while parser.token.kind in ("op", "cmd") and BINDING.get(parser.token.text, 0) >= POWER:
        last = parser.infix(last, parser.token, BINDING[parser.token.text])  # of the last alone
    return Product((*factors, last))


def _known_letters(text: str) -> bool:
    """Names of Greek letters written out."""
    return f"\\{text}" in GREEK


def _number_words(parser: Parser) -> Expr:
    found: list[str] = []
    while parser.token.kind in ("word", "op") and (
        parser.token.text.lower() in words.NUMBER_WORDS
        or (found and parser.at("-") and parser.peek().text.lower() in words.NUMBER_WORDS)
    ):
        found.append(parser.advance().text)
    value = words.number_word(" ".join(found))
    if value is None:
        raise parser.fault("words that spell no number")
    return Number(value)


def _letter(letter: str) -> Expr:
    return Constant(letter) if letter in ("e", "i") else Symbol(letter)


def _name(parser: Parser, letter: str) -> Expr:
    """A letter, already consumed, with the subscript that follows it."""
    if letter in _SELECTIONS and (chosen := _selection(parser, letter)) is not None:
        return chosen
    if parser.at("_"):
        return subscripted(parser, letter)
    if letter in _FUNCTION_LETTERS and (derived := _derived(parser, letter)) is not None:
        return derived
    if parser.at("(") and (letter in _FUNCTION_LETTERS or _defined(parser)):
        return Call(letter, arguments(parser))
    return _letter(letter)


def _derived(parser: Parser, letter: str) -> Expr | None:
    """`'(x)`, `''(x)` or `^{-1}(x)` after the name of a function: a function of its own."""
    i, mark = parser.i, ""
    while parser.take("'"):
        mark += "'"
    if not mark and [parser.peek(k).text for k in range(5)] == ["^", "{", "-", "1", "}"]:
        parser.i += 5
        mark = "^{-1}"
    if mark and parser.at("("):
        return Call(letter + mark, arguments(parser))
    parser.i = i
    return None


def _selection(parser: Parser, letter: str) -> Expr | None:
    """`_5^2` or `^2_5` after C (combinations) or A and P (permutations of 2 out of 5)."""
    start = parser.i
    found: dict[str, Number] = {}
    while parser.at("_", "^") and parser.token.text not in found and len(found) < 2:
        sign = parser.advance().text
        braced = parser.take("{")
        if not parser.token.text.isdigit() or len(parser.token.text) > 6:
            break
        found[sign] = numeral(parser.advance().text)
        if braced and not parser.take("}"):
            break
    if len(found) == 2 and found["^"].value <= found["_"].value:
        total, chosen = found["_"], found["^"]
        if letter == "C":
            return Call("binom", (total, chosen))
        rest = Number(total.value - chosen.value)
        return Quotient(Call("factorial", (total,)), Call("factorial", (rest,)))
    parser.i = start
    return None


def _defined(parser: Parser) -> bool:
    """Whether `(x) =` stands here, so that the letter before it is a function being defined."""
    inside, close, sign = (parser.peek(offset) for offset in (1, 2, 3))
    single = inside.kind == "num" or (inside.kind == "word" and len(inside.text) == 1)
    return single and close.text == ")" and sign.text == "="


def subscripted(parser: Parser, name: str) -> Symbol:
    """A name with the subscript that follows, if one does; the letter o there means 0."""
    if not parser.at("_"):
        return Symbol(name)
    subscript = _subscript(parser)
    return Symbol(f"{name}_{'0' if subscript == 'o' else subscript}")


def _subscript(parser: Parser) -> str:
    """The text of a subscript, without its braces; a sum in it with its terms in order."""
    parser.advance()
    if not parser.take("{"):
        return parser.advance().text.strip("\\ ")
    found, depth = [], 1
    while parser.token.kind != "end":
        token = parser.advance()
        depth += (token.text == "{") - (token.text == "}")
        if depth == 0:
            break
        if token.text not in ("{", "}"):
            found.append(token.text.strip("\\ "))
    text = "".join(found)
    if _SUM.fullmatch(text):
        terms = _TERM.findall(text if text[0] in "+-" else f"+{text}")
        text = "".join(sorted(terms)).removeprefix("+")
    return text


def text_word(parser: Parser, text: str) -> Expr:
    """Words under `\\text`: a word the reader knows, or mathematics in disguise."""
    bare = text.strip(" .,~:")
    if len(bare) == 1 and bare.isalpha():
        parser.advance()
        return _name(parser, bare)
    if bare.isalpha() and (bare in functions.UNARY or bare in functions.BRACKETED):
        parser.tokens[parser.i] = parser.token._replace(kind="word", text=bare)
        return a_word(parser, bare)
    lower = bare.lower()
    if lower in words.TRUTHS:
        parser.advance()
        return Truth(words.TRUTHS[lower])
    if lower in words.NAMED:
        parser.advance()
        return Word(words.NAMED[lower])
    if lower in words.INFINITE:
        parser.advance()
        return Constant("inf")
    if lower in ("about", "approximately", "approx", "roughly", "around"):
        parser.advance()
        return Approx(parser.expression(ADD))
    if bare.isdigit():
        parser.advance()
        return numeral(bare)
    value = words.number_word(bare) if bare.replace(" ", "").replace("-", "").isalpha() else None
    if value is not None:
        parser.advance()
        return Number(value)
    raise parser.fault(f"words, {bare[:30]!r}")


def function(parser: Parser, name: str) -> Expr:
    """A function that may go without brackets, with its power and its base."""
    parser.advance()
    exponent: Expr | None = None
    base: Expr | None = None
    for _ in range(2):
        if parser.at("^") and exponent is None:
            parser.advance()
            exponent = argument(parser) if not parser.at("-") else parser.expression(POWER)
        elif parser.at("_") and base is None:
            parser.advance()
            base = argument(parser)
    if isinstance(exponent, Number) and exponent.value == -1 and name in functions.INVERSE:
        name, exponent = functions.INVERSE[name], None
    inside = _operand(parser)
    args = (inside,) if base is None else (inside, base)
    if base is not None:
        if name != "log":
            raise parser.fault("a base under a function that has none")
        name = "logb"
    call: Expr = Call(name, args)
    if name == "cis":
        call = Sum((Call("cos", args), Product((Constant("i"), Call("sin", args)))))
    return call if exponent is None else Power(call, exponent)


def _operand(parser: Parser) -> Expr:
    """What a function without brackets applies to: factors up to the next function or sign."""
    if parser.at("(", "[", "|", "{"):
        inside = parser.expression(POWER) if parser.at("|") else bracketed(parser)
        if isinstance(inside, Collection):
            raise parser.fault("a function of several arguments")
        if parser.at("^", "**"):
            # \\sin(x)^2 squares the sine, not its argument, in most readers' eyes: leave it.
            return inside
        return inside
    found = parser.expression(POWER)
    while True:
        token = parser.token
        if token.kind == "num" or token.kind == "text" or not parser.grammar.starts(parser, token):
            return found
        if token.text in FUNCTIONS or token.text in functions.UNARY or token.text in ("(", "["):
            return found
        if token.kind == "word" and len(token.text) > 1 and not token.text.isalpha():
            return found
        found = product(found, parser.expression(POWER))


def call(parser: Parser, name: str) -> Expr:
    parser.advance()
    if name in ("min", "max") and not parser.at("(", "[", "{", "\\{", "_"):
        return Symbol(name)
    if parser.at("_"):
        raise parser.fault("an extremum over a range")
    return Call(name, arguments(parser))
