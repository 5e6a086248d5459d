"""A graded run as candidates: for each problem the responses that something can be learnt from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from judgekit.errors import UserError
from judgekit.records import Grade, Problem, Response
from judgekit.runs import Run


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One decided response. `tokens` is its length: all that stands in its text, forced or not."""

    response: Response
    grade: Grade

    @property
    def tokens(self) -> int:
        return self.response.completion_tokens + self.response.forced_tokens

    @property
    def length(self) -> tuple[int, int, int, str]:
        """What candidates are ordered by: tokens, and what settles a tie the same way each time."""
        response = self.response
        return self.tokens, len(response.text), response.sample, response.variant


@dataclass(frozen=True, slots=True)
class Group:
    """The candidates of one problem.

    `correct` were graded correct and ended by themselves: what was cut off is no example, and
    counts as wrong in the papers that these selections are from. `incorrect` were graded incorrect,
    however they ended.
    """

    problem: Problem
    correct: tuple[Candidate, ...]
    incorrect: tuple[Candidate, ...]

    @property
    def by_length(self) -> list[Candidate]:
        """The correct ones, shortest first."""
        return sorted(self.correct, key=lambda each: each.length)

    @property
    def asked(self) -> tuple[str, ...]:
        """What makes two problems of different runs the same: the question and its options."""
        return self.problem.question, *self.problem.choices


@dataclass(frozen=True, slots=True)
class Candidates:
    """What a graded run offers.

    `counts` says what became of its responses: `correct`, `incorrect`, `undecided`, `cut off`
    (graded correct, but not ended by itself), `failed` and `ungraded`; only the first two are used.
    """

    run: Run
    grading: str
    groups: tuple[Group, ...]
    counts: Counter[str] = field(default_factory=Counter)

    def __iter__(self) -> Iterator[Group]:
        return iter(self.groups)


def candidates(run: Run, grading: str | None = None, *, several: bool = True) -> Candidates:
    """The run's candidates by its newest grading, or by the one named.

    Raises `UserError` for a run without grades and, where `several` responses to a problem are
    needed, for one that has a single response to each; `UnknownName` for an unknown grading.
    """
    grades = run.graded(grading) if grading and run.gradings else run.grades
    if not grades:
        raise UserError(f"{run.path} is not graded", hint=f"judgekit grade {run.path}")
    responses = Counter(response.id for response in run.responses)
    if several and max(responses.values(), default=0) < 2:
        raise UserError(
            f"{run.path} has one response to each problem, this selection compares several",
            hint="judgekit generate --samples 8 --temperature 0.7",
        )
    grade_of = {grade.key: grade for grade in grades}
    counts = Counter[str]()
    decided: dict[tuple[str, str], list[Candidate]] = {}
    for response in run.responses:
        grade = grade_of.get(response.key)
        fate = _fate(response, grade)
        counts[fate] += 1
        if grade is not None:
            decided.setdefault((response.id, fate), []).append(Candidate(response, grade))
    groups = tuple(
        Group(
            problem,
            tuple(decided.get((problem.id, "correct"), ())),
            tuple(decided.get((problem.id, "incorrect"), ())),
        )
        for problem in run.problems
        if problem.id in responses
    )
    return Candidates(run, grades[0].grading, groups, counts)


def _fate(response: Response, grade: Grade | None) -> str:
    if response.finish_reason == "error":
        return "failed"
    if grade is None:
        return "ungraded"
    if grade.outcome == "correct" and not response.finished:
        return "cut off"
    return grade.outcome
