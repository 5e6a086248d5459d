"""How good is a response, or the part of one that is written so far: scorers.

A scorer is anything that gives a number from 0 to 1 to a problem and a turn, higher is better:

* `logprob`: exp of the mean log-probability of the model's own tokens;
* the name of a model in the configuration: a reward model (a sequence or token classifier) is asked
  for its score, a language model for how sure it is that "Yes, this is correct" (the generative
  verifier of Zhang et al., arXiv 2408.15240);
* `judge:NAME`: a judge that is shown no gold answer.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from judgekit.backends.engine import Extension
from judgekit.backends.turn import Model, Turn
from judgekit.judges import Judge
from judgekit.prompt import Prompt
from judgekit.records import Problem, Verdict
from judgekit.verifier import make_case

LOGPROB = "logprob"
JUDGE = "judge:"
YES_OR_NO = "strategy/correct-so-far"
"""The prompt by which a language model scores."""

UNDECIDED = 0.5
"""The score of what a scorer has no word on."""


class Scorer(Protocol):
    """From a problem and a response under way to a number from 0 to 1."""

    async def __call__(self, problem: Problem, turn: Turn) -> float: ...


async def by_logprob(problem: Problem, turn: Turn) -> float:
    """exp of the mean log-probability a token; 0 for a response without tokens of the model."""
    return math.exp(turn.logprob) if turn.logprob is not None else 0.0


@dataclass(frozen=True, slots=True)
class ModelScorer:
    """A language model that is asked whether the solution is correct so far.

    The score is the probability of its first word where that is Yes, one minus it where it is No.
    Where the engine knows no probabilities it is 1 or 0; any other word is undecided. Its tokens
    are counted as discarded.
    """

    model: Model
    prompt: Prompt

    async def __call__(self, problem: Problem, turn: Turn) -> float:
        asked = self.model.settings(temperature=0.0, max_tokens=_WORD)
        reply = asked.start(problem, self.prompt, solution=shown(turn.text))
        extension = await reply.write()
        reply.close()
        word = extension.text.strip().lower()
        if word.startswith("yes"):
            return _probability(extension, "yes")
        return 1 - _probability(extension, "no") if word.startswith("no") else UNDECIDED


def _probability(extension: Extension, word: str) -> float:
    """The probability of the tokens in which the word stands; 1 where the engine tells none."""
    text, total = "", 0.0
    for token, logprob in extension.token_logprobs or ():
        text, total = text + token, total + logprob
        if word in text.lower():
            break
    return math.exp(total)


@dataclass(frozen=True, slots=True)
class RewardScorer:
    """A reward model: from question and response to a score from 0 to 1."""

    reward: Callable[[str, str], Awaitable[float]]

    async def __call__(self, problem: Problem, turn: Turn) -> float:
        return await self.reward(problem.question, turn.text)


@dataclass(frozen=True, slots=True)
class JudgeScorer:
    """A judge that is shown no gold answer: its confidence that the response is correct."""

    judge: Judge

    async def __call__(self, problem: Problem, turn: Turn) -> float:
        finished = turn.last is not None and turn.last.stopped == "end"
        case = make_case("", turn.text, problem.question, problem.kind, problem.choices, finished)
        return _confidence(await self.judge(case))


_WORD = 4
"""Tokens in which a Yes or No is to be read."""

_SHOWN = 12_000
"""Characters of a response that a scorer is shown: its end."""


def shown(text: str) -> str:
    """The end of a text, as much as one prompt can hold."""
    return text if len(text) <= _SHOWN else f"[...]{text[-_SHOWN:]}"


def _confidence(verdict: Verdict) -> float:
    if verdict.outcome == "undecided":
        return UNDECIDED
    confidence = 1.0 if verdict.confidence is None else verdict.confidence
    return confidence if verdict.outcome == "correct" else 1 - confidence
