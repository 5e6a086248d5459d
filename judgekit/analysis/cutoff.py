"""What shorter runs would have got: accuracy at every token limit, computed from one long run.

A response that needed more tokens is read as it stood at the limit, with the verifier's rules for
texts that were cut off. No answer is forced there, so that this is what `--max-tokens` would have
given, not what a strategy that makes the model answer gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from judgekit.analysis.accuracy import Accuracy, accuracy
from judgekit.analysis.intervals import LEVEL
from judgekit.analysis.places import text_within
from judgekit.frames import reason
from judgekit.records import Grade, Key, Problem, Response
from judgekit.verifier import make_case
from judgekit.verifier.row import grade

SHORTEST = 64


def limits(responses: Sequence[Response]) -> list[int]:
    """64, 128, 256, ... below the longest response, and its length."""
    longest = max((r.completion_tokens for r in responses), default=0)
    powers = [1 << k for k in range(SHORTEST.bit_length() - 1, longest.bit_length())]
    return [each for each in powers if each < longest] + ([longest] if longest else [])


def cut_off_curve(
    problems: Mapping[str, Problem],
    responses: Sequence[Response],
    grades: Mapping[Key, Grade],
    at: Sequence[int] | None = None,
    level: float = LEVEL,
) -> dict[int, Accuracy]:
    """The accuracy at each limit (`limits` by default). What was done by then keeps its grade."""
    import pandas as pd

    curve = {}
    for limit in limits(responses) if at is None else at:
        rows = [
            (r.id, _reason_at(problems.get(r.id), r, grades.get(r.key), limit)) for r in responses
        ]
        curve[limit] = accuracy(pd.DataFrame(rows, columns=["id", "reason"]), level)
    return curve


def _reason_at(problem: Problem | None, response: Response, final: Grade | None, limit: int) -> str:
    """What would have become of a response that had been cut off at the limit."""
    if problem is None or final is None or response.completion_tokens <= limit:
        return reason(response, final)
    case = make_case(
        problem.gold,
        text_within(response, limit),
        question=problem.question,
        kind=problem.kind,
        choices=problem.choices,
        finished=False,
    )
    found = grade(case)
    if found.extracted is None:
        return "truncated"
    if found.extracted == final.extracted:
        return reason(response, final)
    return "wrong" if found.outcome == "incorrect" else found.outcome
