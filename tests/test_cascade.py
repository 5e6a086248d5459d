"""The cascade's loop and policy, one law a test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from judgekit.cascade import EXACT, SYMBOLIC, Stage, run, run_now
from judgekit.config import CascadeConfig
from judgekit.errors import JudgekitError
from judgekit.records import Grade, Key, Outcome, Verdict
from judgekit.verifier import Case, make_case

POLICY = CascadeConfig()
KEY = Key("p", 2, "v")


def judge(outcome: Outcome, extracted: str | None = None, name: str = "judge") -> Stage:
    async def ask(case: Case) -> Verdict:
        await asyncio.sleep(0)
        return Verdict(name, outcome, extracted, evidence="so it seems")

    return Stage(name, ask, judge=True)


def grade(case: Case, *judges: Stage, policy: CascadeConfig = POLICY) -> Grade:
    return asyncio.run(run(case, KEY, [EXACT, SYMBOLIC, *judges], policy, "g"))


BOXED = make_case("12", r"So it is \boxed{12}.")
RAMBLING = "We look at the fence and count its posts one by one, as anybody would. " * 6
PROSE = make_case("the mitochondria", "The answer is the powerhouse of the cell.", kind="text")


def test_the_cheapest_certain_stage_decides_and_nobody_else_is_asked() -> None:
    decided = grade(BOXED, judge("incorrect"))
    assert (decided.outcome, decided.stage) == ("correct", "exact")
    assert [verdict.stage for verdict in decided.trail] == ["exact"]
    assert decided.key == KEY
    assert decided.grading == "g"


def test_what_the_verifier_leaves_undecided_the_judge_decides() -> None:
    decided = grade(PROSE, judge("correct"))
    assert (decided.outcome, decided.stage) == ("correct", "judge")
    assert [verdict.stage for verdict in decided.trail] == ["exact", "symbolic", "judge"]


def test_a_later_judge_decides_what_an_earlier_one_left_undecided() -> None:
    decided = grade(PROSE, judge("undecided", name="small"), judge("incorrect", name="large"))
    assert (decided.outcome, decided.stage) == ("incorrect", "large")


def test_nobody_decides_without_a_judge() -> None:
    decided = grade(PROSE)
    assert (decided.outcome, decided.stage) == ("undecided", "none")
    assert decided.evidence


def test_an_undecided_judge_leaves_the_row_undecided() -> None:
    decided = grade(PROSE, judge("undecided"))
    assert (decided.outcome, decided.stage) == ("undecided", "none")


def test_a_weak_cue_goes_to_a_judge_only_where_one_follows() -> None:
    weak = make_case("12", f"{RAMBLING} There were 3 and then 12")
    assert weak.extraction.flags == ("weak-cue",)
    assert grade(weak).stage in ("exact", "symbolic")
    decided = grade(weak, judge("incorrect"))
    assert (decided.stage, decided.outcome) == ("judge", "incorrect")
    kept = grade(weak, judge("incorrect"), policy=replace(POLICY, escalate=("undecided",)))
    assert kept.outcome == "correct"


def test_only_reasons_of_the_policy_are_worth_a_judge() -> None:
    decided = grade(PROSE, judge("correct"), policy=replace(POLICY, escalate=("unparsed",)))
    assert decided.outcome == "undecided"
    assert "judge" not in [verdict.stage for verdict in decided.trail]


@pytest.mark.parametrize(
    ("response", "finished", "why"),
    [
        ("", True, "empty"),
        (RAMBLING, True, "names no answer"),
        (f"{RAMBLING} There were 3 and then 12", False, "cut"),
    ],
)
def test_no_answer_is_a_stage_of_its_own(response: str, finished: bool, why: str) -> None:
    case = make_case("12", response, finished=finished)
    decided = grade(case, judge("correct"))
    assert (decided.outcome, decided.stage) == ("incorrect", "no-answer")
    assert why in decided.evidence
    undecided = grade(case, judge("correct"), policy=replace(POLICY, no_answer="undecided"))
    assert (undecided.outcome, undecided.stage) == ("undecided", "none")
    asked = grade(case, judge("correct"), policy=replace(POLICY, no_answer="judge"))
    assert asked.stage == "judge"


def test_204_does_not_match_240() -> None:
    case = make_case("204", f"{RAMBLING} There were 3 and then 240", kind="math")
    decided = grade(case, judge("correct", extracted="240"))
    assert decided.outcome == "incorrect"
    assert decided.stage == "judge"
    last = decided.trail[-1]
    assert last.claim == "correct"
    assert "overruled" in last.flags


def test_the_same_loop_runs_without_an_event_loop() -> None:
    now = run_now(BOXED, KEY, [EXACT, SYMBOLIC], POLICY, "g")
    assert replace(now, trail=()) == replace(grade(BOXED), trail=())


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
def test_a_judge_is_not_asked_without_an_event_loop() -> None:
    with pytest.raises(JudgekitError, match="has to be awaited"):
        run_now(PROSE, KEY, [judge("correct")], POLICY)


@pytest.mark.parametrize("fault", [ValueError("bad"), RecursionError("deep"), KeyError("k")])
def test_a_stage_that_raises_is_undecided_and_says_so(fault: Exception) -> None:
    def broken(case: Case) -> Verdict:
        raise fault

    async def broken_judge(case: Case) -> Verdict:
        raise fault

    decided = run_now(BOXED, KEY, [Stage("broken", broken), EXACT], POLICY)
    assert (decided.outcome, decided.stage) == ("correct", "exact")
    assert type(fault).__name__ in decided.trail[0].evidence
    decided = grade(PROSE, Stage("broken", broken_judge, judge=True), judge("correct"))
    assert (decided.outcome, decided.stage) == ("correct", "judge")


def test_every_stage_asked_is_in_the_trail_in_order() -> None:
    asked: list[str] = []

    def noting(name: str) -> Callable[[Case], Verdict]:
        def ask(case: Case) -> Verdict:
            asked.append(name)
            return Verdict(name, "undecided")

        return ask

    stages = [Stage(name, noting(name), judge=name > "b") for name in "abcd"]
    decided = run_now(PROSE, KEY, stages, POLICY)
    assert asked == ["a", "b", "c", "d"] == [verdict.stage for verdict in decided.trail]
