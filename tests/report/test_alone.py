"""A judge that says yes to everything, alone and in the cascade, in the report of a real run."""

from __future__ import annotations

from pathlib import Path

import pytest

from judgekit.cli import run as command
from judgekit.records import Label
from judgekit.report import report
from judgekit.runs import Writer, load

JUDGE = """
from judgekit.records import Verdict

def yes(case):
    return Verdict("yes", "correct", extracted="4", evidence="looks fine")
"""
CONFIG = """
[cascade]
stages = ["exact", "symbolic", "mine.py:yes"]
escalate = ["weak-cue"]
"""
SCRIPT = 'default = "I wrote 4 on a sheet and went home"\n'


@pytest.fixture
def graded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("s.toml").write_text(SCRIPT)
    Path("mine.py").write_text(JUDGE)
    Path("judgekit.toml").write_text(CONFIG)
    asked = ["--backend", "scripted", "--model", "s.toml", "--limit", "12", "--out", "r", "-q"]
    assert command(["generate", *asked]) == 0
    assert command(["grade", "r", "-q"]) == 0
    return tmp_path / "r"


def test_the_judge_alone_stands_in_the_report_with_what_mended_it(graded: Path) -> None:
    run = load(graded)
    judged = [g for g in run.grades if any(v.stage == "mine.py:yes" for v in g.trail)]
    assert judged
    with Writer(graded) as writer:
        for grade in judged:
            writer.append(Label(grade.id, "incorrect", by="ann", at="2026-01-01T00:00:00"))
    (table,) = [each for each in report([load(graded)]).tables if each.name == "alone"]
    cells = {c.key: cell.text for c, cell in zip(table.columns, table.rows[0], strict=True)}
    assert (cells["judge"], cells["asked"]) == ("mine.py:yes", str(len(judged)))
    assert cells["alone_correct"] == str(len(judged))
    overruled = sum(grade.outcome != "correct" for grade in judged)
    assert cells["changed"] == str(overruled)
    wrong = sum(grade.outcome == "incorrect" for grade in judged)
    assert wrong > 0
    assert cells["mended"] == str(wrong)
    assert cells["spoiled"] == "0"


def test_without_a_judge_there_is_no_such_table(graded: Path) -> None:
    assert command(["grade", str(graded), "--judge", "none", "-q"]) == 0
    tables = report([load(graded)]).tables
    assert "alone" not in [each.name for each in tables]
