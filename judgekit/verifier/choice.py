"""Multiple choice: which letter an answer names, and whether it is the right one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from judgekit.verifier.text import normalise

LETTERS = "ABCDEFGHIJ"

_WRAP = re.compile(r"\\(?:text|textbf|mathrm|mathbf|mbox|textrm|mathsf|bf)\s?\{([^{}]*)\}")
_INTRO = re.compile(
    r"\A(?:(?:for sure|definitely|certainly|clearly|surely|obviously)[,:]?\s+)?"
    r"(?:(?:the|la|le|el|die|der|das|il|a|o|de)\s+)?(?:(?:correct|right|best|final)\s+)?"
    r"(?:(?:option|choice|answer|letter|alternative|statement|opci[oó]n|letra|lettre|op[cç][aã]o"
    r"|lettera|opzione|buchstabe|вариант|选项|選項)\s*(?:is\b)?\s*[:：]?\s*)?(?=[\s(\[{*_\"'\\<]*[A-Ja-j]\b)",
    re.I,
)
_LETTER = re.compile(r"\A[\s(\[{*_\"'\\<]*([A-Ja-j])(?![A-Za-z0-9])[\s)\]}*_\"'>]*")
_NEXT = re.compile(
    r"\A[\s,;/&+]*(?:and|or|und|oder|y|o|et|ou|和|或|及)?[\s(*,]*([A-J])(?![A-Za-z0-9'’])[\s)*]*"
)
_JOIN = re.compile(r"\A\s*(?:(?=\([A-J]\))|,|;|/|&|\+|and\b|or\b|und\b|oder\b|et\b|ou\b|和|或|及)")
_OPTION = re.compile(
    r"(?:\A|(?<=[\s$,;])|(?<=quad))(?:\\(?:text|textbf|mathrm|mathbf)\s?\{)?\(?([A-J])\s?[).:]\)?\}?[\s\\~]*"
)
SPOKEN_OF = re.compile(
    r"(?:is|isn't|was|can|can't|cannot|could|would|seems|looks|has|does|doesn't)\b"
    r"(?!\s(?:the\s)?(?:correct|right|best|answer|my))"
)
"""What follows a letter that is only spoken of: "B is wrong"."""

_TIMES = re.compile(r"[A-Ja-j]\s?(?:\*|\\cdot|\\times)\s?[\d(\\]|[A-Ja-j]\s?/\s?\d")
"""A letter that is a factor and no option: E*2."""
_SEVERAL = re.compile(r"[A-J]{2,10}")


def letter_of(gold: str, choices: Sequence[str]) -> str:
    """The letter that a gold answer of multiple choice means, or "" where it names no option."""
    letters = named_letters(gold)
    if _SEVERAL.fullmatch(gold.strip()) and len(set(gold.strip())) == len(gold.strip()):
        letters = tuple(gold.strip())
    if letters:
        return "".join(letters)
    return "".join(LETTERS[i] for i in _matches(gold, choices)[:1])


def named_letters(answer: str) -> tuple[str, ...]:
    """The letters an answer names at its beginning: ("B",) for "(B) Paris", ("A", "C") for "A, C".

    () where it names none: "A car" and "Bob" do not.
    """
    text = _WRAP.sub(r"\1", answer).strip()
    text = _INTRO.sub("", text, count=1)
    found = _LETTER.match(text)
    if not found:
        return ()
    letter, rest = found.group(1), text[found.end() :]
    if _is_word(text, found, rest):
        return ()
    letters = [letter.upper()]
    while _JOIN.match(rest) and (more := _NEXT.match(rest)):
        letters.append(more.group(1))
        rest = rest[more.end() :]
    return tuple(dict.fromkeys(letters))


def _is_word(text: str, found: re.Match[str], rest: str) -> bool:
    """Whether the letter is a word or a variable: "a car", "B is wrong", "b = 3"."""
    bare = text[: found.end()].strip() == found.group(1)
    if found.group(1).islower() and (rest.strip() and bare):
        return True
    if SPOKEN_OF.match(rest.lstrip()):
        return True
    if rest.lstrip().startswith(("=", "+", "-", "^", "<", ">", "_")) or _TIMES.match(text):
        return True
    if not bare or found.group(1) not in "AI" or not found.group().endswith(" "):
        return False
    return rest[:1].islower() and not _JOIN.match(rest)


@lru_cache(8)
def options_in(question: str) -> tuple[str, ...]:
    """The options that a question lists as (A) … (B) … or A. … B. …; () if it lists none."""
    marks = list(_OPTION.finditer(question))
    run: list[re.Match[str]] = []
    for mark in marks:
        if mark.group(1) == LETTERS[len(run)] if len(run) < len(LETTERS) else False:
            run.append(mark)
        elif mark.group(1) == "A":
            run = [mark]
    if len(run) < 2:
        return ()
    ends = [mark.start() for mark in run[1:]] + [len(question)]
    return tuple(
        question[mark.end() : end].replace("\\qquad", " ").strip().rstrip("\\$ ")
        for mark, end in zip(run, ends, strict=True)
    )


def option_letter(answer: str, choices: Sequence[str]) -> str:
    """The one letter whose option an answer repeats word for word, or ""."""
    found = _matches(answer, choices)
    return LETTERS[found[0]] if len(found) == 1 else ""


def _matches(answer: str, choices: Sequence[str]) -> list[int]:
    plain = normalise(answer)
    if not plain:
        return []
    return [i for i, choice in enumerate(choices[: len(LETTERS)]) if normalise(choice) == plain]


def after_letter(answer: str) -> str:
    """What an answer says after its letter: "Paris" for "(B) Paris"."""
    text = _INTRO.sub("", _WRAP.sub(r"\1", answer).strip(), count=1)
    found = _LETTER.match(text)
    return text[found.end() :].lstrip(" .):,-–—").strip() if found else text
