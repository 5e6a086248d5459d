"""The two pure stages of the cascade: `exact` and `symbolic`.

Both read the same extraction. `exact` compares written forms after normalisation, `symbolic` proves
equality or difference. An outcome is given only with a proof; the verdict's flags name the reasons
for which a policy may still send the row to a judge.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace

from judgekit.records import Cost, Outcome, Verdict
from judgekit.verifier.case import Case
from judgekit.verifier.choice import after_letter, letter_of, named_letters, option_letter
from judgekit.verifier.equivalence import Comparison, compare, same_form
from judgekit.verifier.extraction.readings import NUMBER_IN_WORDS, value_asked_for
from judgekit.verifier.extraction.spans import BESIDE, NUMBER, Candidate
from judgekit.verifier.reader import is_known_word, is_truth, said_first
from judgekit.verifier.text import is_words, normalise, same_text

NO_ANSWER = "no-answer"
"""Flag of a verdict on a response that names no answer."""

UNPARSED, PROSE = "unparsed", "prose"
"""Flags of answers that could not be read: as mathematics, or because they are sentences."""

MAX_READINGS = 4

_CODE = re.compile(r"[A-Z]{1,12}\d{1,12}[A-Z]{1,12}[A-Z\d]{0,12}")
"""Capitals with digits among them, such as a licence plate has; no way to write a number."""

FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What a defect of ours, or an input made to provoke one, may raise in a comparison. That row is
undecided and says so; whatever ends a process is not among these."""


def exact(case: Case) -> Verdict:
    """Whether the answer is written as the gold is, up to typography."""
    verdict = _decide(case, "exact", same_form)
    if verdict.outcome != "undecided":
        return verdict
    flags = tuple(flag for flag in verdict.flags if flag not in (UNPARSED, PROSE))
    return verdict if flags == verdict.flags else replace(verdict, flags=flags)


def symbolic(case: Case) -> Verdict:
    """Whether the answer equals the gold, by proof."""
    return _decide(
        case, "symbolic", lambda gold, answer: compare(gold, answer, question=case.question)
    )


def _decide(case: Case, stage: str, compared: Callable[[str, str], Comparison]) -> Verdict:
    began = time.perf_counter()
    found = case.extraction
    outcome: Outcome = "undecided"
    answer = found.answer.text if found.answer else None
    flags: tuple[str, ...] = (NO_ANSWER,)
    if found.answer is None:
        evidence = _why_no_answer(case)
    else:
        try:
            outcome, evidence, chosen, more = _compare_readings(case, compared)
        except FAULTS as fault:
            evidence, more = f"The comparison failed: {type(fault).__name__}.", ("failed",)
        else:
            answer = chosen.text
        flags = tuple(dict.fromkeys((*found.flags, *more))) if more else found.flags
    cost = Cost(seconds=time.perf_counter() - began)
    return Verdict(stage, outcome, answer, evidence, cost=cost, flags=flags)


def _why_no_answer(case: Case) -> str:
    if not case.response.strip():
        return "The response is empty."
    if not case.extraction.finished:
        return "The response was cut off before it named an answer."
    return "The response names no answer."


def _compare_readings(case: Case, compared: Callable[[str, str], Comparison]) -> _Decision:
    """The verdict on the preferred answer, read in each of its ways.

    A reading that is proven correct counts first, then one that is proven to differ (of later
    readings only if the first cannot be read by any means). Of several
    boxes that are one answer, a part that equals the gold proves nothing either way.
    """
    first, *others = case.extraction.candidates
    same = [c for c in others if (c.start, c.end) == (first.start, first.end)]
    decided: _Decision | None = None
    for reading in [first, *same[: MAX_READINGS - 1]]:
        outcome, evidence, flags = _COMPARE[case.kind](case, reading.text, compared)
        if reading.cue == NUMBER_IN_WORDS and not (
            outcome == "correct" and NUMBER.fullmatch(case.gold.strip(" $"))
        ):
            continue
        if outcome == "correct":
            return outcome, evidence, reading, flags
        later = compared is not same_form and outcome == "incorrect"
        if decided is None or (decided[0] == "undecided" and later):
            decided = outcome, evidence, reading, flags
    assert decided is not None
    if decided[0] != "incorrect" or not others:
        return decided
    parts = [
        c
        for c in others
        if c not in same and (c.cue == BESIDE or (first.start <= c.start and c.end <= first.end))
    ]
    if any(_COMPARE[case.kind](case, part.text, compared)[0] == "correct" for part in parts):
        evidence = f"Only one of several answers equals the gold; the first read is {first.text}."
        return "undecided", evidence, first, ("conflict",)
    return decided


_Result = tuple[Outcome, str, tuple[str, ...]]
_Decision = tuple[Outcome, str, Candidate, tuple[str, ...]]


def _compare_math(case: Case, answer: str, compared: Callable[[str, str], Comparison]) -> _Result:
    result = compared(case.gold, answer)
    if result.outcome == "undecided" and compared is not same_form:
        asked = value_asked_for(case.question or "", answer)
        if asked and compared(case.gold, asked).outcome == "correct":
            return "correct", f"{asked} is the value that the question asks for.", ()
        if NUMBER.fullmatch(case.gold.strip(" $")) and _CODE.fullmatch(answer.strip(" $")):
            return "incorrect", f"{answer} is a code; the gold is the number {case.gold}.", ()
    if result.outcome == "undecided":
        if is_words(normalise(case.gold)) and same_text(case.gold, answer):
            return "correct", f"“{answer}” is the gold answer word for word.", ()
        return "undecided", result.evidence, (_unread(answer),)
    return result.outcome, result.evidence, ()


def _compare_text(case: Case, answer: str, compared: Callable[[str, str], Comparison]) -> _Result:
    if same_text(case.gold, answer):
        return "correct", f"“{answer}” is the gold answer up to case and punctuation.", ()
    if is_known_word(case.gold):
        first = said_first(answer) if is_truth(case.gold) else ""
        found = compared(case.gold, first or answer)
        if found.outcome != "undecided":
            return found.outcome, found.evidence, ()
    return "undecided", "A text answer in other words than the gold needs a reader.", (PROSE,)


def _compare_choice(case: Case, answer: str, compared: Callable[[str, str], Comparison]) -> _Result:
    gold = letter_of(case.gold, case.choices)
    if not gold:
        return _compare_text(case, answer, compared)
    letters = "".join(named_letters(answer))
    its_words = "" if case.choices else after_letter(case.gold)
    if its_words and same_text(its_words, answer if not letters else after_letter(answer)):
        if letters in ("", gold):
            return "correct", f"“{answer}” is what option {gold} says.", ()
        return "undecided", f"The answer names {letters} with the words of {gold}.", ("conflict",)
    if len(letters) != 1:
        letters = option_letter(answer, case.choices) or letters
    if not letters:
        return _compare_option(case, gold, answer, compared)
    said = option_letter(after_letter(answer), case.choices)
    if said and said != letters:
        evidence = f"The answer names {letters} but repeats the text of option {said}."
        return "undecided", evidence, ("conflict",)
    if sorted(letters) == sorted(gold):
        return "correct", f"The answer is option {letters}, as the gold is.", ()
    flags = ("conflict",) if len(letters) > 1 else ()
    return "incorrect", f"The answer is option {', '.join(letters)}; the gold is {gold}.", flags


def _compare_option(
    case: Case, gold: str, answer: str, compared: Callable[[str, str], Comparison]
) -> _Result:
    """An answer that gives neither a letter nor an option's words: perhaps an option's value."""
    if len(gold) != 1 or not case.choices:
        return "undecided", "The answer names no option.", (UNPARSED,)
    equal = [
        "ABCDEFGHIJ"[i]
        for i, choice in enumerate(case.choices[:10])
        if compared(choice, answer).outcome == "correct"
    ]
    if len(equal) != 1:
        return "undecided", "The answer names no option.", (UNPARSED,)
    outcome: Outcome = "correct" if equal[0] == gold else "incorrect"
    return outcome, f"The answer equals option {equal[0]}; the gold is {gold}.", ()


def _unread(answer: str) -> str:
    words = [word for word in normalise(answer).split() if word.isalpha() and len(word) > 2]
    return PROSE if len(words) >= 3 else UNPARSED


_COMPARE = {"math": _compare_math, "text": _compare_text, "choice": _compare_choice}
