"""The simulation behind corrected accuracy, small; the whole of it is in docs/correction.md."""

from __future__ import annotations

from functools import cache

import pytest

from tests.perf.correction_simulation import SCENARIOS, Cell, cell, stopping

RUNS = 60

SPECIFIED = {
    # Widths of the default in the method's own simulation, 500 rows, 80 labels, 1,000 runs.
    ("base", "benchmark"): 0.084,
    ("base", "population"): 0.117,
    ("heavy and bad", "benchmark"): 0.139,
    ("heavy and bad", "population"): 0.167,
    ("undecided 10 %", "benchmark"): 0.098,
    ("undecided 10 %", "population"): 0.131,
}


@cache
def simulated(name: str) -> Cell:
    return cell(name, 500, 80, RUNS)


@pytest.mark.parametrize(("name", "target"), SPECIFIED)
def test_the_default_holds_and_is_as_narrow_as_specified(name: str, target: str) -> None:
    found = simulated(name)
    assert found.coverage["default", target] >= 0.94
    assert found.width["default", target] == pytest.approx(SPECIFIED[name, target], rel=0.08)
    assert found.width["default", target] < 0.9 * found.width["labels alone", target]


def test_the_others_are_beside_it() -> None:
    found = simulated("undecided 10 %")
    # Verdicts taken for the truth: half of the undecided are right, and nobody asked.
    assert found.coverage["naive", "population"] < 0.75
    assert found.width["default", "benchmark"] < found.width["PPI++", "benchmark"]
    assert found.width["trust", "benchmark"] < found.width["default", "benchmark"]


def test_what_may_be_looked_at_more_often_is_wider() -> None:
    found = stopping("no errors", 10)
    widths = {title: width for title, (_, width) in found.items()}
    assert (
        widths["one look"] < widths["5 planned looks"] < widths["14 looks at the any-time interval"]
    )
    assert all(held == 1.0 for held, _ in found.values())


def test_scenarios_add_up() -> None:
    for scenario in SCENARIOS.values():
        assert sum(scenario.shares) == pytest.approx(1)
        assert 0 < scenario.truth < 1
