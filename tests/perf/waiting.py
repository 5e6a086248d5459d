"""What waits cost: a strategy with three of them beside one free generation of the same length."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from judgekit import strategies
from judgekit.backends.engine import Engine
from judgekit.backends.turn import Model, Sampling, Transcript
from judgekit.prompt import load_prompt
from judgekit.records import Problem

WAITS = 3
MOST: Mapping[str, float] = {"budget-forcing": 1.15, "progressive-expansion": 1.3}
"""How much more than the free generation each may cost; the expansion with all its answers, beside
its longest branch."""

QUESTIONS: Mapping[str, tuple[str, ...]] = {
    "budget-forcing": (
        "What is 3 + 5?",
        "How many days are in two weeks?",
        "What is 6 times 7?",
        "What is half of 18?",
        "How many minutes are there in three and a half hours?",
    ),
    "progressive-expansion": (
        "What is 2 + 2?",
        "What is 3 + 5?",
        "Ann has 3 apples and eats one. How many are left?",
        "How many days are in two weeks?",
        "Which is larger, 7 or 12?",
    ),
}
"""On these the embedded model, greedily, stops often enough to be made to wait three times."""

_TOKENS = 240


def waited(engine: Engine, strategy: str, question: str) -> list[Transcript]:
    """The responses of a strategy that has really waited three times."""
    chosen = strategies.get(strategy)
    model = Model(engine, load_prompt(chosen.prompt), Sampling(_TOKENS))
    result = asyncio.run(chosen.run(model, Problem("q", question, "0"), waits=WAITS))
    found = [result] if isinstance(result, Transcript) else list(result)
    forced = [segment.text for segment in found[-1].segments if segment.by == "forced"]
    assert forced.count("Wait") == WAITS, question
    return found


def longest(found: list[Transcript]) -> int:
    """Tokens of the longest of the responses."""
    return max(sum(segment.tokens for segment in each.segments) for each in found)


def free(engine: Engine, strategy: str, question: str, tokens: int) -> None:
    """One generation of this many tokens from the strategy's own prompt."""
    prompt = load_prompt(strategies.get(strategy).prompt)

    async def drive() -> None:
        turn = Model(engine, prompt, Sampling(tokens)).start(Problem("q", question, "0"))
        await turn.write(max_tokens=tokens, min_tokens=tokens)
        turn.close()

    asyncio.run(drive())
