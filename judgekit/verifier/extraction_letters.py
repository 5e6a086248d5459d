"""Letters of multiple choice where no mark or announcement names one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from judgekit.verifier.extraction_spans import Span
from judgekit.verifier.text import normalise

_LINE = re.compile(r"\A[\s*_(\[\\]*([A-J])(?:[\s*_)\].:,\uff0c\u3002\u3001;]|[\u4e00-\u9fff]|\Z)")
_WORD_AFTER = re.compile(r" (?!(?:and|or|und|oder|et|ou) [A-J]\b)[A-Za-z]")
_NAMED = re.compile(
    r"\b(?:option|choice|letter|alternative|select|choose|pick|chose)\s*[:(*\s]*([A-J])\b(?![-'])"
    r"|\(([A-J])\)|(?<![A-Za-z])([A-J])\s+is\s+(?:the\s+)?(?:correct|right|best)",
    re.I,
)


def letter_answers(text: str, start: int, end: int, choices: Sequence[str]) -> list[Span]:
    """The letter a response opens with or stands alone at its end, else the last one it names."""
    head = text[start : min(end, start + 400)].lstrip()
    found = _LINE.match(head)
    if found and end - start < 400 and not _is_article(head, found):
        begin = text.index(head, start) + found.start(1)
        return [Span(text[begin:end].strip(), begin, end, "letter", "medium")]
    tail_start = max(start, end - 2000)
    line_start = text.rfind("\n", tail_start, end) + 1 or tail_start
    line = text[line_start:end]
    found = _LINE.match(line)
    if found and not _is_article(line, found):
        return [Span(line.strip(), line_start, end, "letter", "medium")]
    named = [m for m in _NAMED.finditer(text, tail_start, end) if _letter(m).isupper()]
    if named:
        last = named[-1]
        return [Span(_letter(last), last.start(), last.end(), "named-letter", "medium")]
    return _mentioned_option(text, max(start, end - 400), end, choices)


def _mentioned_option(text: str, low: int, end: int, choices: Sequence[str]) -> list[Span]:
    """The only option whose words the end of the response repeats."""
    plain = f" {normalise(text[low:end])} "
    found = [choice for choice in choices if f" {normalise(choice)} " in plain and choice.strip()]
    longest = [c for c in found if not any(c != o and normalise(c) in normalise(o) for o in found)]
    return [Span(longest[0], low, end, "option-text", "weak")] if len(longest) == 1 else []


def _letter(found: re.Match[str]) -> str:
    return next(group for group in found.groups() if group)


def _is_article(line: str, found: re.Match[str]) -> bool:
    """`A car …` and `I think …` begin with a word and not with a letter of choice."""
    after = line[found.end(1) :]
    return found.group(1) in "AI" and bool(_WORD_AFTER.match(after))
