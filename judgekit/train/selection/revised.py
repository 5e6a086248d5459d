"""A wrong response and its corrected one, as a preference.

Where a generation has several variants, the model has itself revised what it wrote: `draft` and
`final` of self-refine and SCORE, or the rounds of a progressive expansion. The first variant that
is incorrect is rejected, the last correct one after it chosen. Without variants the correct sample
that agrees longest with an incorrect one, word by word from the beginning, counts as its
correction: the two part where the mistake is made. One pair a problem.
"""

from __future__ import annotations

from itertools import groupby, product, takewhile

from judgekit.rewards.tags import Tags
from judgekit.train.selection.candidates import Candidate, Candidates, Group
from judgekit.train.selection.rows import Drawn, Pair, pair


def revised(found: Candidates, *, tags: Tags = "think") -> Drawn:
    """One pair for each problem in which something wrong was put right."""
    rows: list[Pair] = []
    drawn = Drawn(rows)
    order = {response.key: place for place, response in enumerate(found.run.responses)}
    for group in found:
        places = {each: order[each.response.key] for each in (*group.correct, *group.incorrect)}
        has_variants = any(each.response.variant for each in places)
        both = _own_revision(group, places) if has_variants else _nearest(group)
        if both is None:
            drawn.nothing[_reason(group)] += 1
        else:
            chosen, rejected = both
            rows.append(pair(group, chosen, rejected, tags, found.run.name))
    return drawn


def _own_revision(group: Group, places: dict[Candidate, int]) -> tuple[Candidate, Candidate] | None:
    """The last correct variant after the first incorrect one of the same generation."""
    ordered = sorted(places, key=lambda each: (each.response.sample, places[each]))
    for _, variants in groupby(ordered, key=lambda each: each.response.sample):
        history = list(variants)
        wrong = next((each for each in history if each in group.incorrect), None)
        if wrong is None:
            continue
        later = history[history.index(wrong) :]
        if right := [each for each in later if each in group.correct]:
            return right[-1], wrong
    return None


def _nearest(group: Group) -> tuple[Candidate, Candidate] | None:
    """The correct and the incorrect sample that go together longest."""
    words = {each: each.response.text.split() for each in (*group.correct, *group.incorrect)}
    return max(
        product(group.correct, group.incorrect),
        key=lambda both: _shared(words[both[0]], words[both[1]]),
        default=None,
    )


def _shared(one: list[str], other: list[str]) -> int:
    """How many words two texts have in common before they part."""
    return sum(1 for _ in takewhile(lambda both: both[0] == both[1], zip(one, other, strict=False)))


def _reason(group: Group) -> str:
    if group.correct and group.incorrect:
        return "nothing wrong was put right"
    if group.correct:
        return "no incorrect response"
    return "no correct response" if group.incorrect else "nothing decided"
