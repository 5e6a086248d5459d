"""Architectures on slots, and those that slots do not serve, against a plain forward each token."""

from __future__ import annotations

import asyncio
import copy
import random
from typing import Any

import pytest

from judgekit.backends.engine import Ask, Context, Piece
from judgekit.backends.transformers.engine import TransformersEngine
from judgekit.config import ModelConfig

SLOTS = "slots"
ROWS = "one row at a time: this model's cache does not fit slots"

FAMILIES = [
    ("Llama", {}, SLOTS),
    ("Mistral", {"sliding_window": 9}, SLOTS),
    ("Qwen2", {"use_sliding_window": True, "sliding_window": 9, "max_window_layers": 1}, SLOTS),
    ("Qwen3", {}, SLOTS),
    ("Phi", {}, SLOTS),
    ("Phi3", {}, SLOTS),
    ("Gemma2", {"sliding_window": 9, "query_pre_attn_scalar": 8}, SLOTS),
    ("GPT2", {"n_embd": 32, "n_layer": 3, "n_head": 4, "n_positions": 160}, SLOTS),
    ("GptOss", {"sliding_window": 9, "num_local_experts": 2, "num_experts_per_tok": 1}, ROWS),
    ("Bloom", {"n_layer": 3, "n_head": 4}, ROWS),
    ("Lfm2", {"layer_types": ["conv", "full_attention", "conv"]}, ROWS),
    ("Mamba", {"state_size": 8}, ROWS),
]


@pytest.mark.parametrize(("architecture", "options", "batching"), FAMILIES)
def test_texts_are_those_of_a_plain_forward(
    tiny: Any, architecture: str, options: dict[str, Any], batching: str
) -> None:
    loaded = tiny(architecture, **options)
    reference = copy.deepcopy(loaded.model)
    engine = TransformersEngine(ModelConfig(concurrency=3), loaded)
    assert engine.described["batching"] == batching
    draw = random.Random(5)
    prompts = [tuple(draw.randrange(260) for _ in range(n)) for n in (3, 17, 30, 1, 12)]

    async def write() -> list[list[int]]:
        contexts = [Context((), "", prompt) for prompt in prompts]
        first = await asyncio.gather(*(engine.extend(c, Ask(max_tokens=8)) for c in contexts))
        for context, extension in zip(contexts, first, strict=True):
            context.pieces += [
                Piece(extension.text, extension.ids, extension.tokens, "model"),
                Piece("Wait", tuple(b"Wait"), 4, "forced"),
            ]
        second = await asyncio.gather(*(engine.extend(c, Ask(max_tokens=8)) for c in contexts))
        await engine.aclose()
        return [[*a.ids, *b"Wait", *b.ids] for a, b in zip(first, second, strict=True)]

    for prompt, written in zip(prompts, asyncio.run(write()), strict=True):
        first = greedy(reference, list(prompt), 8)
        second = greedy(reference, [*prompt, *first, *b"Wait"], 8)
        assert written == [*first, *b"Wait", *second]


def greedy(model: Any, ids: list[int], count: int) -> list[int]:
    import torch

    written: list[int] = []
    for _ in range(count):
        with torch.inference_mode():
            logits = model(torch.tensor([ids + written]), use_cache=False).logits
        written.append(int(logits[0, -1].argmax()))
    return written
