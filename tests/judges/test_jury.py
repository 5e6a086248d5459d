"""Juries: the rules, and no more calls than it takes."""

from __future__ import annotations

import itertools
import math
from typing import ClassVar

import pytest

from judgekit.judges.jury import RULES, Jury, certainty
from judgekit.records import Cost, Outcome, Verdict
from judgekit.verifier import Case

from .conftest import ask, case

OUTCOMES: tuple[Outcome, ...] = ("correct", "incorrect", "undecided")


class Member:
    down: ClassVar[str | None] = None

    def __init__(self, name: str, says: Outcome, extracted: str | None = "42") -> None:
        self.name = self.identity = name
        self.says = says
        self.extracted = extracted
        self.calls = 0

    async def __call__(self, case: Case) -> Verdict:
        self.calls += 1
        return Verdict(self.name, self.says, self.extracted, "So I say.", cost=Cost(1, 10, 2, 0.5))

    async def aclose(self) -> None:
        pass


def jury(rule: str, *says: Outcome, weights: tuple[float, ...] = ()) -> tuple[Verdict, Jury]:
    members = [Member(f"m{i}", each) for i, each in enumerate(says)]
    found = Jury("panel", members, rule, weights)
    # The gold is prose, so that no member is overruled by proof.
    return ask(found, case("It is 42, I think.", "forty-two", kind="text"))[0], found


def calls(found: Jury) -> int:
    return sum(member.calls for member in found.members)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("rule", "says", "outcome", "asked"),
    [
        ("majority", "ccc", "correct", 2),
        ("majority", "cic", "correct", 3),
        ("majority", "ciu", "undecided", 3),
        ("majority", "uuc", "undecided", 2),
        ("majority", "iiccc", "correct", 5),
        ("majority", "iii cc", "incorrect", 3),
        ("unanimity", "ccc", "correct", 3),
        ("unanimity", "cic", "undecided", 2),
        ("unanimity", "ucc", "undecided", 1),
        ("unanimity", "iii", "incorrect", 3),
    ],
)
def test_outcome_and_calls(rule: str, says: str, outcome: str, asked: int) -> None:
    names = {each[0]: each for each in OUTCOMES}
    verdict, found = jury(rule, *(names[letter] for letter in says if letter != " "))
    assert (verdict.outcome, calls(found)) == (outcome, asked)
    assert verdict.stage == "panel"
    assert verdict.cost == Cost(asked, 10 * asked, 2 * asked, 0.5 * asked)


def test_a_heavy_member_outweighs_two_light_ones_and_spares_them() -> None:
    verdict, found = jury("weighted", "correct", "incorrect", "incorrect", weights=(3, 1, 1))
    assert (verdict.outcome, calls(found)) == ("correct", 1)
    assert verdict.confidence == pytest.approx(certainty(3))
    verdict, found = jury("weighted", "correct", "incorrect", "incorrect", weights=(3, 2, 2))
    assert (verdict.outcome, calls(found)) == ("incorrect", 3)


def test_a_member_worse_than_a_coin_has_no_say() -> None:
    verdict, _ = jury("weighted", "correct", "incorrect", weights=(0.1, -5))
    assert verdict.outcome == "correct"
    assert jury("weighted", "correct", weights=(-5,))[0].outcome == "undecided"


@pytest.mark.parametrize("rule", RULES)
def test_stopping_early_never_changes_the_outcome(rule: str) -> None:
    decide = RULES[rule]
    for size in (1, 2, 3, 4):
        weights = [1.0, 2.0, 0.5, 1.5][:size]
        for says in itertools.product(OUTCOMES, repeat=size):
            verdicts = [Verdict("m", each) for each in says]
            at_the_end = decide(verdicts, weights, [])
            for seen in range(1, size + 1):
                early = decide(verdicts[:seen], weights[:seen], weights[seen:])
                assert early in (None, at_the_end)


def test_each_member_is_held_to_what_it_names() -> None:
    honest = [Member("a", "incorrect", "204"), Member("b", "incorrect", "204")]
    fooled = [Member("c", "correct", "204"), Member("d", "correct", "204")]
    found = Jury("panel", [*fooled, *honest], "majority")
    verdict = ask(found, case("The answer is 204.", "240"))[0]
    assert verdict.outcome == "incorrect"
    assert verdict.extracted == "204"
    assert calls(found) == 3


def test_it_says_who_said_what() -> None:
    verdict, _ = jury("majority", "correct", "incorrect", "correct")
    assert verdict.evidence.startswith("2 say correct, 3 of 3 members asked. m0 says correct: So")
    assert verdict.confidence == pytest.approx(2 / 3)
    assert certainty(0) == 0.5
    assert certainty(math.log(9)) == pytest.approx(0.9)


def test_a_jury_is_down_when_all_members_are() -> None:
    members = [Member("a", "correct"), Member("b", "correct")]
    found = Jury("panel", members, "majority")
    members[0].down = "gone"  # type: ignore[misc]
    assert found.down is None
    members[1].down = "gone too"  # type: ignore[misc]
    assert found.down == "gone"
