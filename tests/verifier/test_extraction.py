"""Extraction: what is an answer, what is none, which one wins. (The forms: test_docs.py.)"""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgekit.verifier import Extraction, extract, verify


def read(text: str, **options: object) -> str | None:
    answer = extract(text, **options).answer  # type: ignore[arg-type]
    return answer.text if answer else None


def test_positions_point_at_the_raw_answer() -> None:
    text = r"Therefore the sum is $\boxed{ \frac{1}{2} }$."
    answer = extract(text).answer
    assert answer is not None
    assert text[answer.start : answer.end] == r" \frac{1}{2} "
    assert answer.text == r"\frac{1}{2}"


def test_every_candidate_is_kept_best_first() -> None:
    found = extract(r"First \boxed{41}. But then, and this is a new thought, \boxed{42}")
    assert [c.text for c in found.candidates] == ["42", "41"]
    assert all(c.strength == "strong" for c in found.candidates)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"\boxed{1}, \boxed{2}, \boxed{3}", "1, 2, 3"),
        (r"\boxed{41} \boxed{42} \boxed{43}", "41, 42, 43"),
        (r"$\boxed{2}$ or $\boxed{3}$", r"2 \text{ or } 3"),
        (r"\(y_1 = \boxed{x+1}\) and \(y_2 = \boxed{x-1}\)", "y_1 = x+1, y_2 = x-1"),
        (r"\boxed{1} is one root. The next root, after a long search, is \boxed{2}", "2"),
        ("\\boxed{1}\n\n\\boxed{2}", "2"),
        (r"\boxed{7", "7"),
        (r"\boxed{\left\{1, 2\right\}}", r"\left\{1, 2\right\}"),
        (r"\boxed{a \} b}", r"a \} b"),
        (r"\beginboxed{5\sqrt{7}}", r"5\sqrt{7}"),
    ],
)
def test_boxes(text: str, answer: str) -> None:
    assert read(text) == answer


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n",
        r"\boxed{}",
        r"\boxed",
        r"Put the answer in \boxed{}.",
        r"Write \boxed{\text{answer}} at the end",
        r"\boxed{...}",
        "<answer>your answer here</answer>",
        "I cannot answer this question.",
        "I do not know.",
        "####",
        r"We start with \[ x = \frac{1",
    ],
)
def test_no_answer(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "12 12",
        "so we get 12",
        "The answer is 1",
        r"\boxed{12",
        "#### 12",
        "<answer>12",
        "Therefore $x = 5$ and then we add 1",
    ],
)
def test_nothing_that_was_cut_off_is_an_answer(text: str) -> None:
    assert read(text, finished=False) is None
    assert not extract(text, finished=False).finished


def test_what_was_complete_before_the_cut_is_one() -> None:
    assert read(r"\boxed{12}. Now let me", finished=False) == "12"
    assert read("The answer is 12. Now let me", finished=False) == "12"


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("<think>", "</think>"),
        ("<thinking>", "</thinking>"),
        ("[THINK]", "[/THINK]"),
        ("◁think▷", "◁/think▷"),
        ("<|channel|>analysis<|message|>", "<|channel|>final<|message|>"),
    ],
)
def test_thinking_is_searched_only_where_nothing_follows(opening: str, closing: str) -> None:
    found = extract(f"{opening}so \\boxed{{1}}{closing}\n\nThe answer is 2.")
    assert (found.region, found.answer and found.answer.text) == ("answer", "2")
    found = extract(f"{opening}so \\boxed{{1}}{closing}\n")
    assert (found.region, found.answer and found.answer.text) == ("thinking", "1")
    found = extract(f"{opening}so \\boxed{{1}}, or is it")
    assert (found.region, found.answer and found.answer.text) == ("thinking", "1")
    assert extract(f"{opening}so 1, or is it 2").answer is None


def test_a_closing_delimiter_alone_ends_the_thinking() -> None:
    assert read("it may be \\boxed{1}</think>The answer is 2.") == "2"


def test_end_of_turn_tokens_are_no_text() -> None:
    assert read("The answer is 5<|im_end|>\n<|endoftext|>") == "5"
    assert read("5</s>") == "5"


def test_a_next_question_is_not_read() -> None:
    assert read("#### 5\n\nQuestion: How many?\n#### 6") == "5"
    assert read("The answer is 5.\nHuman: and 2+2?\nThe answer is 4.") == "5"
    assert read("Question: 2+3?\nAnswer: 5") == "5"


def test_a_repeated_prompt_is_skipped() -> None:
    prompt = "An example: the answer is 7. Now, what is 2+2?"
    assert read(f"{prompt} I leave that open.", skip=len(prompt)) is None
    assert read(f"{prompt} The answer is 4.", skip=len(prompt)) == "4"


def test_two_cues_that_differ_are_a_conflict() -> None:
    found = extract("So \\boxed{5}.\n\nThe answer is 6.")
    assert found.flags == ("conflict",)
    assert extract("So \\boxed{5}.\n\nThe answer is 5.").flags == ()
    assert extract(r"\boxed{5}" + "\n<answer>6</answer>").flags == ("conflict",)


def test_a_lone_last_number_is_weak() -> None:
    found = extract("In 2019 he had 3 and found some. He kept 5 of them in 2 boxes.")
    assert found.flags == ("weak-cue",)
    assert found.answer is not None
    assert (found.answer.text, found.answer.cue) == ("2", "last-number")


def test_step_numbers_are_no_answers() -> None:
    assert read("Step 1: x=a\nStep 2: print(x)") != "2"


def test_headings_are_no_hashes() -> None:
    assert read("#### Step 1: add\nWe add 2 and 3.\n#### 5") == "5"
    found = extract("#### Part one\n" + "Much is said here. " * 20 + "The answer is 4.")
    assert found.answer is not None
    assert found.answer.text == "4"


def test_json_answers() -> None:
    assert read('Here you are:\n```json\n{"answer": "3/4", "why": "…"}\n```') == "3/4"
    assert read('{"steps": [{"answer": 1}], "final_answer": 2.5}') == "2.5"
    assert read('{"is_correct": true}') is None or read('{"is_correct": true}') != "True"


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("The answer is: The smallest $m$ is 27.", "27"),
        ("<answer>The distance is approximately 5.5 Gpc.</answer>", "approximately 5.5 Gpc"),
        ("Final Answer: Jane started 3 hours ago.", "3"),
    ],
)
def test_readings_of_answers_in_words(text: str, reading: str) -> None:
    assert reading in [c.text for c in extract(text).candidates]


@pytest.mark.parametrize("words", ["not 42", "42 or 43", "at least 42", "less than 42", "no 42"])
def test_hedged_words_have_no_readings(words: str) -> None:
    found = extract(rf"\boxed{{\text{{{words}}}}}")
    assert [c.text for c in found.candidates] == [rf"\text{{{words}}}"]


BOMBS = [
    "\\boxed{" * 150_000,
    "\\boxed{" + "{" * 1_000_000,
    "<answer>" * 120_000,
    "#### " * 200_000,
    "the answer is " * 70_000,
    "answer: " * 120_000,
    "answer (" * 120_000,
    "final answer to " * 60_000,
    "答案是" * 300_000,
    "$" * 1_000_000,
    "$x$ " * 250_000,
    "\\(" * 500_000,
    "\\[ " * 300_000,
    "1," * 500_000,
    "1" * 1_000_000,
    "." * 1_000_000,
    "**" * 500_000,
    "{" * 1_000_000,
    '{"answer": ' * 90_000 + "}",
    '{"answer": "' + "x" * 1_000_000 + '"}',
    " " * 1_000_000,
    "\n" * 1_000_000,
    "<think>" * 140_000,
    "</think>" * 120_000,
    "\nQuestion:" * 100_000,
    "\nQuestion: \\boxed{1}" * 50_000,
    "is the answer " * 70_000,
    "A) B) C) " * 100_000,
    "option A " * 100_000,
    "<|im_end|>" * 100_000,
    "\\begin{" * 140_000,
    "= " * 500_000,
    "a" * 1_000_000,
    "İ" * 500_000,
    "word " * 200_000 + "The answer is 7.",
]


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda text: repr(text[:16]))
@pytest.mark.parametrize("kind", ["math", "choice", "text"])
def test_a_megabyte_costs_milliseconds(bomb: str, kind: str) -> None:
    began = time.process_time()
    found = extract(bomb, kind=kind, choices=("Rome", "Paris"))  # type: ignore[arg-type]
    assert isinstance(found, Extraction)
    assert time.process_time() - began < 0.25


TEXTS = st.lists(
    st.sampled_from(
        ["\\boxed{", "}", "{", "$", "\\(", "\\)", "<answer>", "</answer>", "####", "answer is ",
         "<think>", "</think>", "\n", "\n\n", "**", "42", "1/2", "A", "(B)", " or ", "and ", ".",
         "=", "答案是", "x", "\\text{", "final ", '{"answer": 1}', "Question:", "\x00", "\u202e"]
    )
    | st.text(max_size=3),
    max_size=40,
).map("".join)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(TEXTS, st.booleans(), st.sampled_from(["math", "choice", "text"]))
def test_any_text_is_read_within_its_bounds(text: str, finished: bool, kind: str) -> None:
    found = extract(text, kind=kind, choices=("x", "42"), finished=finished)  # type: ignore[arg-type]
    for candidate in found.candidates:
        assert 0 <= candidate.start <= candidate.end <= len(text)
        assert candidate.text.strip() == candidate.text != ""
        assert candidate.strength in ("strong", "medium", "weak")
    assert set(found.flags) <= {"unparsed", "weak-cue", "conflict"}


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_a_closed_box_at_the_end_is_always_the_answer(text: str) -> None:
    assert read(f"{text}</answer></think>\n\nIn the end we find this: $\\boxed{{37}}$") == "37"


def test_words_after_a_marked_answer_do_not_take_its_place() -> None:
    found = extract("So \\boxed{15}.\n\nFinal answer: the value computed above.")
    assert found.answer is not None
    assert (found.answer.text, found.flags) == ("15", ())
    assert read("So \\boxed{15}.\n\nFinal answer: 16 apples.") == "16 apples"


@pytest.mark.parametrize(
    "response",
    [
        "5\n\nConfidence: 85%",
        "So it is 5. I am 85% confident.",
        "\\boxed{5}\n**Confidence:** 0.9",
        "The answer is 5.\nMy confidence: 90",
        "It must be 5.\nI'm about 80% sure.",
    ],
)
def test_how_sure_a_model_is_is_no_answer(response: str) -> None:
    assert verify("5", response).outcome == "correct"


def test_a_confidence_that_is_asked_for_is_an_answer() -> None:
    assert verify("95%", "The confidence level is 95%.").outcome == "correct"
