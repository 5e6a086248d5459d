"""Answers announced in words: "the answer is", "**Answer:**", "答案是", "Final Answer: …".

The last announcement wins. What it announces ends with its sentence, or where a reason begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from judgekit.verifier.extraction.spans import (
    BESIDE,
    FORMULA,
    NUMBER,
    Candidate,
    Strength,
    clean,
)

WINDOW = 32_000
"""Characters before the end in which an announcement is looked for."""

NAMED_WINDOW = 2_000
MAX_CLAUSE = 1_000
MAX_ANCHORS = 40

_AFTER = re.compile(
    r"s?(?:\*\*|__|\s?\([^()\n]{0,40}\)|\s+(?:to|for|of|in)\s[^.:\n=]{0,80}?)?"
    r"(?:\s*\*?(?:[:\uff1a=]|\\\\?:)\s*|\s+(?:-|\u2013|\u2014|\u2192|->|=>)\s+|\s*(?:\*\*|__)\s*[:\uff1a]?\s*"
    r"|\s+(?:is|are|was|be|equals|therefore|will be|would be|should be|must be|has to be|comes? to)"
    r"(?:\s+(?:thus|therefore|then|indeed|simply|just|exactly|equal to|given by))?"
    r"(?:\s*[:\uff1a]\s*|\s+|(?=[$\\])))"
    r"|\s*\n\s*(?=[$\\])|\s+(?=\$|\\[(\[])"
)
_COLON = re.compile(
    r"[ \t>*_#]*(?:A|Ans|ANS|ans|Result|Solution|Conclusion)[ \t*_]*(?:[:\uff1a]|=(?= ))[ \t*_]*"
)
_COLON_LINE = re.compile(r"\n" + _COLON.pattern)
_IS_THE_ANSWER = re.compile(
    r"\s(?:is|are)\s(?:the|our|my)\s(?:final\s|correct\s|required\s|only\s)?(?:answer|solution)s?\b"
)
_SUBJECT = re.compile(
    r"(?:therefore|thus|hence|so|then|and|finally|that|we see|which means|i think)[,:]?\s+", re.I
)
_OTHER = re.compile(
    r"(?:solution|result|value|valor|total)\s+(?:is|are|would be|should be)\s*:?\s+"
)
_PRONOUNS = ("this", "that", "it", "which", "these", "what", "here", "those")
_EASTERN = re.compile(
    r"(?:答案|正确选项|正確選項|答え|解答|回答|答|정답은|정답|답은|답|最终结果|结果)\s{0,3}"
    r"(?:应该是|應該是|应为|應為|就是|分别是|分別是|为|為|是|選|选|は|은|는|[:：=])+\s*(?:选项|選項)?\s*"
)
_FOREIGN = re.compile(
    r"(?:r[ée]ponse|respuesta|antwort|l[öo]sung|resposta|risposta|soluzione|soluci[oó]n|antwoord|svar(?:et)?|odpowied[źz]"
    r"|odpověď|vastaus|cevap|yan[ıi]t|jawaban(?:nya)?|đáp án|kết quả|ответ|відповідь|отговор"
    r"|απάντηση|r[aă]spuns(?:ul)?|válasz|الجواب|الإجابة|الاجابة|النتيجة|جواب|پاسخ|תשובה"
    r"|התשובה|उत्तर|উত্তর|คำตอบ|jibu)"
    r"(?:\s+(?:finale?|correct[ea]?|correct[ao]|final|endg[üu]ltige|richtige|النهائية|الصحيحة"
    r"|النهائي|הנכונה|adalah|yang benar|cuối cùng|đúng))?"
    r"\s*(?:\*\*|__)?\s*(?:(?:est|es|ist|é|è|är|er|is|jest|je|on|to|là|adalah|είναι|este|az|هي|هو"
    r"|היא|है|হল|คือ|ni|lautet|—|-)\s*[:：=]?|[:：=])\s*(?:\*\*|__)?\s*"
)
_STOP = re.compile(
    r"\n|[.!?](?=[\s\"')\]*_]|\Z)|[。！？]|;\s|"
    r",?\s(?:because|since|as\s(?:it|the|we|a)\b|so that|which|where|but|not|rather than"
    r"|instead of|i\.e\.|that is|namely)\s"
    r"|,\s(?:so|as|since|and (?:so|the|not|we|it))\s"
)
_AGAIN = re.compile(
    r",?\s(?:(?:which|that)\s(?:is|equals|gives|simplifies to|comes to|works out to)"
    r"|i\.e\.|that is|namely),?\s{1,3}(?:equal to\s|about\s|approximately\s)?"
)
_BOLD = re.compile(r"\*\*[^*\n]{1,300}\*\*")
_VERB_ENDING = re.compile(
    r"\s*(?:です|だ|である|になります|となります|입니다|이다|예요|이에요|है|হয়)\Z"
)
"""Copulas that end a sentence (Japanese, Korean, Hindi, Bengali)."""

_DENIAL = re.compile(r"\s{0,3}\((?:and\s)?(?:not|rather than|instead of)\s[^()\n]{1,80}\)\s{0,3}\Z")
"""What the answer is not: 5 (not 7)."""
_HOPE = re.compile(r"\.?\s*I hope it is correct\.?\s*\Z")


def announced_answers(text: str, start: int, end: int, whole: bool) -> list[Candidate]:
    """What the last announcement announces."""
    return _last_announced(text, start, end, whole) or _named_answer(text, start, end)


def _last_announced(text: str, start: int, end: int, whole: bool) -> list[Candidate]:
    for begin, strength in _anchors(text, start, end):
        if spans := _announced(text, begin, end, strength, whole):
            return spans
    return []


def _named_answer(text: str, start: int, end: int) -> list[Candidate]:
    """The subject of "… is our answer"."""
    low = max(start, end - NAMED_WINDOW)
    for found in reversed(list(_IS_THE_ANSWER.finditer(_lower(text[low:end])))):
        stop = low + found.start()
        begin = max(text.rfind(mark, low, stop) for mark in ("\n", ". ", "! ", "? ", ": ")) + 1
        begin = max(begin, low)
        subject = text[begin:stop]
        lead = len(subject) - len(subject.lstrip())
        while found_lead := _SUBJECT.match(subject, lead):
            lead = found_lead.end()
        formula = FORMULA.search(subject, lead)
        if formula and formula.end() == len(subject.rstrip()):
            lead = formula.start()
        answer = clean(subject[lead:])
        if answer and len(answer) <= 300 and not answer.casefold().endswith(_PRONOUNS):
            return [
                Candidate(answer, begin + lead, stop, "phrase", "medium", group=begin, rival=True)
            ]
    return []


def closing_announcement(text: str, start: int, end: int, whole: bool) -> list[Candidate]:
    """An announcement that comes after a marked answer."""
    if end - start < 8:
        return []
    return _last_announced(text, start, end, whole)


def _anchors(text: str, start: int, end: int) -> Iterator[tuple[int, Strength]]:
    """Where announced answers begin, the last first."""
    low = max(start, end - WINDOW)
    lowered = _lower(text[low:end])
    found = [*_english(lowered, low)]
    if low == 0 and (colon := _COLON.match(text, 0, end)):
        found.append((colon.end(), "medium"))
    found += [(m.end(), "medium") for m in _COLON_LINE.finditer(text, low, end)]
    if not found:
        found = [(low + m.end(), "medium") for m in _OTHER.finditer(lowered)]
    plain = lowered.isascii()
    if not found or not plain:
        found += [(low + m.end(), "medium") for m in _FOREIGN.finditer(lowered)]
    if not plain:
        found += [(low + m.end(), "medium") for m in _EASTERN.finditer(lowered)]
    found.sort(reverse=True)
    yield from found[:MAX_ANCHORS]


def _english(lowered: str, low: int) -> Iterator[tuple[int, Strength]]:
    position = len(lowered)
    for _ in range(MAX_ANCHORS):
        position = lowered.rfind("answer", 0, position)
        if position < 0:
            return
        after = _AFTER.match(lowered, position + 6)
        if after:
            final = lowered[max(0, position - 6) : position] in ("final ", "final-", "final_")
            yield low + after.end(), "strong" if final else "medium"


def _announced(text: str, begin: int, end: int, strength: Strength, whole: bool) -> list[Candidate]:
    """The answer of one announcement: the clause that begins there."""
    while begin < end and text[begin] in " \t\n*_:>}":
        begin += 1
    stop, closed = _clause_end(text, begin, end)
    if stop <= begin or (not closed and not whole):
        return []
    clause = _HOPE.sub("", text[begin:stop]) if "hope" in text[begin:stop] else text[begin:stop]
    if clause.endswith(")"):
        clause = _DENIAL.sub("", clause)
    if not clause.isascii():
        clause = _VERB_ENDING.sub("", clause)
    answer = clean(clause)
    if not answer:
        return []
    cue = "final-answer" if strength == "strong" else "phrase"
    found = [Candidate(answer, begin, begin + len(clause), cue, strength, group=begin, rival=True)]
    return found + _said_again(text, stop, end)


def _said_again(text: str, stop: int, end: int) -> list[Candidate]:
    """What a relative clause behind an answer says it is: 5k, which is 30."""
    again = _AGAIN.match(text, stop, end)
    if again is None:
        return []
    low, high = again.end(), min(end, again.end() + 200)
    value = FORMULA.match(text, low, high) or NUMBER.match(text, low, high)
    if value is None:
        return []
    return [Candidate(clean(value.group()), value.start(), value.end(), BESIDE, "weak")]


def _clause_end(text: str, begin: int, end: int) -> tuple[int, bool]:
    """Where the announced answer ends, and whether something ends it (else the text just stops)."""
    limit = min(end, begin + MAX_CLAUSE)
    clause = text[begin:limit]
    if not ("$" in clause or "\\" in clause or "**" in clause):  # no formula to step over
        stop = _STOP.search(text, begin, limit)
        return (stop.start(), True) if stop else (limit, limit < end)
    position = begin
    while position < limit:
        formula = FORMULA.match(text, position, limit) or _BOLD.match(text, position, limit)
        if formula:
            position = formula.end()
            continue
        stop = _STOP.search(text, position, limit)
        opening = _next_formula(text, position, stop.start() if stop else limit)
        if opening is not None:
            position = opening
            continue
        if stop:
            return stop.start(), True
        break
    return limit, limit < end or (position > begin and position == limit)


def _next_formula(text: str, position: int, before: int) -> int | None:
    """Where the next complete formula begins, if it does so before a stop."""
    for formula in FORMULA.finditer(text, position, min(len(text), before + MAX_CLAUSE)):
        return formula.start() if formula.start() < before else None
    return None


def _lower(text: str) -> str:
    """Lower case of the same length, so that positions stay valid."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
