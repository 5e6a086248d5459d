"""Many sequences' new tokens packed into one, and the attention that keeps them apart.

The linear layers of a model see a single long sequence of tokens and lose nothing to padding. Only
attention must know which token belongs to which sequence: the `Plan` of a forward tells it, through
transformers' attention interface.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention


class Chunk(NamedTuple):
    """Tokens to append to the sequence in `slot`, of which `start` tokens are there already."""

    slot: int
    start: int
    ids: Sequence[int]


class Buffers(Protocol):
    """Where keys and values are kept (`judgekit.backends.transformers.slots.SlotPool`)."""

    device: Any

    def write(
        self, layer: int, key: Tensor, value: Tensor, slots: Tensor, positions: Tensor
    ) -> tuple[Tensor, Tensor]: ...


class _Span(NamedTuple):
    """All but the last token of a chunk: where they stand among the packed tokens, and whose."""

    first: int
    tokens: int
    slot: int
    start: int


class _Batch(NamedTuple):
    """Spans that begin their sequences, padded at the right to the longest.

    `index` says for each place which packed token stands there, `real` which places (flattened)
    are no padding. Causal attention never looks from a real token at what is to its right.
    """

    index: Tensor
    real: Tensor

    @classmethod
    def of(cls, spans: Sequence[_Span], device: Any) -> _Batch:
        first = torch.tensor([span.first for span in spans], device=device)
        tokens = torch.tensor([span.tokens for span in spans], device=device)
        place = torch.arange(spans[0].tokens, device=device)
        index = first[:, None] + torch.minimum(place, tokens[:, None] - 1)
        return cls(index, (place < tokens[:, None]).flatten().nonzero()[:, 0])


@dataclass(slots=True)
class Plan:
    """What every layer of one forward needs to know about it.

    The packed tokens are first the last token of each chunk, by slot, and then the rest of each
    chunk. The last tokens attend in one call over the pool; the rests of chunks that begin their
    sequences in batches among themselves; those of chunks that go on, one by one.
    """

    pool: Buffers
    ids: Tensor
    slots: Tensor
    positions: Tensor
    last: Tensor
    lengths: list[int]
    occupied: list[int]
    batches: list[_Batch]
    spans: list[_Span]
    _masks: dict[Any, Tensor | None] = field(default_factory=dict)

    @classmethod
    def of(cls, chunks: Sequence[Chunk], pool: Buffers) -> Plan:
        by_slot = sorted(range(len(chunks)), key=lambda i: chunks[i].slot)
        ordered = [chunks[i] for i in by_slot]
        ids = [chunk.ids[-1] for chunk in ordered]
        slots = [chunk.slot for chunk in ordered]
        lengths = [chunk.start + len(chunk.ids) for chunk in ordered]
        positions = [length - 1 for length in lengths]
        spans = []
        for chunk in sorted(ordered, key=lambda chunk: (chunk.start > 0, -len(chunk.ids))):
            if count := len(chunk.ids) - 1:
                spans.append(_Span(len(ids), count, chunk.slot, chunk.start))
                ids += chunk.ids[:-1]
                slots += [chunk.slot] * count
                positions += range(chunk.start, chunk.start + count)
        places = [0] * len(chunks)
        for place, i in enumerate(by_slot):
            places[i] = place
        packed = torch.tensor([ids, slots, positions], device=pool.device)
        return cls(
            pool,
            ids=packed[:1],
            slots=packed[1],
            positions=packed[2],
            last=torch.tensor(places, device=pool.device),
            lengths=lengths,
            occupied=slots[: len(ordered)],
            batches=[_Batch.of(spans, pool.device) for spans in _alike(spans)],
            spans=[span for span in spans if span.start],
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

    def span_mask(self, start: int, tokens: int, window: int | None, like: Tensor) -> Tensor | None:
        """Additive mask `[new, old + new]` for tokens after `start`; None where plainly causal."""
        length = start + tokens
        if start == 0 and (window is None or length <= window):
            return None
        key = (start, tokens, window, like.dtype)
        if key not in self._masks:
            place = torch.arange(length, device=like.device)
            query = place[start:, None]
            seen = place <= query
            if window is not None:
                seen &= place > query - window
            self._masks[key] = _additive(seen, like)
        return self._masks[key]


def _alike(spans: Sequence[_Span]) -> list[list[_Span]]:
    """The spans that begin their sequences, longest first, grouped so that less than half of a
    group is padding."""
    groups: list[list[_Span]] = []
    for span in spans:
        if span.start:
            continue
        if groups and 2 * span.tokens > groups[-1][0].tokens:
            groups[-1].append(span)
        else:
            groups.append([span])
    return groups


def _additive(seen: Tensor, like: Tensor) -> Tensor:
    return torch.zeros(seen.shape, dtype=like.dtype, device=like.device).masked_fill_(
        ~seen, float("-inf")
    )


def attention(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    slots: Plan,
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
    keys, values = slots.pool.write(module.layer_idx, key, value, slots.slots, slots.positions)
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

    # The tokens before it, where they begin a sequence: [spans, heads, tokens, width].
    for batch in slots.batches:
        asked, own_keys, own_values = (
            each[0, :, batch.index].transpose(0, 1) for each in (query, key, value)
        )
        mask = slots.span_mask(0, batch.index.shape[1], sliding_window, query)
        found = _attend_grouped(asked, own_keys, own_values, mask, scaling, softcap)
        parts.append(found.transpose(1, 2).flatten(0, 1)[batch.real][None])

    # And where they go on from a sequence's older tokens, one by one: [1, heads, tokens, width].
    for span in slots.spans:
        asked = query[:, :, span.first : span.first + span.tokens]
        length = span.start + span.tokens
        own_keys, own_values = (each[span.slot, None, :, :length] for each in (keys, values))
        mask = slots.span_mask(span.start, span.tokens, sliding_window, query)
        found = _attend_grouped(asked, own_keys, own_values, mask, scaling, softcap)
        parts.append(found.transpose(1, 2))
    return torch.cat(parts, 1) if len(parts) > 1 else parts[0], None


def _attend_grouped(
    query: Tensor,
    keys: Tensor,
    values: Tensor,
    mask: Tensor | None,
    scaling: float | None,
    softcap: float | None,
) -> Tensor:
    """Attention of several tokens a sequence, each head of a group with the group's keys."""
    share = query.shape[1] // keys.shape[1]
    keys, values = (each.repeat_interleave(share, 1) for each in (keys, values))
    return _attend(query, keys, values, mask, scaling, softcap, causal=mask is None)


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
