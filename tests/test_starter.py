"""The starter set: every gold that can be computed is computed here again, another way."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from fractions import Fraction

import pytest
import sympy
from sympy import I, Matrix, Rational, S, latex, oo, sqrt, symbols

from judgekit.benchmark import Benchmark, load

ANSWERS = (
    "integer fraction radical decimal set interval tuple matrix equation expression text choice"
)
x, y, a, b, n, C = symbols("x y a b n C")


@pytest.fixture(scope="module")
def starter() -> Benchmark:
    return load("starter")


def braces(items: object) -> str:
    return r"\{" + ", ".join(map(str, sorted(items))) + r"\}"  # type: ignore[call-overload]


def matrix(value: Matrix) -> str:
    rows = [" & ".join(map(str, value.row(i))) for i in range(value.rows)]
    return r"\begin{pmatrix} " + r" \\ ".join(rows) + r" \end{pmatrix}"


def fraction(value: Fraction) -> str:
    return rf"\frac{{{value.numerator}}}{{{value.denominator}}}"


def union(condition: object) -> str:
    """Where a condition on x holds, as this benchmark writes intervals."""
    found = condition.as_set()  # type: ignore[attr-defined]
    parts = found.args if found.is_Union else (found,)
    return r" \cup ".join(map(interval, parts))


def interval(part: sympy.Interval) -> str:
    left, right = "(" if part.left_open else "[", ")" if part.right_open else "]"
    return f"{left}{latex(part.start)}, {latex(part.end)}{right}"


def pick(numbers: range, wanted: object) -> list[int]:
    return [k for k in numbers if wanted(k)]  # type: ignore[operator]


draws = list(itertools.combinations("rrrrrbbbb", 3))
solved = sympy.solve([x + y - 7, x - y - 1], [x, y])
fall = Rational("9.8") * 9 / 2

EXACT = {
    "integer-01": str(2 + 3),
    "integer-02": str(10 - 4),
    "integer-03": str(max(7, 3)),
    "integer-04": str(6 * 2),
    "integer-05": "7",
    "integer-06": str(20 // 2),
    "integer-07": "5",
    "integer-08": str(2 * 4),
    "integer-09": str(45 + 90),
    "integer-10": str(math.gcd(84, 126)),
    "integer-11": str(len(pick(range(1, 361), lambda k: 360 % k == 0))),
    "integer-12": str(7**100 % 13),
    "integer-13": str(len(set(itertools.permutations("LEVEL")))),
    "integer-14": str(len(pick(range(1, 1001), lambda k: k % 2 and k % 3 and k % 5))),
    "fraction-01": fraction(Fraction(1, 2)),
    "fraction-02": fraction(Fraction(1, 3) + Fraction(1, 4)),
    "fraction-03": fraction(Fraction("0.375")),
    "fraction-04": fraction(
        Fraction(sum(i + j == 9 for i in range(1, 7) for j in range(1, 7)), 36)
    ),
    "fraction-05": fraction(Fraction(2) / (1 - Fraction(2, 5))),
    "fraction-06": fraction(Fraction(sum(d.count("r") == 2 for d in draws), len(draws))),
    "decimal-01": str(0.5 + 0.25),
    "decimal-02": rf"{2.5 + 1} \text{{ cm}}",
    "decimal-03": rf"{171 / 2.4:g} \text{{ km/h}}",
    "decimal-04": rf"{3.2 * 1000:g} \text{{ m}}",
    "decimal-05": rf"{4.5 * 2.4:g} \text{{ m}}^2",
    "decimal-06": rf"{12 / 48} \text{{ A}}",
    "decimal-07": rf"{float(fall):g} \text{{ m}}",
    "set-01": braces(pick(range(2, 7), lambda k: k % 2 == 0)),
    "set-02": braces(sympy.primerange(12)),
    "set-03": braces(sympy.solveset(x**2 - 5 * x + 6, x, S.Reals)),
    "set-04": braces(pick(range(-99, 99), lambda k: abs(2 * k - 3) < 4)),
    "set-05": braces(sympy.solveset(x**4 - 5 * x**2 + 4, x, S.Reals)),
    "interval-01": union(sympy.solve_univariate_inequality(x + 3 > 5, x)),
    "interval-02": union(
        sympy.reduce_inequalities([-1 <= 2 * x + 1, 2 * x + 1 < 7], x)  # noqa: SIM300
    ),
    "interval-03": union(sympy.solve_univariate_inequality(x**2 < 16, x)),
    "interval-04": union(sympy.solve_univariate_inequality((x - 1) / (x + 2) >= 0, x)),
    "interval-05": interval(sympy.Interval(sympy.minimum(x**2 - 4 * x + 7, x), oo)),
    "tuple-01": "(2, 3)",
    "tuple-02": str((sympy.Point(1, 4).midpoint(sympy.Point(7, -2))).args),
    "tuple-03": str((solved[x], solved[y])),
    "tuple-04": str((3, sympy.minimum(x**2 - 6 * x + 5, x))),
    "tuple-05": str(tuple(Matrix([1, 0, 2]).cross(Matrix([0, 3, 1])))),
    "matrix-01": matrix(Matrix([[1, 2], [3, 4]]) + Matrix([[5, 6], [7, 8]])),
    "matrix-02": matrix(Matrix([[1, 2], [0, 1]]) * Matrix([[3, 0], [1, 2]])),
    "matrix-03": matrix(Matrix([[1, 2, 3], [4, 5, 6]]).T),
    "matrix-04": matrix(Matrix([[2, 1], [5, 3]]).inv()),
}
"""What the gold says to the letter, computed by other means."""

SYMBOLIC = {
    "radical-01": (r"5\sqrt{2}", 5 * sqrt(2), sqrt(50)),
    "radical-02": (r"3\sqrt{2}", 3 * sqrt(2), sympy.Point(0, 0).distance(sympy.Point(3, 3))),
    "radical-03": (r"2\sqrt{3}", 2 * sqrt(3), 6 / sqrt(3)),
    "radical-04": (r"3\sqrt{5}", 3 * sqrt(5), sympy.Point(1, 2).distance(sympy.Point(4, 8))),
    "radical-05": (r"2 + \sqrt{3}", (2 + sqrt(3)) ** 2, 7 + 4 * sqrt(3)),
    "equation-01": ("y = 2x", 2 * x, x + x),
    "equation-02": ("y = 2x - 3", 2 * x - 3, sympy.Line((0, -3), slope=2).equation(x, y)),
    "equation-03": ("y = 3x - 1", 3 * x - 1, sympy.Line((1, 2), (3, 8)).equation(x, y)),
    "equation-04": (
        "(x - 2)^2 + (y + 1)^2 = 9",
        (x - 2) ** 2 + (y + 1) ** 2 - 9,
        sympy.Circle((2, -1), 3).equation(x, y),
    ),
    "equation-05": ("y = 6x - 9", 6 * x - 9, sympy.series(x**2, x, 3, 2).removeO()),
    "expression-01": ("2x", 2 * x, x + x),
    "expression-02": ("x^2 + 5x + 6", x**2 + 5 * x + 6, (x + 2) * (x + 3)),
    "expression-03": ("2a + 6b", 2 * a + 6 * b, 3 * a + 2 * b - a + 4 * b),
    "expression-04": ("(x - 3)(x + 3)", (x - 3) * (x + 3), x**2 - 9),
    "expression-05": ("3x^2 + 2", 3 * x**2 + 2, sympy.diff(x**3 + 2 * x, x)),
    "expression-06": (r"2\cos(2x)", 2 * sympy.cos(2 * x), sympy.diff(sympy.sin(2 * x), x)),
    "expression-07": (
        "(x - 1)e^x + C",
        sympy.diff((x - 1) * sympy.exp(x) + C, x),
        x * sympy.exp(x),
    ),
    "expression-08": (
        r"\frac{n(n + 1)(2n + 1)}{6}",
        n * (n + 1) * (2 * n + 1) / 6,
        sympy.summation(a**2, (a, 1, n)),
    ),
}
"""The gold as written, what it says, and the same from the question."""

KNOWN = {
    "text-01": "Paris",
    "text-02": "cold",
    "text-03": "Tuesday",
    "text-04": "green",
    "text-05": "January",
    "text-06": "Africa",
    "text-07": "down",
    "text-08": "hexagon",
    "text-09": "Jupiter",
    "text-10": "photosynthesis",
    "choice-01": "banana",
    "choice-02": str(5 + 5),
    "choice-03": "eagle",
    "choice-04": str(min(5, 12, 1, 8)),
    "choice-05": "blue",
    "choice-06": "heart",
    "choice-07": str(next(k for k in (3, 4, 7, 9) if k % 2 == 0)),
    "choice-08": "mercury",
    "choice-09": f"${fraction(max(map(Fraction, ('2/3', '5/8', '1/2', '3/4'))))}$",
    "choice-10": str(next(k for k in (91, 87, 97, 51) if sympy.isprime(k))),
    "choice-11": f"${latex(sympy.diff(sympy.log(x), x))}$",
    "choice-12": "2",
}


def test_every_gold_is_checked(starter: Benchmark) -> None:
    checked = [*EXACT, *SYMBOLIC, *KNOWN]
    assert Counter(checked) == Counter(problem.id for problem in starter.problems)


def test_golds_are_right(starter: Benchmark) -> None:
    gold = {problem.id: problem.gold for problem in starter.problems}
    assert {id_: gold[id_] for id_ in EXACT} == EXACT


@pytest.mark.parametrize("id_", SYMBOLIC)
def test_expressions_are_right(starter: Benchmark, id_: str) -> None:
    written, says, computed = SYMBOLIC[id_]
    (gold,) = [problem.gold for problem in starter.problems if problem.id == id_]
    assert gold == written
    # A line's equation may come out multiplied by a constant, and as "something = 0".
    if y in computed.free_symbols and "=" in gold and y not in says.free_symbols:
        (computed,) = sympy.solve(computed, y)
    assert sympy.simplify(says - computed) == 0
    assert not computed.has(I)


def test_words_and_options_are_right(starter: Benchmark) -> None:
    for problem in starter.problems:
        if problem.kind == "text":
            assert problem.gold == KNOWN[problem.id]
        if problem.kind == "choice":
            assert problem.choices["ABCD".index(problem.gold)] == KNOWN[problem.id]


def test_there_is_one_group_of_order_four_beside_the_cyclic_one() -> None:
    """choice-12: a group of order 4 is fixed by how many elements have order at most 2."""
    elements = range(4)
    tables = (
        (0, *rest)
        for rest in itertools.product(itertools.permutations(elements), repeat=3)
        if all(row[0] == i for i, row in enumerate(rest, 1))
    )
    kinds = set()
    for _, *rest in tables:
        table = [tuple(elements), *rest]
        triples = itertools.product(elements, repeat=3)
        if all(table[table[i][j]][k] == table[i][table[j][k]] for i, j, k in triples):
            kinds.add(sum(table[i][i] == 0 for i in elements))
    assert len(kinds) == 2


def test_what_it_covers(starter: Benchmark) -> None:
    assert {problem.meta["answer"] for problem in starter.problems} == set(ANSWERS.split())
    assert {problem.kind for problem in starter.problems} == {"math", "text", "choice"}
    levels = Counter(problem.meta["level"] for problem in starter.problems)
    assert set(levels) == {1, 2, 3, 4, 5}
    assert 80 <= len(starter.problems) <= 90
    assert levels[1] >= len(starter.problems) / 3
    assert all(problem.meta["subject"] for problem in starter.problems)


def test_the_first_dozen_show_every_kind_of_answer(starter: Benchmark) -> None:
    first = [problem.meta["answer"] for problem in starter.problems[:12]]
    assert sorted(first) == sorted(ANSWERS.split())


def test_answers_are_short_enough_for_the_budget(starter: Benchmark) -> None:
    assert starter.max_tokens == 256
    assert max(len(problem.gold) for problem in starter.problems) < 100
