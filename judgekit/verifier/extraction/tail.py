"""What is left where nothing marks an answer: a bare response, the last formula, the last number.

A lone last number is a weak cue: harnesses read it, and it is often a year, a step or a check.
"""

from __future__ import annotations

import re

from judgekit.records import Kind
from judgekit.verifier.extraction.altered import is_altered
from judgekit.verifier.extraction.readings import with_readings
from judgekit.verifier.extraction.spans import (
    BESIDE,
    FORMULA,
    NUMBER,
    Candidate,
    Strength,
    clean,
)
from judgekit.verifier.reader import units
from judgekit.verifier.reader.words import NUMBER_WORDS

MAX_BARE = 2_000
TAIL = 2_000
LONG = 300
MAX_BARE_WORDS = 12
MAX_BARE_LETTERS = 120
MAX_SCRIPT = 30
"""Letters of other scripts in a bare answer: their words are not always separated by spaces."""


_WORD = re.compile(r"(?<![\\A-Za-z])[^\W\d_]{3,40}")
_VERB = re.compile(
    r"(?<![\\\w])(?:is|are|was|were|we|it|there|this|that|get|gets|have|has|can|will|must|should"
    r"|let|find|found|think|wonder|because|so|then|thus|hence|therefore)(?![\w}=^_])"
    r"|\bI(?= [a-z])",
    re.I,
)
_UNENDED = re.compile(
    r"(?:[,=+/(\[{<]|\w\s-|\s(?:a|an|the|that|which|of|to|and|or|is|are|was|were|be|in|on|by|with|for"
    r"|from|at|we|let|as|if|since|because|using|both|its|their|has|have|this|these|where|when))\Z"
)
_DENIED = re.compile(r"\b(?:not|never|wrong|incorrect|cannot)\b|n't\b", re.I)
_SIGN = re.compile(r"[^\W_]|[\u221e\u2205]")
_LISTED = re.compile(r"(?:\(?[aAi1][).:]|[Pp]art a).{0,120}\n\s*(?:\(?(?:[bB2]|ii)[).:]|[Pp]art b)")
_PERSONAL = re.compile(r"(?:i|we|let|sorry|as an|unfortunately|hmm|okay|ok|sure)\b", re.I)
_COMMAND = re.compile(
    r"\\(?:text|mbox|mathrm|operatorname|textbf|begin|end|mathbf)\s?\{[^{}]{0,80}\}"
)
_SENTENCE = re.compile(r"[.!?][\"')\]$*]{0,3}\s+(?=[A-Z$\\(*\[])|[。！？]\s*(?=\S)|\n")
_HELD_FOR = re.compile(
    r"(?:all|any|every|each|real|integers?|of|in|on)\s(?:\$|\\\()\s?[A-Za-z]\s?(?:\$|\\\))\Z"
)
_EASTERN_SO = re.compile(r"因此|所以|故")
_LINE = re.compile(r"[^\n]+")
_BULLET = re.compile(r"(?:[-*•+]|\(?\w{1,2}[.):])\s")
_OPERATED = re.compile(
    r"[\w)}\]]\s?[+*/^]\s?[\w(\\{√-]"
    r"|[A-Za-z)}\]]\s?[-−]\s?[\w(\\{√]|[)\d]\s?[-−]\s?[A-Za-z(\\√]"
)
"""A sign between two operands; 3-4 and 555-1234 may be no differences."""
_ASIDE = re.compile(r"\([^()]{0,80}\Z")
_LISTED_WITH = re.compile(r"\s{0,3}(?:,|;|,?\s{0,3}(?:and|or))\s{1,3}")
_CONDITION = re.compile(
    r"(?:since|because|as|if|when|where|for|given|with|from|by|using)\s{1,3}\Z", re.I
)
_OR = re.compile(r"[\s$)]or[\s$\\]")
_MEASURED = re.compile(
    r"(?<![\w.,^{\\])\d{1,3}(?:,?\d{3}){0,6}(?:\.\d{1,40})?([A-Za-z]{1,5})[²³]?(?![\w^])"
)
_EQUATION = re.compile(r"=\s*([^=\n]{1,120})\Z")
_BOLD = re.compile(r"\*\*([^*\n]{1,120})\*\*(?!\s?[:：])")
_LABEL = re.compile(r"(?:\A|\n)[ \t#*]*(?:(?:step|part|case|line|page|figure|problem)\s)?\Z", re.I)
_CONCLUDES = re.compile(
    r"(?:therefore|thus|hence|so|consequently|finally|in conclusion|we (?:get|have|find|obtain)"
    r"|the (?:solution|sum|value|result|number|total|area|probability)"
    r"|因此|所以|故|donc|also|luego|por lo tanto|следовательно)(?![a-z])",
    re.I,
)


def bare_answer(text: str, start: int, end: int, kind: Kind) -> list[Candidate]:
    """The whole response, where it is nothing but an answer.

    A sentence is not a bare answer of mathematics; as an answer in words it is one, unless it
    speaks of its writer ("I cannot …").
    """
    if end - start > MAX_BARE:
        return []
    answer = clean(text[start:end])
    lines = answer.count("\n")
    one = not lines or "\\begin" in answer or bool(_LISTED.match(answer))
    if _no_answer(answer):
        return []
    if not one or "\n\n" in answer:
        return _column(text, start, end)
    words = _WORD.findall(_COMMAND.sub(" ", answer))
    if not answer.isascii() and _goes_on_and_on(answer):
        return []
    letters = sum(map(len, words))
    if len(words) > MAX_BARE_WORDS or letters > MAX_BARE_LETTERS:
        return []
    if _SENTENCE.search(answer.replace("\n", " ")):
        return []
    if not _VERB.search(answer) and not (FORMULA.search(answer) and letters > MAX_BARE_WORDS):
        return [Candidate(answer, start, end, "bare", "strong")]
    if _PERSONAL.match(answer):
        return []
    if kind != "math":
        return [Candidate(answer, start, end, "bare", "medium")]
    return _said(Candidate(answer, start, end, "bare", "medium"))


def _goes_on_and_on(answer: str) -> bool:
    """Whether what is said in another script is more than an answer."""
    letters = sum(not c.isascii() and c.isalpha() for c in answer)
    several = letters > MAX_BARE_WORDS and len(NUMBER.findall(answer)) > 1
    return letters > MAX_SCRIPT or several or _EASTERN_SO.search(answer) is not None


def _column(text: str, start: int, end: int) -> list[Candidate]:
    """Formulas without words, one a line and nothing else, as the list that they are."""
    lines = [m.span() for m in _LINE.finditer(text, start, end) if m.group().strip()]
    if not 2 <= len(lines) <= MAX_BARE_WORDS or not all(
        _is_formula(text[a:b]) and "=" not in text[a:b] for a, b in lines
    ):
        return []
    items = [Candidate(clean(text[a:b]), a, b, BESIDE, "weak") for a, b in lines]
    whole = ", ".join(item.text for item in items)
    return [Candidate(whole, start, end, "bare", "medium"), *items]


def _is_formula(line: str) -> bool:
    """Whether a line without delimiters is one formula: it has no words and no mark of a list."""
    bare = _COMMAND.sub(" ", line).strip()
    spoken = _WORD.search(bare) or _VERB.search(bare) or _BULLET.match(bare)
    return spoken is None and _SIGN.search(bare) is not None


def _said(sentence: Candidate) -> list[Candidate]:
    """What a whole response of one sentence says its subject is: "The area is 12"."""
    if sentence.text.casefold().startswith("there"):
        return []
    return [r for r in with_readings(sentence)[1:] if r.cue == sentence.cue][:1]


def prose_answer(text: str, start: int, end: int, kind: Kind) -> list[Candidate]:
    """The last sentence (of an answer in words: the last paragraph), where nothing else is one.

    A sentence about the writer ("I am not sure") or about boxes is none, if it holds no number; a
    long response that stops without a full stop was cut off.
    """
    low = max(start, end - TAIL)
    begin = _last_sentence(text, low, end)
    if kind != "text" and end - start > LONG and text[end - 1].isalnum():
        return []
    if kind == "text":
        begin = max(low, text.rfind("\n\n", low, end) + 2 if "\n\n" in text[low:end] else low)
    answer = clean(text[begin:end])
    if _no_answer(answer) or (_PERSONAL.match(answer) and not _counts(answer)):
        return []
    return [Candidate(answer, begin, end, "prose", "weak")]


def _counts(sentence: str) -> bool:
    """Whether a sentence holds a number in words: "I think it is twelve". One may be no number."""
    return any(w in NUMBER_WORDS and w != "one" for w in sentence.casefold().strip(".").split())


def _no_answer(text: str) -> bool:
    """Whether there is nothing in a text to read, or only marks in which nothing stood."""
    return any(mark in text for mark in ("\\boxed", "<answer>")) or not _SIGN.search(text)


def tail_answers(text: str, start: int, end: int) -> list[Candidate]:
    """The last formula, emphasis or equation of the last sentence, then its last number."""
    low = max(start, end - TAIL)
    sentence = _last_sentence(text, low, end)
    words = text[sentence:end]
    strength: Strength = "medium" if _CONCLUDES.search(words) else "weak"
    spans: list[Candidate] = []
    formulas = _formulas(text, sentence, end)
    if formulas and NUMBER.search(text, formulas[-1][1], end):
        return []
    if formulas and is_altered(text, formulas[-1], sentence, end):
        return []
    if formulas:
        spans = _last_formulas(text, formulas, strength)
    elif (bold := _last(_BOLD, text, sentence, end)) and not is_altered(
        text, bold.span(), sentence, end
    ):
        spans.append(_span(text, bold.span(1), "bold", "medium"))
    elif equation := _EQUATION.search(text, sentence, sentence + len(words.rstrip(". \n"))):
        spans.append(_span(text, equation.span(1), "last-equation", "weak"))
    elif _is_formula(words) and _OPERATED.search(words):
        spans.append(_span(text, (sentence, end), "last-formula", "weak"))
    elif strength == "medium" and (number := _only_number(text, sentence, end)):
        spans.append(_span(text, number, "conclusion", "medium"))
    number, aside = _last_number(text, sentence, end)
    if number and is_altered(text, number, sentence, end):  # "minus 5": the words count
        spans.append(_span(text, (sentence, end), "prose", "weak"))
    elif number and not _DENIED.search(words):
        spans.append(_span(text, number, "last-number", "weak"))
        if aside:
            spans.append(_span(text, aside, BESIDE, "weak"))
    return [span for span in spans if span.text]


def _formulas(text: str, low: int, end: int) -> list[tuple[int, int]]:
    """The formulas of a sentence, but for the letter of a "for all $x$" at its end."""
    found = [m.span() for m in FORMULA.finditer(text, low, end)]
    if len(found) > 1 and _HELD_FOR.search(text, found[-2][1], found[-1][1]):
        found.pop()
    return found


def _last_formulas(
    text: str, formulas: list[tuple[int, int]], strength: Strength
) -> list[Candidate]:
    """The last formula of a sentence, with those that it is joined to; then the others.

    A formula in brackets behind another one is an aside.
    """
    last = len(formulas) - 1
    while last and _ASIDE.search(text, formulas[last - 1][1], formulas[last][0]):
        last -= 1
    first = last
    while first and _joined(text, formulas[first - 1], formulas[first]):
        first -= 1
    if first == last:
        main = _span(text, formulas[last], "last-formula", strength)
    else:
        between = text[formulas[first][0] : formulas[last][1]]
        joint = " \\text{ or } " if _OR.search(between) else ", "
        parts = [clean(text[a:b]) for a, b in formulas[first : last + 1]]
        begin, stop = formulas[first][0], formulas[last][1]
        main = Candidate(joint.join(parts), begin, stop, "last-formula", strength, group=begin)
    rest = formulas[:first] + formulas[last + 1 :]
    return [main, *(_span(text, where, BESIDE, "weak") for where in rest)]


def _joined(text: str, one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two formulas are one list: "$x = 1$ and $y = 2$", not "since $x > 0$, $x = 1$"."""
    if not _LISTED_WITH.fullmatch(text, one[1], other[0]):
        return False
    return not _CONDITION.search(text, max(0, one[0] - 16), one[0])


def looks_cut_off(text: str, start: int, end: int) -> bool:
    """Whether a response that is said to be finished stops in the middle of something.

    That is an open formula, or a last word or sign after which no sentence ends.
    """
    tail = text[max(start, end - TAIL) : end].rstrip()
    if _UNENDED.search(tail):
        return True
    dollar = tail.rfind("$")
    if dollar >= 0 and "\\" in tail[dollar:] and tail[tail.rfind("\n") + 1 :].count("$") % 2:
        return True
    return any(
        tail.rfind(opening) > tail.rfind(closing)
        for opening, closing in (("\\[", "\\]"), ("\\(", "\\)"), ("\\begin{", "\\end{"))
    )


def _last_sentence(text: str, low: int, end: int) -> int:
    """Where the last sentence begins; full stops inside formulas end none."""
    begin = low
    formulas = [m.span() for m in FORMULA.finditer(text, low, end)]
    for stop in _SENTENCE.finditer(text, low, end):
        inside = any(a < stop.start() and stop.end() < b for a, b in formulas)
        if not inside and _SIGN.search(text, stop.end(), end):
            begin = stop.end()
    return begin


def _last(pattern: re.Pattern[str], text: str, low: int, end: int) -> re.Match[str] | None:
    found = None
    for match in pattern.finditer(text, low, end):
        found = match
    return found


def _only_number(text: str, low: int, end: int) -> tuple[int, int] | None:
    """The number of a sentence that has only one, however often it says it."""
    found = _numbers(text, low, end)
    single = len({clean(text[a:b]) for a, b in found}) == 1
    altered = any(is_altered(text, number, low, end) for number in found)
    return found[-1] if single and not altered else None


def _last_number(
    text: str, low: int, end: int
) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    """The last number that does not merely count a step or a line, and an aside behind it.

    150 cents ($1.50): what stands in brackets says it again.
    """
    found = aside = None
    for begin, stop in _numbers(text, low, end):
        after = text[stop : stop + 1]
        if after in (":", ")", ".") and _LABEL.search(text, max(0, begin - 16), begin):
            continue
        if found and _ASIDE.search(text, found[1], begin):
            aside = begin, stop
        else:
            found, aside = (begin, stop), None
    return found, aside


def _numbers(text: str, low: int, end: int) -> list[tuple[int, int]]:
    """The numbers of a sentence, with the unit that is glued to one: 12cm."""
    found = [number.span() for number in NUMBER.finditer(text, low, end)]
    measured = [m.span() for m in _MEASURED.finditer(text, low, end) if m[1] in units.table()]
    return sorted(found + measured)


def _span(text: str, where: tuple[int, int], cue: str, strength: Strength) -> Candidate:
    begin, stop = where
    return Candidate(clean(text[begin:stop]), begin, stop, cue, strength, group=begin)
