"""Where verdicts on the same response disagree, counted by who disagrees with whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from judgekit.audit.subject import Row
from judgekit.records import Key, Outcome

Kind = Literal["verifier, judge", "judge, judge", "claim, proof", "repeat", "gradings"]
KINDS: tuple[Kind, ...] = ("verifier, judge", "judge, judge", "claim, proof", "repeat", "gradings")

VERIFIER = "verifier"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two who spoke on the same responses, and what they said.

    `first_only` counts responses that only the first calls correct; `both` and `neither` those on
    which they agree. `no_answer` counts those where one of the two gave no verdict: undecided, or
    no answer in the response. Of the disagreements that a person has labelled, `first_right` and
    `second_right` say who was right. `keys` are the responses on which they disagree.
    """

    kind: Kind
    first: str
    second: str
    first_only: int
    second_only: int
    both: int
    neither: int
    no_answer: int
    first_right: int
    second_right: int
    keys: tuple[Key, ...]

    @property
    def rows(self) -> int:
        return self.first_only + self.second_only + self.both + self.neither + self.no_answer

    @property
    def either(self) -> int:
        """Responses that at least one of the two calls correct."""
        return self.first_only + self.second_only + self.both

    @property
    def disagreements(self) -> int:
        return self.first_only + self.second_only


@dataclass(frozen=True, slots=True)
class _Said:
    kind: Kind
    first: str
    second: str
    outcomes: tuple[Outcome, Outcome]


def disagreements(rows: Iterable[Row], truth: Mapping[Key, bool]) -> list[Pair]:
    """Every two who spoke on the same responses, in the order of `KINDS`.

    * verifier, judge: where a judge was asked although the verifier had an opinion;
    * judge, judge: stages of one trail, or judges asked by the audit;
    * claim, proof: what a judge said alone, and what it was overruled to;
    * repeat: one stage in two gradings, asked anew;
    * gradings: what two gradings of the same run came to.
    """
    found: dict[tuple[Kind, str, str], list[tuple[Key, _Said]]] = {}
    for row in rows:
        for said in _pairs(row):
            place = found.setdefault((said.kind, said.first, said.second), [])
            place.append((row.key, said))
    pairs = [_counted(said, truth) for said in found.values()]
    return sorted(pairs, key=lambda pair: KINDS.index(pair.kind))


def disagreeing(row: Row) -> list[str]:
    """In words, who disagrees about a row: "correct: verifier; incorrect: small, large"."""
    split = [said for said in _pairs(row) if set(said.outcomes) == {"correct", "incorrect"}]
    sides: dict[Outcome, dict[str, None]] = {"correct": {}, "incorrect": {}}
    for said in split:
        for name, outcome in zip((said.first, said.second), said.outcomes, strict=True):
            sides[outcome].setdefault(name)
    return [f"{outcome}: {', '.join(names)}" for outcome, names in sides.items() if names]


def _pairs(row: Row) -> Iterator[_Said]:
    judges, verifier = row.judges, row.verifier
    for name, verdict in judges.items():
        if verifier is not None:
            # A response without an answer has no verdict of the verifier, only of the policy.
            said = "undecided" if verifier.stage == "no-answer" else verifier.outcome
            yield _Said("verifier, judge", VERIFIER, name, (said, verdict.outcome))
    for (a, first), (b, second) in combinations(judges.items(), 2):
        yield _Said("judge, judge", a, b, (first.outcome, second.outcome))
    for name, verdict in judges.items():
        if verdict.claim is not None:
            yield _Said(
                "claim, proof", f"{name} alone", f"{name} held", (verdict.claim, verdict.outcome)
            )
    for name, several in row.verdicts.items():
        for again in several[1:]:
            yield _Said("repeat", name, f"{name} again", (several[0].outcome, again.outcome))
    for grading, outcome in row.gradings.items():
        names = (_short(row.grade.grading), _short(grading))
        yield _Said("gradings", *names, (row.grade.outcome, outcome))


def _counted(said: Sequence[tuple[Key, _Said]], truth: Mapping[Key, bool]) -> Pair:
    first = said[0][1]
    counts = Counter(_cell(each.outcomes) for _, each in said)
    right = [0, 0]
    keys = []
    for key, each in said:
        if set(each.outcomes) == {"correct", "incorrect"}:
            keys.append(key)
            if key in truth:
                right[each.outcomes.index("correct" if truth[key] else "incorrect")] += 1
    return Pair(
        first.kind,
        first.first,
        first.second,
        first_only=counts["first_only"],
        second_only=counts["second_only"],
        both=counts["both"],
        neither=counts["neither"],
        no_answer=counts["no_answer"],
        first_right=right[0],
        second_right=right[1],
        keys=tuple(keys),
    )


def _cell(outcomes: tuple[Outcome, Outcome]) -> str:
    if "undecided" in outcomes:
        return "no_answer"
    first, second = (outcome == "correct" for outcome in outcomes)
    if first and second:
        return "both"
    return "first_only" if first else "second_only" if second else "neither"


def _short(grading: str) -> str:
    return grading[:8]
