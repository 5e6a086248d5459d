"""`judgekit select` as a user types it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from judgekit.cli.select import _training
from judgekit.train.recipe import load as load_recipe
from judgekit.train.selection.select import Selected

Typed = Callable[..., tuple[int, str, str]]

SCRIPT = """
[[reply]]
match = "a bakery"
text = ["<think>48 and 24</think> \\\\boxed{72}", "<think>48 / 2 = 24 more</think> \\\\boxed{72}"]

[[reply]]
match = ""
text = ["<think>a guess</think> \\\\boxed{72}", "<think>[red]no\\u001b[31m</think> \\\\boxed{1}"]
"""
ROWS = [
    {"id": "a", "question": "How many rolls does a bakery sell?", "answer": "72"},
    {"id": "b", "question": "How many rolls does a mill sell?", "answer": "72"},
    {"id": "c", "question": "How many rolls does a farm sell?", "answer": "9"},
]
BENCHMARK = """
file = "rolls.jsonl"
max_tokens = 200
[fields]
kind = "math"
gold = "answer"
"""


@pytest.fixture
def typed(shell: Typed) -> Typed:
    """Type a command in a folder with a graded run of three problems, eight samples each."""
    Path("script.toml").write_text(SCRIPT)
    Path("rolls.toml").write_text(BENCHMARK)
    Path("rolls.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in ROWS))
    return shell


def made(typed: Typed, name: str = "one", samples: int = 8, *, grade: bool = True) -> str:
    several = ("--samples", str(samples), "--temperature", "0.7") if samples > 1 else ()
    code, _, err = typed(
        *("generate", "--backend", "scripted", "--model", "script.toml", "--strategy", "reasoning"),
        *("--benchmark", "rolls.toml", "--out", f"runs/{name}", *several, "--quiet"),
    )
    assert code == 0, err
    if grade:
        typed("grade", f"runs/{name}", "--quiet")
    return f"runs/{name}"


def test_every_selection_writes_rows_and_says_what_gave_nothing(typed: Typed) -> None:
    made(typed)
    code, out, err = typed("select", "pairs")
    assert code == 0
    assert "newest run: runs/one" in err
    assert "rows: runs/one/pairs.jsonl\nnext: judgekit train dpo runs/one/pairs.jsonl\n" in err
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "problems with correct responses of one length 1" in lines
    assert "problems with fewer than two correct responses 1" in lines
    assert "rows 1" in lines
    (row,) = [orjson.loads(line) for line in Path("runs/one/pairs.jsonl").read_bytes().splitlines()]
    assert row["chosen"] == "<think>48 and 24</think> \\boxed{72}"
    assert row["rejected"] == "<think>48 / 2 = 24 more</think> \\boxed{72}"
    for method, rows in (("shortest", 2), ("rollouts", 1), ("revised", 1), ("mix", 1)):
        code, out, _ = typed("select", method, "runs/one", "--json", "--quiet")
        record = orjson.loads(out)
        assert code == 0
        assert record["rows"] == rows
        assert record["out"] == f"runs/one/{method}.jsonl"
        assert Path(f"runs/one/{method}.record.json").exists()


def test_tags_and_options_reach_the_rows(typed: Typed) -> None:
    made(typed)
    code, _, _ = typed("select", "rollouts", "--tags", "reasoning", "--per-problem", "1")
    assert code == 0
    (line,) = Path("runs/one/rollouts.jsonl").read_bytes().splitlines()
    assert orjson.loads(line)["chosen"] == "<reasoning>a guess</reasoning> \\boxed{72}"
    record = orjson.loads(Path("runs/one/rollouts.record.json").read_bytes())
    assert record["options"] == {"tags": "reasoning", "seed": 0, "per_problem": 1}


def test_two_teachers_are_mixed(typed: Typed) -> None:
    one, two = made(typed, "one"), made(typed, "two", samples=1)
    code, out, _ = typed(
        *("select", "mix", one, two, "--ratio", "1:1", "--out", "mix.jsonl", "--json")
    )
    assert code == 0
    record = orjson.loads(out)
    assert record["counts"] == {"first": 1, "second": 1}
    assert [source["run"] for source in record["sources"]] == [one, two]
    runs = {orjson.loads(line)["source"] for line in Path("mix.jsonl").read_bytes().splitlines()}
    assert {name.partition("#")[0] for name in runs} == {"one", "two"}


@pytest.mark.parametrize("method", ["pairs", "shortest", "rollouts", "mix", "revised"])
def test_a_run_that_offers_nothing_is_refused_in_one_line(typed: Typed, method: str) -> None:
    ungraded = made(typed, "ungraded", grade=False)
    code, out, err = typed("select", method, ungraded)
    assert (code, out) == (2, "")
    assert err == "error runs/ungraded is not graded (judgekit grade runs/ungraded)\n"
    single = made(typed, "single", samples=1)
    code, out, err = typed("select", method, single)
    assert (code, out) == (2, "")
    assert err == (
        "error runs/single has one response to each problem, this selection compares several "
        "(judgekit generate --samples 8 --temperature 0.7)\n"
    )
    assert list(Path("runs/single").glob("*.record.json")) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("pairs", "--tags", "thinking"), "unknown tag pair 'thinking' (did you mean think?)"),
        (("pairs", "--grading", "ffff"), "unknown grading in runs/one 'ffff'"),
        (("pairs", "--out", "."), ". is a folder (--out names a file)"),
        (("mix", "--ratio", "half"), "'half' is no ratio (two whole numbers, such as 1:4)"),
        (("mix", "--total", "99"), "can be kept for 1 rows, not for 99"),
        (("mix", "runs/one", "runs/one", "--grading", "a"), "--grading names a grading of one"),
        (("pairs", "runs/none"), "runs/none is no run directory"),
    ],
)
def test_bad_input_is_one_line(typed: Typed, arguments: tuple[str, ...], said: str) -> None:
    made(typed)
    code, out, err = typed("select", *arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert len([line for line in err.splitlines() if not line.startswith("newest run")]) == 1


def test_rows_are_what_training_reads(typed: Typed) -> None:
    from judgekit.train.data import read

    made(typed)
    for method, recipe in (
        ("shortest", "sft"),
        ("mix", "sft"),
        ("pairs", "dpo"),
        ("revised", "dpo"),
    ):
        typed("select", method, "runs/one", "--quiet")
        found = read(load_recipe(recipe), f"runs/one/{method}.jsonl")
        assert found.rows
        assert found.left_out == []


def test_the_next_command_trains_the_runs_own_model_on_the_tags_of_the_rows() -> None:
    selected = Selected(Path("my rows.jsonl"), {"options": {"tags": "reasoning"}})
    command = _training("revised", selected, {"backend": "transformers", "model": "org/small"})
    assert command == ("judgekit train dpo 'my rows.jsonl' --model org/small -o tags=reasoning")
