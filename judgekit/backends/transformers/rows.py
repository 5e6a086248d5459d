"""The way out for models whose memory is not keys and values by position: one row at a time.

State-space and hybrid models, and those with an attention of their own making, keep the cache that
transformers gives them, one for each sequence, and are run one sequence after another. Everything
works as in slots (forced tokens, forks, parking), but nothing is batched.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from judgekit.backends.transformers.packed import Chunk


class RowPool:
    """Sequences of a model, each with a cache of transformers' own (a `seating.Pool`)."""

    def __init__(self, model: Any, slots: int) -> None:
        self.slots = slots
        self._model = model
        parameters = inspect.signature(model.forward).parameters
        self._cache = "cache" if "cache" in parameters else "past_key_values"
        self._caches: list[Any] = [None] * slots
        self._lengths = [0] * slots

    def forward(self, chunks: Sequence[Chunk]) -> Tensor:
        """Append the chunks; the logits after the last token of each, `[chunks, vocabulary]`."""
        return torch.cat([self._forward(chunk) for chunk in chunks])

    def cut(self, slot: int, length: int) -> int:
        """Roll the sequence back; a recurrent state cannot be, and is then forgotten."""
        surplus = self._lengths[slot] - length
        if surplus and not _cut(self._caches[slot], surplus):
            length = 0
        if length == 0:
            self._caches[slot] = None
        self._lengths[slot] = length
        return length

    def copy(self, source: int, target: int, length: int) -> int:
        """Let the sequence in `target` begin with the first tokens of the one in `source`."""
        self._caches[target] = copy.deepcopy(self._caches[source])
        self._lengths[target] = self._lengths[source]
        return self.cut(target, length)

    def save(self, slot: int, length: int) -> tuple[Any, int]:
        """The sequence's cache; a copy, since the slot may go on."""
        return copy.deepcopy(self._caches[slot]), self._lengths[slot]

    def restore(self, parked: tuple[Any, int], slot: int, length: int) -> int:
        """Bring the first tokens of a saved sequence back."""
        self._caches[slot] = copy.deepcopy(parked[0])
        self._lengths[slot] = parked[1]
        return self.cut(slot, length)

    def size(self, parked: tuple[Any, int]) -> int:
        """Bytes that a saved sequence takes."""
        tensors: dict[int, int] = {}
        for layer in getattr(parked[0], "layers", ()):
            for value in vars(layer).values():
                for each in value.values() if isinstance(value, dict) else (value,):
                    if isinstance(each, Tensor):
                        tensors[id(each)] = each.nbytes
        return sum(tensors.values())

    def _forward(self, chunk: Chunk) -> Tensor:
        if chunk.start == 0:
            self._caches[chunk.slot] = None
            return self._append(chunk.slot, chunk.ids)
        if _croppable(self._caches[chunk.slot]):
            return self._append(chunk.slot, chunk.ids)
        # Recurrent layers take up their state for one token only, and begin anew with several.
        for id_ in chunk.ids:
            logits = self._append(chunk.slot, [id_])
        return logits

    def _append(self, slot: int, ids: Sequence[int]) -> Tensor:
        output = self._model(
            input_ids=torch.tensor([ids], device=self._model.device),
            use_cache=True,
            **{self._cache: self._caches[slot]},
        )
        if self._caches[slot] is None:
            self._lengths[slot] = 0
        self._caches[slot] = getattr(output, self._cache)
        self._lengths[slot] += len(ids)
        logits: Tensor = output.logits[:, -1]
        return logits


def _croppable(cache: Any) -> bool:
    return bool(getattr(cache, "is_croppable", False))


def _cut(cache: Any, surplus: int) -> bool:
    """Take the last tokens off a cache of transformers', where it can be done without a trace."""
    if surplus < 0 or not _croppable(cache):
        return False
    try:
        cache.crop(-surplus)
    except RuntimeError:
        # A sliding window that is full has forgotten what the cut would uncover.
        return False
    return True
