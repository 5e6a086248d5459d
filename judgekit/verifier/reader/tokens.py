"""Text -> tokens: LaTeX, ASCII and Unicode alike, in one linear pass.

Mark-up that means nothing (`$`, `\\left`, thin spaces, `\\displaystyle`) is dropped here, Unicode
mathematics is rewritten as its LaTeX or ASCII twin, and `\\text{...}` becomes one token. Every
pattern below matches in time linear in what it consumes.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from judgekit.errors import DataError
from judgekit.verifier.reader.words import listed

LONGEST = 12_000
"""Characters; longer text is refused unread."""
MOST_TOKENS = 2_500


class Unreadable(DataError):
    """The text is not mathematics that the reader knows; `position` is where it gave up."""

    def __init__(self, problem: str, text: str = "", position: int = 0) -> None:
        start = max(0, position - 30)
        shown = text[start : position + 30].replace("\n", " ")
        caret = f": {shown!r}, character {position}" if text else ""
        super().__init__(problem + caret)
        self.position = position


class Token(NamedTuple):
    """`kind` is num, word, cmd, text, op or end; `spaced` says that white space came before."""

    kind: str
    text: str
    at: int
    spaced: bool


_GROUP = r"(?:,|\{,\}|,\\!\s?|\\,|\\[ ]|\\!,|'|[ ~\u00a0\u2009\u202f])"
_PATTERN = rf"""
    (?P<space>[\s~\u00a0\u2000-\u200a\u202f\u3000]+)
  | (?P<num>
        [1-9]\d{{0,2}}(?:{_GROUP}\d{{3}}){{1,12}}(?!\d)(?:\.\d+)?
      | \d+(?:\.\d+)?(?:[eE][+-]?\d{{1,6}}(?![\w]))?
      | \.\d+(?:[eE][+-]?\d{{1,6}}(?![\w]))?
    )
  | (?P<word>[A-Za-z]+)
  | (?P<text>[\u3400-\u9fff]+)
  | (?P<cmd>\\[A-Za-z]+\*?|\\[^A-Za-z])
  | (?P<op>\*\*|<=>|<=|>=|=<|!=|==|:=|->|=>|<>|\.\.\.|.)
    """
_TOKEN = re.compile(_PATTERN, re.VERBOSE | re.DOTALL)
_TOKEN_UNGROUPED = re.compile(_PATTERN.replace("(?:,|", "(?:", 1), re.VERBOSE | re.DOTALL)
_OPENERS = frozenset(("(", "[", "\\{"))
_CLOSERS = frozenset((")", "]", "\\}"))

_UNICODE = {
    "×": r"\times ", "·": r"\cdot ", "⋅": r"\cdot ", "∙": r"\cdot ", "•": r"\cdot ", "÷": "/",
    "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "﹣": "-", "－": "-", "⁄": "/", "∕": "/",
    "≤": r"\le ", "≥": r"\ge ", "≦": r"\le ", "≧": r"\ge ", "⩽": r"\le ", "⩾": r"\ge ",
    "≠": r"\ne ", "≈": r"\approx ", "≃": r"\approx ", "≅": r"\approx ", "∼": r"\sim ",
    "≡": r"\equiv ", "±": r"\pm ", "∓": r"\mp ", "∪": r"\cup ", "∩": r"\cap ", "∖": r"\setminus ",
    "∈": r"\in ", "∉": r"\notin ", "∅": r"\emptyset ", "⊘": r"\emptyset ", "∞": r"\infty ",
    "√": r"\sqrt ", "∛": r"\sqrt[3] ", "∜": r"\sqrt[4] ", "°": r"^\circ ", "º": r"^\circ ",
    "∘": r"^\circ ", "′": "'", "″": "''", "’": "'", "‘": "'", "“": '"', "”": '"',
    "ℝ": r"\mathbb{R}", "ℤ": r"\mathbb{Z}", "ℕ": r"\mathbb{N}", "ℚ": r"\mathbb{Q}",
    "ℂ": r"\mathbb{C}", "ℏ": r"\hbar ", "∠": r"\angle ", "△": r"\triangle ", "⟨": r"\langle ",
    "⟩": r"\rangle ", "〈": r"\langle ", "〉": r"\rangle ", "∣": "|", "｜": "|", "‖": "||",
    "⌊": r"\lfloor ", "⌋": r"\rfloor ", "⌈": r"\lceil ", "⌉": r"\rceil ", "∧": r"\wedge ",
    "∨": r"\vee ", "¬": r"\neg ", "→": r"\to ", "⇒": r"\implies ", "∴": r"\therefore ",
    "⇔": r"\iff ", "…": "...",
    "⋯": "...", "，": ", ", "、": ", ", "；": ";", "：": ":", "（": "(", "）": ")", "［": "[",
    "］": "]", "｛": "{", "｝": "}", "＝": "=", "＋": "+", "＜": "<", "＞": ">", "％": "%",
    "。": ".", "．": ".", "＄": "$", "￥": "¥", "Å": r"\AA ", "\u212b": r"\AA ", "Ω": r"\Omega ",
    "µ": r"\mu ", "‰": r"\permille ", "∀": r"\forall ", "∃": r"\exists ", "∑": r"\sum ",
    "∏": r"\prod ", "∫": r"\int ", "ℓ": r"\ell ", "∝": r"\propto ", "⊥": r"\perp ",
    "℃": r"^\circ C", "℉": r"^\circ F", "⊕": r"\oplus ",
}  # fmt: skip
_GREEK = listed(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho "
    "varsigma sigma tau upsilon phi chi psi omega"
)
_UNICODE |= {chr(0x3B1 + i): f"\\{name} " for i, name in enumerate(_GREEK)}
_UNICODE |= {
    chr(0x391 + i): f"\\{name.capitalize()} " for i, name in enumerate(_GREEK) if name != "varsigma"
}
_UNICODE |= {"ϕ": r"\phi ", "ϵ": r"\epsilon ", "ϑ": r"\theta "}
_FRACTIONS = {
    "½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅕": "1/5", "⅖": "2/5", "⅗": "3/5",
    "⅘": "4/5", "⅙": "1/6", "⅚": "5/6", "⅛": "1/8", "⅜": "3/8", "⅝": "5/8", "⅞": "7/8", "⅐": "1/7",
    "⅑": "1/9", "⅒": "1/10",
}  # fmt: skip
_UNICODE |= {
    mark: "\\frac{{{}}}{{{}}} ".format(*value.split("/")) for mark, value in _FRACTIONS.items()
}
_INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u200b\u2060\u200d\u200c\u00ad"))
_TABLE: dict[int, str | None] = {ord(mark): twin for mark, twin in _UNICODE.items()} | _INVISIBLE
_TABLE |= {0xFF10 + i: str(i) for i in range(10)}
_RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿⁱᵀᵗ", "0123456789+-()niTt", strict=True))
_LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₍₎ₙₐₑₒₓᵢⱼₖₘₛₜ", "0123456789+-()naeoxijkmst", strict=True))
_RUN = re.compile(f"[{''.join(_RAISED)}]+|[{''.join(_LOWERED)}]+")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# "\f" and "\t" of \frac, \text and \times, swallowed by a string literal somewhere upstream.
_SWALLOWED = re.compile("\x0c(?=rac)|\t(?=ext|imes|frac|heta|an\\b)|\r(?=ight)|\x08(?=inom|egin)")
_SWALLOWED_AS = {"\x0c": r"\f", "\t": r"\t", "\r": r"\r", "\x08": r"\b"}
_DOUBLED = re.compile(
    r"(?<!\\)\\\\(?=(?:[dt]?frac|sqrt|left|right|text|cdot|times|pi|le|ge|cup|infty)\b)"
)

_GLUED = re.compile(r"\\(?:q?quad|sqrt)(?=[A-Za-z])")
"""A command that the letter after it was glued to: \\quadx, \\sqrta."""
_DOUBLED_ANY = re.compile(r"\\\\(?=[A-Za-z]{2})")
_BACKSLASHES = re.compile(r"\\+")
_DOTTED = re.compile(r"(?<![\d.])[1-9]\d{0,2}(?:\.\d{3}){2,12}(?![\d.])")
LAKHS = re.compile(r"(?<![\d.,])\d{1,2}(?:,\d{2}){1,4},\d{3}(?![\d,])")
"""1,00,000 as India groups digits; 12,34,567 may be a list."""
_HTML = re.compile(r"<(/?)su([pb])>")
_SPACED_SIGN = re.compile(r"\{([:=<>])\}")

DROPPED = frozenset(
    listed(r"""
        \left \right \big \Big \bigg \Bigg \bigl \bigr \Bigl \Bigr \biggl \biggr \Biggl \Biggr
        \displaystyle \textstyle \scriptstyle \limits \, \! \; \: \> \quad \qquad \( \) \[ \] \ \/
        \nolimits \mathstrut \strut \hfill \bigm \middle \mathopen \mathclose \mathrel \mathbin
        \mathord \newline \noindent \centering \nonumber \hline \par \allowbreak \phantom \enspace
        \thinspace \medspace \thickspace \negthinspace \enskip
        \checkmark \square \blacksquare \#
    """)
) | {"\\\n", "\\\t", "\\ "}
SKIPPED = frozenset(
    listed(r"""\hspace \hspace* \vspace \tag \label \color \hskip \kern \hypertarget""")
)
"""Commands that are dropped with their argument."""
TEXTS = frozenset(
    listed(r"""
        \text \textrm \textbf \textit \textsf \texttt \textnormal \mbox \hbox \mathrm \rm \mathbf
        \mathit \mathsf \mathtt \bf \it \operatorname \operatorname* \emph \mathnormal \boldsymbol
        \bm \pmb \textup \unit \si \mathcal \mathscr \mathfrak
    """)
)
BOLD = frozenset(listed(r"\mathbf \boldsymbol \bm \pmb"))
_UNIT_VECTOR = re.compile(r"\s*(?:\{\s*[ijk]\s*\}|[ijk](?![A-Za-z]))")
VERBATIM = frozenset(listed(r"\text \textrm \textbf \textit \textnormal \mbox \hbox \emph \textup"))


def tokenize(text: str, *, grouped: bool = True) -> list[Token]:
    """The tokens of a text, closed by one `end` token.

    With `grouped` the comma in 1,234 separates thousands, else items. Raises `Unreadable` on text
    that is too long, or carries control or direction characters.
    """
    if len(text) > LONGEST:
        raise Unreadable(f"longer than {LONGEST} characters")
    source = _plain(text)
    pattern = _TOKEN if grouped else _TOKEN_UNGROUPED
    tokens: list[Token] = []
    position, end, spaced, opened = 0, len(source), False, 0
    closing: dict[int, int] | None = None
    while position < end:
        found = pattern.match(source, position)
        assert found is not None  # the pattern ends in "any character"
        kind, start = found.lastgroup or "", position
        word, position = found.group(), found.end()
        if kind == "space" or (word == "$" and not _is_money(source, position)):
            spaced = True
            continue
        if kind == "num" and grouped and opened and "," in word and _lists(source, opened, start):
            found = _TOKEN_UNGROUPED.match(source, start)
            assert found is not None
            word, position = found.group(), found.end()
        elif kind == "cmd":
            if word in DROPPED:
                spaced = True
                continue
            if glued := _GLUED.match(word):
                word, position = glued.group(), start + glued.end()
                if word in DROPPED:
                    spaced = True
                    continue
            if word in SKIPPED or word in TEXTS:
                if closing is None:
                    closing = _matching(source)
                content, after = _argument(source, position, closing)
                if word in SKIPPED or (content is not None and not content.strip(" .,;:~")):
                    position, spaced = after, True
                    continue
                if word in BOLD and _UNIT_VECTOR.match(source, position):
                    word = "\\hat"  # the unit vectors i, j and k in bold
                    tokens.append(Token("cmd", word, start, spaced))
                    spaced = False
                    continue
                # A font around mathematics is dropped; words under it stay one token.
                if content is None or _is_mathematics(word, content):
                    spaced = True
                    continue
                kind, word, position = "text", content, after
        if kind in ("word", "text") and (sign := _spoken(word.strip().lower(), tokens)):
            kind, word = "op", sign
        if word == "}" and tokens and tokens[-1].text == "{":
            tokens.pop()  # an empty group, as in {}^\\circ
            continue
        if word in _OPENERS:
            opened = position
        elif word in _CLOSERS:
            opened = 0
        tokens.append(Token(kind, word, start, spaced))
        spaced = False
        if len(tokens) > MOST_TOKENS:
            raise Unreadable(f"more than {MOST_TOKENS} tokens")
    tokens.append(Token("end", "", end, spaced))
    return tokens


def _spoken(word: str, before: list[Token]) -> str:
    """The sign that a word stands for: plus, minus, and negative where a value begins."""
    if word != "negative":
        return {"plus": "+", "minus": "-"}.get(word, "")
    begins = not before or before[-1].kind in ("op", "cmd") or before[-1].text in ("or", "and")
    return "-" if begins else ""


def _plain(text: str) -> str:
    """The text in ASCII as far as mathematics goes."""
    if not text.isascii():
        text = _RUN.sub(_script, text).translate(_TABLE)
    if "\x0c" in text or "\t" in text or "\r" in text or "\x08" in text:
        text = _SWALLOWED.sub(lambda m: _SWALLOWED_AS[m.group()], text)
    if text.count(".") > 1:
        text = _DOTTED.sub(lambda m: m.group().replace(".", ""), text)
    if "," in text:
        text = LAKHS.sub(lambda m: m[0].replace(",", "") if ",0" in m[0] else m[0], text)
    if "<su" in text:
        text = _HTML.sub(lambda m: "}" if m[1] else "^{" if m[2] == "p" else "_{", text)
    text = _SPACED_SIGN.sub(r"\1", text)
    if found := _FORBIDDEN.search(text):
        raise Unreadable("control or direction character", text, found.start())
    if "\\\\" in text:
        if all(len(run) % 2 == 0 for run in _BACKSLASHES.findall(text)) and "\\begin" in text:
            return text.replace("\\\\", "\\")  # escaped once too often as a whole
        pattern = _DOUBLED if "\\begin" in text else _DOUBLED_ANY
        text = pattern.sub(r"\\", text)
    return text


def _script(found: re.Match[str]) -> str:
    run = found.group()
    if run[0] in _RAISED:
        return "^{" + "".join(_RAISED[c] for c in run) + "}"
    return "_{" + "".join(_LOWERED[c] for c in run) + "}"


def _is_mathematics(font: str, content: str) -> bool:
    """Whether what stands in this font is mathematics: x under `\\mathbf`, 5 cm under `\\text`."""
    bare = content.strip(" ~")
    if font in VERBATIM:
        return (
            bare[:1].isdigit()
            or bare[:1] in ("$", "-")
            or "=" in bare
            or (bare[:1] == "(" and bare[1:2].isdigit())
        )
    return not bare.isalpha()


def _is_money(source: str, position: int) -> bool:
    """Whether a `$` stands for money: only where digits follow and no other `$` closes it."""
    return source[position : position + 1].isdigit() and source.find("$", position) < 0


def _lists(source: str, opened: int, at: int) -> bool:
    """Whether the bracket opened here separates its items by bare commas, as in (3,331)."""
    ends = [i for i in (source.find(c, at) for c in ")]}") if i >= 0]
    inside = source[opened : min(ends, default=len(source))]
    return ", " not in inside and ";" not in inside


def _matching(source: str) -> dict[int, int]:
    """Where each brace group of the text ends, found in one pass."""
    ends: dict[int, int] = {}
    stack: list[int] = []
    for i, character in enumerate(source):
        if character == "{":
            stack.append(i)
        elif character == "}" and stack:
            ends[stack.pop()] = i
    return ends


def _argument(source: str, position: int, closing: dict[int, int]) -> tuple[str | None, int]:
    """The content of the brace group that starts here, and where the text goes on after it."""
    while source[position : position + 1] == " ":
        position += 1
    if source[position : position + 1] != "{":
        return None, position
    end = closing.get(position, len(source))
    return source[position + 1 : end], end + 1
