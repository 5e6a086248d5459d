"""Rejection sampling for SFT: the shortest correct response to each problem.

The SFT baseline of "Training Language Models to Reason Efficiently" (Arora and Zanette 2025, arXiv
2502.04463), which draws eight responses to a problem and keeps the shortest correct one.
"""

from __future__ import annotations

from judgekit.train.selection.candidates import Candidates
from judgekit.train.selection.rows import Drawn, Trace, trace


def shortest(found: Candidates) -> Drawn:
    """One trace for each problem that was ever solved."""
    rows: list[Trace] = []
    drawn = Drawn(rows)
    for group in found:
        if group.correct:
            rows.append(trace(group, group.by_length[0], found.run.name))
        else:
            drawn.nothing["no correct response"] += 1
    return drawn
