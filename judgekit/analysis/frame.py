"""One row a response: the frame that every other function of this room reads.

key                 id, sample, variant
the run             model, benchmark, strategy
the problem         question, gold, kind, and the columns of its `meta` that are plain values
                    (subject, level, ...); a name taken already gets the prefix `meta_`
the response        text, finish_reason, prompt_tokens, completion_tokens, forced_tokens,
                    discarded_tokens, thinking_tokens, answer_tokens, logprob, seconds, seed,
                    loop (kind or None), wasted_tokens, error
the grade           outcome (None: not graded), stage, extracted, confidence, judge_calls,
                    judge_tokens
what follows        format_ok (None: no format was asked for), format_fault, reason
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from judgekit.analysis.format import Expected, expected, format_fault
from judgekit.records import Grade, Key, Problem, Response

if TYPE_CHECKING:
    import pandas as pd

CORRECT = "correct"
REASONS = ("wrong", "truncated", "looped", "no answer", "undecided", "failed", "ungraded")
"""What became of a response that is not known to be correct."""

ENDLESS = ("terminal", "numeric", "near")
"""Kinds of loop in which a response ends."""


def frame(
    problems: Iterable[Problem],
    responses: Sequence[Response],
    grades: Iterable[Grade] = (),
    config: Mapping[str, Any] | None = None,
    *,
    text: bool = True,
) -> pd.DataFrame:
    """The frame of one run; `config` gives its model, benchmark and strategy.

    Without `text` the columns `text` and `question` are left out, which are most of its memory.
    """
    import pandas as pd

    config = config or {}
    problem_of = {problem.id: problem for problem in problems}
    grade_of: dict[Key, Grade] = {grade.key: grade for grade in grades}
    strategy = str(config.get("strategy", ""))
    wanted = {key: expected(strategy, each.prompt) for key, each in problem_of.items()}
    unasked = expected(strategy, "")
    rows = [
        {
            "text": response.text if text else None,
            **_response_fields(response, wanted.get(response.id, unasked)),
            **_grade_fields(response, grade_of.get(response.key)),
        }
        for response in responses
    ]
    table = pd.DataFrame(rows, columns=[*_RESPONSE, *_GRADE, "reason"])
    for name in ("model", "benchmark", "strategy"):
        table[name] = str(config.get(name, ""))
    for name, values in _problem_fields(problem_of, set(table.columns)).items():
        if text or name != "question":
            table[name] = [values.get(response.id) for response in responses]
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
    *("id", "sample", "variant", "text", "finish_reason", "prompt_tokens", "completion_tokens"),
    *("forced_tokens", "discarded_tokens", "thinking_tokens", "answer_tokens", "logprob"),
    *("seconds", "seed", "loop", "wasted_tokens", "error", "format_ok", "format_fault"),
)
_GRADE = ("outcome", "stage", "extracted", "confidence", "judge_calls", "judge_tokens")


def _response_fields(response: Response, wanted: Expected) -> dict[str, Any]:
    fault = format_fault(response.text, wanted) if wanted and not response.error else None
    own = [segment for segment in response.segments if segment.by != "forced"]
    return {
        "id": response.id,
        "sample": response.sample,
        "variant": response.variant,
        "finish_reason": response.finish_reason,
        "prompt_tokens": response.prompt_tokens,
        "completion_tokens": response.completion_tokens,
        "forced_tokens": response.forced_tokens,
        "discarded_tokens": response.discarded_tokens,
        "thinking_tokens": sum(s.tokens for s in own if s.role == "thinking"),
        "answer_tokens": sum(s.tokens for s in own if s.role != "thinking"),
        "logprob": response.logprob,
        "seconds": response.seconds,
        "seed": response.seed,
        "loop": response.loop.kind if response.loop else None,
        "wasted_tokens": response.loop.wasted if response.loop else 0,
        "error": response.error,
        "format_ok": fault is None if wanted and not response.error else None,
        "format_fault": fault,
    }


def _grade_fields(response: Response, grade: Grade | None) -> dict[str, Any]:
    costs = [verdict.cost for verdict in grade.trail] if grade else []
    return {
        "outcome": grade.outcome if grade else None,
        "stage": grade.stage if grade else None,
        "extracted": grade.extracted if grade else None,
        "confidence": grade.confidence if grade else None,
        "judge_calls": sum(cost.calls for cost in costs),
        "judge_tokens": sum(cost.prompt_tokens + cost.completion_tokens for cost in costs),
        "reason": reason(response, grade),
    }


def _problem_fields(
    problem_of: Mapping[str, Problem], taken: set[str]
) -> dict[str, dict[str, Any]]:
    """For each column, its value by problem."""
    columns: dict[str, dict[str, Any]] = {
        "question": {key: each.question for key, each in problem_of.items()},
        "gold": {key: each.gold for key, each in problem_of.items()},
        "kind": {key: each.kind for key, each in problem_of.items()},
    }
    taken = taken | set(columns) | {"model", "benchmark", "strategy"}
    for key, problem in problem_of.items():
        for name, value in problem.meta.items():
            if isinstance(value, str | int | float | bool):
                column = f"meta_{name}" if name in taken else name
                columns.setdefault(column, {})[key] = value
    return columns
