"""Tokens a second of the transformers engine beside a bare `model.generate` on static batches.

Both run in one process on the same prompts with the same limits a row; the end of turn is off, so
that the same number of tokens is written. They alternate, and the ratio asserted is the median of
the ratios of neighbours, since the absolute figures of a shared machine vary by more than a fifth.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest

from judgekit.backends.engine import Context
from judgekit.backends.transformers import loading
from judgekit.backends.transformers.engine import TransformersEngine
from judgekit.backends.turn import Sampling, Turn
from judgekit.config import ModelConfig

pytestmark = [pytest.mark.perf, pytest.mark.model]


class Row(NamedTuple):
    prompt: tuple[int, ...]
    limit: int


Run = Callable[[Sequence[Row]], int]


@pytest.fixture(scope="module")
def bare() -> Any:
    """A model of its own for `generate`: the engine changes the attention of the one it has."""
    model = loading.load(ModelConfig()).model
    model.generation_config.eos_token_id = None
    return model


@pytest.mark.parametrize(("rows", "new_tokens"), [(16, 48), (32, 32)])
def test_equal_rows_run_as_fast_as_generate(bare: Any, rows: int, new_tokens: int) -> None:
    draw = random.Random(rows)
    work = [Row(_prompt(draw, 64), new_tokens) for _ in range(rows)]
    with slots(rows) as run:
        ratios = compare(work, {"generate": static(bare, rows), "slots": run}, repetitions=7)
    assert ratios["generate"] >= 0.9


def test_mixed_rows_run_faster_than_static_batches(bare: Any) -> None:
    with slots(16) as run:
        contenders = {
            "generate in order": static(bare, 16),
            "generate by length": static(bare, 16, by_length=True),
            "slots": run,
        }
        ratios = compare(mixed(), contenders, repetitions=3)
    assert ratios["generate in order"] >= 1.5


def mixed() -> list[Row]:
    """48 prompts of 24 to 64 tokens; limits of 8 to 160 skewed to the short, about 2300 in all."""
    draw = random.Random(3)
    rows = []
    for _ in range(48):
        limit = round(8 + 152 * draw.random() ** 2.6)
        rows.append(Row(_prompt(draw, draw.randint(24, 64)), limit))
    return rows


def compare(work: Sequence[Row], contenders: dict[str, Run], repetitions: int) -> dict[str, float]:
    """Median ratio of the speed of `slots` to each contender's, in alternating order; printed."""
    wanted = sum(row.limit for row in work)
    for run in contenders.values():
        run([Row(row.prompt, 2) for row in work[:2]])
    speeds: dict[str, list[float]] = {name: [] for name in contenders}
    for repetition in range(repetitions):
        for name in list(contenders)[:: -1 if repetition % 2 else 1]:
            start = time.perf_counter()
            assert contenders[name](work) == wanted
            speeds[name].append(wanted / (time.perf_counter() - start))
    ratios = {
        name: statistics.median(
            ours / theirs for ours, theirs in zip(speeds["slots"], each, strict=True)
        )
        for name, each in speeds.items()
    }
    print(f"\n{len(work)} rows, {wanted} tokens")
    for name, each in speeds.items():
        spread = ", ".join(f"{speed:.1f}" for speed in each)
        median = statistics.median(each)
        print(f"  {name:20} {median:6.1f} tokens/s ({spread})   slots/this {ratios[name]:.2f}")
    return ratios


def static(model: Any, size: int, by_length: bool = False) -> Run:
    """`generate` on left-padded batches, each run until its longest row is done."""
    import torch

    def run(work: Sequence[Row]) -> int:
        rows = sorted(work, key=lambda row: row.limit) if by_length else list(work)
        written = 0
        for start in range(0, len(rows), size):
            batch = rows[start : start + size]
            width = max(len(row.prompt) for row in batch)
            ids = torch.tensor([[0] * (width - len(row.prompt)) + [*row.prompt] for row in batch])
            seen = torch.tensor(
                [[0] * (width - len(row.prompt)) + [1] * len(row.prompt) for row in batch]
            )
            limit = max(row.limit for row in batch)
            with torch.inference_mode():
                out = model.generate(
                    ids, attention_mask=seen, max_new_tokens=limit, do_sample=False, pad_token_id=0
                )
            assert out.shape[1] == width + limit
            written += sum(row.limit for row in batch)
        return written

    return run


@contextmanager
def slots(size: int) -> Iterator[Run]:
    """The engine, driven by turns as strategies drive it."""
    engine = TransformersEngine(ModelConfig(concurrency=size))

    async def one(row: Row) -> int:
        turn = Turn(engine, Context((), "", row.prompt), Sampling(max_tokens=row.limit))
        await turn.write(min_tokens=row.limit)
        turn.close()
        return sum(segment.tokens for segment in turn.transcript().segments)

    async def all_of(work: Sequence[Row]) -> int:
        return sum(await asyncio.gather(*map(one, work)))

    yield lambda work: asyncio.run(all_of(work))
    asyncio.run(engine.aclose())


def _prompt(draw: random.Random, length: int) -> tuple[int, ...]:
    return tuple(draw.randrange(100, 40000) for _ in range(length))
