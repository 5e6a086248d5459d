"""Problems that are hard: neither model solved them, and their traces are long.

s1 (arXiv 2501.19393, section 2.2) drops what Qwen2.5-7B-Instruct or Qwen2.5-32B-Instruct solved. A
problem of which it is not known whether a model solved it counts as neither easy nor hard and is
dropped too, as s1 drops rows that lack any of their features.
"""

from __future__ import annotations

from collections.abc import Sequence

from judgekit.errors import UserError
from judgekit.records import Outcome
from judgekit.runs import Run
from judgekit.train.curation.duplicates import normal
from judgekit.train.curation.pool import Row


class Solvers:
    """Whether models solved a problem: by columns of the pool and by graded runs.

    A run's problem is a row's where the question is the same but for case and spacing. Raises
    `UserError` for a run that is not graded.
    """

    def __init__(self, columns: Sequence[str] = (), runs: Sequence[Run] = ()) -> None:
        self.names = (*columns, *(run.name for run in runs))
        self._runs = [_solved_in(run) for run in runs]

    def of(self, row: Row) -> tuple[bool | None, ...]:
        """For each solver whether it solved the problem; None where that is not known."""
        question = normal(row.question)
        return (*row.solved, *(solved.get(question) for solved in self._runs))

    def solved(self, rows: Sequence[Row]) -> dict[int, str]:
        """Rows that one of the models solved."""
        easy = {}
        for row in rows:
            by = [name for name, solved in zip(self.names, self.of(row), strict=True) if solved]
            if by:
                easy[row.number] = f"solved by {', '.join(by)}"
        return easy

    def unsettled(self, rows: Sequence[Row]) -> dict[int, str]:
        """Rows of which it is not known whether one of the models solved them."""
        open_ = {}
        for row in rows:
            pairs = zip(self.names, self.of(row), strict=True)
            if by := [name for name, solved in pairs if solved is None]:
                open_[row.number] = f"not decided by {', '.join(by)}"
        return open_


def short(rows: Sequence[Row], minimum: float) -> dict[int, str]:
    """Rows whose trace is shorter than this."""
    return {row.number: f"a trace of length {row.length:g}" for row in rows if row.length < minimum}


def _solved_in(run: Run) -> dict[str, bool | None]:
    """For each question of a graded run: solved where a response is correct, open where one is
    undecided or missing and none correct."""
    if not run.grades:
        raise UserError(f"{run.path} is not graded", hint=f"judgekit grade {run.path}")
    outcomes: dict[str, list[Outcome]] = {}
    graded = {grade.key: grade.outcome for grade in run.grades}
    for response in run.responses:
        outcomes.setdefault(response.id, []).append(graded.get(response.key, "undecided"))
    found: dict[str, bool | None] = {}
    for problem in run.problems:
        mine = outcomes.get(problem.id, ["undecided"])
        solved = "correct" in mine
        found[normal(problem.question)] = None if not solved and "undecided" in mine else solved
    return found
