"""Drawing over domains with a preference for long traces.

s1's sampling (arXiv 2501.19393, section 2.2, and its public code). Until 70 % of the set are drawn,
the domain is uniform over those that have rows left; from then on it follows the domains of the
benchmarks one cares for. Within a domain a row is drawn with probability ∝ 2^(-rank), rank 0
being the longest trace left. Rows are drawn without replacement, and a domain that is used up is
drawn from no more. Rows that were picked beforehand (s1: correct traces of GPQA, AIME, and of MATH
above 5,600 tokens) are in the set from the start, and count towards it; s1's code leaves them in
their domains, where drawing one again adds nothing.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from judgekit.errors import UserError
from judgekit.train.curation.pool import Row

UNIFORM_SHARE = 0.7
"""s1: 700 of 1,000."""


@dataclass(frozen=True, slots=True)
class Like:
    """Domains are to be distributed as those of the rows from this source, with this weight."""

    source: str
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Pick:
    """Every correct trace of this source that is longer than `above` is taken."""

    source: str
    above: float = 0.0

    def matches(self, row: Row) -> bool:
        return from_source(row, self.source) and row.length > self.above


def from_source(row: Row, source: str) -> bool:
    """Whether the row's source contains this name, in whatever case."""
    return source.casefold() in row.source.casefold()


def weights(rows: Sequence[Row], likes: Sequence[Like]) -> dict[str, float]:
    """The weight of each domain: its count among the rows of a source, scaled so that the sources
    weigh as their shares do.

    s1 gives AIME the share 1 and GPQA 0.5 (and cuts what is scaled down to whole numbers; this does
    not). Raises `UserError` for a source without rows.
    """
    found: dict[str, float] = {}
    for like in likes:
        counts = Counter(row.domain for row in rows if from_source(row, like.source))
        if not counts:
            raise UserError(f"no row that is left is from {like.source!r}", hint="look at --like")
        for domain, count in counts.items():
            found[domain] = found.get(domain, 0.0) + like.share * count / counts.total()
    return found


def draw(
    rows: Sequence[Row],
    total: int,
    *,
    seed: int = 0,
    picked: Sequence[Row] = (),
    like: Mapping[str, float] | None = None,
) -> list[Row]:
    """The set: `picked`, then rows drawn until there are `total`, or no rows left.

    The draw depends on the seed, the rows and their order, and nothing else.
    """
    rng = random.Random(seed)
    chosen = list(picked)
    taken = {row.number for row in picked}
    domains: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: row.length):
        if row.number not in taken:
            domains.setdefault(row.domain, []).append(row)
    open_domains = sorted(domains)
    while len(chosen) < total and open_domains:
        weight = []
        if like and len(chosen) >= UNIFORM_SHARE * total:
            weight = [like.get(domain, 0.0) for domain in open_domains]
        place = rng.choices(range(len(open_domains)), weight if any(weight) else None)[0]
        left = domains[open_domains[place]]
        chosen.append(_pop_by_rank(left, rng))
        if not left:
            open_domains[place] = open_domains[-1]
            open_domains.pop()
    return chosen


def _pop_by_rank(ascending: list[Row], rng: random.Random) -> Row:
    """Take a row with p ∝ 2^(-rank) out of rows that are sorted, the longest last.

    Heads in a row are geometric, P(rank) = 2^-(rank + 1); drawing again where there is no such rank
    leaves exactly these proportions.
    """
    while True:
        rank = 0
        while rng.getrandbits(1):
            rank += 1
        if rank < len(ascending):
            return ascending.pop(-1 - rank)
