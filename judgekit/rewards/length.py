"""How long the reply is, in the model's tokens: trainers give them as the column `completion_ids`.

A column `finished` (bool) says whether the model itself ended the reply; without it every reply
counts as finished.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, pstdev
from typing import Any, Literal

from judgekit.errors import UserError
from judgekit.rewards.verified import correctness

Level = Literal["short", "medium", "long"]


def length_penalty(
    prompts: Sequence[Any],
    completions: Sequence[Any],
    *,
    max_length: int = 512,
    soft: int = 128,
    **columns: Any,
) -> list[float | None]:
    """Soft overlong punishment: 0 up to max_length - soft tokens, then down to -1 at max_length.

    DAPO (Yu et al. 2025, arXiv 2503.14476, equation 13); TRL's `get_soft_overlong_punishment`.
    """
    del prompts
    if not 0 < soft <= max_length:
        raise UserError(f"length_penalty: soft = {soft} should be in 1 … max_length = {max_length}")
    free = max_length - soft
    return [-min(1.0, max(0, length - free) / soft) for length in _lengths(completions, columns)]


def concise_correctness(
    prompts: Sequence[Any], completions: Sequence[Any], *, alpha: float = 0.1, **columns: Any
) -> list[float | None]:
    """1{correct} (1 - alpha sigmoid((length - mean) / deviation)); wrong or unfinished 0.

    "Training Language Models to Reason Efficiently" (Arora and Zanette 2025, arXiv 2502.04463,
    section 4). Mean and population deviation are over the correct replies to the same prompt in
    this call, so that a call must hold whole groups; a lone correct one scores 1 - alpha/2. The
    length is that of the reply: the paper adds the prompt's, which cancels. None where nothing is
    proven; columns as `correctness`.
    """
    if not 0 <= alpha < 1:
        raise UserError(f"concise_correctness: alpha = {alpha} should be in [0, 1)")
    lengths = _lengths(completions, columns)
    finished = columns.get("finished") or [True] * len(completions)
    rewards = [
        right if ended else 0.0
        for right, ended in zip(correctness(prompts, completions, **columns), finished, strict=True)
    ]
    groups: dict[str, list[int]] = {}
    for row, prompt in enumerate(prompts):
        if rewards[row] == 1.0:
            groups.setdefault(_key(prompt), []).append(row)
    for rows in groups.values():
        mean = fmean(lengths[row] for row in rows)
        deviation = pstdev(lengths[row] for row in rows)
        for row in rows:
            z = (lengths[row] - mean) / (deviation + 1e-7)
            rewards[row] = 1.0 - alpha / (1.0 + math.exp(-z))
    return rewards


def length_target(
    prompts: Sequence[Any],
    completions: Sequence[Any],
    *,
    short: int = 512,
    medium: int = 2048,
    long: int = 8192,
    level: Level = "medium",
    **columns: Any,
) -> list[float | None]:
    """0 up to the target length in tokens, then linearly to -1 at twice the target.

    For TLDR (Zhang et al. 2025, arXiv 2505.07961), which trains one model to reason briefly, at
    medium length or at length as the prompt asks: the column `length` says which of the three a row
    asks for, `level` where there is no such column. The paper's formula is not in its abstract; the
    shape and the default targets here are ours.
    """
    if not 0 < short <= medium <= long:
        raise UserError(
            f"length_target: short = {short}, medium = {medium}, long = {long} should grow from 1"
        )
    targets: Mapping[Any, int] = {"short": short, "medium": medium, "long": long}
    levels = columns.get("length") or [level] * len(completions)
    for each in levels:
        if each not in targets:
            raise UserError(f"length_target: {each!r} is none of short, medium and long")
    del prompts
    return [
        -min(1.0, max(0.0, length / targets[each] - 1.0))
        for length, each in zip(_lengths(completions, columns), levels, strict=True)
    ]


def _lengths(completions: Sequence[Any], columns: Mapping[str, Any]) -> list[int]:
    ids = columns.get("completion_ids")
    if ids is None or len(ids) != len(completions):
        raise UserError(
            "a reward on length needs the replies' tokens",
            hint="pass completion_ids, one list of token ids a completion, as TRL does",
        )
    return [len(each) for each in ids]


def _key(prompt: Any) -> str:
    """Equal for equal prompts, whether texts or messages."""
    return prompt if isinstance(prompt, str) else repr(prompt)
