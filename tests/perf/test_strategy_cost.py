"""Waits and branches cost only their own tokens: processor time against one free generation."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator

import pytest

from judgekit.backends.engine import Engine
from judgekit.backends.transformers import embedded
from judgekit.config import ModelConfig
from tests.perf.waiting import MOST, QUESTIONS, free, longest, waited

pytestmark = [pytest.mark.perf, pytest.mark.model]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    pytest.importorskip("torch")
    if not embedded.prepared_folder().is_dir() and embedded.locate() is None:
        pytest.skip(f"the embedded model is not installed: {embedded.INSTALL}")
    from judgekit.backends.transformers.engine import TransformersEngine

    engine = TransformersEngine(ModelConfig(concurrency=8))
    yield engine
    asyncio.run(engine.aclose())


@pytest.mark.parametrize("strategy", MOST)
def test_three_waits_cost_hardly_more_than_writing_as_much(strategy: str, engine: Engine) -> None:
    free(engine, strategy, QUESTIONS[strategy][0], 8)
    ratios = []
    for question in QUESTIONS[strategy]:
        began = time.process_time()
        tokens = longest(waited(engine, strategy, question))
        written = time.process_time()
        free(engine, strategy, question, tokens)
        ratios.append((written - began) / (time.process_time() - written))
        print(f"{strategy}, {tokens} tokens: {ratios[-1]:.2f}")
    print(f"{strategy}: median {statistics.median(ratios):.2f}")
    assert statistics.median(ratios) <= MOST[strategy]
