"""Judges: asked where the verifier cannot be certain, and themselves checked."""

from judgekit.judges.claims import hold
from judgekit.judges.contract import Judge
from judgekit.judges.opening import known_judges, open_judges

__all__ = ["Judge", "hold", "known_judges", "open_judges"]
