"""`judgekit audit` as a user types it."""

from __future__ import annotations

import csv
import functools
import sys
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from making import finished_run

from judgekit import cli
from judgekit.records import Grade, Verdict
from judgekit.runs import load

Typed = Callable[..., tuple[int, str, str]]


@pytest.fixture
def typed(shell: Typed, tmp_path: Path) -> Typed:
    """Type a command in a folder with a graded run and a file of judged rows."""
    grades = []
    for i in range(60):
        said = (Verdict("symbolic", "correct" if i % 3 else "incorrect"),)
        if i % 2:
            said = (*said, Verdict("large", "correct", evidence="It matches."))
        last = said[-1]
        grades.append(Grade(f"p{i}", last.outcome, last.stage, trail=said, grading="a" * 8))
    finished_run(tmp_path / "runs" / "r", grades)
    rows = [
        {
            "id": f"r{i}",
            "question": "What?",
            "gold": "4",
            "response": f"I think it is \\boxed{{{4 if i % 4 else 5}}}.",
            "small": i % 5 > 0,
            "large": bool(i % 4),
        }
        for i in range(40)
    ]
    (tmp_path / "rows.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return functools.partial(shell, "audit")


def test_a_run_is_audited(typed: Typed) -> None:
    code, out, err = typed()
    assert code == 0
    assert "newest run: runs/r" in err
    assert "Where verdicts disagree" in out
    assert "What to label first (20 of 60)" in out
    found = orjson.loads(typed("runs/r", "--json", "--top", "3")[1])
    (pair,) = found["disagreements"]
    assert (pair["first"], pair["second"], pair["rows"]) == ("verifier", "large", 30)
    assert (pair["second_only"], pair["both"]) == (10, 20)
    assert len(found["ranked"]) == 3
    assert found["ranked"][0]["why"] == ["correct: large", "incorrect: verifier"]


def test_what_nobody_decided_is_decided_by_nobody(typed: Typed, tmp_path: Path) -> None:
    row = {"question": "Who?", "gold": "Euler", "response": "A Swiss man."}
    (tmp_path / "open.jsonl").write_bytes(orjson.dumps(row))
    code, out, _ = typed("open.jsonl")
    assert code == 0
    assert "undecided" in [line.strip() for line in out.splitlines()]


def test_a_file_is_audited_with_recorded_judges(typed: Typed) -> None:
    code, out, _ = typed(
        *("rows.jsonl", "--judge", "recorded:small", "--judge", "recorded:large", "--json")
    )
    assert code == 0
    pairs = {(p["first"], p["second"]): p for p in orjson.loads(out)["disagreements"]}
    assert pairs["verifier", "recorded:large"]["first_only"] == 0
    assert pairs["verifier", "recorded:small"]["rows"] == 40
    assert pairs["recorded:small", "recorded:large"]["first_only"] == 8
    assert not Path("rows.audit").exists()


def test_grades_beside_a_file_are_audited(typed: Typed, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["grade", "rows.jsonl", "--judge", "recorded:small", "-q"]) == 0
    capfd.readouterr()
    code, out, _ = typed("rows.jsonl", "--json")
    assert code == 0
    assert orjson.loads(out)["rows"] == 40


def test_plan_export_import_report(typed: Typed, capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = typed("runs/r", "--plan", "0.3", "--seed", "5")
    assert code == 0
    assert "labels" in out
    assert "plan: runs/r/plans.jsonl" in err
    code, out, _ = typed("runs/r", "--export", "sheet.csv")
    assert code == 0
    with open("sheet.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    plan = orjson.loads(Path("runs/r/plans.jsonl").read_bytes().splitlines()[-1])
    assert [row["id"] for row in rows] == [row["id"] for row in plan["rows"]]
    assert {row["design"] for row in rows} == {"plan"}
    assert not any(row["verdicts"] for row in rows)
    for row in rows:
        row["label"] = "c"
    with open("back.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    code, out, _ = typed("runs/r", "--import", "back.csv", "--by", "ben", "--json")
    assert (code, orjson.loads(out)) == (0, {"imported": len(rows), "same": 0, "empty": 0})
    labels = load("runs/r").labels
    assert {(each.by, each.design, each.blind) for each in labels} == {("ben", "plan", True)}
    assert {each.id: each.probability for each in labels} == {
        row["id"]: row["probability"] for row in plan["rows"]
    }
    code, out, _ = typed("runs/r", "--top", "0")
    assert f"{len(rows)} rows, 0 still to label" in out
    assert "accuracy as graded 83.3%; corrected" in out
    assert cli.run(["report", "runs/r"]) == 0
    assert "Corrected" in capfd.readouterr().out


def test_a_page_is_exported(typed: Typed) -> None:
    code, out, _ = typed("rows.jsonl", "--uniform", "10", "--export", "page.html")
    assert code == 0
    assert "10 rows to label: page.html" in out
    assert Path("page.html").read_text().startswith("<!DOCTYPE html>")
    assert Path("rows.audit/plans.jsonl").exists()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("runs/r", "--rule", "majorty"), "unknown rule 'majorty' (did you mean majority?)"),
        (("runs/r", "--plan", "7"), "a width of 7: it must lie between 0 and 1 (such as 0.1)"),
        (("runs/r", "--plan", "0.2", "--looks", "9"), "9 looks: plan 1 to 5"),
        (("runs/r", "--plan", "0.2", "--assume", "exact=x"), "'x' is no share"),
        (("runs/r", "--plan", "0.2", "--uniform", "3"), "exclude one another"),
        (("runs/r", "--gold", "g"), "only a file of rows takes --gold, not a run"),
        (("rows.jsonl", "--grading", "a"), "--grading goes with a run, not with a file"),
        (("rows.jsonl", "--judge", "recorded:smal"), "unknown column 'smal'"),
        (("runs/r", "--export", "x.pdf"), "x.pdf: an export of unknown kind"),
        (("runs/r", "--import", "no.csv"), "no.csv: no such file"),
        (("runs/r", "--import", "sheet.html"), "sheet.html: a page to label in holds no labels"),
        (("runs/none",), "no such file"),
        (("runs/r", "--label"), "--label needs a terminal (--export FILE.html does without)"),
    ],
)
def test_bad_input_is_one_line(typed: Typed, arguments: tuple[str, ...], line: str) -> None:
    code, out, err = typed(*arguments)
    assert (code, out) == (2, "")
    assert line in err


def test_without_textual_the_extra_is_named(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "judgekit.audit.app", raising=False)
    for name in [name for name in sys.modules if name.partition(".")[0] == "textual"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "textual", None)
    monkeypatch.setitem(sys.modules, "textual.app", None)
    code, _, err = typed("runs/r", "--label")
    assert code == 3
    assert "textual is not installed (in the clone: pip install -e '.[audit]')" in err


def test_a_run_without_grades(typed: Typed) -> None:
    Path("runs/r/grades.jsonl").unlink()
    assert (
        typed("runs/r")[2]
        .strip()
        .endswith("runs/r has no grades to audit (judgekit grade makes them)")
    )
