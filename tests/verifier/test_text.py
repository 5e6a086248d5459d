"""Text answers: the same words, or undecided."""

from __future__ import annotations

import pytest

from judgekit.verifier import verify
from judgekit.verifier.text import normalise, same_text


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        ("Paris", "paris"),
        ("Paris", "  Paris. "),
        ("the Moon", "Moon"),
        (r"\text{Evelyn}", "Evelyn"),
        ("self-defense", "self\u2010defense"),
        ("café", "cafe\u0301"),
        ("“Conservative”", '"Conservative"'),
        ("Rock & Roll", "rock & roll"),
    ],
)
def test_same(gold: str, answer: str) -> None:
    assert same_text(gold, answer)
    assert same_text(answer, gold)


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        ("Paris", "London"),
        ("", ""),
        (".", "!"),
        ("C++", "C"),
        ("x-1", "x1"),
        ("-5", "5"),
        ("a/b", "ab"),
    ],
)
def test_not_the_same(gold: str, answer: str) -> None:
    assert not same_text(gold, answer)


def test_normalising_twice_changes_nothing() -> None:
    for text in ("The  Answer, is: `x`!", r"\textbf{\text{B}}"):
        assert normalise(normalise(text)) == normalise(text)


def test_other_words_are_undecided_and_say_why() -> None:
    grade = verify("Conservative", "The branch is Reform Judaism.")
    assert grade.outcome == "undecided"
    assert grade.stage == "none"
    assert "prose" in grade.trail[-1].flags


def test_the_same_words_are_correct() -> None:
    assert verify("Conservative", "<answer>conservative</answer>").outcome == "correct"
    assert verify("Paris", "The capital of France is Paris.").outcome == "correct"
    assert verify("Paris", "It is not Paris.").outcome == "undecided"


@pytest.mark.parametrize(
    ("gold", "answer"),
    [("36", "3.6"), ("225", "22.5"), ("(0,9)", "[0,9)"), ("12", "1,2"), ("x_1", "x1"), ("5", "-5")],
)
def test_punctuation_that_means_something_is_no_typography(gold: str, answer: str) -> None:
    assert verify(gold, answer).outcome != "correct"
