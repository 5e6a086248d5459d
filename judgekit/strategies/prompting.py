"""Prompt strategies: the method is the prompt, and the model answers once.

Standard, zero-shot, chain of thought (Kojima et al., arXiv 2205.11916), Chain of Draft (Xu et al.,
arXiv 2502.18600) and the R1 template (DeepSeek-AI, arXiv 2501.12948) differ only in
`prompts/*.toml`.
"""

from __future__ import annotations

from judgekit.backends.turn import Model, Transcript
from judgekit.records import Problem


async def prompting(model: Model, problem: Problem) -> Transcript:
    """Ask once, and take what comes."""
    turn = model.start(problem)
    await turn.write()
    turn.close()
    return turn.transcript()
