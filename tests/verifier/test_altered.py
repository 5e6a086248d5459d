"""A number in a sentence is the answer only where no word makes another number of it."""

from __future__ import annotations

import pytest

from judgekit.verifier import verify
from judgekit.verifier.equivalence import compare

ALTERED = """
    minus 5|negative 5|5 million|5 dozen|5 squared|5 cubed|half of 5|a quarter of 5|twice 5
    the square root of 5|the cube of 5|5 factorial|one over 5|x over 5|pi over 5|5 halves
    five and 5 tenths|5 thousandths|5 hundred|5 times the radius|the sine of 5 degrees|the log of 5
    multiples of 5|5 plus x|the reciprocal of 5|the opposite of 5|base 5|x raised to the power 5
    5 to the n|a dozen and 5|the remainder after division by 5|close to 5|n choose 5|5 choose k
    roughly half 5|5 and a half|5 in base seven|5 degrees below zero|every integer from 5 on
    numbers up to 5|half of $5$|twice $5$|$5$ squared|$5$ million|a multiple of $5$
    all numbers from $5$ on|half of **5**|the number of divisors of 5|the average of 5|f of 5
    given in row 5|the same as in problem 5|given in equation (5)|undefined at 5
"""
PHRASES = [phrase.strip() for line in ALTERED.split("\n") if line for phrase in line.split("|")]


@pytest.mark.parametrize("words", PHRASES)
def test_another_number_is_not_the_number(words: str) -> None:
    assert verify("5", f"The answer is {words}.").outcome != "correct"


@pytest.mark.parametrize(
    "words",
    [
        "the number 5",
        "5 apples",
        "5 (five)",
        "exactly 5",
        "5 of them",
        "5 times",
        "5 quarters",
        "a score of 5",
        "a remainder of 5",
    ],
)
def test_words_that_leave_it_alone(words: str) -> None:
    assert verify("5", f"The answer is {words}.").outcome == "correct"


@pytest.mark.parametrize(
    "response",
    [
        "We add up.\nTherefore the temperature is minus 5.",
        "We add up.\nWe conclude that it comes to negative 5 in the end.",
        "We add up.\nSo we have 10 minus 5.",
        "We add up.\nThat is half of 5.",
        "We add up.\nSo it is half of $5$.",
        "We add up.\nThus it is half of **5**",
        "We add up.\nThus there are $5$ million.",
    ],
)
def test_nor_at_the_end_of_a_text(response: str) -> None:
    grade = verify("5", response)
    assert grade.outcome != "correct"
    assert grade.stage != "no-answer"


def test_signs_in_words() -> None:
    assert verify("-5", "The answer is minus 5.").outcome == "correct"
    assert verify("-5", "The answer is negative five.").outcome == "correct"
    assert compare("x-5", "x minus 5").correct
    assert not compare("-5x", "x negative 5").incorrect


def test_millions_that_a_question_may_ask_for() -> None:
    assert compare("5", "5 million").outcome == "undecided"
    assert compare("6", "5 million").incorrect
    assert compare("5000000", "5 million").correct
