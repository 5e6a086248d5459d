"""DPO on length: the shortest correct response is chosen, the longest correct one rejected.

The DPO baseline of "Training Language Models to Reason Efficiently" (Arora and Zanette 2025, arXiv
2502.04463): one pair a problem, both responses correct, so that only length is learnt.
"""

from __future__ import annotations

from judgekit.rewards.tags import Tags
from judgekit.train.selection.candidates import Candidates
from judgekit.train.selection.rows import Drawn, Pair, pair


def pairs(found: Candidates, *, tags: Tags = "think") -> Drawn:
    """One pair for each problem with correct responses of different length."""
    rows: list[Pair] = []
    drawn = Drawn(rows)
    for group in found:
        right = group.by_length
        if len(right) < 2:
            drawn.nothing["fewer than two correct responses"] += 1
        elif right[0].tokens == right[-1].tokens:
            drawn.nothing["correct responses of one length"] += 1
        else:
            rows.append(pair(group, right[0], right[-1], tags, found.run.name))
    return drawn
