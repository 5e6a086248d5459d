"""Waits and branches cost only their own tokens: processor time against one free generation."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from judgekit import strategies
from judgekit.backends.engine import Engine
from judgekit.backends.transformers import embedded
from judgekit.backends.turn import Model, Sampling, Transcript
from judgekit.config import ModelConfig
from judgekit.prompt import load_prompt
from judgekit.records import Problem

pytestmark = [pytest.mark.perf, pytest.mark.model]

QUESTIONS = (
    "Tom has 12 pens and buys 7 more. How many pens does he have?",
    "A train covers 150 km in 2.5 hours. What is its speed in km/h?",
    "What is the sum of the first five odd numbers?",
)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    pytest.importorskip("torch")
    if not embedded.prepared_folder().is_dir() and embedded.locate() is None:
        pytest.skip(f"the embedded model is not installed: {embedded.INSTALL}")
    from judgekit.backends.transformers.engine import TransformersEngine

    engine = TransformersEngine(ModelConfig(concurrency=8))
    yield engine
    asyncio.run(engine.aclose())


def spent(engine: Engine, strategy: str, question: str) -> tuple[float, Transcript]:
    """Processor seconds of a strategy with three waits, and its last response."""
    chosen = strategies.get(strategy)
    model = Model(engine, load_prompt(chosen.prompt), Sampling(96))
    began = time.process_time()
    result = asyncio.run(chosen.run(model, Problem("q", question, "0"), waits=3))
    seconds = time.process_time() - began
    return seconds, result if isinstance(result, Transcript) else result[-1]


def free(engine: Engine, strategy: str, question: str, tokens: int) -> float:
    """Processor seconds of one generation of this many tokens, from the same prompt."""
    prompt = load_prompt(strategies.get(strategy).prompt)

    async def drive() -> None:
        turn = Model(engine, prompt, Sampling(tokens)).start(Problem("q", question, "0"))
        await turn.write(max_tokens=tokens, min_tokens=tokens)
        turn.close()

    began = time.process_time()
    asyncio.run(drive())
    return time.process_time() - began


@pytest.mark.parametrize(
    ("strategy", "most"), [("budget-forcing", 1.15), ("progressive-expansion", 1.3)]
)
def test_three_waits_cost_hardly_more_than_writing_as_much(
    strategy: str, most: float, engine: Engine
) -> None:
    free(engine, strategy, QUESTIONS[0], 8)
    ratios = []
    for question in QUESTIONS:
        seconds, found = spent(engine, strategy, question)
        tokens = sum(segment.tokens for segment in found.segments)
        ratios.append(seconds / free(engine, strategy, question, tokens))
    print(f"{strategy}: {', '.join(f'{ratio:.2f}' for ratio in ratios)}")
    assert sorted(ratios)[1] <= most
