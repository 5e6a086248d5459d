"""Prompt strategies: the method is the prompt, and the model answers once.

Standard, zero-shot, chain of thought (Kojima et al., arXiv 2205.11916), Chain of Draft (Xu et al.,
arXiv 2502.18600), the R1 template (DeepSeek-AI, arXiv 2501.12948) and equation-only differ only in
`prompts/*.toml`.
"""

from __future__ import annotations

from judgekit.backends.turn import Model, Transcript
from judgekit.records import Problem
from judgekit.strategies.answering import solve
from judgekit.strategies.strategy import Strategy


async def prompting(model: Model, problem: Problem) -> Transcript:
    """Ask once, and take what comes."""
    turn = await solve(model, problem)
    return turn.transcript()


STRATEGIES = tuple(
    Strategy(name, prompting, prompt=name, about=about)
    for name, about in {
        "standard": "answer directly, without reasoning",
        "zero-shot": "the bare question",
        "cot": "think step by step, then answer",
        "cod": "Chain of Draft: at most five words a step",
        "reasoning": "the R1 template: <think> and <answer>",
        "equation-only": "equations instead of sentences, then answer",
    }.items()
)
