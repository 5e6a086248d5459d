"""Which sequence sits in which slot, and what becomes of those that have none.

A sequence that waits for its strategy to decide keeps its slot, and is parked outside the pool only
when another needs the slot. A fork shares its origin's keys and values until one of the two must
change them. A sequence may lose what was computed at any time: it is then computed again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

PARKED_BYTES = 2 * 1024**3
"""Keys and values kept outside the pool; beyond that the oldest are forgotten."""

WORTH_COPYING = 32
"""Tokens of a common beginning from which another sequence's keys and values are copied."""


class Pool(Protocol):
    """Keys and values of sequences in numbered slots (`slots`, `rows`).

    The methods that return a number say how many tokens are really kept, which may be fewer than
    asked for where a model's cache cannot be cut.
    """

    slots: int

    def forward(self, chunks: Sequence[Any]) -> Any: ...
    def cut(self, slot: int, length: int) -> int: ...
    def copy(self, source: int, target: int, length: int) -> int: ...
    def save(self, slot: int, length: int) -> Any: ...
    def restore(self, parked: Any, slot: int, length: int) -> int: ...
    def size(self, parked: Any) -> int: ...


@dataclass(slots=True, eq=False)
class Held:
    """What is computed of one context: the ids whose keys and values there are, and where.

    They are in `slot`, else in `parked`, else at the beginning of `origin`'s, else nowhere.
    """

    ids: list[int] = field(default_factory=list)
    slot: int | None = None
    parked: Any = None
    origin: Held | None = None
    forks: list[Held] = field(default_factory=list)
    busy: bool = False

    def forget(self) -> None:
        """Nothing is computed any more."""
        self.ids = []
        self.parked = None
        self._leave_origin()

    def _leave_origin(self) -> None:
        if self.origin is not None:
            self.origin.forks.remove(self)
            self.origin = None


class Seating:
    """Seats sequences in the pool's slots; idle ones stay until their slot is needed."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._seats: list[Held | None] = [None] * pool.slots
        # In the order in which they went idle: the one idle for longest gives way first.
        self._idle: dict[int, Held] = {}
        self._parked: dict[int, Held] = {}

    def seat(self, held: Held) -> bool:
        """Give the sequence a slot, and all that was computed of it; False if all are busy."""
        if held.slot is not None:
            self._idle.pop(held.slot, None)
            held.busy = True
            return True
        slot = self._free_slot()
        if slot is None:
            return False
        self._fill(held, slot)
        self._seats[slot] = held
        held.slot = slot
        held.busy = True
        return True

    def idle(self, held: Held) -> None:
        """The sequence pauses: it keeps its slot until another needs it."""
        held.busy = False
        if held.slot is not None:
            self._idle[held.slot] = held

    def cut(self, held: Held, length: int) -> None:
        """Roll a seated sequence back to `length` tokens."""
        assert held.slot is not None
        for fork in [fork for fork in held.forks if len(fork.ids) > length]:
            self._detach(fork)
        _shorten(held, self._pool.cut(held.slot, length))

    def fork(self, origin: Held, copy: Held) -> None:
        """Let `copy` begin with what is computed of `origin`, without computing or copying yet."""
        copy.ids = list(origin.ids)
        source = origin.origin if origin.slot is None and origin.parked is None else origin
        if source is None:
            copy.ids = []
            return
        copy.origin = source
        source.forks.append(copy)

    def release(self, held: Held) -> None:
        """The sequence ends; what its forks share of it passes to the longest of them."""
        held._leave_origin()
        if held.slot is not None:
            self._idle.pop(held.slot, None)
        self._parked.pop(id(held), None)
        heir = max(held.forks, key=lambda fork: len(fork.ids), default=None)
        if heir is None:
            if held.slot is not None:
                self._seats[held.slot] = None
        else:
            self._inherit(heir, held)
        held.slot, held.parked, held.ids, held.forks = None, None, [], []

    def like(self, ids: Sequence[int], seated: Iterable[Held]) -> Held | None:
        """The sequence that has the longest beginning in common with the ids, if it is worth it."""
        head = list(ids[:WORTH_COPYING])
        best, longest = None, WORTH_COPYING - 1
        for held in seated:
            if held.ids[:WORTH_COPYING] == head:
                length = common(held.ids, ids)
                if length > longest:
                    best, longest = held, length
        return best

    @property
    def seated(self) -> list[Held]:
        return [held for held in self._seats if held is not None]

    def borrow(self, held: Held, other: Held, length: int) -> None:
        """Copy another seated sequence's first tokens into a seated one that has nothing."""
        assert held.slot is not None
        assert other.slot is not None
        kept = self._pool.copy(other.slot, held.slot, length)
        held.ids = other.ids[:kept]

    def _fill(self, held: Held, slot: int) -> None:
        wanted, origin = len(held.ids), held.origin
        if held.parked is not None:
            kept = self._pool.restore(held.parked, slot, wanted)
            self._parked.pop(id(held), None)
            held.parked = None
        elif origin is not None and origin.slot is not None:
            kept = self._pool.copy(origin.slot, slot, wanted)
        elif origin is not None and origin.parked is not None:
            kept = self._pool.restore(origin.parked, slot, wanted)
        else:
            kept = 0
        held._leave_origin()
        _shorten(held, kept)
        if not kept:
            self._pool.cut(slot, 0)

    def _free_slot(self) -> int | None:
        for slot, held in enumerate(self._seats):
            if held is None:
                return slot
        if not self._idle:
            return None
        slot, held = next(iter(self._idle.items()))
        del self._idle[slot]
        self._park(held)
        return slot

    def _park(self, held: Held) -> None:
        assert held.slot is not None
        slot = held.slot
        if held.ids:
            held.parked = self._pool.save(slot, len(held.ids))
            self._parked[id(held)] = held
        self._seats[slot] = None
        held.slot = None
        self._bound_parked()

    def _bound_parked(self) -> None:
        total = sum(self._pool.size(held.parked) for held in self._parked.values())
        while total > PARKED_BYTES:
            oldest = self._parked.pop(next(iter(self._parked)))
            total -= self._pool.size(oldest.parked)
            for fork in list(oldest.forks):
                fork.forget()
            oldest.forget()

    def _detach(self, fork: Held) -> None:
        """Give a fork keys and values of its own before its origin's change."""
        assert fork.origin is not None
        assert fork.origin.slot is not None
        fork.parked = self._pool.save(fork.origin.slot, len(fork.ids))
        fork._leave_origin()
        self._parked[id(fork)] = fork
        self._bound_parked()

    def _inherit(self, heir: Held, held: Held) -> None:
        heir.origin = None
        others = [fork for fork in held.forks if fork is not heir]
        for other in others:
            other.origin = heir
        heir.forks += others
        if held.slot is not None:
            heir.slot = held.slot
            self._seats[held.slot] = heir
            self._idle[held.slot] = heir
            _shorten(heir, self._pool.cut(held.slot, len(heir.ids)))
        else:
            heir.parked = held.parked
            self._parked[id(heir)] = heir


def _shorten(held: Held, length: int) -> None:
    """Only so much of a sequence is left; forks that shared more of it have lost it."""
    del held.ids[length:]
    for fork in [fork for fork in held.forks if len(fork.ids) > length]:
        fork.forget()


def common(one: Sequence[int], other: Sequence[int]) -> int:
    """How many ids two sequences have in common at the beginning."""
    length = min(len(one), len(other))
    if list(one[:length]) == list(other[:length]):
        return length
    return next(i for i in range(length) if one[i] != other[i])
