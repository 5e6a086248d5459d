"""The real embedded model as a judge: the standing example of one that fails, and what holds it."""

from __future__ import annotations

import asyncio

import pytest

from judgekit.cascade import EXACT, SYMBOLIC, Stage, run
from judgekit.config import CascadeConfig, Config, JudgeConfig
from judgekit.errors import EnvironmentFault
from judgekit.judges import hold, open_judges
from judgekit.records import Grade, Key, Verdict
from judgekit.verifier import make_case

pytestmark = pytest.mark.model

ROWS = [
    ("What is 12 times 20?", "240", r"12 times 20 is 204, so \boxed{204}."),
    ("What is 12 times 20?", "240", r"12 times 20 is 240, so \boxed{240}."),
    ("What is 3 + 4?", "7", "I think that it may be 8 or so."),
    ("What is 3 + 4?", "7", "Let's solve this problem step by step."),
]


def test_it_answers_in_form_and_spoils_nothing() -> None:
    cases = [make_case(gold, response, question=q) for q, gold, response in ROWS]
    config = Config(judges={"small": JudgeConfig(prompt="judge/small", max_tokens=80)})
    policy = CascadeConfig(no_answer="judge")

    async def work() -> tuple[list[Verdict], list[Grade]]:
        async with open_judges(["small"], config) as judges:
            small = judges["small"]
            stages = [EXACT, SYMBOLIC, Stage("small", small, judge=True)]
            alone = await asyncio.gather(*(small(case) for case in cases))
            grades = [await run(case, Key(str(i)), stages, policy) for i, case in enumerate(cases)]
            return list(alone), grades

    try:
        alone, grades = asyncio.run(work())
    except EnvironmentFault as fault:
        pytest.skip(str(fault))
    for verdict in alone:
        assert verdict.outcome != "undecided" or verdict.evidence
        assert verdict.cost.calls >= 1
        if verdict.outcome != "undecided":
            assert 0 < (verdict.confidence or 0) <= 1
    assert sum("unparsed" not in verdict.flags for verdict in alone) >= 3
    # What it says of 204 for 240 may be anything; held to its claim it is never correct.
    assert hold(alone[0], cases[0]).outcome != "correct"
    assert [grade.outcome for grade in grades[:2]] == ["incorrect", "correct"]
    assert {grade.stage for grade in grades[:2]} <= {"exact", "symbolic"}
    assert "correct" not in {grades[2].outcome, grades[3].outcome}
