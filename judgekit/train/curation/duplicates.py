"""The same question again: to the letter, or nearly.

Near duplicates by MinHash (Broder 1997) over shingles of five words, found in bands of locality
sensitive hashing, and then measured: a row goes only where its shingles really overlap, by
Jaccard's index, with those of an earlier row that stays. Time is linear in the rows but for one
sort a band.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

from judgekit.train.curation.pool import Row

NEAR = 0.8
"""Jaccard's index of the shingles from which on two questions count as one."""

SHINGLE = 5
BANDS, ROWS = 25, 5
"""A pair at 0.8 shares one of 25 bands of 5 hashes with probability 1 - (1 - 0.8^5)^25 > 0.9999."""

COMPARED = 4
"""Earlier rows of one band that a row is compared with."""

CHUNK = 4096
"""Shingles hashed at a time, so that one endless question does not fill the memory."""


def normal(question: str) -> str:
    """The question without regard to case and spacing."""
    return " ".join(question.casefold().split())


def exact_duplicates(rows: Sequence[Row]) -> dict[int, str]:
    """Rows whose question an earlier row has too."""
    first: dict[str, str] = {}
    again = {}
    for row in rows:
        earlier = first.setdefault(normal(row.question), row.id)
        if earlier is not row.id:
            again[row.number] = f"the question of {earlier}"
    return again


def near_duplicates(rows: Sequence[Row], threshold: float = NEAR) -> dict[int, str]:
    """Rows whose question overlaps with that of an earlier row that stays."""
    texts = [normal(row.question) for row in rows]
    candidates = _candidates(texts)
    again: dict[int, str] = {}
    dropped: set[int] = set()
    for place in sorted(candidates):
        mine = shingles(texts[place])
        for earlier in sorted(candidates[place] - dropped):
            overlap = jaccard(mine, shingles(texts[earlier]))
            if overlap >= threshold:
                dropped.add(place)
                again[rows[place].number] = f"{overlap:.2f} of the question of {rows[earlier].id}"
                break
    return again


def shingles(text: str) -> set[int]:
    """Hashes of every five words running; of the whole text where it is shorter."""
    words = text.split()
    return {
        zlib.crc32(" ".join(words[i : i + SHINGLE]).encode("utf-8", "surrogatepass"))
        for i in range(max(1, len(words) - SHINGLE + 1))
    }


def jaccard(one: set[int], other: set[int]) -> float:
    """|A ∩ B| / |A ∪ B|."""
    return len(one & other) / len(one | other)


def _candidates(texts: Sequence[str]) -> dict[int, set[int]]:
    """For each place, earlier places that share a band with it."""
    import numpy as np

    found: dict[int, set[int]] = {}
    signatures = _signatures(texts)
    for band in range(BANDS if texts else 0):
        part = np.ascontiguousarray(signatures[:, band * ROWS : (band + 1) * ROWS])
        _, group = np.unique(part, axis=0, return_inverse=True)
        group = group.reshape(-1)
        order = np.argsort(group, kind="stable")
        starts = np.flatnonzero(np.diff(group[order], prepend=-1))
        for start, end in zip(starts, [*starts[1:], len(order)], strict=True):
            if end - start > 1:
                members = order[start:end].tolist()
                for i, place in enumerate(members[1:], 1):
                    found.setdefault(place, set()).update(members[: min(i, COMPARED)])
    return found


def _signatures(texts: Sequence[str]) -> Any:
    """MinHash signatures by multiply-shift hashing, the same on every machine."""
    import numpy as np

    rng = np.random.default_rng(0)
    factor, shift = rng.integers(1, 2**63, size=(2, BANDS * ROWS, 1), dtype=np.uint64)
    factor |= np.uint64(1)
    signatures = np.empty((len(texts), BANDS * ROWS), dtype=np.uint32)
    for place, text in enumerate(texts):
        values = np.fromiter(shingles(text), dtype=np.uint64)
        least = [
            ((factor * values[start : start + CHUNK] + shift) >> np.uint64(32)).min(axis=1)
            for start in range(0, len(values), CHUNK)
        ]
        signatures[place] = np.minimum.reduce(least)
    return signatures
