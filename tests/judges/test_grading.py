"""`judgekit grade` with judges: two stages, a cache, a budget, and who mended what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from judgekit import cli

Grades = Callable[..., tuple[int, dict[str, Any]]]

JUDGE = """
import json

def reply(verdict, extracted):
    return json.dumps({"extracted": extracted, "reason": "Compared.", "verdict": verdict})

def small(messages, written):
    prompt = messages[-1]["content"]
    if "nobody knows" in prompt:
        return "I am not sure."
    return reply("correct", "the powerhouse" if "powerhouse" in prompt else "204")

def large(messages, written):
    with open("asked.txt", "a") as file:
        file.write("x")
    return reply("incorrect", "nobody knows")
"""
CONFIG = """
[judges.small]
model = "judge.py:small"
backend = "scripted"

[judges.large]
model = "judge.py:large"
backend = "scripted"

[cascade]
stages = ["exact", "symbolic", "small", "large"]
no_answer = "judge"
"""
ROWS = [
    ("the powerhouse of the cell", "It is the powerhouse."),
    ("the powerhouse of the cell", "It is, well, nobody knows."),
    ("240", "First there were 100 or so, which makes about 204 in the end I believe"),
    ("7", r"So \boxed{7}"),
]


@pytest.fixture
def grades(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Grades:
    """Grade four rows in a folder with two judges; exit code and grades by id."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "judge.py").write_text(JUDGE)
    (tmp_path / "judgekit.toml").write_text(CONFIG)
    rows = [
        {"id": str(i), "question": "What?", "gold": gold, "response": response}
        for i, (gold, response) in enumerate(ROWS)
    ]
    (tmp_path / "rows.jsonl").write_bytes(b"".join(orjson.dumps(r) + b"\n" for r in rows))

    def run(*options: str, out: str = "out.jsonl") -> tuple[int, dict[str, Any]]:
        code = cli.run(["grade", "rows.jsonl", "--out", out, "-q", *options])
        assert "Traceback" not in "".join(capfd.readouterr())
        lines = (tmp_path / out).read_bytes().splitlines()
        return code, {row["id"]: row for row in map(orjson.loads, lines)}

    return run


def test_each_row_is_decided_by_the_cheapest_that_can(grades: Grades) -> None:
    code, found = grades()
    assert code == 0
    assert {key: (row["outcome"], row["stage"]) for key, row in found.items()} == {
        "0": ("correct", "small"),
        "1": ("incorrect", "large"),
        "2": ("incorrect", "small"),
        "3": ("correct", "exact"),
    }


def test_the_trail_tells_what_the_small_judge_alone_would_have_said(grades: Grades) -> None:
    _, found = grades()
    overruled = found["2"]["trail"][-1]
    assert (overruled["claim"], overruled["outcome"]) == ("correct", "incorrect")
    assert "overruled" in overruled["flags"]
    unsure = [verdict for verdict in found["1"]["trail"] if verdict["stage"] == "small"]
    assert unsure[0]["flags"] == ["unparsed"]


def test_another_grading_asks_the_judges_nothing_twice(grades: Grades, tmp_path: Path) -> None:
    grades()
    asked = (tmp_path / "asked.txt").read_text()
    config = tmp_path / "judgekit.toml"
    config.write_text(CONFIG.replace('no_answer = "judge"', 'no_answer = "undecided"'))
    (tmp_path / "out.judged.jsonl").rename(tmp_path / "again.judged.jsonl")
    code, found = grades(out="again.jsonl")
    assert code == 0
    assert (tmp_path / "asked.txt").read_text() == asked
    assert found["1"]["trail"][-1]["cost"]["calls"] == 0


def test_a_spent_budget_leaves_rows_undecided_and_says_so(grades: Grades, tmp_path: Path) -> None:
    config = tmp_path / "judgekit.toml"
    config.write_text(CONFIG.replace("[judges.large]", "max_calls = 1\n\n[judges.large]"))
    _, found = grades("--judge", "small")
    said = [v["evidence"] for row in found.values() for v in row["trail"] if v["stage"] == "small"]
    assert said.count("budget spent.") >= 1
    assert found["3"]["outcome"] == "correct"
    assert sum(row["trail"][-1]["cost"]["calls"] for row in found.values()) == 1
