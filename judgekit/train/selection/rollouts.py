"""Rollout DPO: correct rollouts are preferred to incorrect ones of the same problem.

Phi-4-Mini-Reasoning (Xu et al. 2025, arXiv 2504.21233), which draws about eight rollouts a problem,
has a verifier tell right from wrong, and does not throw the wrong ones away. How rollouts are put
into pairs the paper does not say. Our reading: at random, every rollout in one pair at most and
those of one wording once, so that nothing is repeated; a problem thus gives as many pairs as it has
rollouts of the rarer kind, and `per_problem` may cap that.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from judgekit.backends.turn import derive
from judgekit.rewards.tags import Tags
from judgekit.train.selection.candidates import Candidate, Candidates
from judgekit.train.selection.rows import Drawn, Pair, pair


def rollouts(
    found: Candidates, *, tags: Tags = "think", seed: int = 0, per_problem: int | None = None
) -> Drawn:
    """The pairs; which rollouts meet depends on the seed and the problem's id only.

    A wrong rollout counts however it ended: `unfinished` of them were cut off or looped.
    """
    rows: list[Pair] = []
    drawn = Drawn(rows)
    for group in found:
        right, wrong = _distinct(group.correct), _distinct(group.incorrect)
        if not right or not wrong:
            drawn.nothing[_reason(bool(right), bool(wrong))] += 1
            continue
        size = min(len(right), len(wrong), per_problem or len(right))
        rng = random.Random(derive(seed, group.problem.id))
        for chosen, rejected in zip(rng.sample(right, size), rng.sample(wrong, size), strict=True):
            rows.append(pair(group, chosen, rejected, tags, found.run.name))
            drawn.counts["unfinished"] += not rejected.response.finished
    return drawn


def _distinct(rollouts: Sequence[Candidate]) -> list[Candidate]:
    """The first rollout of each wording."""
    return list({each.response.text: each for each in reversed(rollouts)}.values())[::-1]


def _reason(right: bool, wrong: bool) -> str:
    if right:
        return "no incorrect response"
    return "no correct response" if wrong else "nothing decided"
