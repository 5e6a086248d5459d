"""A real graded run as every form, read back by the library that the form is for."""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet
import pytest

from judgekit.cli import run as command
from judgekit.formats.export import WRITERS, export, rows
from judgekit.formats.foreign import read_responses
from judgekit.records import Label
from judgekit.runs import Run, Writer, load

SCRIPT = 'default = "<think>2 and 2</think>\\nSo \\\\boxed{4}, \\"quoted\\"\\nand a new line"\n'
GOLDS = ("4", "7", "four", "Paris, on the Seine", "\\frac{8}{2}")
INSPECT_PYTHON = os.environ.get("JUDGEKIT_INSPECT_PYTHON")


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("exported")
    (folder / "script.toml").write_text(SCRIPT)
    problems = [
        {"unique_id": f"p{i}", "problem": f"{i}?", "answer": each} for i, each in enumerate(GOLDS)
    ]
    (folder / "mine.jsonl").write_text("\n".join(map(json.dumps, problems)))
    target = folder / "graded"
    model = ["--backend", "scripted", "--model", str(folder / "script.toml")]
    sampled = ["--samples", "2", "--temperature", "1"]
    asked = ["--benchmark", "math500", "--data", str(folder / "mine.jsonl")]
    assert command(["generate", *model, *sampled, *asked, "--out", str(target), "-q"]) == 0
    assert command(["grade", str(target), "-q"]) == 0
    first = load(target).responses[0]
    with Writer(target) as writer:
        said = {"by": "ann", "at": "2026-01-01T00:00:00", "sample": first.sample}
        writer.append(Label(first.id, "incorrect", **said))  # type: ignore[arg-type]
    return load(target)


def test_a_row_is_a_response_with_all_that_is_known(graded: Run) -> None:
    table = list(rows(graded, graded.grades))
    assert len(table) == 10
    keys = [(row["id"], row["sample"], row["variant"]) for row in table]
    assert keys == [tuple(response.key) for response in graded.responses]
    assert table[0]["label"] == "incorrect"
    assert table[1]["label"] is None
    grades = {grade.key: grade for grade in graded.grades}
    for row, response in zip(table, graded.responses, strict=True):
        assert "".join(segment["text"] for segment in row["segments"]) == row["response"]
        assert row["outcome"] == grades[response.key].outcome
        assert row["trail"][-1]["stage"] == grades[response.key].trail[-1].stage


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet", "inspect"])
def test_our_own_reader_reads_it_back(graded: Run, tmp_path: Path, form: str) -> None:
    path = tmp_path / f"out{WRITERS[form][0]}"
    assert export(graded, form, path) == 10
    found = read_responses(path)
    assert found.left_out == []
    assert sorted((r.id, r.text) for r in found.responses) == sorted(
        (r.id, r.text) for r in graded.responses
    )
    gold = {problem.id: problem.gold for problem in graded.problems}
    assert all(problem.gold == gold[problem.id] for problem in found.problems)


def test_csv_has_the_plain_columns(graded: Run, tmp_path: Path) -> None:
    export(graded, "csv", tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert {row["outcome"] for row in table} <= {"correct", "incorrect", "undecided"}
    assert "segments" not in table[0]


def test_parquet_has_the_same_columns_for_every_run(graded: Run, tmp_path: Path) -> None:
    ungraded = tmp_path / "ungraded"
    ungraded.mkdir()
    for name in ("run.toml", "problems.jsonl", "responses.jsonl"):
        (ungraded / name).write_bytes((graded.path / name).read_bytes())
    export(graded, "parquet", tmp_path / "a.parquet")
    export(load(ungraded), "parquet", tmp_path / "b.parquet")
    first = pyarrow.parquet.read_table(tmp_path / "a.parquet")
    second = pyarrow.parquet.read_table(tmp_path / "b.parquet")
    assert first.schema == second.schema
    assert first.column_names == list(next(rows(graded, graded.grades)))
    assert second["outcome"].null_count == 10
    assert first["trail"][0].as_py()[0]["cost"]["calls"] == 0
    assert first["labels"][0].as_py()[0]["by"] == "ann"


def test_inspect_log_scores_what_was_decided(graded: Run, tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    export(graded, "inspect", path)
    log = json.loads(path.read_text())
    outcomes = {grade.key: grade.outcome for grade in graded.grades}
    decided = [outcome for outcome in outcomes.values() if outcome != "undecided"]
    score = log["results"]["scores"][0]
    assert score["scored_samples"] == len(decided)
    assert score["metrics"]["accuracy"]["value"] == decided.count("correct") / len(decided)
    epochs = [(sample["id"], sample["epoch"]) for sample in log["samples"]]
    assert len(set(epochs)) == 10
    assert max(epoch for _, epoch in epochs) == 2


def test_datasets_loads_the_folder(graded: Run, tmp_path: Path) -> None:
    path = tmp_path / "folder"
    export(graded, "hf", path)
    assert "path: data/test-*.parquet" in (path / "README.md").read_text()
    if importlib.util.find_spec("datasets") is None:
        pytest.skip("needs the package datasets")
    import datasets

    found = datasets.load_dataset(str(path), split="test", cache_dir=str(tmp_path / "cache"))
    assert found["response"] == [response.text for response in graded.responses]


@pytest.mark.engine
@pytest.mark.skipif(not INSPECT_PYTHON, reason="JUDGEKIT_INSPECT_PYTHON names no Python")
def test_inspect_itself_opens_the_log(graded: Run, tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    export(graded, "inspect", path)
    code = (
        "import sys, json\n"
        "from inspect_ai.log import read_eval_log\n"
        "from inspect_ai.log import recompute_metrics\n"
        "log = read_eval_log(sys.argv[1])\n"
        "print(json.dumps([log.status, len(log.samples), log.results.scores[0].name,"
        " log.samples[0].output.completion, log.eval.created]))\n"
    )
    done = subprocess.run(
        [str(INSPECT_PYTHON), "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    status, count, scorer, completion, created = json.loads(done.stdout)
    assert (status, count, scorer) == ("success", 10, "judgekit")
    assert completion == graded.responses[0].text
    assert created.startswith("20")


def test_the_command(
    graded: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command(["export", str(graded.path), "--to", "csv", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "out": "graded.csv",
        "to": "csv",
        "responses": 10,
    }
    assert (tmp_path / "graded.csv").is_file()


def test_faults_are_one_line(
    graded: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    cases: Sequence[tuple[Sequence[str], int, str]] = (
        (["--to", "exel"], 2, "exel"),
        (["--to", "csv", "--out", str(tmp_path / "no" / "such" / "x.csv")], 3, "No such file"),
        (["--to", "csv", "--grading", "ffff"], 2, "grading"),
    )
    for arguments, code, says in cases:
        assert command(["export", str(graded.path), *arguments]) == code
        told = capsys.readouterr().err
        assert says in told
        assert len(told.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
