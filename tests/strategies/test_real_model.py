"""Every strategy once on the real embedded model: it runs, ends, and its accounts balance."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from judgekit import strategies
from judgekit.backends.engine import Engine
from judgekit.backends.turn import Model, Sampling, Transcript
from judgekit.prompt import load_prompt
from judgekit.records import Problem
from judgekit.strategies.resources import Resources

pytestmark = pytest.mark.model

ADDITION = Problem("sum", "Tom has 12 pens and buys 7 more. How many pens does he have?", "19")
TOKENS = 16
SHORTER: Mapping[str, Mapping[str, str]] = {
    "beam-search": {"n": "2", "width": "2", "steps": "2"},
    "dvts": {"n": "2", "width": "2", "steps": "2"},
    "rebase": {"n": "2", "steps": "2"},
    "majority-vote": {"n": "2"},
    "weighted-vote": {"n": "2"},
    "best-of-n": {"n": "2"},
    "self-consistency-universal": {"n": "2"},
    "mutual-consistency": {"n": "2", "prefixes": "2"},
    "ssr": {"tracks": "2"},
    "self-refine": {"rounds": "1"},
    "end-bias": {"token": "<|im_end|>"},
    "decompose": {"parts": "2"},
}

Driven = Mapping[str, tuple[list[Transcript], Model]]


async def drive(name: str, engine: Engine) -> tuple[list[Transcript], Model]:
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
    result = await strategy.run(model, ADDITION, **own)
    return [result] if isinstance(result, Transcript) else list(result), model


@pytest.fixture(scope="session")
def driven(embedded_engine: Engine) -> Driven:
    """All strategies at once, as in a run: the engine keeps its batch full."""

    async def everything() -> list[tuple[list[Transcript], Model]]:
        return await asyncio.gather(*(drive(name, embedded_engine) for name in strategies.BUILT_IN))

    return dict(zip(strategies.BUILT_IN, asyncio.run(everything()), strict=True))


@pytest.mark.parametrize("name", strategies.BUILT_IN)
def test_a_strategy_on_the_embedded_model(name: str, driven: Driven) -> None:
    transcripts, model = driven[name]
    tokenizer = model.engine.tokenizer
    assert tokenizer is not None
    for found in transcripts:
        ids = found.token_ids or ()
        assert tokenizer.decode(ids) == found.text
        assert sum(segment.tokens for segment in found.segments) == len(ids)
        own = sum(s.tokens for s in found.segments if s.by == "model")
        assert own == found.usage["model"].completion
        assert found.finish_reason in ("stop", "length")
        assert found.text.strip()
    last = transcripts[-1]
    if last.variant in ("", "final"):
        for by, spent in model.ledger.spent.items():
            usage = last.usage[by]
            assert usage.completion + usage.discarded == spent.completion + spent.discarded


def test_a_wait_costs_only_its_own_tokens(driven: Driven) -> None:
    """The engine's own counter: what was computed once is not computed again."""
    ((found,), model) = driven["budget-forcing"]
    forced = sum(s.tokens for s in found.segments if s.by == "forced")
    # Each extension may hand over one token more, the last one that the model has chosen; where
    # whole blocks are reused, as in vLLM, what follows the last of them.
    again = model.engine.described.get("block_size", 0) + 1
    assert found.usage["model"].prompt <= found.prompt_tokens + forced + again * len(found.segments)
