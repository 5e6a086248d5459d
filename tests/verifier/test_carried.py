r"""What a look at unseen pairs of the same families as the labelled ones brought to light.

Forms and proofs that were missing, and verdicts that were wrong, each in pairs of our own.
"""

from __future__ import annotations

import pytest

from judgekit.verifier.equivalence import compare

EQUAL = [
    ("0.125", "0,125"),
    ("-0,250", "-1/4"),
    ("17", r"17^{\mathrm{th}}"),
    ("3", r"3^\text{rd}"),
    (r"\frac{14}{5}", r"(7)\frac{2}{5}"),
    (r"2\frac12\%", "2.5 percentage"),
    ("22:15", r"10:15 \text{P.M.}"),
    (r"\{1,3,5\}\cup\{4\}", "{1,3,4,5}"),
    (r"{2,4}\cup{6}", "2, 4, 6"),
    (r"a=5,\quadb=7", "5, 7"),
    (r"2\sqrt{m}", r"2\sqrtm"),
    (r"n \in \mathbb{N}_0", r"n \in \mathbb{Z}_{\ge 0}"),
    ("u+v=2.646", r"u+v=\sqrt7"),
    (r"u+v=\sqrt7", "u+v=2.646"),
    (r"\begin{cases} p+q=1.5 \\ p-q=2.236 \end{cases}", r"p+q=\frac32, p-q=\sqrt5"),
    ("3, 9", "Largest = 9, smallest = 3"),
    ("4.29", "30:7"),
    ("30:7", "4.286"),
    (r"\frac{r!}{s!(r-s)!}", r"\binom{r}{s}"),
]

DIFFERENT = [
    ("0.125", "0,136"),
    ("17", r"18^{\mathrm{th}}"),
    ("{2,4}\\cup{6}", "2, 4"),
    ("u+v=2.646", "u+v=3.5"),
    ("3, 9", "Largest = 8, smallest = 3"),
    ("4.29", "30:11"),
    (r"\frac{r!}{(r-s)!}", r"\frac{r!}{(r-3)!}"),
    ("7.2 square units", r"\frac{36}{10}"),
]

OPEN = [
    ("u+v=2.646", "u+v=2.64"),
    ("45, 11", r"\frac{45}{11}"),
    ("4:30", "4.5"),
    ("89", "F_{11}+1"),
    ("(3) 1/4", "3"),
]


@pytest.mark.parametrize(("gold", "answer"), EQUAL)
def test_equal(gold: str, answer: str) -> None:
    assert compare(gold, answer).outcome == "correct"


@pytest.mark.parametrize(("gold", "answer"), DIFFERENT)
def test_different(gold: str, answer: str) -> None:
    assert compare(gold, answer).outcome == "incorrect"


@pytest.mark.parametrize(("gold", "answer"), OPEN)
def test_left_open(gold: str, answer: str) -> None:
    assert compare(gold, answer).outcome == "undecided"


def test_the_ends_of_an_interval_of_monotony_are_left_open() -> None:
    gold, answer = r"[0, \pi]", r"(0, \pi)"
    assert (
        compare(gold, answer, question="On which interval is it increasing?").outcome == "undecided"
    )
    assert compare(gold, answer, question="What is the range of f?").outcome == "incorrect"
