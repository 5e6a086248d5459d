"""`judgekit compare`: pairs, flips, corrections."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from judgekit.errors import UserError
from judgekit.records import Grade, Problem, Response
from judgekit.report import compare_runs, render


@dataclass
class Finished:
    """A run in memory, graded by a string of c and w."""

    fates: str
    strategy: str
    benchmark: str = "starter"

    @property
    def path(self) -> Path:
        return Path(f"runs/{self.benchmark}-{self.strategy}")

    @property
    def config(self) -> dict[str, Any]:
        return {"model": "m", "benchmark": self.benchmark, "strategy": self.strategy}

    @property
    def problems(self) -> list[Problem]:
        return [Problem(f"p{i}", "q", "4") for i in range(len(self.fates))]

    @property
    def responses(self) -> list[Response]:
        return [Response(f"p{i}", "4") for i in range(len(self.fates))]

    @property
    def grades(self) -> list[Grade]:
        return [
            Grade(f"p{i}", "correct" if fate == "c" else "incorrect", "exact", extracted="4")
            for i, fate in enumerate(self.fates)
        ]


A, B = Finished("cccwwwwwww", "cot"), Finished("wcccccccwwww", "cod")


def test_difference_flips_and_power() -> None:
    differences, flips, power = compare_runs([A, B]).tables
    assert [cell.text for cell in differences.rows[0]][:6] == [
        *("cot", "cod", "10", "30.0", "70.0", "+40.0"),
    ]
    assert differences.rows[0][7].value == pytest.approx(0.21875)
    assert [row[4].value for row in flips.rows] == [["p3", "p4", "p5", "p6", "p7"], ["p0"]]
    assert power.rows[0][3].value > 1000
    assert any("2 problems stand in one of the runs only" in note for note in differences.notes)


def test_three_runs_are_corrected_for_three_tests() -> None:
    third = Finished("wwwwwwwwww", "standard")
    rows = compare_runs([A, B, third]).tables[0].rows
    assert len(rows) == 3
    assert rows[2][7].value == pytest.approx(3 * 0.015625)


def test_every_format() -> None:
    found = compare_runs([A, B])
    assert max(map(len, render(found, "terminal").splitlines())) <= 80
    assert "+40.0" in render(found, "markdown")
    (row,) = csv.DictReader(io.StringIO(render(found, "csv")))
    assert float(row["difference"]) == pytest.approx(0.4)


def test_what_cannot_be_compared() -> None:
    with pytest.raises(UserError, match="two graded runs"):
        compare_runs([A])
    with pytest.raises(UserError, match="no problem in common"):
        compare_runs([A, Finished("cw", "cot", "gsm8k")])
