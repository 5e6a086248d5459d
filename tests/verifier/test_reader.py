"""The reader: what tree a text becomes, what it refuses, and how long it takes to do so."""

from __future__ import annotations

import json
import time
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgekit.errors import DataError
from judgekit.verifier.equivalence import compare
from judgekit.verifier.equivalence.exact import rational
from judgekit.verifier.reader import Unreadable, read, readings
from judgekit.verifier.reader.tokens import LONGEST, tokenize
from judgekit.verifier.reader.tree import (
    Approx,
    Based,
    Call,
    Clock,
    Collection,
    Combined,
    Constant,
    Date,
    Expr,
    Labelled,
    Matrix,
    Number,
    Power,
    Product,
    Quantity,
    Quotient,
    Ratio,
    Relation,
    SetBuilder,
    Sum,
    Symbol,
    Truth,
    Word,
    symbols,
)
from judgekit.verifier.reader.wire import dump, load

X = Symbol("x")


def n(value: int | str, places: int | None = None) -> Number:
    return Number(Fraction(value), places)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("12", n(12)),
        ("1,234", n(1234)),
        ("12\\,345", n(12345)),
        ("1{,}000.50", n("1000.5", 2)),
        ("1.5e-3", n("0.0015", 4)),
        ("1.5e3", n(1500, -2)),
        (".5", n("0.5", 1)),
        ("-5", n(-5)),
        ("2\\frac58", n("21/8")),
        ("1 1/2", n("3/2")),
        ("0.1\\overline{6}", n("1/6")),
        ("two hundred and five", n(205)),
        ("\\frac12", Quotient(n(1), n(2))),
        ("x^2", Power(X, n(2))),
        ("-x^2", Product((n(-1), Power(X, n(2))))),
        ("2^{-x}", Power(n(2), Product((n(-1), X)))),
        ("xy", Product((X, Symbol("y")))),
        ("\\hat{x}", Symbol("x\\hat")),
        ("x_{10}", Symbol("x_10")),
        ("\\alpha_1", Symbol("alpha_1")),
        ("\\sqrt{x}", Call("sqrt", (X,))),
        ("\\sqrt[3]{x}", Call("root", (X, n(3)))),
        ("\\sin^2 x", Power(Call("sin", (X,)), n(2))),
        ("\\sin^{-1} x", Call("asin", (X,))),
        ("\\log_2 x", Call("logb", (X, n(2)))),
        ("|x-1|", Call("abs", (Sum((X, n(-1))),))),
        ("5!", Call("factorial", (n(5),))),
        ("2\\pi", Product((n(2), Constant("pi")))),
        ("50\\%", Call("percent", (n(50),))),
        ("45^\\circ", Call("deg", (n(45),))),
        ("\\pm 2", Call("pm", (n(2),))),
        ("x = 5", Relation(("=",), (X, n(5)))),
        ("1<x\\le 2", Relation(("<", "<="), (n(1), X, n(2)))),
        ("(1, 2]", Collection("(]", (n(1), n(2)))),
        ("\\{1, 2\\}", Collection("{}", (n(1), n(2)))),
        ("1, 2", Collection("  ", (n(1), n(2)))),
        ("(3,331)", Collection("()", (n(3), n(331)))),
        ("\\{x \\mid x>2\\}", SetBuilder(X, Relation((">",), (X, n(2))))),
        ("A \\cup B", Combined("union", (Symbol("A"), Symbol("B")))),
        ("\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", Matrix(((n(1), n(2)), (n(3), n(4))))),
        ("5 \\text{ cm}", Quantity(n(5), (("cm", 1),))),
        ("9 m/s^2", Quantity(n(9), (("m", 1), ("s", -2)))),
        ("\\$5", Quantity(n(5), (("USD", 1),))),
        ("40 \\text{ candies}", Labelled(n(40), "candies")),
        ("~2.5", Approx(n("2.5", 1))),
        ("3:4", Ratio((n(3), n(4)))),
        ("1011_2", Based("1011", 2, 11)),
        ("3:30 pm", Clock(55800, "pm")),
        ("May 5, 2020", Date(2020, 5, 5)),
        ("Yes", Truth(True)),
        ("\\text{Monday}", Word("day:1")),
        ("\\mathbb{R}", Word("set:R")),
    ],
)
def test_trees(text: str, tree: Expr) -> None:
    assert read(text) == tree


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "$$", "\\boxed{}", "²", "1 2", "1001 0100", "the answer", "x +", "(1, 2", "2 +* 3",
        "\\frac{1}", "\\unknown{3}", "\\text{not } 42", "42 \\text{ is wrong}",
        "open('x')", "__import__('os')", "4\x002", "\u202e24\u202c",
        "\\begin{pmatrix}1&2\\\\3\\end{pmatrix}", "1012_2", "[" * 200 + "]" * 200,
        "9" * 5000,
    ],
)  # fmt: skip
def test_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        read(text)
    assert list(readings(text)) == []


def test_the_error_says_where() -> None:
    with pytest.raises(Unreadable, match="character 4") as caught:
        read("x + \\unknown")
    assert caught.value.position == 4
    assert isinstance(caught.value, DataError)


def test_an_ambiguous_spelling_has_several_senses() -> None:
    assert {rational(tree) for tree in readings("1,234")} == {Fraction(1234), None}
    assert Quantity(n(10), (("m", 1),)) in list(readings("10 m"))
    assert Number(Fraction("3.14"), 2) in list(readings("3,14"))


def test_a_tree_survives_the_way_to_the_worker() -> None:
    for text in (
        "x^2+\\frac12",
        "\\{1,2\\}",
        "5 cm",
        "\\begin{pmatrix}1\\\\2\\end{pmatrix}",
        "yes",
    ):
        tree = read(text)
        assert load(json.loads(json.dumps(dump(tree)))) == tree


def test_symbols() -> None:
    assert symbols(read("\\frac{x+y_1}{\\alpha} + e^{i\\pi}")) == {"x", "y_1", "alpha"}


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="0123456789x+-*/^_(){}[]\\|,.= $frac", max_size=60))
def test_reading_raises_unreadable_and_nothing_else(text: str) -> None:
    try:
        read(text)
    except Unreadable:
        return


@pytest.mark.parametrize(
    "unit",
    [
        "{", "(", "[", "\\{", "\\frac{", "\\sqrt", "\\text{", "\\mathrm{", "\\left(", "-", "+1",
        "^2", "!", "1,", "x_", "\\begin{pmatrix}", "$", "\\boxed{", "1 ", "\\frac", "x=", "1<",
        "_{1}", "|",
        "\\pm", "1/", "sin ", "\\mathrm{~", "a b ", "{}", "\\\\", "'", "1:", "\\cup ", "5 m ",
    ],
)  # fmt: skip
def test_time_grows_no_faster_than_the_text(unit: str) -> None:
    text = unit * (LONGEST // len(unit))
    start = time.process_time()
    list(readings(text))
    compare("42", text, use_sympy=False)
    assert time.process_time() - start < 0.6


def test_long_text_is_refused_unread() -> None:
    text = "1+" * 10**6
    start = time.process_time()
    with pytest.raises(Unreadable):
        tokenize(text)
    assert compare("42", text).outcome == "undecided"
    assert time.process_time() - start < 0.05


def test_hostile_answers(shared_data: Path) -> None:
    """No hostile answer is accepted, and none takes more than a moment."""
    slowest = 0.0
    for line in (shared_data / "hostile.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["response"] is None:
            continue
        text = row["response"]
        start, end = text.rfind("\\boxed{"), text.rfind("}")
        if text.count("\\boxed{") == 1:
            text = text[start + 7 : end]
        began = time.process_time()
        found = compare(row["gold"], text)
        slowest = max(slowest, time.process_time() - began)
        assert row["expect"] is not False or found.outcome != "correct", row["id"]
    assert slowest < 5


@pytest.mark.parametrize(
    "tower",
    [
        "9^{9^{9^{9}}}", "9**9**9**9", "2^{10^{9}}", "((10!)!)!", "99999999!", "10^{-10^{10}}",
        "\\binom{10^9}{5\\cdot 10^8}", "\\sqrt[1000000]{2}", "\\lfloor \\pi^{10^6} \\rfloor",
        "(\\sqrt2+1)^{100000}", "e^{e^{e^{e^{e}}}}", "1.5e999999", "\\Gamma(10^8)",
        "\\sin(10^{100})", "\\ln(\\ln(\\ln(10)))^{10^{30}}", "(10^{10^{5}})^{10^{5}}",
    ],
)  # fmt: skip
def test_towers_are_never_computed(tower: str) -> None:
    start = time.process_time()
    assert compare("42", tower, use_sympy=False).outcome != "correct"
    assert compare("x+1", tower + "+x", use_sympy=False).outcome != "correct"
    assert time.process_time() - start < 1.0


@pytest.mark.parametrize(
    "text",
    [
        "\\sum k",
        "\\sum_{k=1} k",
        "\\sum_{k}^{5} k",
        "\\sum_{k=1}^{n} a_k",
        "\\sum_{k=1}^{n} a_{2k}",
        "\\int x dx",
        "\\int_0^1 x",
        "\\lim_{x} x",
        "\\lim_{x \\to 0^+} x",
        "\\sum_{a=1}^{2} " * 4 + "a",
        "\\int_0^1 " * 300 + "x" + " dx" * 300,
    ],
)
def test_operators_without_bounds_are_not_read(text: str) -> None:
    with pytest.raises(Unreadable):
        read(text)


def test_a_bound_variable_is_no_variable() -> None:
    assert symbols(read("\\sum_{i=1}^{n} i x^i")) == {"n", "x"}
    assert read("\\prod_{i=1}^{n} i") == read("\\prod_{k=1}^{n} k")
