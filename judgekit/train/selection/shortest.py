"""Rejection sampling for SFT: the shortest correct response to each problem.

The SFT baseline of "Training Language Models to Reason Efficiently" (Arora and Zanette 2025, arXiv
2502.04463), which draws eight responses to a problem and keeps the shortest correct one.
"""

from __future__ import annotations

from judgekit.train.selection.candidates import Candidates
from judgekit.train.selection.rows import Drawn, Trace, no_trace, trace, traces


def shortest(found: Candidates) -> Drawn:
    """One trace for each problem that was ever solved."""
    rows: list[Trace] = []
    drawn = Drawn(rows)
    for group in found:
        if right := traces(group):
            rows.append(trace(group, right[0], found.run.name))
        else:
            drawn.nothing[no_trace(group)] += 1
    return drawn
