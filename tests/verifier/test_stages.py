"""What the stages make of an answer beside comparing it: words, codes, what the question asks."""

from __future__ import annotations

import pytest

from judgekit.verifier import verify

BELOW_TWO = "The solution is $x < 2$, or in interval notation, $(-\\infty, 2)$."
ROWS = [
    ("yes", "The answer is yes.", None, "correct"),
    ("Yes", "Yes, because every such number is even.", None, "correct"),
    ("Yes", "No, it is not possible.", None, "incorrect"),
    ("\\text{infinitely many}", "\\boxed{\\infty}", None, "correct"),
    ("\\text{infinitely many}", "\\boxed{0}", None, "incorrect"),
    ("Monday", "It is Tuesday.", None, "incorrect"),
    ("Alice wins", "Alice", None, "undecided"),
    ("2", "AZYUK2A", None, "incorrect"),
    ("81", "\\boxed{(x+y)^2=81}", "What is the value of $(x + y)^2$?", "correct"),
    ("81", "\\boxed{(x+y)^2=81}", "What is $x+y$?", "undecided"),
    ("9", "\\boxed{(x+y)^2=81}", "What is the value of $(x + y)^2$?", "undecided"),
    ("x^2+C", "\\boxed{x^2+c}", "Integrate $2x$.", "correct"),
    ("x^2+C", "\\boxed{x^2+c}", "Let $C$ and $c$ be given.", "undecided"),
    ("5", "So $x = 5$ (we reject $x=-3$).", None, "correct"),
    ("-3", "So $x = 5$ (we reject $x=-3$).", None, "undecided"),
    ("4", "So $x = 5$ (we reject $x=-3$).", None, "incorrect"),
    ("x=1, y=2", "Therefore $x=1$ and $y=2$.", None, "correct"),
    ("5", "We solve it. Since $x > 0$, $x = 5$.", None, "correct"),
    ("(-\\infty, 2)", BELOW_TWO, None, "correct"),
    ("(3, \\infty)", BELOW_TWO.replace("-\\infty, 2", "3, \\infty"), None, "incorrect"),
    ("150", "It costs 150 cents ($1.50).", None, "correct"),
    ("1.50", "It costs 150 cents ($1.50).", None, "undecided"),
    ("D", "The answer is for sure D, it can't be A or B", None, "correct"),
]


@pytest.mark.parametrize(("gold", "response", "question", "outcome"), ROWS)
def test_outcome(gold: str, response: str, question: str | None, outcome: str) -> None:
    assert verify(gold, response, question).outcome == outcome
