"""What a prompt asks for, and whether a response does it."""

from __future__ import annotations

import time

import pytest

from judgekit.analysis.format import (
    Expected,
    expected,
    format_fault,
    longest_draft,
    thinking_class,
)

R1 = Expected(tags="think", answer_tags=True)


@pytest.mark.parametrize(
    ("strategy", "prompt", "wanted"),
    [
        ("cot", "", Expected(boxed=True)),
        ("my-own", "", Expected()),
        ("zero-shot", "What is 2+2?", Expected()),
        ("x", "put it within \\boxed{}", Expected(boxed=True)),
        ("x", "after a separator ####", Expected(separator=True)),
        ("cod", "with 5 words at most ... ####", Expected(separator=True, draft=True)),
        ("x", "in <think> </think> and <answer> </answer>", R1),
        ("x", "Q<|assistant|><think>\n", Expected(tags="think", opened=True)),
        ("x", "Q<|assistant|><think>\n\n</think>\n\n", Expected()),
        ("x", "<reasoning> </reasoning>", Expected(tags="reasoning")),
    ],
)
def test_what_is_asked(strategy: str, prompt: str, wanted: Expected) -> None:
    assert expected(strategy, prompt) == wanted


@pytest.mark.parametrize(
    ("text", "wanted", "fault"),
    [
        ("<think> a </think> <answer> 4 </answer>", R1, None),
        ("<answer> 4 </answer>", R1, "no <think>"),
        ("<think> a <answer> 4 </answer>", R1, "no </think>"),
        ("<think>a</think><think>b</think><answer>4</answer>", R1, "<think> more than once"),
        ("</think> <think> <answer>4</answer>", R1, "</think> before <think>"),
        ("<answer>4</answer><think> a </think>", R1, "<answer> before the thinking ends"),
        ("<think> a </think> 4", R1, "no <answer>"),
        ("a </think> 4", Expected(tags="think", opened=True), None),
        ("so \\boxed{\\frac{1}{2}}", Expected(boxed=True), None),
        ("so \\boxed{\\{1, 2\\}}", Expected(boxed=True), None),
        ("so } \\boxed{ 4 }", Expected(boxed=True), None),
        ("so \\boxed{ }", Expected(boxed=True), "\\boxed{} empty or not closed"),
        ("so 4", Expected(boxed=True), "no \\boxed{}"),
        ("so \\boxed{}", Expected(boxed=True), "\\boxed{} empty or not closed"),
        ("so \\boxed{4", Expected(boxed=True), "\\boxed{} empty or not closed"),
        (
            "\\boxed{4} </think> it is",
            Expected(tags="think", opened=True, boxed=True),
            "no \\boxed{}",
        ),
        ("3 + 1 = 4. #### 4", Expected(separator=True), None),
        ("3 + 1 = 4.", Expected(separator=True), "no ####"),
        ("3 + 1 = 4 ####  ", Expected(separator=True), "nothing after ####"),
        ("three boxes; 3 * 12 = 36. #### 36", Expected(separator=True, draft=True), None),
        (
            "she has three boxes of pencils; 36 #### 36",
            Expected(separator=True, draft=True),
            "a draft of 6 words",
        ),
    ],
)
def test_faults(text: str, wanted: Expected, fault: str | None) -> None:
    assert format_fault(text, wanted) == fault


def test_numbers_and_symbols_are_no_words() -> None:
    assert longest_draft("20 - x = 12; x = 8 km\nAnna keeps eight apples #### a b c d e f g") == 4
    assert longest_draft("") == 0


@pytest.mark.parametrize(
    ("text", "finish", "opened", "found"),
    [
        ("<think>a</think>4", "stop", False, "ok"),
        ("a</think>4", "stop", True, "ok"),
        ("a</think>4", "stop", False, "missing think"),
        ("<think>a</think> ", "stop", False, "missing answer"),
        ("<think>a</think>b</think>4", "stop", False, "multiple ends"),
        ("<think>a", "length", False, "length"),
        ("<think>a", "stop", False, "missing end"),
        ("<think>a</thought>4", "stop", False, "other markers"),
        ("4", "stop", False, "none"),
    ],
)
def test_thinking_classes(text: str, finish: str, opened: bool, found: str) -> None:
    assert thinking_class(text, finish, opened=opened) == found


def test_hostile_boxes_cost_little() -> None:
    started = time.perf_counter()
    assert format_fault("\\boxed{" * 100_000, Expected(boxed=True))
    assert time.perf_counter() - started < 2
