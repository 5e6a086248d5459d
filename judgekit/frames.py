"""A run as a pandas data frame, one row a response: what its files say, and what became of it.

key                 id, sample, variant
the run             model, benchmark, strategy
the problem         question, gold, kind, and the columns of its `meta` that are plain values
                    (subject, level, ...); a name taken already gets the prefix `meta_`
the response        text, finish_reason, prompt_tokens, completion_tokens, forced_tokens,
                    discarded_tokens, thinking_tokens, answer_tokens, usage (by model), logprob,
                    seconds, seed, loop (kind or None), wasted_tokens, error
the grade           outcome (None: not graded), stage, extracted, confidence, judge_calls,
                    judge_tokens, judged (what each judge cost)
the label           label (the last word of any labeller, or None)
what follows        reason
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from judgekit.records import Cost, Grade, Key, Label, Problem, Response
from judgekit.rows import in_bulk

if TYPE_CHECKING:
    import pandas as pd

CORRECT = "correct"
REASONS = ("wrong", "truncated", "looped", "no answer", "undecided", "failed", "ungraded")
"""What became of a response that is not known to be correct."""

ENDLESS = ("terminal", "numeric", "near")
"""Kinds of loop in which a response ends."""

More = Callable[[Response], tuple[Any, ...]]


def frame(
    problems: Iterable[Problem],
    responses: Iterable[Response],
    grades: Iterable[Grade] = (),
    labels: Iterable[Label] = (),
    config: Mapping[str, Any] | None = None,
    *,
    text: bool = True,
    more: tuple[tuple[str, ...], More] = ((), lambda response: ()),
) -> pd.DataFrame:
    """The frame of one run; `config` gives its model, benchmark and strategy.

    Responses may come from a generator: none is kept, and of two with one key the last counts, in
    the first one's place. Without `text` the columns `text` and `question` are left out, which are
    most of a run's memory. `more` names further columns, and the function that gives their values.
    """
    import pandas as pd

    config = config or {}
    problem_of = {problem.id: problem for problem in problems}
    grade_of = {grade.key: grade for grade in grades}
    label_of = {label.key: label.outcome for label in labels}
    names, values = more
    rows: dict[Key, tuple[Any, ...]] = {}
    with in_bulk():
        for response in responses:
            key = response.key
            grade = grade_of.get(key)
            rows[key] = (
                *key,
                response.text if text else None,
                *_response_values(response),
                *_grade_values(grade),
                label_of.get(key),
                reason(response, grade),
                *values(response),
            )
    columns = ("id", "sample", "variant", "text", *_RESPONSE, *_GRADE, "label", "reason", *names)
    data = zip(*rows.values(), strict=True) if rows else ((),) * len(columns)
    table = pd.DataFrame(dict(zip(columns, map(list, data), strict=True)))
    for name in ("model", "benchmark", "strategy"):
        table[name] = str(config.get(name, ""))
    for name, by_problem in _problem_columns(problem_of, set(table.columns)).items():
        if text or name != "question":
            table[name] = table["id"].map(by_problem)
    return table if text else table.drop(columns="text")


def reason(response: Response, grade: Grade | None) -> str:
    """`correct`, or why the response is not: one of `REASONS`.

    A response that was cut off or looped counts as such only where it gave no answer; one that gave
    a wrong answer first is wrong.
    """
    if response.finish_reason == "error":
        return "failed"
    if grade is None:
        return "ungraded"
    if grade.outcome != "incorrect":
        return grade.outcome
    if grade.extracted is not None and grade.stage != "no-answer":
        return "wrong"
    if response.finish_reason == "loop" or (response.loop and response.loop.kind in ENDLESS):
        return "looped"
    if response.finish_reason == "length":
        return "truncated"
    return "no answer" if grade.stage == "no-answer" else "wrong"


_RESPONSE = (
    *("finish_reason", "prompt_tokens", "completion_tokens", "forced_tokens", "discarded_tokens"),
    *("thinking_tokens", "answer_tokens", "usage", "logprob", "seconds", "seed"),
    *("loop", "wasted_tokens", "error"),
)
_GRADE = (
    *("outcome", "stage", "extracted", "confidence", "judge_calls", "judge_tokens", "judged"),
)


def _response_values(response: Response) -> tuple[Any, ...]:
    thinking = answer = 0
    for segment in response.segments:
        if segment.by != "forced":
            if segment.role == "thinking":
                thinking += segment.tokens
            else:
                answer += segment.tokens
    loop = response.loop
    return (
        *(response.finish_reason, response.prompt_tokens, response.completion_tokens),
        *(response.forced_tokens, response.discarded_tokens, thinking, answer, response.usage),
        *(response.logprob, response.seconds, response.seed),
        *(loop.kind if loop else None, loop.wasted if loop else 0, response.error),
    )


def _grade_values(grade: Grade | None) -> tuple[Any, ...]:
    if grade is None:
        return None, None, None, None, 0, 0, {}
    judged = {each.stage: each.cost for each in grade.trail if each.cost.calls}
    return (
        *(grade.outcome, grade.stage, grade.extracted, grade.confidence),
        *(sum(cost.calls for cost in judged.values()), sum(map(_tokens, judged.values())), judged),
    )


def _tokens(cost: Cost) -> int:
    return cost.prompt_tokens + cost.completion_tokens


def _problem_columns(
    problem_of: Mapping[str, Problem], taken: set[str]
) -> dict[str, dict[str, Any]]:
    """For each column, its value by problem."""
    columns: dict[str, dict[str, Any]] = {
        "question": {key: each.question for key, each in problem_of.items()},
        "gold": {key: each.gold for key, each in problem_of.items()},
        "kind": {key: each.kind for key, each in problem_of.items()},
    }
    taken = taken | set(columns)
    for key, problem in problem_of.items():
        for name, value in problem.meta.items():
            if isinstance(value, str | int | float | bool):
                column = f"meta_{name}" if name in taken else name
                columns.setdefault(column, {})[key] = value
    return columns
