"""rStar's mutual consistency (arXiv 2408.06195): a sample counts if another model can finish it.

Only the discriminator, over plain samples: docs/strategies.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from judgekit.backends.turn import Model, Transcript, Turn
from judgekit.errors import ConfigError
from judgekit.records import Problem
from judgekit.strategies.classes import answer_of, classes, equal
from judgekit.strategies.strategy import Strategy
from judgekit.strategies.together import together
from judgekit.strategies.voting import sample

SHORTEST, LONGEST = 0.2, 0.5
"""Shares of a solution's words that the second model is given."""

COMPLETION = 512
SURVIVES = 0.5


async def mutual_consistency(
    model: Model, problem: Problem, *, second: Model, n: int = 4, prefixes: int = 4
) -> Transcript:
    """Of the samples whose beginnings lead a second model to their answer, the likeliest."""
    turns = await sample(model, problem, n)
    groups = classes(problem, turns)
    candidates = [i for group in groups for i in group]
    if not candidates:
        return turns[0].transcript()
    share = {i: len(group) / n for group in groups for i in group}
    rates = await together(
        _survival(second.seeded("candidate", i), problem, turns[i], prefixes) for i in candidates
    )
    survival = dict(zip(candidates, rates, strict=True))
    kept = [i for i in sorted(candidates) if survival[i] >= SURVIVES] or sorted(candidates)
    return turns[max(kept, key=lambda i: share[i] + survival[i])].transcript()


async def _survival(second: Model, problem: Problem, turn: Turn, prefixes: int) -> float:
    """The share of completions of the turn's beginnings that reach its answer."""
    known = answer_of(problem, turn) or ""

    async def completed(number: int) -> bool:
        end = (
            LONGEST
            if prefixes == 1
            else (SHORTEST + (LONGEST - SHORTEST) * number / (prefixes - 1))
        )
        reader = second.seeded("prefix", number).settings(temperature=1.0)
        reply = reader.start(problem)
        reply.hear(beginning(turn.text, end), turn.by)
        await reply.write(max_tokens=COMPLETION)
        reply.close()
        answer = answer_of(problem, reply)
        return answer is not None and equal(problem, known, answer, reply)

    reached = await together(completed(number) for number in range(prefixes))
    return sum(reached) / prefixes


def beginning(text: str, share: float) -> str:
    """The first words of a text, so large a share of them, rounded up."""
    words = text.split(" ")
    return " ".join(words[: math.ceil(len(words) * share)])


def _check(options: Mapping[str, Any]) -> None:
    if options["n"] < 1 or options["prefixes"] < 1:
        raise ConfigError("-o n= and prefixes= are at least 1")


STRATEGIES = (
    Strategy(
        "mutual-consistency",
        mutual_consistency,
        prompt="cot",
        needs=frozenset({"text"}),
        about="rStar's filter: samples whose beginnings a second model finishes alike",
        cost="n responses, and `prefixes` completions of each by the second model",
        samples=True,
        check=_check,
    ),
)
