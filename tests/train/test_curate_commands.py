"""`judgekit curate` as a user types it."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

Typed = Callable[..., tuple[int, str, str]]
WORDS = [f"word{i}" for i in range(400)]


def row(i: int, **more: Any) -> dict[str, Any]:
    question = " ".join(random.Random(i).choices(WORDS, k=20))
    values = {"id": f"r{i}", "question": question, "trace": "so " * (i + 1), "answer": "4"}
    return {**values, "small": i % 5 == 0, "large": i % 4 == 0, "topic": f"t{i % 3}", **more}


@pytest.fixture
def typed(shell: Typed) -> Typed:
    """Type a command in a folder with a pool of 40 rows."""
    rows = [row(i) for i in range(40)]
    rows[7]["question"] += " [asy] dot((0,0)); [/asy] [red]"
    Path("pool.jsonl").write_bytes(b"".join(orjson.dumps(each) + b"\n" for each in rows))
    return functools.partial(shell, "curate")


def test_a_table_says_what_each_filter_removed(typed: Typed) -> None:
    code, out, err = typed(
        *("pool.jsonl", "--solved", "small", "--solved", "large", "--domain", "topic"),
        *("--total", "10"),
    )
    assert code == 0
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "errors 40 0 40" in lines
    assert "format r7: [asy] in the question 40 1 39" in lines
    assert "solved r0: solved by small, large 39 16 23" in lines
    assert any(line.startswith("not drawn") and line.endswith("23 13 10") for line in lines)
    assert "decontaminated against starter (86)" in err
    assert "rows: pool.curated.jsonl" in err
    assert "removed rows and why: pool.curated.removed.jsonl" in err
    kept = Path("pool.curated.jsonl").read_bytes().splitlines()
    removed = Path("pool.curated.removed.jsonl").read_bytes().splitlines()
    assert (len(kept), len(removed)) == (10, 30)


def test_json_is_the_record(typed: Typed) -> None:
    code, out, err = typed("pool.jsonl", "--against", "none", "--json", "--quiet")
    found = orjson.loads(out)
    assert (code, err) == (0, "")
    record = orjson.loads(Path("pool.curated.record.json").read_bytes())
    assert found == {
        "out": "pool.curated.jsonl",
        "removed": "pool.curated.removed.jsonl",
        **record,
    }
    assert [step["filter"] for step in record["steps"]] == [
        "errors",
        "format",
        "duplicates",
        "near duplicates",
        "contaminated",
        "not drawn",
    ]
    assert record["rows"] == 39
    assert record["options"]["seed"] == 0


def test_the_same_command_writes_the_same_bytes(typed: Typed) -> None:
    command = ("pool.jsonl", "--total", "12", "--seed", "5", "--quiet")
    typed(*command)
    files = sorted(Path().glob("pool.curated*"))
    before = [path.read_bytes() for path in files]
    assert typed(*command)[0] == 0
    assert [path.read_bytes() for path in files] == before
    typed("pool.jsonl", "--total", "12", "--seed", "6", "--quiet")
    assert Path("pool.curated.jsonl").read_bytes() != before[0]


def test_rows_that_cannot_be_read_are_reported(typed: Typed) -> None:
    with Path("pool.jsonl").open("ab") as file:
        file.write(b"{broken\n[1, 2]\n")
    code, _, err = typed("pool.jsonl")
    assert code == 5
    assert "row 41 left out: not JSON" in err
    assert "row 42 left out: a JSON object was expected" in err


def test_a_judge_of_the_configuration_labels_domains(typed: Typed) -> None:
    Path("judgekit.toml").write_text(
        '[judges.lab]\nmodel = "lab.toml"\nbackend = "scripted"\nmax_tokens = 64\n'
    )
    Path("lab.toml").write_text(
        '[[reply]]\nmatch = "word1 "\ntext = "05"\n\n[[reply]]\ntext = "11"\n'
    )
    code, out, _ = typed("pool.jsonl", "--domains-by", "lab", "--json", "--quiet")
    assert code == 0
    assert orjson.loads(out)["domains"] == 2
    assert len(Path("pool.curated.domains.jsonl").read_bytes().splitlines()) == 39


def test_picks_and_likes(typed: Typed) -> None:
    rows = [row(i, source="AIME" if i % 2 else "web", gold="4") for i in range(30)]
    Path("pool.jsonl").write_bytes(b"".join(orjson.dumps(each) + b"\n" for each in rows))
    command = ("--gold", "gold", "--domain", "topic", "--pick", "aime:20", "--total", "8", "--json")
    code, out, _ = typed("pool.jsonl", *command, "--like", "aime", "--like", "web=0.5")
    assert code == 0
    assert orjson.loads(out)["picked"] == 5
    kept = [orjson.loads(line) for line in Path("pool.curated.jsonl").read_bytes().splitlines()]
    assert {"r21", "r23", "r25", "r27", "r29"} <= {each["id"] for each in kept}
    assert len(kept) == 8


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("none.jsonl",), "none.jsonl: no such file"),
        (("pool.jsonl", "--solved", "medium"), "unknown column in pool.jsonl: 'medium'"),
        (("pool.jsonl", "--domains-by", "lab"), "unknown judge 'lab' (a table [judges.NAME]"),
        (("pool.jsonl", "--domain", "topic", "--domains-by", "lab"), "exclude one another"),
        (("pool.jsonl", "--pick", "aime"), "no column that looks like the gold"),
        (("pool.jsonl", "--pick", "aime:long"), "--pick 'aime:long': 'long' is no number"),
        (("pool.jsonl", "--like", "=1"), "--like '=1' (such as --like aime=1)"),
        (("pool.jsonl", "--near", "2"), "2 is no overlap (above 0 and up to 1"),
        (("pool.jsonl", "--against", "gsm9k"), "unknown benchmark 'gsm9k'"),
        (("pool.jsonl", "--out", "pool.jsonl"), "pool.jsonl is what the rows are drawn from"),
        (("pool.jsonl", "--min-length", "1000"), "nothing of pool.jsonl is left after"),
        (("pool.jsonl", "--solved", "."), ". has no run.toml"),
    ],
)
def test_bad_input_is_one_line(typed: Typed, arguments: tuple[str, ...], said: str) -> None:
    code, out, err = typed(*arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1
    assert not Path("pool.curated.jsonl").exists()


def test_a_curated_set_is_what_training_reads(typed: Typed) -> None:
    from judgekit.train.data import read
    from judgekit.train.recipe import load

    typed("pool.jsonl", "--total", "10", "--quiet")
    found = read(load("sft"), "pool.curated.jsonl")
    assert (len(found.rows), found.left_out) == (10, [])
