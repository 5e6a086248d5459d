"""Which responses give the same answer: classes of answers that the verifier proves equal."""

from __future__ import annotations

from collections.abc import Sequence

from judgekit.backends.turn import Turn
from judgekit.records import Problem
from judgekit.verifier import extract, verify


def classes(problem: Problem, turns: Sequence[Turn]) -> list[list[int]]:
    """The turns' indices by answer, each class in order, classes by their first member.

    A response without an answer is in none. Each answer is compared with the first of each class.
    """
    groups: list[list[int]] = []
    answers: list[str] = []
    for i, turn in enumerate(turns):
        answer = answer_of(problem, turn)
        if answer is None:
            continue
        for group, known in zip(groups, answers, strict=True):
            if equal(problem, known, answer, turn):
                group.append(i)
                break
        else:
            groups.append([i])
            answers.append(answer)
    return groups


def answer_of(problem: Problem, turn: Turn) -> str | None:
    """The answer that a response gives, as the verifier reads it."""
    finished = turn.last is None or turn.last.stopped not in ("length", "loop")
    found = extract(turn.text, kind=problem.kind, choices=problem.choices, finished=finished)
    return found.answer.text if found.answer else None


def equal(problem: Problem, known: str, answer: str, turn: Turn) -> bool:
    """Whether the verifier proves the turn's answer equal to a known one."""
    if answer == known:
        return True
    grade = verify(
        known, turn.text, question=problem.question, kind=problem.kind, choices=problem.choices
    )
    return grade.outcome == "correct"
