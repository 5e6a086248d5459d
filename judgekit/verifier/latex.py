"""Atoms: numerals, names, words, and the commands of LaTeX.

    numeral  = digits [ "_" base ] | digits "." "\\overline{" digits "}"
    name     = letter [ "_" subscript ] { "'" }
    function = name [ "^" power ] [ "_" base ] ( "(" items ")" | factors )
    command  = "\\frac" arg arg | "\\sqrt" [ "[" index "]" ] arg | "\\binom" arg arg | ...
    arg      = "{" items "}" | one digit | one atom

A run of letters is a product of one-letter variables if it is short (abc), and refused if it reads
like a word. The argument of a function without brackets ends at the next sum sign, division or
function: `\\sin b \\cos a` has two factors.
"""

from __future__ import annotations

from fractions import Fraction

from judgekit.verifier import functions, words
from judgekit.verifier.brackets import OPENING, absolute, bracketed, digits_group, items, joint
from judgekit.verifier.parser import ADD, MULTIPLY, NEGATE, POWER, Parser, numeral, product
from judgekit.verifier.tokens import Token
from judgekit.verifier.tree import (
    Approx,
    Based,
    Call,
    Collection,
    Constant,
    Expr,
    Number,
    Power,
    Product,
    Quantity,
    Quotient,
    Symbol,
    Truth,
    Word,
    negate,
)
from judgekit.verifier.words import listed

_GREEK = frozenset(
    listed(r"""
        \alpha \beta \gamma \delta \epsilon \varepsilon \zeta \eta \theta \vartheta \iota \kappa
        \lambda \mu \nu \xi \rho \varrho \sigma \tau \upsilon \phi \varphi \chi \psi \omega \Gamma
        \Delta \Theta \Lambda \Xi \Pi \Sigma \Upsilon \Phi \Psi \Omega \hbar \ell \nabla \partial
        \imath \jmath \mho \Box \star \dagger \complement \Re \Im \aleph
    """)
)
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
_DOTS = frozenset((r"\ldots", r"\dots", r"\cdots", r"\vdots", "..."))
_MONEY = {"$": "USD", "\\$": "USD", "€": "EUR", "£": "GBP", "\\pounds": "GBP", "¥": "yen",
          "₹": "rupee", "\\euro": "EUR"}  # fmt: skip
_FUNCTIONS = {f"\\{name}": kind for name, kind in functions.UNARY.items()}
_BRACKETED = {
    f"\\{name}": kind
    for name, kind in functions.BRACKETED.items()
    if name not in ("sqrt", "binom", "gamma")
}
_STARTS = (
    _GREEK | _FRACTIONS | _BINOMIALS | _EMPTY | _DECORATIONS | _DOTS | frozenset(_CONSTANTS)
    | frozenset(_FUNCTIONS) | frozenset(_BRACKETED) | OPENING
    | {"\\sqrt", "\\mathbb", "\\lvert", "\\lVert", "\\operatorname"}
)  # fmt: skip
_SIGNS = frozenset(("-", "+", "\\pm", "\\mp"))
_ABOUT = frozenset(("~", "\\approx", "\\sim", "\\simeq"))
_UNKNOWN_WORDS = frozenset(
    listed("""
        the and are for not but all any has was its let can may
    """)
)


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
        return _numeral(parser)
    if kind == "word":
        return _word(parser, text)
    if kind == "text":
        return _text(parser, text)
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


def _numeral(parser: Parser) -> Expr:
    """A numeral, with its base, its repeating digits or its ordinal ending."""
    text = parser.advance().text
    after = parser.token
    if after.kind == "op" and after.text in ("_", ".", ",", "..."):
        if after.text == "_":
            return _based(parser, text)
        if after.text == "." and parser.peek().text in ("\\overline", "\\dot", "\\bar"):
            parser.advance()
            return _repeating(parser, text + ".")
        if after.text == "," and parser.style.comma and parser.peek().kind == "num":
            parser.advance()
            return numeral(f"{text}.{parser.advance().text}")
        if after.text == "..." and "." in text:
            parser.advance()
            return Approx(numeral(text))
        if after.text == "." and parser.peek().text in ("", ")", "]", "}", "\\}", ",", ";"):
            parser.advance()
            return numeral(text)
    if after.kind == "cmd":
        if after.text in ("\\overline", "\\bar") and "." in text:
            return _repeating(parser, text)
        if after.text in _DOTS and "." in text:
            parser.advance()
            return Approx(numeral(text))
    if after.kind == "word" and not after.spaced and after.text in ("st", "nd", "rd", "th"):
        parser.advance()
    elif after.kind in ("word", "text") and after.text.strip().lower() in words.MULTIPLIERS:
        parser.advance()
        scale = words.MULTIPLIERS[after.text.strip().lower()]
        value = numeral(text)
        if value.places is None:
            return Number(value.value * scale)
        return Number(value.value * scale, value.places - len(str(scale)) + 1)
    return numeral(text)


def _repeating(parser: Parser, text: str) -> Expr:
    """0.1\\overline{6}: the digits before the bar, then those under it again and again."""
    parser.advance()
    period = digits_group(parser)
    if period is None:
        raise parser.fault("no digits under the bar")
    whole, _, part = text.partition(".")
    fixed = Fraction(int(whole + part or "0"), 10 ** len(part))
    return Number(fixed + Fraction(int(period), (10 ** len(period) - 1) * 10 ** len(part)))


def _based(parser: Parser, digits: str) -> Expr:
    parser.advance()
    base = argument(parser)
    if not isinstance(base, Number) or not digits.isdigit() or not 2 <= base.value <= 36:
        raise parser.fault("a subscript that is no base")
    number = int(base.value)
    if any(int(digit) >= number for digit in digits) or len(digits) > 400:
        raise parser.fault(f"not a numeral of base {number}")
    return Based(digits, number, int(digits, number))


def _word(parser: Parser, text: str) -> Expr:
    """A function, a constant, a number word, or a product of variables."""
    if len(text) == 1:
        parser.advance()
        return _name(parser, text)
    if text in functions.UNARY:
        return _function(parser, functions.UNARY[text])
    if text in functions.BRACKETED and parser.peek().text in ("(", "[", "{"):
        if text == "sqrt":
            parser.advance()
            return Call("sqrt", (argument(parser),))
        return _call(parser, functions.BRACKETED[text])
    lower = text.lower()
    if lower == "pi":
        parser.advance()
        return Constant("pi")
    if lower in words.INFINITE:
        parser.advance()
        return Constant("inf")
    if lower in ("about", "approximately", "approx", "roughly", "around", "circa", "ca"):
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
    if lower in words.STOP or lower in _UNKNOWN_WORDS:
        raise parser.fault(f"a word, {text!r}")
    parser.advance()
    factors: list[Expr] = [_letter(letter) for letter in text[:-1]]
    last = _name(parser, text[-1])
    return Product((*factors, last))


def _known_letters(text: str) -> bool:
    """Names of Greek letters written out."""
    return f"\\{text}" in _GREEK


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
    if parser.at("_"):
        return _subscripted(parser, letter)
    if parser.at("(") and (letter in ("f", "g", "h") or _defined(parser)):
        return Call(letter, _arguments(parser))
    return _letter(letter)


def _defined(parser: Parser) -> bool:
    """Whether `(x) =` stands here, so that the letter before it is a function being defined."""
    inside, close, sign = (parser.peek(offset) for offset in (1, 2, 3))
    return (
        inside.kind == "word" and len(inside.text) == 1 and close.text == ")" and sign.text == "="
    )


def _subscripted(parser: Parser, name: str) -> Symbol:
    """A name with the subscript that follows, if one does; the letter o there means 0."""
    if not parser.at("_"):
        return Symbol(name)
    subscript = _subscript(parser)
    return Symbol(f"{name}_{'0' if subscript == 'o' else subscript}")


def _subscript(parser: Parser) -> str:
    """The text of a subscript, without its braces."""
    parser.advance()
    if not parser.take("{"):
        return parser.advance().text.strip("\\ ")
    found, depth = [], 1
    while parser.token.kind != "end":
        token = parser.advance()
        depth += (token.text == "{") - (token.text == "}")
        if depth == 0:
            break
        found.append(token.text.strip("\\ "))
    return "".join(found)


def _text(parser: Parser, text: str) -> Expr:
    """Words under `\\text`: a word the reader knows, or mathematics in disguise."""
    bare = text.strip(" .,~:")
    if len(bare) == 1 and bare.isalpha():
        parser.advance()
        return _name(parser, bare)
    if bare.isalpha() and (bare in functions.UNARY or bare in functions.BRACKETED):
        parser.tokens[parser.i] = parser.token._replace(kind="word", text=bare)
        return _word(parser, bare)
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


def argument(parser: Parser) -> Expr:
    """The argument of a command: a group, or the next digit, letter or command."""
    token = parser.token
    if token.kind == "num":
        parser.advance()
        return numeral(token.text)
    if token.kind == "word" and len(token.text) > 1 and token.text not in functions.UNARY:
        _split(parser)
    if token.text == "{" and token.kind == "op":
        return bracketed(parser)
    return parser.expression(POWER + 1)


def _digit(parser: Parser) -> Expr:
    """The argument of `\\frac`, which takes one digit of a numeral that has no braces."""
    token = parser.token
    if token.kind == "num" and len(token.text) > 1 and token.text[0].isdigit():
        _split(parser)
        return numeral(parser.advance().text)
    return argument(parser)


def _split(parser: Parser) -> None:
    """Cut the first character off the token here."""
    token = parser.token
    first = token._replace(text=token.text[0])
    rest = Token(token.kind, token.text[1:], token.at + 1, False)
    parser.tokens[parser.i : parser.i + 1] = [first, rest]


def _command(parser: Parser, text: str) -> Expr:
    start = parser.token
    if text in _FUNCTIONS:
        return _function(parser, _FUNCTIONS[text])
    if text in _BRACKETED:
        return _call(parser, _BRACKETED[text])
    parser.advance()
    if text in _FRACTIONS:
        top = _digit(parser)
        return Quotient(top, _digit(parser))
    if text == "\\sqrt":
        return _root(parser)
    if text in _CONSTANTS:
        return Constant(_CONSTANTS[text])
    if text in _GREEK:
        name = _ALIAS.get(text[1:], text[1:])
        return _subscripted(parser, name)
    if text in _BINOMIALS:
        top = _digit(parser)
        return Call("binom", (top, _digit(parser)))
    if text in _EMPTY:
        return Collection("{}", ())
    if text in _DECORATIONS:
        if text in ("\\angle", "\\triangle", "\\measuredangle"):
            return parser.expression(MULTIPLY)
        if text == "\\overline":
            inside = argument(parser)
            return Call("conjugate", (inside,)) if _complex(inside) else inside
        return argument(parser)
    if text == "\\mathbb":
        parser.take("{")
        letter = parser.advance().text
        parser.take("}")
        if parser.at("^"):
            raise parser.fault("a power of a set")
        return Word(f"set:{letter}")
    if text in _DOTS:
        return Symbol("...")
    raise parser.fault(f"a command, {text[:20]}", start)


def _complex(inside: Expr) -> bool:
    return isinstance(inside, Symbol) and inside.name in ("z", "w")


def _root(parser: Parser) -> Expr:
    """`\\sqrt`, its opening already consumed: [index] argument."""
    if parser.take("["):
        index = items(parser, ("]",))
        parser.expect("]")
        return Call("root", (argument(parser), index))
    return Call("sqrt", (argument(parser),))


def _arguments(parser: Parser) -> tuple[Expr, ...]:
    """The items in the bracket that opens here."""
    if not parser.at("(", "[", "{", "\\{"):
        raise parser.fault("expected a bracket")
    inside = bracketed(parser)
    if isinstance(inside, Collection):
        return inside.items
    return (inside,)


def _call(parser: Parser, name: str) -> Expr:
    parser.advance()
    if parser.at("_"):
        raise parser.fault("an extremum over a range")
    args = _arguments(parser)
    if not args:
        raise parser.fault("a function of nothing")
    return Call(name, args)


def _function(parser: Parser, name: str) -> Expr:
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
    call = Call(name, args)
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
        if token.kind == "num" or token.kind == "text" or not starts(parser, token):
            return found
        if token.text in _FUNCTIONS or token.text in functions.UNARY or token.text in ("(", "["):
            return found
        if token.kind == "word" and len(token.text) > 1 and not token.text.isalpha():
            return found
        found = product(found, parser.expression(POWER))
