"""Letters, options and the words of options."""

from __future__ import annotations

import pytest

from judgekit.verifier import extract, verify
from judgekit.verifier.choice import letter_of, named_letters, option_letter, options_in

FOUR = ("Mercury", "Venus", "Earth", "Mars")


@pytest.mark.parametrize(
    ("answer", "letters"),
    [
        ("B", "B"),
        ("b", "B"),
        ("(B)", "B"),
        ("[B]", "B"),
        ("B.", "B"),
        ("B) Paris", "B"),
        ("(B) Paris", "B"),
        (r"\text{B}", "B"),
        (r"\textbf{(B)}", "B"),
        (r"\mathrm{B}", "B"),
        ("**B**", "B"),
        ("option B", "B"),
        ("The correct option is B", "B"),
        ("Choice (B)", "B"),
        ("选项 B", "B"),
        ("B。不是 A", "B"),
        ("B不是 A", "B"),
        ("D, it can hardly be A or C", "D"),
        ("A, C", "AC"),
        ("A and C", "AC"),
        ("A or C", "AC"),
        ("A, B, C, D", "ABCD"),
        ("(A), (C)", "AC"),
        ("A car", ""),
        ("a car", ""),
        ("I think", ""),
        ("Bob", ""),
        ("B = 3", ""),
        ("42", ""),
        ("", ""),
    ],
)
def test_named_letters(answer: str, letters: str) -> None:
    assert "".join(named_letters(answer)) == letters


def test_options_are_found_in_questions() -> None:
    assert options_in("Which?\n(A) one\n(B) two\n(C) three") == ("one", "two", "three")
    assert options_in("Which?\nA. one\nB. two") == ("one", "two")
    assert options_in("Which? A) one B) two C) three D) four") == ("one", "two", "three", "four")
    amc = r"Find it. $\textbf{(A)}\ 1 \qquad\textbf{(B)}\ 2 \qquad\textbf{(C)}\ 3$"
    assert len(options_in(amc)) == 3
    assert options_in("What is A. Turing known for?") == ()
    assert options_in("Let ABC be a triangle with angle A.") == ()


def test_the_gold_is_a_letter_or_an_option() -> None:
    assert letter_of("C", FOUR) == "C"
    assert letter_of("(C)", FOUR) == "C"
    assert letter_of("earth", FOUR) == "C"
    assert letter_of("Pluto", FOUR) == ""


def test_option_words_must_name_one_option() -> None:
    assert option_letter("The Earth", FOUR) == "C"
    assert option_letter("Pluto", FOUR) == ""
    assert option_letter("same", ("same", "same")) == ""


@pytest.mark.parametrize(
    ("gold", "response", "outcome"),
    [
        ("C", "The answer is (C).", "correct"),
        ("C", "I think it is option C", "correct"),
        ("C", "Venus is too hot, so the answer must be Earth.", "correct"),
        ("C", r"\boxed{C}", "correct"),
        ("C", r"\boxed{\text{(C) Earth}}", "correct"),
        ("C", "<think>A? no. B? no.</think>\nC", "correct"),
        ("C", "Answer: C, since A and B are too hot", "correct"),
        ("Earth", "The answer is C", "correct"),
        ("C", "The answer is (D). Option C is wrong.", "incorrect"),
        ("C", r"\boxed{A, B, C, D}", "incorrect"),
        ("C", "The answer is C or D.", "incorrect"),
        ("C", "Mars", "incorrect"),
        ("C", "C) Mars", "undecided"),
        ("C", "As an AI I cannot choose.", "incorrect"),
        ("C", "", "incorrect"),
        ("AC", "A and C", "correct"),
        ("A, C", "C, A", "correct"),
        ("A, C", "A", "incorrect"),
    ],
)
def test_outcomes(gold: str, response: str, outcome: str) -> None:
    assert verify(gold, response, kind="choice", choices=FOUR).outcome == outcome


def test_an_answer_by_value_is_the_option_of_that_value() -> None:
    options = ("1/4", "1/2", "3/4")
    assert verify("B", r"\boxed{0.5}", choices=options).outcome == "correct"
    assert verify("B", r"\boxed{0.25}", choices=options).outcome == "incorrect"
    assert verify("B", r"\boxed{0.7}", choices=options).outcome != "correct"


def test_two_letters_are_flagged() -> None:
    grade = verify("A", "The answer is A and B.", kind="choice", choices=FOUR)
    assert "conflict" in grade.trail[-1].flags


def test_the_only_option_named_at_the_end_is_a_weak_cue() -> None:
    found = extract(
        "Mars is red and Venus hot. That leaves only our own Earth here.",
        kind="choice",
        choices=("Earth", "Pluto"),
    )
    assert found.flags == ("weak-cue",)


@pytest.mark.parametrize(
    "response",
    [
        "surely D, for it can't be A or C",
        "I am sure it is D; A and B fail",
        "It cannot be A, so it is D",
    ],
)
def test_a_letter_that_ends_a_clause(response: str) -> None:
    assert verify("D", response, kind="choice").outcome == "correct"
