"""Self-correction gives draft and final, so that flips can be counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from driving import Says, drive_all, model, saying

from judgekit.backends.engine import Message
from judgekit.backends.turn import Turn
from judgekit.records import Problem, Usage


def answering(comment: str, better: str = "\\boxed{4}", draft: str = "\\boxed{5}") -> Says:
    """A model that drafts, comments on it or verifies it, and improves it."""

    def script(messages: Sequence[Message], written: str) -> str:
        asked = messages[-1]["content"]
        if written:
            return ""
        if "Check it step by step" in asked or "Is the solution correct?" in asked:
            return comment
        if "improved solution" in asked or "first step that is wrong, correct it" in asked:
            return better
        return draft

    return script


def test_self_refine_goes_on_until_there_is_nothing_to_correct() -> None:
    def script(messages: Sequence[Message], written: str) -> str:
        asked = messages[-1]["content"]
        if "Check it step by step" in asked and "\\boxed{4}" in asked:
            return "It is correct."
        return answering("The sum is wrong.")(messages, written)

    draft, final = drive_all("self-refine", model(script))
    assert [(t.variant, t.text) for t in (draft, final)] == [
        ("draft", "\\boxed{5}"),
        ("final", "\\boxed{4}"),
    ]
    assert (draft.usage["model"].completion, draft.usage["model"].discarded) == (9, 0)
    thrown = len("\\boxed{5}" + "The sum is wrong." + "It is correct.")
    assert (final.usage["model"].completion, final.usage["model"].discarded) == (9, thrown)


def test_self_refine_ends_after_its_rounds_and_keeps_a_draft_it_likes() -> None:
    _, final = drive_all("self-refine", model(answering("Worse.", "\\boxed{6}")), rounds=2)
    assert final.usage["model"].discarded == 9 + 2 * len("Worse.") + 9
    draft, final = drive_all("self-refine", model(answering("it is correct")))
    assert draft.text == final.text


def test_score_corrects_only_what_the_verifier_calls_incorrect() -> None:
    wrong = drive_all("score", model(answering("**incorrect**, the sum is off. [END] x")))
    assert [t.text for t in wrong] == ["\\boxed{5}", "\\boxed{4}"]
    right = drive_all("score", model(answering("**Correct**. Not **incorrect** at all.")))
    assert [t.text for t in right] == ["\\boxed{5}", "\\boxed{5}"]
    for said in ("No, it is not correct.", "This isn't fully correct.", "It is not **correct**."):
        negated = drive_all("score", model(answering(said)))
        assert [t.text for t in negated] == ["\\boxed{5}", "\\boxed{4}"]
    unsure = drive_all("score", model(answering("I cannot say.")))
    assert [t.text for t in unsure] == ["\\boxed{5}", "\\boxed{5}"]


def test_the_verifier_can_be_a_second_model_and_its_words_reach_the_correction() -> None:
    asked: list[str] = []

    def script(messages: Sequence[Message], written: str) -> str:
        asked.append(messages[-1]["content"])
        return "\\boxed{4}"

    subject = model(script)
    second = replace(model(saying("incorrect: step one"), name="teacher"), ledger=subject.ledger)
    _, final = drive_all("score", subject, second=second)
    assert "incorrect: step one" in asked[-1]
    assert final.usage["teacher"] == Usage(
        final.usage["teacher"].prompt, 0, len("incorrect: step one")
    )


def test_the_verifier_can_be_a_scorer() -> None:
    async def strict(problem: Problem, turn: Turn) -> float:
        return 0.2 if "5" in turn.text else 0.9

    _, final = drive_all("score", model(answering("")), scorer=strict, rounds=3)
    assert final.text == "\\boxed{4}"
