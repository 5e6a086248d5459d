"""vLLM through the engine seam beside vLLM alone, and what waits cost on it (`make perf-vllm`).

vLLM's processes share the machine with whatever else runs there: contenders alternate, and the
ratio asserted is the median of the ratios of neighbours.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Iterator
from typing import Any

import pytest

from judgekit.backends.engine import Context
from judgekit.backends.transformers import embedded
from judgekit.backends.turn import Sampling, Turn
from judgekit.config import ModelConfig
from tests.perf.waiting import MOST, QUESTIONS, WAITS, free, longest, waited

pytest.importorskip("vllm", reason="vLLM is not installed: make perf-vllm")

from judgekit.backends.vllm import starting
from judgekit.backends.vllm.engine import VLLMEngine

pytestmark = [pytest.mark.perf, pytest.mark.model]

ROWS, PROMPT, NEW = 32, 64, 64
CONFIG = ModelConfig(backend="vllm", concurrency=ROWS)


@pytest.fixture(scope="module")
def engine() -> Iterator[VLLMEngine]:
    if not embedded.prepared_folder().is_dir() and embedded.locate() is None:
        pytest.skip(f"the embedded model is not installed: {embedded.INSTALL}")
    engine = VLLMEngine(CONFIG)
    yield engine
    asyncio.run(engine.aclose())


@pytest.mark.parametrize("strategy", MOST)
def test_three_waits_cost_hardly_more_than_writing_as_much(
    strategy: str, engine: VLLMEngine
) -> None:
    """Processor time of vLLM's processes; the prompt is in the cache of prefixes for both."""
    ratios, walls = [], []
    for question in QUESTIONS[strategy]:
        free(engine, strategy, question, 4)
        handed, cached = engine.counters.handed, engine.counters.cached
        found, effort, seconds = measured(lambda q=question: waited(engine, strategy, q))
        handed, cached = engine.counters.handed - handed, engine.counters.cached - cached
        tokens = longest(found)
        _, alone, alone_seconds = measured(
            lambda q=question, n=tokens: free(engine, strategy, q, n)
        )
        ratios.append(effort / alone)
        walls.append(seconds / alone_seconds)
        print(
            f"{strategy}, {tokens} tokens: {ratios[-1]:.2f} of one free generation's processor "
            f"time, {walls[-1]:.2f} of its time; {cached} of {handed} tokens were in the cache"
        )
        # Every continuation finds all but the last block, and computes at least one token.
        block = engine.described["block_size"]
        extensions = 1 + WAITS + len(found)
        assert cached >= handed - extensions * (block + 1)
    median = statistics.median(ratios)
    print(f"{strategy}: median {median:.2f} (time {statistics.median(walls):.2f})")
    assert median <= MOST[strategy]


def measured(work: Any) -> tuple[Any, float, float]:
    """What the work returns, and the processor seconds of vLLM and the seconds that it took."""
    before, began = processor_seconds(), time.perf_counter()
    result = work()
    return result, processor_seconds() - before, time.perf_counter() - began


def processor_seconds() -> float:
    """Of all processes that this one has started."""
    import psutil

    times = [each.cpu_times() for each in psutil.Process().children(recursive=True)]
    return sum(each.user + each.system for each in times)


def test_as_fast_as_its_own_offline_throughput(engine: VLLMEngine) -> None:
    """Tokens a second of equal rows, beside `LLM.generate` with the same settings."""
    from vllm import LLM, SamplingParams

    chosen = starting.settings(CONFIG, starting.model_source(CONFIG), cpu=True)
    offline = LLM(**chosen)
    draw = random.Random(1)
    params = SamplingParams(temperature=0, max_tokens=NEW, min_tokens=NEW)
    speeds: dict[str, list[float]] = {"offline": [], "ours": []}
    efforts: dict[str, list[float]] = {"offline": [], "ours": []}
    for repetition in range(-1, 9):
        # Fresh prompts for each contender, so that nothing is in the cache of prefixes.
        for name in sorted(speeds, reverse=bool(repetition % 2)):
            prompts = [
                tuple(draw.randrange(100, 40000) for _ in range(PROMPT)) for _ in range(ROWS)
            ]
            effort, began = own_and_children(), time.perf_counter()
            if name == "ours":
                written = asyncio.run(through_turns(engine, prompts))
            else:
                outputs = offline.generate(
                    [{"prompt_token_ids": list(each)} for each in prompts], params, use_tqdm=False
                )
                written = sum(len(each.outputs[0].token_ids) for each in outputs)
            assert written == ROWS * NEW
            if repetition >= 0:
                speeds[name].append(written / (time.perf_counter() - began))
                efforts[name].append(own_and_children() - effort)
    for name, each in speeds.items():
        shown = ", ".join(f"{speed:.0f}" for speed in each)
        effort = statistics.median(efforts[name])
        print(
            f"  {name:8} {statistics.median(each):6.1f} tokens/s ({shown}), "
            f"{effort:.2f} processor seconds"
        )
    ratios = [ours / alone for ours, alone in zip(speeds["ours"], speeds["offline"], strict=True)]
    print(f"  median ratio of speeds {statistics.median(ratios):.2f}")
    assert statistics.median(ratios) >= 0.95


def own_and_children() -> float:
    """Processor seconds of this process and of all that it has started."""
    return time.process_time() + processor_seconds()


async def through_turns(engine: VLLMEngine, prompts: list[tuple[int, ...]]) -> int:
    """The prompts as strategies drive the engine; tokens written."""

    async def one(prompt: tuple[int, ...]) -> int:
        turn = Turn(engine, Context((), "", prompt), Sampling(max_tokens=NEW))
        await turn.write(min_tokens=NEW)
        return sum(segment.tokens for segment in turn.transcript().segments)

    return sum(await asyncio.gather(*map(one, prompts)))
