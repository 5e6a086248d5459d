"""Rewards for reinforcement learning: the verifier, the form of a reply, its length.

Imports no trainer. A reward is a plain function with the signature that TRL's GRPO and RLOO
trainers call, `f(prompts, completions, **columns) -> list[float | None]`: None leaves a row out,
columns are those of the data set and what the trainer adds (`completion_ids`). Keyword-only
parameters are the reward's options; a recipe's `[rewards.NAME]` table sets them. Rewards keep no
state and use no signals: they are safe inside a trainer process and from several threads at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from judgekit.rewards.form import (
    integer_answer,
    soft_format,
    strict_format,
    xml_count,
    xml_repetition_penalty,
)
from judgekit.rewards.length import concise_correctness, length_penalty, length_target
from judgekit.rewards.tags import Tags, written
from judgekit.rewards.verified import GOLD_COLUMNS, correctness

Reward = Callable[..., list[float | None]]

REWARDS: Mapping[str, Reward] = {
    reward.__name__: reward
    for reward in (
        correctness,
        integer_answer,
        soft_format,
        strict_format,
        xml_count,
        xml_repetition_penalty,
        length_penalty,
        length_target,
        concise_correctness,
    )
}
"""Every reward of this module by its name."""

__all__ = ["GOLD_COLUMNS", "REWARDS", "Reward", "Tags", "written", *REWARDS]
