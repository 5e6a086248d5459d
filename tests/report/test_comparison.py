"""`judgekit compare`: pairs, flips, corrections."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from judgekit.errors import UserError
from judgekit.records import Grade, Outcome, Problem, Response
from judgekit.report import compare_runs, render

OUTCOMES: dict[str, Outcome] = {"c": "correct", "w": "incorrect", "u": "undecided"}


@dataclass
class Finished:
    """A run in memory, graded by a string of c, w and u."""

    fates: str
    strategy: str
    benchmark: str = "starter"
    model: str = "m"

    @property
    def path(self) -> Path:
        return Path(f"runs/{self.benchmark}-{self.strategy}")

    @property
    def config(self) -> dict[str, Any]:
        return {"model": self.model, "benchmark": self.benchmark, "strategy": self.strategy}

    @property
    def problems(self) -> list[Problem]:
        return [Problem(f"p{i}", "q", "4") for i in range(len(self.fates))]

    @property
    def responses(self) -> list[Response]:
        return [Response(f"p{i}", "4") for i in range(len(self.fates))]

    @property
    def grades(self) -> list[Grade]:
        return [
            Grade(f"p{i}", OUTCOMES[fate], "exact", extracted="4")
            for i, fate in enumerate(self.fates)
        ]


A, B = Finished("cccwwwwwww", "cot"), Finished("wcccccccwwww", "cod")
C = Finished("wwwwwwwwww", "standard")


def test_difference_flips_and_power() -> None:
    differences, flips, power = compare_runs([A, B]).tables
    assert [cell.text for cell in differences.rows[0]][:6] == [
        *("cot", "cod", "10", "30.0", "70.0", "+40.0"),
    ]
    assert differences.rows[0][7].value == pytest.approx(0.21875)
    assert [row[4].value for row in flips.rows] == [["p3", "p4", "p5", "p6", "p7"], ["p0"]]
    assert power.rows[0][3].value > 1000
    assert (differences.columns[-1].head, differences.rows[0][-1].text) == ("left out", "2")


def test_what_is_open_is_told() -> None:
    differences = compare_runs([A, Finished("uuccwwwwww", "cod"), C]).tables[0]
    assert [c.head for c in differences.columns[-2:]] == ["open", "B − A with them"]
    assert [[cell.text for cell in row[-2:]] for row in differences.rows] == [
        ["0 and 2", "−10.0 … +10.0"],
        ["–", "–"],
        ["2 and 0", "−40.0 … −20.0"],
    ]
    assert "open" not in render(compare_runs([A, C]), "markdown")


def test_names_are_the_same_for_every_pair() -> None:
    other = Finished("ccwwwwwwww", "cot", model="n")
    rows = compare_runs([A, C, other]).tables[0].rows
    names = [tuple(cell.text for cell in row[:2]) for row in rows]
    assert names == [("m cot", "m standard"), ("m cot", "n cot"), ("m standard", "n cot")]


def test_runs_that_are_left_out_are_named() -> None:
    ungraded = Finished("", "zero-shot")
    found = compare_runs([A, C, Finished("cw", "cot", "gsm8k"), ungraded])
    assert len(found.tables[0].rows) == 1
    assert found.notes == (
        "left out, not graded: runs/starter-zero-shot",
        "left out, no problem in common with another: runs/gsm8k-cot",
    )
    assert found.notes[1] in render(found, "terminal", 120)


def test_three_runs_are_corrected_for_three_tests() -> None:
    rows = compare_runs([A, B, C]).tables[0].rows
    assert len(rows) == 3
    assert rows[2][7].value == pytest.approx(3 * 0.015625)


def test_a_caption_reads_as_a_sentence() -> None:
    caption = render(compare_runs([A, B]), "latex").split("\\caption{")[1].split("}\n")[0]
    assert caption == (
        "Differences: differences in percentage points, paired by problem; exact McNemar test; "
        "left out: problems that stand in one of the two only."
    )


def test_every_format() -> None:
    found = compare_runs([A, B])
    assert max(map(len, render(found, "terminal").splitlines())) <= 80
    assert "+40.0" in render(found, "markdown")
    (row,) = csv.DictReader(io.StringIO(render(found, "csv")))
    assert float(row["difference"]) == pytest.approx(0.4)


def test_what_cannot_be_compared() -> None:
    with pytest.raises(UserError, match="two different graded runs"):
        compare_runs([A])
    with pytest.raises(UserError, match="no problem in common"):
        compare_runs([A, Finished("cw", "cot", "gsm8k")])
