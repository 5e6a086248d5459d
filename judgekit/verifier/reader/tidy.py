"""Text -> text: what stands around an answer's formula is dropped or written as a formula.

Punctuation and mark-up around the whole go. Words that have a sign become that sign: "(about 6.28)"
an approximation, "where k is an integer" a range, "Rs. 500" a number with its unit. Words that only
introduce a condition ("all x > 2") or extend an identity ("for all x") go. Every repetition in the
patterns is bounded, so that each takes linear time.
"""

from __future__ import annotations

import re

_END = ".,;:^ \n\t"
_GOING_ON = re.compile(r"\d\.\d{1,40}\s?\.\.\.\Z")
_TEXT = r"(?:\\text\s?\{\s{0,3})?"
_GAP = r",?\s{0,3}(?:\\q?quad\s{0,3})?\(?"
_INTEGER = re.compile(
    rf"{_GAP}{_TEXT}(?:where|with|and|for)?\s{{0,3}}"
    r"(?:(?:all|any|every|some|an|arbitrary)\s{1,3}){0,2}"
    r"(?:integers?\s{1,3}\}?\s{0,3}\$?([kmnl])\$?"
    r"|some\s{1,3}integers?\s{1,3}\}?\s{0,3}\$?([a-z])\$?"
    rf"|\}}?\s{{0,3}}\$?([kmnl])\$?\s{{0,3}}{_TEXT}"
    r"(?:is|are|an|any|is an|is any)\s{1,3}integers?)\}?\)?\.?\Z"
)
"""... where k is an integer; ... for any integer k."""
_ALL = re.compile(
    rf"\A{_TEXT}(?:for\s)?(?:all|any|every)(?:\sreal)?(?:\svalues\sof)?\s{{0,3}}\}}?\s{{0,3}}\$?"
    r"(?=[A-Za-z]\s{0,3}(?:[<>=]|\\(?:[gln]eq?|in)(?![a-z])))",
    re.IGNORECASE,
)
"""All x > 2."""
_FOR_ALL = re.compile(
    rf"{_GAP}{_TEXT}(?:\\forall\s{{0,3}}|for\s(?:all|any|every)\s{{0,3}})"
    r"(?:(?:real|rational|natural|positive|negative|nonnegative|non-negative|non-zero)\s){0,2}"
    r"(?:numbers?\s|integers?\s|reals?\s)?\s{0,3}\}?\s{0,3}\$?[A-Za-z]"
    r"(?:\s{0,3}\\in\s{0,3}[^\s,;]{1,30})?\$?\}?\)?"
    r"(?=\Z|\s{0,3},|\s{0,3};|\s{0,3}(?:\\text\s?\{\s{0,3})?(?:and|or)\s)"
)
"""f(x) = x for all x, at the end or before the next answer."""
_REMARK = re.compile(
    rf"{_TEXT}\(\s{{0,3}}(?:approximately|approx\.?|about|\\approx|≈)\s{{0,3}}\}}?\s{{0,3}}\$?"
    rf"(-?\d[\d.,]{{0,40}})\$?\s{{0,3}}{_TEXT}(?:[a-z]{{2,20}}\s{{0,3}}){{0,2}}\)\}}?\Z"
)
"""2\\pi (approximately 6.28)."""
_PROGRAM = re.compile(r"(?:np\.|sympy\.|sp\.)?(?:Matrix|array)\((\[.{1,4000}\])\)", re.DOTALL)
"""Matrix([[1, 2], [3, 4]])."""
_CONDITION = re.compile(
    rf"{_TEXT}is\s(?:both\s)?(?:a\s)?necessary and sufficient(?:\scondition)?\b.{{0,400}}\Z",
    re.DOTALL,
)
"""R = 1 is a necessary and sufficient condition for ..."""
_MONEY = re.compile(
    r"(?:\\(?:text|mathrm)\s?\{)?\s?(Rs|INR|USD|EUR|GBP|RMB|CNY)\.?(?:\\[, ]|\s|~){0,3}\}?"
    r"(?:\\[, ]|\s){0,3}(?=\d)"
)
"""Rs. 500."""


_EVENT = re.compile(
    r"\A(\\?(?:Pr?|E|Var))\s?(?:\\left)?\([^()]{0,40}(?:[=<>|]|\\(?:mid|cup|cap|[gl]eq?|vert))[^()]{0,40}"
    r"(?:\\right)?\)\s{0,3}="
)
"""P(X = 2) = 3/8: the event is part of a name."""
_MARK = re.compile(r"(?:\\text\s?\{\s?)?(?<![\w)}\]^])\(([a-h]|[1-9]|i{1,3}|iv|v)\)\s{0,3}\}?[:.]?")
_IN_ORDER = ("abcdefgh", "123456789", ("i", "ii", "iii", "iv", "v"))
_MEASURE = re.compile(r"\A(?:\\(?:text|mathrm)\s?\{m\}|m)\s{0,3}(?=\\angle)")
"""The measure of an angle is called as the angle is."""
_SELECTION = re.compile(r"\A(?:\{\})?[_^]\{?(\d{1,6})\}?\s{0,3}([CP])_\{?(\d{1,6})\}?")
"""5 C 2 with its first number as a subscript or superscript before it."""
_OUT_OF = re.compile(r"(\d{1,12})\s{0,3}(?:\\text\s?\{\s{0,3})?out of\s{0,3}\}?\s{0,3}(\d{1,12})")
_CIRCLES = "".join(map(chr, range(0x2460, 0x2474)))
_CIRCLED = re.compile(rf"[{_CIRCLES}][{_CIRCLES},;\s\uff0c\u3001\uff1b\u548c]{{0,80}}")
"""The numbers of several statements, in circles."""
_CURVE = re.compile(r"\A\\?[A-Za-z]{1,5}\s?:\s?(?=[^:]{0,200}\Z)(?=[^=]{0,80}[xy])(?=[^=]{1,80}=)")
"""l: y = 2x is a line with its name."""


def tidy(text: str) -> str:
    """The text without the punctuation, the mark-up and the words around its formula."""
    return _without_words(_without_typography(text))


def _without_typography(text: str) -> str:
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
    if text.endswith("}") and text.count("}") == text.count("{") + 1:
        text = text[:-1].rstrip()  # one brace too many, as a box leaves it behind
    if text.startswith("**") and text.endswith("**") and len(text) > 4:
        text = text[2:-2].strip()
    if found := _PROGRAM.fullmatch(text):
        text = found.group(1)
    return text


def _without_marks(text: str) -> str:
    """(a) 5 (b) 6 as 5; 6, where the marks begin the text and go on in order."""
    marks = list(_MARK.finditer(text))
    names = [mark.group(1) for mark in marks]
    if (
        len(marks) < 2
        or marks[0].start()
        or not any(names == list(order[: len(names)]) for order in _IN_ORDER)
    ):
        return text
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    parts = [text[m.end() : end].strip(" ,;~") for m, end in zip(marks, ends, strict=True)]
    return "; ".join(parts) if all(parts) else text


def _without_words(text: str) -> str:
    if "(" in text:
        text = _without_marks(_EVENT.sub(r"\1=", text))
    if "angle" in text:
        text = _MEASURE.sub("", text)
    if text[:1] in ("{", "_", "^"):
        text = _SELECTION.sub(r"\2_{\1}^{\3}", text)
    if found := _OUT_OF.fullmatch(text):
        text = f"{found[1]}/{found[2]}"
    if ":" in text:
        text = _CURVE.sub("", text)
    if money := _MONEY.match(text):
        text = f"{text[money.end() :]} \\text{{ {money[1]}}}"
    if "all" in text or "any" in text:
        text = _FOR_ALL.sub("", _ALL.sub("", text))
    if "necessary and sufficient" in text:
        text = _CONDITION.sub("", text)
    if not text.isascii() and _CIRCLED.fullmatch(text):
        text = ", ".join(str(ord(c) - 0x245F) for c in text if c in _CIRCLES)
    if "integer" in text:
        text = _INTEGER.sub(lambda m: rf", {m[1] or m[2] or m[3]} \in \mathbb{{Z}}", text)
    if "approx" in text or "about" in text or "≈" in text:
        text = _REMARK.sub(r" \\approx \1", text)
    return text
