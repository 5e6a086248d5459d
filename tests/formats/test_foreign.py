"""Responses of other tools: columns guessed or named, rows left out with their reason."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from judgekit.errors import DataError, UnknownName
from judgekit.formats.foreign import read_responses


def lines(folder: Path, *rows: Mapping[str, Any]) -> Path:
    path = folder / "responses.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_columns_are_guessed(tmp_path: Path) -> None:
    path = lines(
        tmp_path, {"unique_id": "p1", "problem": "2+3?", "answer": "5", "completion": "It is 5"}
    )
    found = read_responses(path)
    (problem,), (response,) = found.problems, found.responses
    assert (problem.id, problem.question, problem.gold, problem.kind) == ("p1", "2+3?", "5", "math")
    assert (response.id, response.sample, response.text) == ("p1", 0, "It is 5")
    assert found.kind == "auto"
    assert found.left_out == []


def test_the_first_guess_wins(tmp_path: Path) -> None:
    row = {"gold": "1", "answer": "2", "solution": "3", "response": "a", "output": "b"}
    found = read_responses(lines(tmp_path, row))
    assert (found.problems[0].gold, found.responses[0].text) == ("1", "a")


def test_named_columns_override_the_guesses(tmp_path: Path) -> None:
    row = {"gold": "1", "truth": "2", "response": "a", "said": "b", "q": "?", "key": 7, "id": 9}
    path = lines(tmp_path, row)
    found = read_responses(path, question="q", gold="truth", response="said", id="key", kind="text")
    (problem,), (response,) = found.problems, found.responses
    assert (problem.id, problem.question, problem.gold, problem.kind) == ("7", "?", "2", "text")
    assert response.text == "b"
    assert found.columns == [row]


def test_column_that_is_not_there(tmp_path: Path) -> None:
    path = lines(tmp_path, {"gold": "1", "response": "a"}, {"gold": "1", "response": "a", "x": 1})
    with pytest.raises(UnknownName) as fault:
        read_responses(path, gold="glod")
    assert "unknown column in" in str(fault.value)
    assert "'glod' (did you mean gold? columns: gold, response, x)" in str(fault.value)


@pytest.mark.parametrize("missing", ["gold", "response"])
def test_no_column_to_guess(tmp_path: Path, missing: str) -> None:
    row = {"gold": "1", "response": "a", "note": "n"}
    del row[missing]
    with pytest.raises(DataError, match=f"no column that looks like the {missing} .*--{missing}"):
        read_responses(lines(tmp_path, row))


def test_rows_that_cannot_be_read_are_left_out_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "responses.jsonl"
    rows = [
        '{"gold": "5", "response": "fine"}',
        '{"gold": null, "response": "a"}',
        '{"gold": " ", "response": "a"}',
        '{"gold": ["5"], "response": "a"}',
        '{"gold": "5"}',
        '{"gold": "5", "response": {"text": "a"}}',
        "{broken",
        '{"gold": 5, "response": ""}',
        '{"gold": true, "response": "a"}',
        '{"gold": 123456789012345678901234567890, "response": "a"}',
        '{"gold": "5", "response": "", "finish_reason": "error"}',
    ]
    path.write_text("\n".join(rows))
    found = read_responses(path)
    assert [problem.id for problem in found.problems] == ["1", "8"]
    assert found.problems[1].gold == "5"
    assert found.responses[1].text == ""
    assert [row.number for row in found.left_out] == [2, 3, 4, 5, 6, 7, 9, 10, 11]
    reasons = {row.number: row.reason for row in found.left_out}
    assert reasons[2] == "gold is missing"
    assert reasons[3] == "gold is empty"
    assert reasons[4] == "gold should be text, is a list"
    assert reasons[5] == "response is missing"
    assert reasons[6] == "response should be text, is an object"
    assert reasons[7].startswith("not JSON")
    assert reasons[11] == "the response failed (finish_reason error)"
    assert reasons[10] == "gold is too large a number to be read exactly: write it as text"


def test_equal_ids_become_samples_in_the_order_of_the_file(tmp_path: Path) -> None:
    rows = [{"id": i, "gold": "1", "response": r} for i, r in [(3, "a"), ("b", "b"), ("3", "c")]]
    broken = {"id": "3", "gold": None, "response": "x"}
    found = read_responses(lines(tmp_path, rows[0], broken, *rows[1:]))
    assert [tuple(r.key) for r in found.responses] == [("3", 0, ""), ("b", 0, ""), ("3", 1, "")]


def test_row_without_an_id_in_a_file_with_ids(tmp_path: Path) -> None:
    path = lines(
        tmp_path,
        {"id": "2", "gold": "1", "response": "a"},
        {"gold": "1", "response": "b"},
        {"id": "", "gold": "1", "response": "b"},
    )
    found = read_responses(path)
    assert found.left_out == [(2, "id is missing"), (3, "id is empty")]


def test_what_else_a_row_may_say(tmp_path: Path) -> None:
    path = lines(
        tmp_path,
        {"gold": "A", "response": "A", "choices": ["x", "y"], "finish_reason": "length"},
        {"gold": "A", "response": "A", "choices": "x, y", "finish_reason": "eos", "question": None},
    )
    found = read_responses(path)
    assert [problem.choices for problem in found.problems] == [("x", "y"), ()]
    assert [response.finish_reason for response in found.responses] == ["length", "stop"]
    assert found.problems[1].question == ""


def test_unknown_kind(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match=r"unknown kind 'maths' .did you mean math"):
        read_responses(lines(tmp_path, {"gold": "1", "response": "a"}), kind="maths")


def test_csv_and_parquet_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("gold,response\n5,five\n7,\n,none\n")
    table = pyarrow.table({"gold": [5, 7, None], "response": ["five", "", "none"]})
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
    csv, parquet = read_responses(tmp_path / "a.csv"), read_responses(tmp_path / "a.parquet")
    assert csv.problems == parquet.problems
    assert csv.responses == parquet.responses
    assert [row.number for row in csv.left_out] == [row.number for row in parquet.left_out] == [3]


def test_real_labelled_responses(shared_data: Path) -> None:
    files = sorted((shared_data / "labelled").glob("*.jsonl"))
    assert len(files) >= 9
    for path in files:
        found = read_responses(path)
        assert found.left_out == []
        assert len(found.problems) == len(path.read_bytes().splitlines())
        assert all("label" in row for row in found.columns)
