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
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

ATTENTION = "judgekit_slots"
"""Name under which the attention function is known to transformers."""

_TOLERANCE = {torch.float32: 1e-3, torch.float16: 2e-2, torch.bfloat16: 1e-1, torch.float64: 1e-6}
"""Relative error up to which two ways to the same logits are the same: rounding, by data type."""

_GRAIN = 256
"""Tokens by which the pool grows at least."""


class Chunk(NamedTuple):
    """Tokens to append to the sequence in `slot`, of which `start` tokens are there already."""

    slot: int
    start: int
    ids: Sequence[int]


Parked = list[tuple[Tensor, Tensor]]
"""Keys and values of one sequence, layer by layer, outside the pool."""


class SlotPool:
    """Keys and values of up to `slots` sequences of a model."""

    def __init__(self, model: Any, slots: int) -> None:
        from transformers import AttentionInterface

        AttentionInterface.register(ATTENTION, _attention)
        model.set_attn_implementation(ATTENTION)
        self.slots = slots
        self._model = model
        self._device = model.device
        self._capacity = 0
        self._layers: dict[int, tuple[Tensor, Tensor]] = {}

    def forward(self, chunks: Sequence[Chunk]) -> Tensor:
        """Append the chunks; the logits after the last token of each, `[chunks, vocabulary]`."""
        plan = _Plan.of(chunks, self)
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

    def write(self, layer: int, key: Tensor, value: Tensor, plan: _Plan) -> tuple[Tensor, Tensor]:
        """Put the new tokens' keys and values in their places; the layer's whole buffers."""
        if layer not in self._layers:
            self._layers[layer] = (self._buffer(key), self._buffer(value))
        keys, values = self._layers[layer]
        keys[plan.slots, :, plan.positions] = key[0].transpose(0, 1)
        values[plan.slots, :, plan.positions] = value[0].transpose(0, 1)
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


class _Span(NamedTuple):
    """All but the last token of a chunk: where they stand among the packed tokens, and whose."""

    first: int
    tokens: int
    slot: int
    start: int


@dataclass(slots=True)
class _Plan:
    """What every layer of one forward needs to know about it.

    The packed tokens are first the last token of each chunk, by slot, and then the rest of each
    chunk: the last tokens attend in one batched call over the pool, the rests one by one.
    """

    pool: SlotPool
    ids: Tensor
    slots: Tensor
    positions: Tensor
    last: Tensor
    lengths: list[int]
    occupied: list[int]
    spans: list[_Span]
    _masks: dict[Any, Tensor | None] = field(default_factory=dict)

    @classmethod
    def of(cls, chunks: Sequence[Chunk], pool: SlotPool) -> _Plan:
        by_slot = sorted(range(len(chunks)), key=lambda i: chunks[i].slot)
        ordered = [chunks[i] for i in by_slot]
        ids = [chunk.ids[-1] for chunk in ordered]
        slots = [chunk.slot for chunk in ordered]
        lengths = [chunk.start + len(chunk.ids) for chunk in ordered]
        positions = [length - 1 for length in lengths]
        spans = []
        for chunk in ordered:
            if count := len(chunk.ids) - 1:
                spans.append(_Span(len(ids), count, chunk.slot, chunk.start))
                ids += chunk.ids[:-1]
                slots += [chunk.slot] * count
                positions += range(chunk.start, chunk.start + count)
        places = [0] * len(chunks)
        for place, i in enumerate(by_slot):
            places[i] = place
        packed = torch.tensor([ids, slots, positions], device=pool._device)
        return cls(
            pool,
            ids=packed[:1],
            slots=packed[1],
            positions=packed[2],
            last=torch.tensor(places, device=pool._device),
            lengths=lengths,
            occupied=slots[: len(ordered)],
            spans=spans,
        )

    @property
    def dense(self) -> bool:
        """The chunks' slots are the first ones of the pool."""
        return self.occupied[-1] == len(self.occupied) - 1

    def last_mask(self, window: int | None, like: Tensor) -> Tensor | None:
        """Additive mask `[slots, 1, 1, tokens]` for the last tokens; None where all may be seen."""
        key = ("last", window, like.dtype)
        if key not in self._masks:
            longest = max(self.lengths)
            ends = torch.ones(self.occupied[-1] + 1, dtype=torch.long, device=like.device)
            ends[self.slots[: len(self.occupied)]] = self.positions[: len(self.occupied)] + 1
            place = torch.arange(longest, device=like.device)
            seen = place < ends[:, None]
            if window is not None:
                seen &= place >= ends[:, None] - window
            self._masks[key] = None if bool(seen.all()) else _additive(seen, like)[:, None, None]
        return self._masks[key]

    def span_mask(self, span: _Span, window: int | None, like: Tensor) -> Tensor | None:
        """Additive mask `[new, old + new]` for a span; None where it is plainly causal."""
        length = span.start + span.tokens
        if span.start == 0 and (window is None or length <= window):
            return None
        key = (span, window, like.dtype)
        if key not in self._masks:
            place = torch.arange(length, device=like.device)
            query = place[span.start :, None]
            seen = place <= query
            if window is not None:
                seen &= place > query - window
            self._masks[key] = _additive(seen, like)
        return self._masks[key]


def _additive(seen: Tensor, like: Tensor) -> Tensor:
    return torch.zeros(seen.shape, dtype=like.dtype, device=like.device).masked_fill_(
        ~seen, float("-inf")
    )


def _attention(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    slots: _Plan,
    scaling: float | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    **unused: Any,
) -> tuple[Tensor, None]:
    """Attention of the packed new tokens over their own slots (transformers' interface).

    `query` is `[1, heads, tokens, width]`; keys and values may have fewer heads (grouped queries).
    """
    if attention_mask is not None or unused.get("s_aux") is not None:
        raise NotImplementedError("attention with a mask or with sinks of its own")
    keys, values = slots.pool.write(module.layer_idx, key, value, slots)
    count, longest = len(slots.occupied), max(slots.lengths)
    top = slots.occupied[-1] + 1
    groups = keys.shape[1]

    # The last token of each chunk, all in one call: [slots, groups, heads a group, width].
    heads = query.shape[1]
    asked = query[0, :, :count].transpose(0, 1).reshape(count, groups, heads // groups, -1)
    if not slots.dense:
        asked = asked.new_zeros(top, *asked.shape[1:]).index_copy_(0, slots.slots[:count], asked)
    mask = slots.last_mask(sliding_window, query)
    found = _attend(
        asked, keys[:top, :, :longest], values[:top, :, :longest], mask, scaling, softcap
    )
    if not slots.dense:
        found = found[slots.slots[:count]]
    parts = [found.reshape(1, count, heads, -1)]

    # The tokens before it, chunk by chunk: [1, heads, tokens, width].
    for span in slots.spans:
        asked = query[:, :, span.first : span.first + span.tokens]
        length = span.start + span.tokens
        own_keys = keys[span.slot, None, :, :length].repeat_interleave(heads // groups, 1)
        own_values = values[span.slot, None, :, :length].repeat_interleave(heads // groups, 1)
        mask = slots.span_mask(span, sliding_window, query)
        found = _attend(asked, own_keys, own_values, mask, scaling, softcap, causal=mask is None)
        parts.append(found.transpose(1, 2))
    return torch.cat(parts, 1) if len(parts) > 1 else parts[0], None


def _attend(
    query: Tensor,
    keys: Tensor,
    values: Tensor,
    mask: Tensor | None,
    scaling: float | None,
    softcap: float | None,
    causal: bool = False,
) -> Tensor:
    if softcap is None:
        attended: Tensor = scaled_dot_product_attention(
            query, keys, values, attn_mask=mask, is_causal=causal, scale=scaling
        )
        return attended
    scores = query @ keys.transpose(-1, -2) * (scaling or query.shape[-1] ** -0.5)
    scores = torch.tanh(scores / softcap) * softcap
    if causal:
        ahead = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).triu_(1)
        scores = scores.masked_fill(ahead, float("-inf"))
    if mask is not None:
        scores = scores + mask
    weighted: Tensor = torch.softmax(scores, -1, dtype=torch.float32).to(values.dtype) @ values
    return weighted
