"""Keys and values of many sequences in one pool, each in its slot, and a forward over them.

A forward takes any mix of chunks, one a sequence: a whole prompt, a few forced tokens, the one
token just sampled. All their tokens are packed into a single sequence for the linear layers, so
that the weights are read once and nothing is padded; only attention looks at slots. It is hooked in
through transformers' attention interface, which hands over queries, keys and values after position
encoding, so the pool knows nothing of the architecture, and the model keeps no cache itself.

Each sequence begins at token 0 of its slot. Rolling a sequence back costs nothing: what lies beyond
its length is never looked at and is written over.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from judgekit.backends.transformers.packed import Chunk, Plan, attention

ATTENTION = "judgekit_slots"
"""Name under which the attention function is known to transformers."""

_TOLERANCE = {torch.float32: 1e-3, torch.float16: 2e-2, torch.bfloat16: 1e-1, torch.float64: 1e-6}
"""Relative error up to which two ways to the same logits are the same: rounding, by data type."""

_GRAIN = 256
"""Tokens by which the pool grows at least."""


Parked = list[tuple[Tensor, Tensor]]
"""Keys and values of one sequence, layer by layer, outside the pool."""


class SlotPool:
    """Keys and values of up to `slots` sequences of a model."""

    def __init__(self, model: Any, slots: int) -> None:
        from transformers import AttentionInterface

        AttentionInterface.register(ATTENTION, attention)
        model.set_attn_implementation(ATTENTION)
        self.slots = slots
        self._model = model
        self.device = model.device
        self._capacity = 0
        self._layers: dict[int, tuple[Tensor, Tensor]] = {}

    def forward(self, chunks: Sequence[Chunk]) -> Tensor:
        """Append the chunks; the logits after the last token of each, `[chunks, vocabulary]`."""
        plan = Plan.of(chunks, self)
        self._reserve(max(plan.lengths))
        output = self._model(
            input_ids=plan.ids,
            position_ids=plan.positions[None],
            use_cache=False,
            logits_to_keep=plan.last,
            slots=plan,
        )
        logits: Tensor = output.logits[0]
        return logits

    def cut(self, slot: int, length: int) -> int:
        """Roll the sequence back; how many tokens of it are left, here always `length`."""
        return length

    def copy(self, source: int, target: int, length: int) -> int:
        """Let the sequence in `target` begin with the first tokens of the one in `source`."""
        for keys, values in self._layers.values():
            keys[target, :, :length] = keys[source, :, :length]
            values[target, :, :length] = values[source, :, :length]
        return length

    def save(self, slot: int, length: int) -> Parked:
        """A copy of the sequence outside the pool, in the machine's main memory."""
        return [
            (
                keys[slot, :, :length].to("cpu", copy=True),
                values[slot, :, :length].to("cpu", copy=True),
            )
            for keys, values in self._layers.values()
        ]

    def restore(self, parked: Parked, slot: int, length: int) -> int:
        """Bring the first tokens of a saved sequence back."""
        self._reserve(length)
        for (keys, values), (old_keys, old_values) in zip(
            self._layers.values(), parked, strict=True
        ):
            keys[slot, :, :length] = old_keys[:, :length]
            values[slot, :, :length] = old_values[:, :length]
        return length

    def size(self, parked: Parked) -> int:
        """Bytes that a saved sequence takes."""
        return sum(keys.nbytes + values.nbytes for keys, values in parked)

    def write(
        self, layer: int, key: Tensor, value: Tensor, slots: Tensor, positions: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Put the new tokens' keys and values in their places; the layer's whole buffers."""
        if layer not in self._layers:
            self._layers[layer] = (self._buffer(key), self._buffer(value))
        keys, values = self._layers[layer]
        keys[slots, :, positions] = key[0].transpose(0, 1)
        values[slots, :, positions] = value[0].transpose(0, 1)
        return keys, values

    def _buffer(self, like: Tensor) -> Tensor:
        # Zeros, because what is masked out is still multiplied: by stale numbers harmlessly, but
        # uninitialised memory may hold NaN.
        heads, width = like.shape[1], like.shape[3]
        return like.new_zeros(self.slots, heads, self._capacity, width)

    def _reserve(self, length: int) -> None:
        if length <= self._capacity:
            return
        old, wanted = self._capacity, max(length, self._capacity * 3 // 2)
        self._capacity = -(-wanted // _GRAIN) * _GRAIN
        for layer, (keys, values) in self._layers.items():
            grown = []
            for buffer in (keys, values):
                slots, heads, _, width = buffer.shape
                larger = buffer.new_zeros(slots, heads, self._capacity, width)
                larger[:, :, :old] = buffer
                grown.append(larger)
            self._layers[layer] = (grown[0], grown[1])


def serves(model: Any, lengths: Sequence[int]) -> bool:
    """Whether the pool gives what the model itself gives; if not, the model is left as it was.

    Random sequences of these lengths are computed in two parts side by side and compared with the
    model's own forward, so that an unknown architecture is tried out and not guessed at.
    """
    own = model.config._attn_implementation
    draw = torch.Generator().manual_seed(0)
    vocabulary = model.get_input_embeddings().num_embeddings
    sequences = [torch.randint(vocabulary, (n,), generator=draw).tolist() for n in lengths]
    with torch.inference_mode():
        expected = torch.cat(
            [model(torch.tensor([ids], device=model.device)).logits[:, -1] for ids in sequences]
        )
        if not getattr(model, "_supports_attention_backend", False) or _chunked(model.config):
            return False
        try:
            pool = SlotPool(model, len(sequences))
            pool.forward([Chunk(i, 0, ids[:-2]) for i, ids in enumerate(sequences)])
            pool.forward([Chunk(i, len(ids) - 2, ids[-2:-1]) for i, ids in enumerate(sequences)])
            found = pool.forward(
                [Chunk(i, len(ids) - 1, ids[-1:]) for i, ids in enumerate(sequences)]
            )
        except (RuntimeError, ValueError, TypeError, KeyError, AttributeError, NotImplementedError):
            model.set_attn_implementation(own)
            return False
    error = (found.float() - expected.float()).norm() / expected.float().norm()
    if error < _TOLERANCE[expected.dtype]:
        return True
    model.set_attn_implementation(own)
    return False


def _chunked(config: Any) -> bool:
    """Attention in chunks leaves no trace on sequences as short as those of the probe."""
    return bool(getattr(config.get_text_config(), "attention_chunk_size", None))
