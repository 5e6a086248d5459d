"""Models of the transformers library, in this process.

Sequences sit in slots of ours (`judgekit.backends.transformers.slots`), batched continuously
(`judgekit.backends.transformers.scheduler`). Greedy texts are those of `model.generate` on one row.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from judgekit.backends.engine import Ask, Context, Extension, Feature, check
from judgekit.backends.transformers import loading
from judgekit.backends.transformers.reading import quiet
from judgekit.config import ModelConfig
from judgekit.errors import UserError

_TOKENS_A_STEP = {"cpu": 2048}
"""Tokens of one forward. On a CPU 2048 tokens already keep all cores busy."""
_TOKENS_A_STEP_ELSEWHERE = 8192

_PROBE = (7, 6, 3)
"""Lengths of the sequences on which slots are compared with the model's own forward."""


class TransformersEngine:
    """Runs a local model; `config.concurrency` is the number of slots.

    Raises on construction what `loading.load` raises. `counters` tells how many
    forwards were run, and how many tokens were computed and how many were found computed already.
    """

    features: frozenset[Feature] = frozenset(
        {"token-ids", "text", "fork", "logit-bias", "logprobs", "min-tokens", "loops"}
    )

    def __init__(self, config: ModelConfig, loaded: loading.Loaded | None = None) -> None:
        if config.concurrency < 1:
            raise UserError(f"concurrency should be at least 1, is {config.concurrency}")
        loaded = loaded or loading.load(config)
        from judgekit.backends.transformers.scheduler import Scheduler

        self.name = config.model
        self.concurrency = config.concurrency
        self.context_length = loaded.context_length
        self.tokenizer = loaded.tokenizer
        with quiet():
            pool, batching = _pool(loaded.model, config.concurrency)
        self.described: Mapping[str, Any] = _described(loaded, config, batching)
        self._vocabulary = int(loaded.model.get_input_embeddings().num_embeddings)
        self._scheduler = Scheduler(
            pool,
            loaded.tokenizer,
            loaded.ends,
            _TOKENS_A_STEP.get(loaded.device, _TOKENS_A_STEP_ELSEWHERE),
        )
        self.counters = self._scheduler.counters

    async def extend(self, context: Context, ask: Ask) -> Extension:
        """Go on from the context. Raises `RequestFailed` where it is empty, does not fit the
        model's window or holds ids unknown to it, and `BackendError` once the model failed."""
        ids = context.ids
        check(ids, ask, self.context_length, self._vocabulary)
        if ask.max_tokens <= 0:
            return Extension("", (), 0, "length", prompt_tokens=len(ids))
        if context.cache is None:
            context.cache = self._scheduler.open()
        return await self._scheduler.extend(context.cache, ids, ask)

    def fork(self, context: Context) -> Any:
        """A handle for a copy of the context: it shares what is computed, and copies late."""
        return None if context.cache is None else self._scheduler.fork(context.cache)

    def release(self, context: Context) -> None:
        """Free the context's slot."""
        if context.cache is not None:
            self._scheduler.release(context.cache)
            context.cache = None

    async def aclose(self) -> None:
        """Stop the model's thread; what is under way fails."""
        await asyncio.to_thread(self._scheduler.close)


def _pool(model: Any, slots: int) -> tuple[Any, str]:
    """Slots where the model's attention can be had, else rows; and what to say of it."""
    from judgekit.backends.transformers.rows import RowPool
    from judgekit.backends.transformers.slots import SlotPool, serves

    if serves(model, _PROBE):
        return SlotPool(model, slots), "slots"
    return RowPool(model, slots), "one row at a time: this model's cache does not fit slots"


def _described(loaded: loading.Loaded, config: ModelConfig, batching: str) -> dict[str, Any]:
    import torch
    import transformers

    return {
        "backend": "transformers",
        "model": config.model,
        "source": loaded.source,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "device": loaded.device,
        "dtype": loaded.dtype,
        "threads": torch.get_num_threads(),
        "slots": config.concurrency,
        "batching": batching,
    }
