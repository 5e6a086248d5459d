"""Several samples, one winner: votes by equivalence, best of n, universal self-consistency.

Self-consistency (Wang et al., arXiv 2203.11171) with answers counted as the same when the verifier
proves them equal, not when they are written alike; early stopping by windows (Li et al., arXiv
2401.10480); universal self-consistency (Chen et al., arXiv 2311.17311).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from judgekit.backends.turn import Model, Transcript, Turn
from judgekit.errors import ConfigError
from judgekit.prompt import Prompt, load_prompt
from judgekit.records import Problem
from judgekit.strategies.answering import solve
from judgekit.strategies.classes import classes
from judgekit.strategies.scoring import YES_OR_NO, Scorer, by_logprob
from judgekit.strategies.strategy import Strategy
from judgekit.strategies.together import together

SELECT = "strategy/select"


async def majority_vote(
    model: Model, problem: Problem, *, n: int = 4, window: int = 0
) -> Transcript:
    """The first sample that gives the answer most samples give.

    With a `window` samples are drawn that many at a time, until all of one window agree; 0 is none.
    """
    turns: list[Turn] = []
    while len(turns) < n:
        drawn = await sample(model, problem, min(window or n, n - len(turns)), len(turns))
        turns += drawn
        if len(drawn) == window and _agree(problem, drawn):
            break
    return leader(problem, turns, [1.0] * len(turns)).transcript()


async def weighted_vote(
    model: Model, problem: Problem, *, n: int = 4, scorer: Scorer = by_logprob
) -> Transcript:
    """The best sample of the answer whose samples' scores have the largest sum."""
    turns = await sample(model, problem, n)
    scores = await together(scorer(problem, turn) for turn in turns)
    return leader(problem, turns, scores).transcript()


async def best_of_n(
    model: Model, problem: Problem, *, n: int = 4, scorer: Scorer = by_logprob
) -> Transcript:
    """The sample with the highest score; the first of equal ones."""
    turns = await sample(model, problem, n)
    scores = await together(scorer(problem, turn) for turn in turns)
    return turns[scores.index(max(scores))].transcript()


async def universal_self_consistency(model: Model, problem: Problem, *, n: int = 4) -> Transcript:
    """The sample that the model itself finds most consistent with the others."""
    turns = await sample(model, problem, n)
    asked = model.settings(temperature=0.0, max_tokens=_NAMES)
    reply = _fitting(asked, problem, load_prompt(SELECT), turns)
    said = await reply.write()
    reply.close()
    named = re.search(r"\d+", said.text)
    chosen = int(named[0]) - 1 if named and len(named[0]) < 4 else 0
    return turns[chosen if 0 <= chosen < len(turns) else 0].transcript()


async def sample(model: Model, problem: Problem, n: int, first: int = 0) -> list[Turn]:
    """n whole responses at once, each with a seed of its own."""
    return await together(
        solve(model.seeded("sample", i), problem) for i in range(first, first + n)
    )


def _agree(problem: Problem, turns: Sequence[Turn]) -> bool:
    """All samples give the same answer."""
    return [len(each) for each in classes(problem, turns)] == [len(turns)]


def leader(problem: Problem, turns: Sequence[Turn], weights: Sequence[float]) -> Turn:
    """The heaviest sample of the heaviest class; the earlier of equals, the first without answers.

    The weight of a class is the sum of its samples' weights.
    """
    groups = classes(problem, turns)
    if not groups:
        return turns[0]
    heaviest = max(groups, key=lambda group: sum(weights[i] for i in group))
    return turns[max(heaviest, key=lambda i: weights[i])]


_NAMES = 64
"""Tokens in which the model names a response."""


def _fitting(model: Model, problem: Problem, prompt: Prompt, turns: Sequence[Turn]) -> Turn:
    """The question with all responses, each shortened to its end as far as the context needs it."""
    shown = max(len(turn.text) for turn in turns)
    while True:
        listed = "\n\n".join(
            f"Response {i}:\n{_end(turn.text, shown)}" for i, turn in enumerate(turns, 1)
        )
        asked = model.start(problem, prompt, responses=listed)
        room = asked.room()
        if room is None or room >= _NAMES or shown <= _LEAST:
            return asked
        shown //= 2


_LEAST = 80
"""Characters of a response below which showing it is of no use."""


def _end(text: str, characters: int) -> str:
    return text if len(text) <= characters else f"[...]{text[-characters:]}"


def _sizes(options: Mapping[str, Any]) -> None:
    if options["n"] < 1:
        raise ConfigError("-o n=0: at least one response")
    if options.get("window") == 1:
        raise ConfigError(
            "-o window=1: one response always agrees with itself",
            hint="at least 2, or 0 for none",
        )


STRATEGIES = (
    Strategy(
        "majority-vote",
        majority_vote,
        prompt="cot",
        about="n responses, the answer that most give; equal by proof, not by string",
        cost="n responses, fewer with window",
        samples=True,
        check=_sizes,
    ),
    Strategy(
        "weighted-vote",
        weighted_vote,
        prompt="cot",
        about="n responses, the answer whose responses score highest together",
        cost="n responses and a scorer",
        helpers=(YES_OR_NO,),
        samples=True,
        check=_sizes,
    ),
    Strategy(
        "best-of-n",
        best_of_n,
        prompt="cot",
        about="n responses, the one with the highest score",
        cost="n responses and a scorer",
        helpers=(YES_OR_NO,),
        samples=True,
        check=_sizes,
    ),
    Strategy(
        "self-consistency-universal",
        universal_self_consistency,
        prompt="cot",
        about="n responses, and the model says which the others support",
        cost="n responses and one long prompt",
        helpers=(SELECT,),
        samples=True,
        check=_sizes,
    ),
)
