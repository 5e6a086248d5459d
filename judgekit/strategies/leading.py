"""A small model writes, a large one leads: speculative thinking and follow-the-leader.

Speculative thinking: arXiv 2504.12329, constants from the authors' code. FoReaL-Decoding: arXiv
2506.06998. What is ours: docs/strategies.md.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from judgekit.backends.engine import Feature
from judgekit.backends.turn import Model, Transcript, derive
from judgekit.errors import ConfigError
from judgekit.records import Problem
from judgekit.strategies.relay import Relay
from judgekit.strategies.strategy import Strategy

POSITIVE = ("yeah", "yes", "final answer", "confident")
NEGATIVE = ("wait", "alternatively", "hold on", "another")
VERIFYING = ("verify", "think again", "recap", "check")
RECAP = "Let me check whether there are some wrong steps:"

STRETCH = 1024
PROPOSAL = 20
BEGIN = 100
RECAPS = range(125, 201, 25)
"""Tokens of the large model after a verifying cue, and after each recap more."""
DOUBTS = range(15, 31, 5)
"""Negative turns of thought before a recap, and before each later one more."""

SENTENCE_ENDS = (". ", "? ", "! ", "\n")


async def speculative_thinking(
    model: Model,
    problem: Problem,
    *,
    second: Model,
    choose_large: bool = True,
    begin: bool = False,
    not_reasoning: bool = False,
) -> Transcript:
    """A large model takes over where the small one's thinking turns."""
    relay = Relay.start(model, second, problem)
    doubts, recaps = 0, 0
    if begin:
        await relay.by_large(max_tokens=relay.at_most(BEGIN))
    while not (relay.ended or relay.spent):
        paragraph = await relay.by_small(
            max_tokens=relay.at_most(STRETCH), stop=("\n\n",), keep_stop=True
        )
        if paragraph.stopped != "stop" or relay.spent:
            continue
        if doubts >= DOUBTS[min(recaps, len(DOUBTS) - 1)]:
            relay.force(RECAP)
            length = RECAPS[min(recaps, len(RECAPS) - 1)]
            await relay.by_large(max_tokens=relay.at_most(length))
            doubts, recaps = 0, recaps + 1
            continue
        own = await relay.draft(relay.small, max_tokens=relay.at_most(PROPOSAL))
        proposed = own.text[len(relay.small.text) :]
        if not (not_reasoning or mood(proposed)):
            own.close()
            continue
        other = await relay.draft(relay.large, max_tokens=relay.at_most(PROPOSAL))
        counter = other.text[len(relay.large.text) :]
        chosen, rejected, taken = own, other, proposed
        opposed = mood(proposed) != 0 and (mood(proposed) < 0) != (mood(counter) < 0)
        if choose_large or opposed:
            chosen, rejected, taken = other, own, counter
        rejected.close()
        relay.take(chosen)
        doubts += mood(taken) < 0
        if not relay.ended and any(cue in taken.lower() for cue in VERIFYING):
            await relay.by_large(max_tokens=relay.at_most(RECAPS[0]))
    return (await relay.finish()).transcript()


def mood(text: str) -> int:
    """1 for thinking that is sure of itself, -1 for doubt or checking, 0 for neither."""
    text = text.lower()
    positive = sum(cue in text for cue in POSITIVE)
    negative = sum(cue in text for cue in (*NEGATIVE, *VERIFYING))
    if positive == negative:
        return -1 if negative else 0
    return 1 if positive > negative else -1


async def follow_the_leader(
    model: Model, problem: Problem, *, second: Model, lead: int = 15, share: float = 1.0
) -> Transcript:
    """A large model begins each sentence, the small one writes it to its end."""
    relay = Relay.start(model, second, problem)
    gate = random.Random(derive(model.sampling.seed, "gate"))
    while not (relay.ended or relay.spent):
        if gate.random() < share:
            await relay.by_large(max_tokens=relay.at_most(lead))
        if not (relay.ended or relay.spent):
            await relay.by_small(stop=SENTENCE_ENDS, keep_stop=True)
    return (await relay.finish()).transcript()


def _check(options: Mapping[str, Any]) -> None:
    if not 0 <= options["share"] <= 1:
        raise ConfigError(f"-o share={options['share']:g}: a probability is from 0 to 1")
    if options["lead"] < 1:
        raise ConfigError("-o lead=0: the second model writes at least one token")


_NEEDS: frozenset[Feature] = frozenset({"text"})

STRATEGIES = (
    Strategy(
        "speculative-thinking",
        speculative_thinking,
        prompt="cot",
        needs=_NEEDS,
        about="a second model takes over where thinking turns, doubts or checks",
        cost="one response, and proposals of both models",
    ),
    Strategy(
        "follow-the-leader",
        follow_the_leader,
        prompt="cot",
        needs=_NEEDS,
        about="FoReaL: a second model begins each sentence",
        cost="one response by two models",
        check=_check,
    ),
)
