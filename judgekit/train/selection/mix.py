"""Mix distillation: long and short traces, or those of two teachers, in a given ratio.

"Small Models Struggle to Learn from Strong Reasoners" (Li et al. 2025, arXiv 2502.12143): models of
up to 3 billion parameters learn better from one part of long traces to four of short ones than from
either alone (Mix-Long), and likewise from a large and a small teacher (Mix-Large). Our reading: a
problem gives one row at most, so the two parts share no problem.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from judgekit.errors import UserError
from judgekit.train.selection.candidates import Candidate, Candidates, Group
from judgekit.train.selection.rows import Drawn, Trace, trace, traces


class Ratio(NamedTuple):
    """Parts of the first kind to parts of the second."""

    first: int
    second: int

    def of(self, total: int) -> tuple[int, int]:
        """How many of `total` are of either kind, to the nearest whole number."""
        first = (2 * total * self.first + self.first + self.second) // (2 * sum(self))
        return first, total - first


PAPERS = Ratio(1, 4)


def parse_ratio(text: str) -> Ratio:
    """`1:4` as a ratio. Raises `UserError` where it is none."""
    first, colon, second = text.partition(":")
    if not (colon and first.isdecimal() and second.isdecimal()) or not int(first) + int(second):
        raise UserError(f"{text!r} is no ratio", hint="two whole numbers, such as 1:4")
    return Ratio(int(first), int(second))


def mix(
    first: Candidates,
    second: Candidates | None = None,
    *,
    ratio: Ratio = PAPERS,
    total: int | None = None,
    seed: int = 0,
) -> Drawn:
    """Rows of the first kind and of the second, without any problem twice.

    One run gives long and short: the longest and the shortest correct response of problems that
    have two lengths. Two runs give one correct response each, drawn at random; a problem is the
    same in both where question and options are. `total` None is as many as there are. Raises
    `UserError` where the runs hold fewer than `total`.
    """
    rng = random.Random(seed)
    if second is None:
        names = ("long", "short")
        two_lengths = [group for group in first if _two_lengths(group)]
        kinds = (_rows(first, two_lengths, _longest), _rows(first, two_lengths, _shortest))
        problems = {group.asked for group in first}
    else:
        names = ("first", "second")

        def any_of(group: Group) -> Candidate:
            return rng.choice(traces(group))

        kinds = (
            _rows(first, [group for group in first if traces(group)], any_of),
            _rows(second, [group for group in second if traces(group)], any_of),
        )
        problems = {group.asked for found in (first, second) for group in found}
    most = _most(kinds, ratio)
    if total is not None and total > most:
        raise UserError(
            f"the ratio {ratio.first}:{ratio.second} can be kept for {most} rows, not for {total}",
            hint=f"{len(kinds[0])} problems have a {names[0]} trace, {len(kinds[1])} a {names[1]}",
        )
    wanted = ratio.of(most if total is None else total)
    chosen = _without_replacement(kinds, wanted, rng)
    rows = [kind[asked] for kind, drawn in zip(kinds, chosen, strict=True) for asked in drawn]
    left = len(problems) - len({*kinds[0], *kinds[1]})
    drawn = Drawn(rows)
    drawn.counts.update(dict(zip(names, wanted, strict=True)))
    usable = "traces of two lengths" if second is None else "correct trace"
    without = Counter({f"no {usable}": left, "not drawn": len(problems) - left - len(rows)})
    drawn.nothing = +without  # without what is zero
    return drawn


def _two_lengths(group: Group) -> bool:
    right = traces(group)
    return len(right) > 1 and right[0].tokens < right[-1].tokens


def _longest(group: Group) -> Candidate:
    return traces(group)[-1]


def _shortest(group: Group) -> Candidate:
    return traces(group)[0]


def _rows(
    found: Candidates, groups: Sequence[Group], choose: Callable[[Group], Candidate]
) -> dict[Asked, Trace]:
    """For each problem, the row that it would give."""
    return {group.asked: trace(group, choose(group), found.run.name) for group in groups}


Asked = tuple[str, ...]
Kinds = tuple[Mapping[Asked, Trace], Mapping[Asked, Trace]]


def _most(kinds: Kinds, ratio: Ratio) -> int:
    """The largest total for which both parts, and both together, can be had."""
    either = len({*kinds[0], *kinds[1]})

    def possible(total: int) -> bool:
        return all(n <= len(kind) for n, kind in zip(ratio.of(total), kinds, strict=True))

    return next(total for total in range(either, -1, -1) if possible(total))


def _without_replacement(
    kinds: Kinds, wanted: tuple[int, int], rng: random.Random
) -> tuple[list[Asked], list[Asked]]:
    """Two disjoint random sets of problems of these sizes.

    A problem of both kinds goes to the first part only while the second can do without it.
    """
    one, two = kinds
    spare = len(two.keys() & one.keys()) - max(0, wanted[1] - len(two.keys() - one.keys()))
    first: list[Asked] = []
    for asked in rng.sample(list(one), len(one)):
        if len(first) == wanted[0]:
            break
        if asked in two:
            if not spare:
                continue
            spare -= 1
        first.append(asked)
    taken = set(first)
    return first, rng.sample([asked for asked in two if asked not in taken], wanted[1])
