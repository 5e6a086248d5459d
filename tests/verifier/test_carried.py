r"""What a look at unseen pairs of the same families as the labelled ones brought to light.

Forms and proofs that were missing, and verdicts that were wrong, each in pairs of our own.
"""

from __future__ import annotations

import pytest

from judgekit.verifier import extract, verify
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
    ("f(t)=t, g(t)=4", r"(f(t), g(t)) = (t, 4) \text{ for all natural numbers } t"),
    ("f(x)=2, f(x)=3x", r"f(x) = 2 \text{ for all } x \in \mathbb{Q} \text{ and } f(x) = 3x"),
    ("(a, b) = (1+2x, 5-3x)", r"(1+2s, 5-3s) \text{ for some integer } s"),
    ("①④", "1, 4"),
    ("③、⑤", "3 and 5"),
    ("(a-b)(a+b)=a^2-b^2", "a^2-b^2"),
    ("6, 9", r"6 \text{ red pens and } 9 \text{ blue pens}"),
    ("250.5", "250.5m²"),
    ("y=4", r"y \ge 4 \text{ and } y \le 4"),
    (r"\{2\}", r"(0,2] \cap [2,5)"),
    (r"(-\infty,1)\cup[2,5]", "x < 1 or x >= 2 and x <= 5"),
    ("x < 1 or x >= 2 and x <= 5", "(x < 1 or x >= 2) and x <= 5"),
    ("z=3 or z=-3", "z^2=9"),
    ("PQ = 9", "QP = 9"),
    ("g(x) = 9", "g(t) = 9"),
    (r"s>4 \text{ and } t>7", r"t>7 \text{ and } s>4"),
    (r"\frac{95}{7}", r"\frac{95}{7} \text{ (about } 13.6 \text{ days)}"),
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
    ("f(x)=4", "f(x)=x"),
    (r"\frac{5 m}{3}-2", r"\frac{5m}{3}"),
    ("①④", "1, 3"),
    ("s>4, t>7", "s>4"),
    ("s>4, t>7", "s>4, t>6"),
    ("y=5", r"y \ge 4 \text{ and } y \le 4"),
    (r"(-\infty,5]", "x < 1 or x >= 2 and x <= 5"),
    ("-inf", "inf"),
    ("(a-b)(a+b)=a^2-b^2", "a^2+b^2"),
]

OPEN = [
    ("u+v=2.646", "u+v=2.64"),
    ("45, 11", r"\frac{45}{11}"),
    ("4:30", "4.5"),
    ("89", "F_{11}+1"),
    ("(3) 1/4", "3"),
    ("6, 9", r"9 \text{ red pens and } 6 \text{ blue pens}"),
    ("6, 9", "9 hens, 6 ducks"),
    ("3^{t/5.3}", "3^{0.188679245283t}"),
    ("s>4", r"s>4 \text{ and } t>7"),
    ("PQ = 9", "PR = 9"),
    ("g(2) = 9", "g(3) = 9"),
    ("P(X) = 0.5", "P(Y) = 0.5"),
    (r"3m, m \in \mathbb{N}", r"3m, m \in \mathbb{Z}"),
    ("s>4", r"s>6 \text{ or } t>4"),
    ("6, 9", r"\begin{pmatrix} p \\ 6 \\ q \\ 9 \end{pmatrix}"),
    ("3, 9", "greatest height = 9, least weight = 3"),
    ("(a, b) = (1+2x, 5-3x)", r"(1+2s, 5+3s) \text{ for some integer } s"),
]

RESPONSES = [
    ("12", "I think it is twelve.", "correct"),
    ("12", "We get twelve apples.", "undecided"),
    ("12", "I cannot find one.", "incorrect"),
    ("20", "The answer is $4r$, which is $20$.", "undecided"),
    ("0.6", "The answer is 5/8, that is 0.6.", "undecided"),
    ("5/8", "The answer is 5/8, that is 0.625.", "correct"),
    ("y+4", "We collect the terms.\n\ny+6 - 2", "correct"),
    ("y+5", "We collect the terms.\n\ny+6 - 2", "incorrect"),
    ("7, y-2", "7\n\ny-2", "correct"),
    ("35", "14\n\n21\n\n35", "undecided"),
    ("35", "Adding both gives the total.\n\n- 35", "correct"),
    ("18.5", "We started from 3 ropes. So the length comes to 18.5cm", "correct"),
    ("3/8", "所求概率为3/8", "correct"),
    ("3/8", "所求概率不是3/8", "undecided"),
    ("64", "4个箱子，每箱16个。 **结论**：箱子里一共有64个苹果。", "correct"),
    ("9, 11", r"Final Answer: The final answer is \"$9$ and $11$\".", "correct"),
    (r"-7\ln 3", "Hence the limit is\n\n= −7 ln 3.\n\n□", "correct"),
    ("70000", "答案是7万", "correct"),
    ("7", "答案是7万", "incorrect"),
    ("7", "答案是7的倍数", "undecided"),
    ("7", "答案是7的平方", "undecided"),
    ("7", "答案为7左右", "undecided"),
    ("7", "共有 7 万人", "undecided"),
    ("7", "答案是7千克", "correct"),
    ("7", "答案是6还是7", "undecided"),
    ("tan(-y)", "-tan(y)", "correct"),
    ("sqrt(m)", r"\boxed{m^{1/2}}", "correct"),
    ("ln y", r"\ln y", "correct"),
    ("pi", r"\boxed{\pi}", "correct"),
    ("pi", "4", "incorrect"),
    ("a log", "a log", "correct"),
    ("C", "C*3", "undecided"),
    ("(C) Rome", "C", "correct"),
    ("(C) Rome", "B", "incorrect"),
    ("(C) Rome", "Rome", "correct"),
    ("(C) Rome", "(B) Rome", "undecided"),
    ("(C) Rome", "Paris", "undecided"),
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


@pytest.mark.parametrize(("gold", "response", "outcome"), RESPONSES)
def test_response(gold: str, response: str, outcome: str) -> None:
    assert verify(gold, response).outcome == outcome


def test_the_ends_of_an_interval_of_monotony_are_left_open() -> None:
    gold, answer = r"[0, \pi]", r"(0, \pi)"
    assert (
        compare(gold, answer, question="On which interval is it increasing?").outcome == "undecided"
    )
    assert compare(gold, answer, question="What is the range of f?").outcome == "incorrect"


def test_lines_of_words_are_no_column() -> None:
    assert extract("So it is\n42").candidates[0].text == "42"
