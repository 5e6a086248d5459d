"""The embedded model in slots: the texts of `generate`, and every option of `Ask`."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from contract import *  # noqa: F403
from contract import QUESTIONS, Greedy, ask, gather, grown

from judgekit.backends.engine import Ask, Context
from judgekit.backends.transformers.engine import TransformersEngine
from judgekit.config import ModelConfig
from judgekit.errors import BackendError, RequestFailed

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def engine(embedded_engine: TransformersEngine) -> TransformersEngine:
    """What the contract is tried on."""
    return embedded_engine


@pytest.fixture(scope="module")
def block() -> int:
    """Slots compute only the last token anew."""
    return 1


def test_a_forced_turn_goes_on_from_ids_and_computes_only_what_is_new(
    embedded_engine: TransformersEngine, generate: Greedy
) -> None:
    context = ask(embedded_engine, QUESTIONS[5])
    (first,) = gather(embedded_engine, (context, Ask(max_tokens=10)))
    forced = grown(context, first, " Wait, no:", engine=embedded_engine)
    computed = embedded_engine.counters.computed
    (second,) = gather(embedded_engine, (forced, Ask(max_tokens=10)))
    assert list(second.ids or ()) == generate(forced.ids, 10)
    new = len(forced.ids) - len(context.ids) - 9
    assert second.cached_tokens == len(forced.ids) - new
    assert embedded_engine.counters.computed - computed == new + 9
    embedded_engine.release(forced)


def test_a_loop_is_stopped_when_asked(tiny: Any) -> None:
    engine = TransformersEngine(ModelConfig(concurrency=2), tiny(max_position_embeddings=512))
    context = Context((), "", (1, 2, 3))
    bias = {7: 1000.0}
    stopped, unasked = gather(
        engine,
        (replace(context), Ask(max_tokens=300, logit_bias=bias, stop_on_loop=True)),
        (replace(context), Ask(max_tokens=300, logit_bias=bias)),
    )
    assert (stopped.stopped, unasked.stopped) == ("loop", "length")
    assert 128 <= stopped.tokens < 200
    asyncio.run(engine.aclose())


def test_equal_prompts_are_computed_once(embedded_engine: TransformersEngine) -> None:
    prompt = tuple(range(1000, 1060))
    before = embedded_engine.counters.computed
    asks = [
        (Context((), "", prompt), Ask(max_tokens=4, min_tokens=4, temperature=1.0, seed=seed))
        for seed in range(4)
    ]
    gather(embedded_engine, *asks)
    assert embedded_engine.counters.computed - before == len(prompt) + 3 + 4 * 3


def test_a_closed_engine_says_so(tiny: Any) -> None:
    engine = TransformersEngine(ModelConfig(concurrency=2), tiny())
    context = Context((), "", (1, 2, 3))

    async def run() -> None:
        endless = asyncio.create_task(engine.extend(context, Ask(max_tokens=150)))
        await asyncio.sleep(0.01)
        await engine.aclose()
        with pytest.raises(BackendError, match="closed"):
            await endless
        with pytest.raises(BackendError, match="closed"):
            await engine.extend(replace(context, cache=None), Ask(max_tokens=1))

    asyncio.run(run())


def test_running_out_of_memory_is_one_line(tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = TransformersEngine(ModelConfig(concurrency=2), tiny())
    # The one fault that cannot be had for real without taking the machine down with it.
    monkeypatch.setattr(engine._scheduler._pool, "forward", _no_memory)
    for _ in range(2):
        with pytest.raises(BackendError, match="out of memory with 1 sequence") as caught:
            gather(engine, (Context((), "", (1, 2, 3)), Ask(max_tokens=4)))
        assert not isinstance(caught.value, RequestFailed)


def _no_memory(chunks: Any) -> None:
    import torch

    torch.empty(2**60)


def test_a_defect_reaches_those_who_wait(tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = TransformersEngine(ModelConfig(concurrency=2), tiny())
    monkeypatch.setattr(engine._scheduler._pool, "forward", lambda chunks: {}["defect"])
    monkeypatch.setattr("threading.excepthook", lambda told: None)
    with pytest.raises(KeyError, match="defect"):
        gather(engine, (Context((), "", (1, 2, 3)), Ask(max_tokens=4)))
