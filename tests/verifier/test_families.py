"""Families of solutions and rows with dots, against what they are by counting."""

from __future__ import annotations

import math
from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from judgekit.verifier.equivalence import compare

PROPERTY = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
ROW = st.tuples(
    st.fractions(-2, 2, max_denominator=6),
    st.sampled_from([Fraction(1, 2), Fraction(2, 3), Fraction(1), Fraction(2)]),
)
ROWS = st.lists(ROW, min_size=1, max_size=3)


def told(rows: list[tuple[Fraction, Fraction]], letter: str) -> str:
    """The rows as an answer gives them: x = a pi + k d pi, ..."""
    values = [
        f"\\frac{{{start.numerator}\\pi}}{{{start.denominator}}}"
        f"+\\frac{{{step.numerator}{letter}\\pi}}{{{step.denominator}}}"
        for start, step in rows
    ]
    return " \\text{ or } ".join(f"x = {value}" for value in values)


def members(rows: list[tuple[Fraction, Fraction]]) -> set[Fraction]:
    """The values modulo 2 (in units of pi), which all steps divide."""
    whole = Fraction(2)
    return {
        (start + k * step) % whole for start, step in rows for k in range(math.ceil(whole / step))
    }


@PROPERTY
@given(ROWS, ROWS)
def test_families_are_equal_if_their_members_are(
    gold: list[tuple[Fraction, Fraction]], answer: list[tuple[Fraction, Fraction]]
) -> None:
    found = compare(told(gold, "k"), told(answer, "n"), use_sympy=False)
    same = members(gold) == members(answer)
    assert found.outcome == ("correct" if same else "incorrect"), found.evidence


@PROPERTY
@given(ROWS)
def test_a_family_is_equal_to_its_halves(rows: list[tuple[Fraction, Fraction]]) -> None:
    (start, step), *rest = rows
    halves = [(start, 2 * step), (start + step, 2 * step), *rest]
    assert compare(told(rows, "k"), told(halves, "m"), use_sympy=False).outcome == "correct"


COEFFICIENT = st.integers(1, 5)


@PROPERTY
@given(COEFFICIENT, st.integers(0, 4), COEFFICIENT, st.integers(0, 4))
def test_rows_with_dots_are_equal_to_their_sums(a: int, b: int, c: int, d: int) -> None:
    row = f"{a + b}+{2 * a + b}+{3 * a + b}+\\cdots+({a}n+{b})"
    total = f"\\frac{{{c}n(n+1)}}{{2}}+{d}n"
    found = compare(row, total, use_sympy=False)
    assert found.outcome == ("correct" if (a, b) == (c, d) else "incorrect"), found.evidence


@PROPERTY
@given(st.integers(-40, 40), st.integers(-40, 40), st.integers(2, 12))
def test_residues_are_compared_modulo(one: int, other: int, modulus: int) -> None:
    found = compare(f"x \\equiv {one} \\pmod{{{modulus}}}", f"{other} \\pmod{{{modulus}}}")
    assert found.outcome == ("incorrect" if (one - other) % modulus else "correct")
