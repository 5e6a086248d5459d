"""`kind="auto"` tells mathematics, choice and text apart."""

from __future__ import annotations

import pytest

from judgekit.verifier import make_case
from judgekit.verifier.kind import resolve_kind

OPTIONS = "Which is right?\n(A) one\n(B) two\n(C) three"


@pytest.mark.parametrize(
    ("gold", "question", "choices", "kind"),
    [
        ("42", None, (), "math"),
        (r"\frac{1}{2}", None, (), "math"),
        ("x", None, (), "math"),
        ("A", None, (), "choice"),
        (r"\text{(B)}", None, (), "choice"),
        ("B", OPTIONS, (), "choice"),
        ("B", None, ("one", "two"), "choice"),
        ("two", None, ("one", "two"), "choice"),
        ("A", "Which point, A or P, lies on the circle?", (), "math"),
        ("Paris", None, (), "text"),
        ("Evelyn", None, (), "text"),
        (r"$\text{Evelyn}$", None, (), "text"),
        ("No, because she acted in self-defense.", None, (), "text"),
        ("10 meters", None, (), "math"),
        ("(-6, 10)", None, (), "math"),
        (r"x \in \mathbb{R}", None, (), "math"),
        (r"2\pi", None, (), "math"),
        (r"\sin x", None, (), "math"),
        ("25 liters and 50 liters", None, (), "math"),
        ("$\\sqrt{2}$", None, (), "math"),
    ],
)
def test_auto(gold: str, question: str | None, choices: tuple[str, ...], kind: str) -> None:
    assert resolve_kind(gold, question, choices) == kind


def test_the_given_kind_stands() -> None:
    assert make_case("42", "x", kind="text").kind == "text"


def test_options_of_the_question_are_used() -> None:
    assert make_case("B", "two", OPTIONS).choices == ("one", "two", "three")


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        ("Half of 36 is 18.\n#### 18", "18"),
        (r"We get $x=2$, so the answer is \boxed{4}.", "4"),
        (r"\boxed{1} and \boxed{2}", "1, 2"),
        ("18", "18"),
        ("the answer", "the answer"),
    ],
)
def test_a_gold_that_is_a_whole_solution_is_reduced_to_its_answer(gold: str, answer: str) -> None:
    assert make_case(gold, "x").gold == answer
