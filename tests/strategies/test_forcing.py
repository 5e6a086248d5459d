"""Budget forcing and its relatives: exactly who wrote what, and where it was cut."""

from __future__ import annotations

from typing import Any

import pytest
from driving import PROBLEM, after, drive, model, pieces, saying

from judgekit.backends.engine import Ask, Context, Extension
from judgekit.backends.scripted import ScriptedEngine
from judgekit.errors import RequestFailed, UserError
from judgekit.records import Usage

THINKER = after(
    ("<think>\n", "It is 5.</think>five"),
    ("Wait", ", no: 4.</think>four"),
    ("</think>", "The answer is 4."),
    ("Final Answer:", " 4"),
)


def test_a_wait_takes_the_place_of_the_end_of_thinking() -> None:
    found = drive("budget-forcing", model(THINKER), marks="think")
    assert pieces(found) == [
        ("forced", "other", "<think>"),
        ("forced", "thinking", "\n"),
        ("model", "thinking", "It is 5."),
        ("forced", "thinking", "Wait"),
        ("model", "thinking", ", no: 4."),
        ("model", "other", "</think>"),
        ("model", "answer", "The answer is 4."),
    ]
    assert found.finish_reason == "stop"
    # The delimiter that gave way to Wait was written in vain.
    assert found.usage["model"].discarded == len("</think>")


def test_without_waits_the_models_own_delimiter_stands() -> None:
    found = drive("budget-forcing", model(THINKER), marks="think", waits=0)
    assert found.text == "<think>\nIt is 5.</think>The answer is 4."
    assert [s.text for s in found.segments if s.by == "forced"] == ["<think>", "\n"]
    assert found.usage["model"].discarded == 0


def test_another_word_and_as_many_as_asked_for() -> None:
    hmm = after(("Hmm", " still 4.</think>"), ("</think>", "4"), default="4.</think>")
    found = drive("budget-forcing", model(hmm), marks="think", waits=3, word="Hmm")
    assert found.text == "<think>\n4." + "Hmm still 4." * 3 + "</think>4"


def test_waits_go_on_until_the_minimum_is_thought() -> None:
    found = drive("budget-forcing", model(THINKER), marks="think", waits=0, min_thinking=20)
    # 8 tokens, then 8 more, then the minimum is passed.
    assert found.text == "<think>\nIt is 5.Wait, no: 4.Wait, no: 4.</think>The answer is 4."


def test_at_the_maximum_thinking_is_closed_and_an_answer_forced() -> None:
    found = drive("budget-forcing", model(THINKER), marks="think", max_thinking=5)
    assert pieces(found)[2:] == [
        ("model", "thinking", "It is"),
        ("forced", "other", "\n</think>"),
        ("forced", "answer", "\nFinal Answer:"),
        ("model", "answer", " 4"),
    ]
    assert found.finish_reason == "stop"


def test_an_instruct_model_is_kept_from_ending_its_turn() -> None:
    instruct = after(("Wait", ", no: 4."), default="It is 5.")
    found = drive("budget-forcing", model(instruct), waits=2)
    assert found.text == "It is 5.Wait, no: 4.Wait, no: 4."
    assert {s.role for s in found.segments} == {"answer"}


def test_an_instruct_model_that_is_cut_off_has_thought_and_is_made_to_answer() -> None:
    instruct = after(("Final Answer:", " 4"), default="x" * 400)
    found = drive("budget-forcing", model(instruct, max_tokens=100))
    assert pieces(found) == [
        ("model", "thinking", "x" * 75),
        ("forced", "answer", "\nFinal Answer:"),
        ("model", "answer", " 4"),
    ]


def test_delimiters_are_told_from_the_prompt_and_can_be_named() -> None:
    by_prompt = drive("budget-forcing", model(THINKER, "reasoning"), waits=0)
    assert by_prompt.text.startswith("<think>\n")
    s1 = after(("<|im_start|>think", "\nfour<|im_start|>answer"), ("<|im_start|>answer", "\n4"))
    by_name = drive("budget-forcing", model(s1), waits=0, marks="s1")
    assert by_name.text == "<|im_start|>think\nfour<|im_start|>answer\n4"
    assert [s.role for s in by_name.segments][-1] == "answer"


def test_the_end_of_turn_within_thinking_counts_as_its_end() -> None:
    ends = after(("</think>", "4"), ("Wait", " 4."), default="five")
    found = drive("budget-forcing", model(ends), marks="think")
    assert found.text == "<think>\nfiveWait 4.</think>4"
    assert ("forced", "other", "</think>") in pieces(found)


def test_an_end_of_turn_at_the_first_token_and_after_every_wait() -> None:
    found = drive("budget-forcing", model(saying("")), marks="think", waits=2)
    # min_tokens makes the model go on by one token after each Wait; the script fills with spaces.
    assert found.text == "<think>\nWait Wait </think>"
    assert found.finish_reason == "stop"


def test_an_empty_thought_is_closed_and_answered() -> None:
    empty = after(("<think>\n", "</think>"), ("</think>", "4"))
    found = drive("budget-forcing", model(empty), marks="think", waits=0)
    assert found.text == "<think>\n</think>4"


@pytest.mark.parametrize(
    ("budget", "thought"), [(0, ""), (1, "I"), (8, "It is 5."), (400, "It is 5.")]
)
def test_a_thinking_budget_of_none_one_just_enough_and_plenty(budget: int, thought: str) -> None:
    found = drive("thinking-budget", model(THINKER), marks="think", budget=budget)
    closed = "</think>" if budget == 400 else "\n</think>\nFinal Answer:"
    if budget == 0:
        closed = "</think>\nFinal Answer:"
    assert found.text.startswith(f"<think>\n{thought}{closed}")
    assert found.finish_reason == "stop"


@pytest.mark.parametrize("max_tokens", [1, 2, 3])
def test_the_smallest_budgets_of_a_run_leave_a_token_for_the_answer(max_tokens: int) -> None:
    found = drive("budget-forcing", model(THINKER, max_tokens=max_tokens), marks="think")
    assert found.finish_reason == "length"
    assert found.usage["model"].completion <= max_tokens
    assert found.segments[-1].role == "answer"
    assert found.segments[-1].by == "model"


def test_a_stop_string_inside_the_forced_word_is_not_a_stop() -> None:
    says = after(("</think> Wait", " 4.</think>"), ("</think>", "4"), default="5.</think>")
    found = drive("budget-forcing", model(says), marks="think", word="</think> Wait")
    assert found.text == "<think>\n5.</think> Wait 4.</think>4"
    assert ("forced", "thinking", "</think> Wait") in pieces(found)


def test_the_budget_of_the_run_holds_over_all_rounds() -> None:
    endless = after(("</think>", "4"), default="x" * 30 + "</think>")
    found = drive("budget-forcing", model(endless, max_tokens=200), marks="think", waits=50)
    assert found.usage["model"].completion <= 200


def test_a_prompt_longer_than_the_context_fails_and_a_full_context_ends_by_length() -> None:
    with pytest.raises(RequestFailed, match="context"):
        drive("budget-forcing", model(THINKER, context_length=20))
    prompt = len(model(THINKER).start(PROBLEM).context.prompt_ids or ())
    full = drive(
        "budget-forcing",
        model(saying("x" * 999), context_length=prompt + 40),
    )
    assert full.finish_reason == "length"
    assert len(full.token_ids or ()) <= 40 + len("\nFinal Answer:")


def test_a_cut_off_may_fall_in_the_middle_of_a_word_and_nothing_is_added() -> None:
    found = drive("cut-off", model(saying("It is four.")), tokens=8)
    assert pieces(found) == [("model", "answer", "It is fo")]
    assert found.finish_reason == "length"


def test_a_cut_off_can_force_an_answer() -> None:
    says = after(("Final Answer:", " 4"), ("It is fo", "ur."), default="It is four.")
    found = drive("cut-off", model(says), tokens=8, cue="Final Answer:")
    assert pieces(found) == [
        ("model", "thinking", "It is fo"),
        ("forced", "answer", "\nFinal Answer:"),
        ("model", "answer", " 4"),
    ]


@pytest.mark.parametrize("tokens", [0, 1])
def test_a_cut_off_at_none_and_at_one(tokens: int) -> None:
    found = drive("cut-off", model(saying("four")), tokens=tokens)
    assert found.text == "four"[:tokens]
    assert found.finish_reason == "length"


def test_a_loop_ends_thinking_and_is_marked_though_an_answer_follows() -> None:
    says = after(("Final Answer:", " 4"), default="again and " * 99)
    for strategy in ("cot", "budget-forcing", "cut-off"):
        subject = model(says, stop_on_loop=True)
        options = {"tokens": 900} if strategy == "cut-off" else {}
        found = drive(strategy, subject, **options)
        assert found.text.endswith("\nFinal Answer: 4")
        assert found.finish_reason == "loop"
        assert found.segments[0].role == "thinking"
        assert found.segments[0].tokens < 400


def test_a_loop_inside_tags_closes_them_first() -> None:
    says = after(("Final Answer:", " 4"), default="<think>" + "again and " * 99)
    found = drive("reasoning", model(says, "reasoning", stop_on_loop=True))
    assert found.text.endswith("</think>\nFinal Answer: 4")
    assert [s.role for s in found.segments if s.by == "model"][-1] == "answer"


class Biased(ScriptedEngine):
    """A script on an engine that takes, and remembers, biases."""

    features = ScriptedEngine.features | {"logit-bias"}
    biases: list[dict[int, float]]

    async def extend(self, context: Context, ask: Ask) -> Extension:
        self.biases.append(dict(ask.logit_bias))
        return await super().extend(context, ask)


def test_the_bias_is_on_the_token_that_ends_thinking_and_only_while_thinking() -> None:
    engine = Biased(after(("Final Answer:", " 4"), default="four"))
    engine.biases = []
    found = drive("end-bias", model(saying(""), engine=engine), token="<|end|>", bias=1.5)
    assert found.text == "four"
    assert engine.biases == [{256: 1.5}]


@pytest.mark.parametrize(
    ("token", "says"), [("", "end of its turn"), ("</think>", "8 tokens of this model")]
)
def test_a_bias_on_what_is_not_one_token_is_refused(token: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        drive("end-bias", model(saying("")), token=token)


def test_usage_is_what_was_read_and_written() -> None:
    subject = model(saying("four"))
    found = drive("cot", subject)
    prompt = len(subject.start(PROBLEM).context.prompt_ids or ())
    assert found.usage == {"model": Usage(prompt, 4, 0)}
    expected: dict[str, Any] = {"by": "model", "role": "answer"}
    assert {k: getattr(found.segments[0], k) for k in expected} == expected
