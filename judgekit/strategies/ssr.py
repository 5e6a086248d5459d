"""SSR (arXiv 2505.15340): a large model picks methods and scores the steps that a small one drafts.

What is ours: docs/strategies.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from judgekit.backends.turn import Model, Transcript, Turn
from judgekit.errors import ConfigError
from judgekit.prompt import load_prompt
from judgekit.records import Problem
from judgekit.strategies.answering import delimiters
from judgekit.strategies.classes import classes
from judgekit.strategies.relay import Relay
from judgekit.strategies.strategy import Strategy
from judgekit.strategies.together import together

PICK = "strategy/pick-methods"
WITH_METHOD = "strategy/with-method"

METHODS = {
    "A": "Work forwards from what is given, one deduction at a time.",
    "B": "Work backwards from what is asked.",
    "C": "Name the unknowns and set up equations.",
    "D": "Split the problem into cases.",
    "E": "Try small or special values and look for a pattern.",
    "F": "Draw, or describe, a figure or a table.",
    "G": "Use symmetry or an invariant.",
    "H": "Rewrite the problem as an equivalent, simpler one.",
    "I": "Count in two ways, or count the complement.",
    "J": "Assume the contrary and look for a contradiction.",
    "K": "Estimate bounds, then close the gap.",
    "L": "Recall a theorem or formula that fits, and apply it.",
}
"""The methods that the large model chooses from; their wording is ours."""

STEP = 512
_DIGIT = re.compile(r"\d")
_DONE = re.compile(r"\\boxed|Answer:")


async def ssr(
    model: Model, problem: Problem, *, second: Model, tracks: int = 3, threshold: int = 7
) -> Transcript:
    """Draft each step with the small model; rewrite what the large one scores below `threshold`."""
    methods = await _pick(second, problem, tracks)
    turns = await together(
        _track(model.seeded("track", i), second.seeded("track", i), problem, method, threshold)
        for i, method in enumerate(methods)
    )
    groups = classes(problem, turns)
    largest = max(groups, key=len, default=[])
    if len(largest) > 1:
        return turns[largest[0]].transcript()
    return min(turns, key=lambda turn: turn.left()).transcript()


async def _pick(large: Model, problem: Problem, tracks: int) -> list[str]:
    """The methods that the large model thinks best; the rest in order where it names too few."""
    listed = "\n".join(f"{letter}. {method}" for letter, method in METHODS.items())
    turn = large.settings(temperature=0.0).start(
        problem, load_prompt(PICK), methods=f"{listed}\nM. None of these."
    )
    _prefill(turn, large, f"I think the best {tracks} methods are: ")
    said = await turn.write(max_tokens=2 * tracks - 1)
    turn.close()
    named = re.findall(r"\b[A-M]\b", said.text)
    letters = list(dict.fromkeys([*named, *METHODS]))[:tracks]
    return [METHODS.get(letter, "") for letter in letters]


async def _track(small: Model, large: Model, problem: Problem, method: str, threshold: int) -> Turn:
    """One solution along a method, step by step."""
    relay = Relay.start(small, large, problem, load_prompt(WITH_METHOD), method=method)
    previous = None
    while not (relay.ended or relay.spent):
        before = len(relay.small.text)
        step: dict[str, Any] = {
            "max_tokens": relay.at_most(STEP),
            "stop": ("\n\n",),
            "keep_stop": True,
        }
        draft = await relay.draft(relay.small, **step)
        if await _score(relay.large, large, draft.text[before:]) >= threshold:
            relay.take(draft)
        else:
            draft.close()
            await relay.by_large(**step)
        written = relay.small.text[before:].strip()
        if written == previous or _DONE.search(written):
            return relay.close()
        previous = written
    return await relay.finish()


async def _score(turn: Turn, large: Model, step: str) -> int:
    """The digit that the large model gives the drafted step; 0 where it gives none."""
    asked = turn.fork()
    asked.sampling = large.settings(temperature=0.0).sampling
    asked.hear(step, "draft")
    _prefill(asked, large, "I think the quality score is: ")
    said = await asked.write(max_tokens=1)
    asked.close()
    digit = _DIGIT.search(said.text)
    return int(digit[0]) if digit else 0


def _prefill(turn: Turn, large: Model, text: str) -> None:
    """Begin the large model's reply, as thinking where it is a reasoning model."""
    turn.force(delimiters(turn, large.prompt, "auto").start.strip() + text)


def _check(options: Mapping[str, Any]) -> None:
    if not 1 <= options["tracks"] <= len(METHODS):
        raise ConfigError(f"-o tracks={options['tracks']}: from 1 to {len(METHODS)}")
    if options["threshold"] > 9:
        raise ConfigError(f"-o threshold={options['threshold']}: a score is a digit, 0 to 9")


STRATEGIES = (
    Strategy(
        "ssr",
        ssr,
        prompt="cot",
        needs=frozenset({"text"}),
        about="a second model picks methods, scores drafted steps and rewrites weak ones",
        cost="several responses by two models",
        helpers=(PICK, WITH_METHOD),
        samples=True,
        check=_check,
    ),
)
