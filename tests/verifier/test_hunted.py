r"""Pairs that a hunt for wrong verdicts found: decided wrongly, or not read, when first compared.

The hunt had 1,010 pairs with a known answer, each compared in both directions; what is here is what
it found and what lies beside that.
"""

from __future__ import annotations

import pytest

from judgekit.verifier.equivalence import compare

EQUAL = [
    (r"2\mathrm{i}", "2i"),
    (r"5\pi\mathrm{i}", r"5\pi i"),
    (r"-3+4\mathrm{i}", "4i-3"),
    (r"\frac{1}{3}\mathrm{e}^{3x}", r"\frac{e^{3x}}{3}"),
    (r"\overline{2+3i}", "2-3i"),
    (r"\overline{\frac{1}{1+i}}", r"\frac{1}{1-i}"),
    (r"z\bar{z}", "|z|^2"),
    (r"\mathbb{R}-\{2\}", r"(-\infty,2)\cup(2,\infty)"),
    (r"\mathbb{R}\setminus\{1,2\}", r"\mathbb{R}-\{1,2\}"),
    (r"(0,5)-\{2\}", r"(0,2)\cup(2,5)"),
    (r"\{1,2,3\}-\{2\}", r"\{1,3\}"),
    (r"\{(1,2)\}", "(1,2)"),
    ("F_{n+1}", "F_{1+n}"),
    ("a_{n-1}", "a_{-1+n}"),
    ("x_{10}", "x_{{10}}"),
    (r"5 k\Omega", r"5000 \Omega"),
    (r"3\,\text{k}\Omega", r"3000\,\Omega"),
    (r"2.2\,\mathrm{M}\Omega", "2200 kΩ"),
    (r"3\times10^{8}\,\mathrm{m/s}", r"3\times10^5\,\mathrm{km/s}"),
    (r"9.81\,\mathrm{m\,s^{-2}}", "9.81 m/s^2"),
    (r"5\,\mathrm{J/(kg\cdot K)}", r"5\text{ J/(kg K)}"),
    (r"30\%", r"30\text{ per cent}"),
    ("100000", r"\text{Rs. } 1,00,000"),
    (r"1,5\cdot 10^2", "150"),
    ("(a+b+c)^2", "a^2+b^2+c^2+2ab+2bc+2ca"),
    ("|x-3|<2", "(1,5)"),
    (r"|x-3|\le 2", "[1,5]"),
    ("|2x-6|<1", "(2.5,3.5)"),
    (r"|x+1|\ge2", r"x\le-3 \text{ or } x\ge 1"),
    (r"\sqrt{x^2-2x+1}", "|x-1|"),
]

DIFFERENT = [
    (r"2\mathrm{i}", "2"),
    (r"\overline{2+3i}", "2+3i"),
    (r"\overline{z}", "z"),
    (r"\operatorname{Re}(z)", "z"),
    (r"\mathbb{R}-\{2\}", r"\mathbb{R}-\{3\}"),
    (r"\mathbb{R}-\{2\}", r"(2,\infty)"),
    (r"\{(1,2)\}", "(1,3)"),
    ("F_{n+1}", "F_{n-1}"),
    (r"5 k\Omega", r"5 M\Omega"),
    (r"20\,\mathrm{m/s}", r"20\,\mathrm{km/s}"),
    ("|x-3|<2", "x<5"),
    ("|x-y|", "x-y"),
]

NOT_CORRECT = [
    (r"|x+1|\ge2", r"x\ge1"),
    ("|x+3|", "x+3"),
    ("|x-30|", "30-x"),
    (r"\sqrt{(x+1)^2}", "x+1"),
    (r"\max(x,-5)", "x"),
    (r"y=|x+5|", "y=x+5"),
]
"""Equal near the origin, or for positive numbers, and not everywhere."""


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_equal_in_both_directions(one: str, other: str) -> None:
    assert compare(one, other).outcome == "correct"
    assert compare(other, one).outcome == "correct"


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_in_both_directions(one: str, other: str) -> None:
    assert compare(one, other).outcome == "incorrect"
    assert compare(other, one).outcome == "incorrect"


@pytest.mark.parametrize(("one", "other"), NOT_CORRECT)
def test_equal_here_is_not_equal_everywhere(one: str, other: str) -> None:
    assert compare(one, other).outcome != "correct"
    assert compare(other, one).outcome != "correct"


@pytest.mark.parametrize("operator", [r"\frac{d}{dx}x^2", r"\frac{\partial}{\partial x}(xy)"])
def test_an_operator_is_no_fraction(operator: str) -> None:
    assert compare("2x", operator).outcome == "undecided"


@pytest.mark.parametrize(
    ("gold", "answer"), [("12,34,567", "1234567"), (r"S_{2n}", r"S_{n\cdot 2}")]
)
def test_a_spelling_with_a_second_meaning_proves_no_difference(gold: str, answer: str) -> None:
    assert compare(gold, answer).outcome == "undecided"
    assert compare(answer, gold).outcome == "undecided"


def test_an_ordinary_subscript_does() -> None:
    assert compare("S_{2n}", "S_{3n}").outcome == "incorrect"
