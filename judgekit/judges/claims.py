"""A judge's claim is itself verified: "204 matches 240" cannot pass.

Beside its verdict a judge names the answer that it read in the response. That answer has to stand
there, and the verifier compares it with the gold answer: where it proves the opposite of the
verdict, the proof wins; if what the judge read stands there merely on the way, its verdict is
undecided. All are recorded as `overruled`, with what the judge had said as `claim`,
and count in the judge's report card. Nothing else overrules a judge.
"""

from __future__ import annotations

import re
from dataclasses import replace

from judgekit.records import Outcome, Verdict
from judgekit.verifier import Case, symbolic
from judgekit.verifier.equivalence import Comparison, compare
from judgekit.verifier.text import same_text

MAX_NAMED = 2_000
"""An answer that is longer than this is not looked for: it is a piece of the response."""

_SAID = {"correct": "the gold answer", "incorrect": "not the gold answer"}
_SQUEEZE = re.compile(r"\\[,;:! ]|\\left|\\right|\\displaystyle|[\s$]+")


def hold(verdict: Verdict, case: Case) -> Verdict:
    """The verdict after its claim was checked; the same object where nothing is against it.

    A verdict that names no answer (a recorded one, a person's) cannot be checked and stands.
    """
    named = verdict.extracted
    if verdict.outcome == "undecided" or named is None or "overruled" in verdict.flags:
        return verdict
    if not stands_in(named, case):
        return _overruled(
            verdict,
            "undecided",
            f"the judge read “{named:.80}”, which does not stand in the response",
        )
    proof = _proof(named, case)
    if proof.outcome in ("undecided", verdict.outcome):
        return verdict
    if case.extraction.candidates and not _is_the_answer(named, case):
        # The judge contradicts itself, and read a number on the way or copied the gold answer or an
        # example of its prompt: neither its verdict nor the proof is about the response's answer.
        return _overruled(
            verdict,
            "undecided",
            f"the judge read “{named:.80}”, which is {_SAID[proof.outcome]} but is not the answer "
            "that the response gives",
        )
    return _overruled(verdict, proof.outcome, proof.evidence)


def stands_in(named: str, case: Case) -> bool:
    """Whether an answer stands in the response, as written or as the verifier reads it.

    White space, `$` and LaTeX spacing aside it has to be there as a whole: 4 does not stand in 204.
    """
    if len(named) > MAX_NAMED:
        return False
    wanted = _SQUEEZE.sub("", named).casefold()
    if not wanted:
        return False
    text = _SQUEEZE.sub(" ", case.response).casefold()
    if re.search(_spelled(wanted), text):
        return True
    return _is_the_answer(named, case)


def _spelled(wanted: str) -> str:
    """A pattern for the characters, perhaps spaced, not inside a longer word or number."""
    before = after = ""
    if wanted[0].isdigit():
        before = r"(?<!\d)(?<!\d[.,])(?<!^[-−])(?<![ =(\[{,:][-−])"
    elif wanted[0].isascii() and wanted[0].isalpha():
        before = r"(?<![a-z\\])"
    if wanted[-1].isdigit():
        after = r"(?!\d)(?![.,]\d)"
    elif wanted[-1].isascii() and wanted[-1].isalpha():
        after = r"(?![a-z])"
    return before + r" ?".join(map(re.escape, wanted)) + after


def _is_the_answer(named: str, case: Case) -> bool:
    """Whether the verifier finds it among the response's answers, in this form or an equal one."""
    candidates = (candidate.text for candidate in case.extraction.candidates)
    return any(
        same_text(candidate, named)
        or (case.kind == "math" and compare(candidate, named).outcome == "correct")
        for candidate in candidates
    )


def _proof(named: str, case: Case) -> Comparison:
    """What the verifier can prove about the named answer; a difference of prose proves nothing."""
    if case.kind == "choice":
        verdict = symbolic(Case(case.question, case.gold, named, "choice", case.choices))
        return Comparison(verdict.outcome, verdict.evidence, "option")
    if same_text(case.gold, named):
        return Comparison("correct", f"“{named:.80}” is the gold answer word for word", "text")
    if case.kind == "math":
        return compare(case.gold, named, question=case.question)
    return Comparison("undecided", "", "text")


def _overruled(verdict: Verdict, outcome: Outcome, why: str) -> Verdict:
    return replace(
        verdict,
        outcome=outcome,
        claim=verdict.outcome,
        flags=(*verdict.flags, "overruled"),
        evidence=f"Overruled: {why.rstrip('.')}; "
        f"the judge had said {verdict.outcome}: {verdict.evidence}",
    )
