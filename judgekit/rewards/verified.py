"""The verifier as a reward."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from judgekit.errors import UserError
from judgekit.rewards.tags import last_text
from judgekit.verifier.case import make_case
from judgekit.verifier.row import grade

GOLD_COLUMNS = ("gold", "answer", "solution")
"""Columns that may hold the gold answer, the first present one is taken."""

_REWARD = {"correct": 1.0, "incorrect": 0.0, "undecided": None}


def correctness(
    prompts: Sequence[Any], completions: Sequence[Any], **columns: Any
) -> list[float | None]:
    """1.0 for a completion whose answer is proven correct, 0.0 for a wrong or missing one.

    None where nothing is proven, which TRL leaves out of the reward. Prompts and completions are
    texts or lists of chat messages. The gold answers stand in the column `gold`, `answer` or
    `solution` (a whole solution that marks its answer, as GSM8K's does, is understood); a row whose
    gold is None gets None. Columns `kind`, `choices`, `question` and `finished` (false: the reply
    was cut off) are used where present, every other is ignored. Raises `UserError` where no gold
    column is given.
    """
    golds = _golds(columns, len(completions))
    kinds = columns.get("kind") or [None] * len(completions)
    choices = columns.get("choices") or [None] * len(completions)
    questions = columns.get("question") or [last_text(prompt) for prompt in prompts]
    finished = columns.get("finished") or [True] * len(completions)
    return [
        _reward(gold, last_text(completion), question, kind, options, ended)
        for gold, completion, question, kind, options, ended in zip(
            golds, completions, questions, kinds, choices, finished, strict=True
        )
    ]


def _golds(columns: Mapping[str, Any], rows: int) -> Sequence[Any]:
    for name in GOLD_COLUMNS:
        if columns.get(name) is not None:
            golds: Sequence[Any] = columns[name]
            if len(golds) == rows:
                return golds
            raise UserError(f"{rows} completions, but {len(golds)} gold answers in {name!r}")
    raise UserError(
        "the data set has no gold answers",
        hint=f"name its column one of {', '.join(GOLD_COLUMNS)}",
    )


def _reward(
    gold: Any, text: str, question: str, kind: Any, options: Any, finished: bool
) -> float | None:
    if gold is None:
        return None
    case = make_case(str(gold), text, question, kind or "auto", options, finished)
    return _REWARD[grade(case).outcome]
