"""Notes that one call hands to the next stand in the response as thinking, and count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from driving import LETTERS, Says, drive, model, pieces, saying

from judgekit import strategies
from judgekit.backends.engine import Message
from judgekit.backends.turn import Model
from judgekit.verifier import verify


def teacher(says: Says, subject: Model, prompt: str) -> Model:
    return replace(model(says, prompt, name="teacher"), ledger=subject.ledger)


def reading(messages: Sequence[Message], written: str) -> str:
    """A model that answers from the notes it is shown, and else writes some."""
    if written:
        return ""
    return "So \\boxed{4}." if "Add the numbers." in messages[-1]["content"] else "Add the numbers."


def test_a_plan_stands_before_its_solution_between_forced_tags() -> None:
    found = drive("plan-and-solve", model(reading, "plan-and-solve"))
    assert pieces(found) == [
        ("forced", "other", "<think>\n"),
        ("model", "thinking", "Add the numbers."),
        ("forced", "other", "\n</think>\n\n"),
        ("model", "answer", "So \\boxed{4}."),
    ]
    assert found.usage["model"].discarded == 0


@pytest.mark.parametrize(
    ("name", "noted_by", "answered_by"),
    [
        ("plan-and-solve", "teacher", "model"),
        ("hawkeye", "teacher", "model"),
        ("lm-guided", "model", "teacher"),
    ],
)
def test_who_writes_the_notes_and_who_answers(name: str, noted_by: str, answered_by: str) -> None:
    subject = model(reading, name)
    found = drive(name, subject, second=teacher(reading, subject, name))
    assert [(s.by, s.text) for s in found.segments if s.by != "forced"] == [
        (noted_by, "Add the numbers."),
        (answered_by, "So \\boxed{4}."),
    ]
    assert {by: usage.discarded for by, usage in found.usage.items()} == {"model": 0, "teacher": 0}


def test_an_answer_within_the_notes_is_not_the_answer() -> None:
    subject = model(saying("I cannot tell."), "hawkeye")
    notes = teacher(saying("It is \\boxed{4}."), subject, "hawkeye")
    found = drive("hawkeye", subject, second=notes)
    assert verify("4", found.text).outcome != "correct"


def test_the_thinking_of_who_writes_notes_is_not_handed_on() -> None:
    shown: list[str] = []

    def script(messages: Sequence[Message], written: str) -> str:
        shown.append(messages[-1]["content"])
        return "4"

    subject = model(script, "hawkeye")
    notes = teacher(saying("<think>secret</think>Add them."), subject, "hawkeye")
    drive("hawkeye", subject, second=notes)
    assert "Add them." in shown[0]
    assert "secret" not in shown[0]


def parts(messages: Sequence[Message], written: str) -> str:
    asked = messages[-1]["content"]
    if written:
        return ""
    if "this part only" in asked:
        return "seven" if "How many?" in asked.splitlines()[-1] else "blue"
    if "worked out" in asked:
        return "\\boxed{4}" if "Answer: seven" in asked and "Answer: blue" in asked else "?"
    return "Here they are:\n1. How many?\n2) Which colour?\n"


def test_parts_are_answered_in_turn_and_then_the_question() -> None:
    found = drive("decompose", model(parts, "decompose"))
    own = [s.text for s in found.segments if s.by == "model"]
    assert own == [
        "Here they are:\n1. How many?\n2) Which colour?\n",
        "seven",
        "blue",
        "\\boxed{4}",
    ]
    assert found.usage["model"].discarded == 0


def test_no_more_parts_than_asked_for_by_the_second_model_where_there_is_one() -> None:
    subject = model(parts, "decompose")
    found = drive("decompose", subject, second=teacher(parts, subject, "decompose"), parts=1)
    assert [s.text for s in found.segments if s.by == "teacher"] == ["seven"]
    assert found.segments[-1].text == "?"


def test_a_list_that_is_none_is_shown_as_it_is() -> None:
    def script(messages: Sequence[Message], written: str) -> str:
        if "worked out" in messages[-1]["content"]:
            return "\\boxed{4}"
        return ""

    assert drive("decompose", model(script, "decompose")).text.endswith("\\boxed{4}")


@pytest.mark.parametrize("name", ["plan-and-solve", "decompose", "equation-only"])
def test_multiple_choice_shows_the_options_in_every_call(name: str) -> None:
    asked: list[str] = []

    def script(messages: Sequence[Message], written: str) -> str:
        asked.append(messages[-1]["content"])
        return "1. Which?" if not written else ""

    drive(name, model(script, name), LETTERS)
    assert all("B) Mars" in each for each in asked if "part by part" not in each)


def test_the_budget_of_the_run_holds_over_all_calls() -> None:
    for name in ("plan-and-solve", "decompose"):
        subject = model(lambda messages, written: "x" * 999, name, max_tokens=60)
        found = drive(name, subject)
        assert found.usage["model"].completion <= 60
        assert found.segments[-1].by == "model"


def test_helpers_are_all_there_and_named() -> None:
    from judgekit.prompt import load_prompt

    for name in strategies.BUILT_IN:
        strategy = strategies.get(name)
        load_prompt(strategy.prompt)
        for helper in strategy.helpers:
            assert load_prompt(helper).variables
