"""Letters of multiple choice where no mark or announcement names one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from judgekit.verifier.choice import SPOKEN_OF
from judgekit.verifier.extraction.spans import Candidate
from judgekit.verifier.text import normalise

SHORT = 400
"""Characters of a response that may open with its letter and then explain it."""

_LINE = re.compile(r"\A[\s*_(\[\\]*([A-J])(?:[\s*_)\].:,\uff0c\u3002\u3001;]|[\u4e00-\u9fff]|\Z)")
_LAST = re.compile(
    r"(?<![^\W\d_])(?!(?:not|or|and|than|except|nor|from|over|either|by|to|of)\s)"
    r"(?:[^\W\d_]{1,20}(?:['’][a-z]{1,2})?[,:;]?|[,:;.→>：-])\s{1,3}"
    r"[(*\[]{0,3}([A-J])[)*\]]{0,3}(?=[.,;!?。，]|\s{0,9}\Z)"
    r"|([A-J]) as (?:the|my) (?:correct |right |best |final )?(?:answer|choice|option)"
)
_CHOSEN = re.compile(r"(?:选|選|正解は|答えは)[择擇]?\s{0,3}[:：]?\s{0,3}([A-J])(?![A-Za-z])")
_ALONE = re.compile(
    r"(?<![A-Za-z0-9'’])([B-HJ]|A(?! [a-z]))(?![A-Za-z0-9])"
    r"(?!\}?\s?(?:\*(?!\*)|\\cdot|\\times|/)\s?\d)"
)
_DENIED = re.compile(
    r"\b(?:not|wrong|incorrect|false|neither|nor|cannot|never|doubt|except|but|unlikely|eliminated?"
    r"|ruled out)\b|n't\b|不|non\b|nicht\b",
    re.I,
)
_ALL_DENIED = re.compile(r"\b(?:none|neither|any|all|both|either) of\b", re.I)
_CLAUSE = re.compile(r"[.,;!?\n。，]|\s(?:so|therefore|hence|thus|leaving)\s")
_WORD_AFTER = re.compile(r" (?!(?:and|or|und|oder|et|ou) [A-J]\b)[A-Za-z]")
_NAMED = re.compile(
    r"\b(?:option|choice|letter|alternative|select|choose|pick|chose)[:(*\s]{0,4}([A-J])\b(?![-'])"
    r"|\(([A-J])\)|(?<![A-Za-z])([A-J])\s+is\s+(?:the\s+)?(?:correct|right|best)",
    re.I,
)


def letter_answers(text: str, start: int, end: int, choices: Sequence[str]) -> list[Candidate]:
    """The letter a response opens with, names or ends with, else the option that it ends with."""
    tail = max(start, end - 2_000)
    span = (
        _line(text, start, end, whole=True)
        or _line(text, text.rfind("\n", tail, end) + 1 or tail, end, whole=False)
        or _named(text, tail, end)
        or _last(text, tail, end)
        or _only(text, start, end)
        or _mentioned_option(text, max(start, end - 400), end, choices)
    )
    return [span] if span else []


def _line(text: str, start: int, end: int, *, whole: bool) -> Candidate | None:
    """A letter that begins a line: the whole (short) response, or its last line."""
    if whole and end - start > SHORT:
        return None
    begin = start + len(text[start:end]) - len(text[start:end].lstrip())
    line = text[begin:end]
    found = _LINE.match(line)
    if not found or _is_word(line, found):
        return None
    at = begin + (found.start(1) if whole else 0)
    return Candidate(text[at:end].strip(), at, end, "letter", "medium")


def _is_word(line: str, found: re.Match[str]) -> bool:
    """`A car …` begins with a word and no letter of choice; `B is wrong` only speaks of one."""
    after = line[found.end(1) :]
    if SPOKEN_OF.match(after.lstrip()):
        return True
    return found.group(1) in "AI" and bool(_WORD_AFTER.match(after))


def _named(text: str, start: int, end: int) -> Candidate | None:
    """The last letter called an option, put in parentheses, or said to be right."""
    for found in reversed(list(_NAMED.finditer(text, start, end))):
        letter = _letter(found)
        if letter.isupper() and not _denied(text, start, found.end(), end):
            return Candidate(letter, found.start(), found.end(), "named-letter", "medium")
    return None


def _last(text: str, start: int, end: int) -> Candidate | None:
    """The last letter that ends a clause ("so it must be D") or stands "as the answer"."""
    near = max(start, end - SHORT)
    if _ALL_DENIED.search(text, near, end):
        return None
    found = [*_LAST.finditer(text, near, end), *_CHOSEN.finditer(text, near, end)]
    for match in sorted(found, key=lambda m: m.end(), reverse=True):
        letter = _letter(match)
        at = text.index(letter, match.start())
        if not _denied(text, start, at, at):
            return Candidate(letter, at, at + 1, "last-letter", "medium")
    return None


def _only(text: str, start: int, end: int) -> Candidate | None:
    """The only letter that a short response names, where nothing denies it."""
    if end - start > SHORT // 2 or _DENIED.search(text, start, end):
        return None
    found = list(_ALONE.finditer(text, start, end))
    if len({m.group(1) for m in found}) != 1:
        return None
    return Candidate(found[0].group(1), found[0].start(1), found[0].end(1), "only-letter", "weak")


def _mentioned_option(text: str, low: int, end: int, choices: Sequence[str]) -> Candidate | None:
    """The only option whose words the end of the response repeats."""
    plain = f" {normalise(text[low:end])} "
    found = [choice for choice in choices if choice.strip() and f" {normalise(choice)} " in plain]
    longest = [c for c in found if not any(c != o and normalise(c) in normalise(o) for o in found)]
    return Candidate(longest[0], low, end, "option-text", "weak") if len(longest) == 1 else None


def _denied(text: str, start: int, at: int, end: int) -> bool:
    """Whether the clause around a position says that it is not so."""
    begin = max(start, at - 200)
    for stop in _CLAUSE.finditer(text, begin, at):
        begin = stop.end()
    after = _CLAUSE.search(text, at, end)
    return bool(_DENIED.search(text, begin, after.start() if after else end))


def _letter(found: re.Match[str]) -> str:
    return next(group for group in found.groups() if group)
