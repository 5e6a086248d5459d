"""Every strategy once on the real embedded model: it runs, ends, and its accounts balance."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from driving import LETTERS

from judgekit import strategies
from judgekit.backends.engine import Engine
from judgekit.backends.turn import Model, Sampling, Transcript
from judgekit.prompt import load_prompt
from judgekit.records import Problem
from judgekit.strategies.resources import Resources

pytestmark = pytest.mark.model

ADDITION = Problem("sum", "Tom has 12 pens and buys 7 more. How many pens does he have?", "19")
TOKENS = 24
SHORTER: dict[str, dict[str, str]] = {
    "beam-search": {"n": "4", "width": "2", "steps": "3"},
    "dvts": {"n": "4", "width": "2", "steps": "3"},
    "rebase": {"n": "4", "steps": "3"},
    "mutual-consistency": {"n": "2", "prefixes": "2"},
    "ssr": {"tracks": "2"},
    "self-refine": {"rounds": "1"},
    "end-bias": {"token": "<|im_end|>"},
    "decompose": {"parts": "2"},
}


def drive(name: str, engine: Engine, problem: Problem) -> list[Transcript]:
    strategy = strategies.get(name)
    second = dict.fromkeys(strategy.required, "embedded")
    options = strategy.options({**SHORTER.get(name, {}), **second})
    model = Model(
        engine,
        load_prompt(strategy.prompt),
        Sampling(TOKENS, 0.7 if strategy.samples else 0.0, seed=3, logprobs=True),
    )
    bound = Resources({"embedded": engine}, {}, {}).bind(strategy, options, model)
    own: dict[str, Any] = {k: v for k, v in bound.items() if k not in strategies.ON_EVERY_STRATEGY}
    result = asyncio.run(strategy.run(model, problem, **own))
    return [result] if isinstance(result, Transcript) else list(result)


@pytest.mark.parametrize("name", strategies.BUILT_IN)
def test_a_strategy_on_the_embedded_model(name: str, embedded_engine: Engine) -> None:
    tokenizer = embedded_engine.tokenizer
    assert tokenizer is not None
    for problem in (ADDITION, LETTERS):
        for found in drive(name, embedded_engine, problem):
            ids = found.token_ids or ()
            assert tokenizer.decode(ids) == found.text
            assert sum(segment.tokens for segment in found.segments) == len(ids)
            own = sum(s.tokens for s in found.segments if s.by == "model")
            assert own == found.usage["model"].completion
            assert found.finish_reason in ("stop", "length")
            assert found.text.strip()


def test_a_wait_costs_only_its_own_tokens(embedded_engine: Engine) -> None:
    """The engine's own counter: what was computed once is not computed again."""
    (found,) = drive("budget-forcing", embedded_engine, ADDITION)
    forced = sum(s.tokens for s in found.segments if s.by == "forced")
    read = found.usage["model"].prompt
    assert read <= found.prompt_tokens + forced + 2 * len(found.segments)
