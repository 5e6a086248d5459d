"""What is left where nothing marks an answer: a bare response, the last formula, the last number.

A lone last number is a weak cue: harnesses read it, and it is often a year, a step or a check.
"""

from __future__ import annotations

import re

from judgekit.verifier.extraction_spans import Span, clean

MAX_BARE = 2_000
TAIL = 2_000

_WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{3,}")
_TEXT = re.compile(r"\\(?:text|mbox|mathrm|operatorname|textbf|begin|end|mathbf)\s?\{[^{}]*\}")
_MATH = re.compile(
    r"\$\$[^$]{1,1000}\$\$|\$[^$\n]{1,1000}\$|\\\(.{1,1000}?\\\)|\\\[.{1,1000}?\\\]", re.S
)
_NUMBER = re.compile(
    r"(?<![\w.,])[-\u2212]?\s?[$\u20ac\u00a3\u00a5]?\s?"
    r"(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+|\d)(?:\s?/\s?\d+)?%?(?![\w]|[.,]\d)"
)
_EQUATION = re.compile(r"=\s*([^=\n]{1,120})\Z")
_BOLD = re.compile(r"\*\*([^*\n]{1,120})\*\*")
_CONCLUDES = re.compile(
    r"(?:therefore|thus|hence|so|consequently|finally|in conclusion|we (?:get|have|find|obtain)"
    r"|the (?:solution|sum|value|result|number|total|area|probability)|因此|所以|故|donc|also|luego)\b",
    re.I,
)


def bare_answer(text: str, start: int, end: int) -> list[Span]:
    """The whole response, where it is nothing but an answer."""
    if end - start > MAX_BARE:
        return []
    raw = text[start:end]
    answer = clean(raw)
    if not answer or "\n\n" in answer or (("\n" in answer) and "\\begin" not in answer):
        return []
    words = _WORD.findall(_TEXT.sub(" ", answer))
    if len(words) > 12 or _sentences(answer) > 1:
        return []
    if "$" in answer or "\\(" in answer:
        prose = sum(map(len, words)) > 12
        if prose:
            return []
    return [Span(answer, start, end, "bare", "strong", group=0)]


def _sentences(text: str) -> int:
    return 1 + len(re.findall(r"[.!?]\s+[A-Z]", text))


def tail_answers(text: str, start: int, end: int) -> list[Span]:
    """The last formula or equation of the last paragraph, then the last number."""
    low = max(start, end - TAIL)
    tail = text[low:end].rstrip()
    line_start = tail.rfind("\n") + 1
    line = tail[line_start:]
    spans: list[Span] = []
    for bold in _BOLD.finditer(line):
        spans = [_span(low + line_start, bold.span(1), bold.group(1), "bold", "medium")]
    for formula in _MATH.finditer(line):
        strength = "medium" if _CONCLUDES.search(line) else "weak"
        spans = [_span(low + line_start, formula.span(), formula.group(), "last-formula", strength)]
    if not spans and (found := _EQUATION.search(line.rstrip(". "))):
        spans = [_span(low + line_start, found.span(1), found.group(1), "last-equation", "weak")]
    for number in _NUMBER.finditer(tail):
        last = number
    if _NUMBER.search(tail):
        spans.append(_span(low, last.span(), last.group(), "last-number", "weak"))
    return [span for span in spans if span.text]


def _span(offset: int, where: tuple[int, int], raw: str, cue: str, strength: str) -> Span:
    low, high = where
    return Span(clean(raw), offset + low, offset + high, cue, strength, group=offset + low)  # type: ignore[arg-type]


def looks_cut_off(text: str, start: int, end: int) -> bool:
    """Whether a response that is said to be finished stops in the middle of a formula."""
    low = max(start, end - TAIL)
    tail = text[low:end]
    return (
        tail.rfind("\\[") > tail.rfind("\\]")
        or tail.rfind("\\(") > tail.rfind("\\)")
        or tail.rfind("\\begin{") > tail.rfind("\\end{")
    )
