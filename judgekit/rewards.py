"""The verifier as a reward function for reinforcement learning.

Imports no trainer: a reward is a plain function with the signature that TRL's GRPO and RLOO
trainers call (`reward_funcs`). It uses no signals and keeps no state, so that it is safe inside a
trainer process and from several threads at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from judgekit.errors import UserError
from judgekit.verifier.batch import grade
from judgekit.verifier.case import make_case

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
    gold is None gets None. Columns `kind`, `choices` and `question` are used where present, every
    other is ignored. Raises `UserError` where no gold column is given.
    """
    golds = _golds(columns, len(completions))
    kinds = columns.get("kind") or [None] * len(completions)
    choices = columns.get("choices") or [None] * len(completions)
    questions = columns.get("question") or [_last_text(prompt) for prompt in prompts]
    return [
        _reward(gold, _last_text(completion), question, kind, options)
        for gold, completion, question, kind, options in zip(
            golds, completions, questions, kinds, choices, strict=True
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


def _reward(gold: Any, text: str, question: str, kind: Any, options: Any) -> float | None:
    if gold is None:
        return None
    return _REWARD[grade(make_case(str(gold), text, question, kind or "auto", options)).outcome]


def _last_text(turn: Any) -> str:
    """A text, or that of the last of a list of chat messages (a content may be a list of parts)."""
    if isinstance(turn, str):
        return turn
    content = turn[-1].get("content") if turn else None
    if isinstance(content, str):
        return content
    return "".join(str(part.get("text") or "") for part in content or ())
