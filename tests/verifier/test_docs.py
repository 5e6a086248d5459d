"""Every example of docs/verifier.md is run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from judgekit.verifier import extract, verify

PAGE = Path(__file__).resolve().parents[2] / "docs" / "verifier.md"
OPTIONS = ("Rome", "Paris", "London")
Row = dict[str, str]


def tables() -> Iterator[tuple[str, Row]]:
    """Each row of each table of examples, with the heading above it."""
    heading, columns = "", []
    for line in PAGE.read_text().splitlines():
        if line.startswith("#"):
            heading, columns = line.strip("# "), []
        elif line.startswith("|"):
            cells = [_cell(cell) for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            if not columns:
                columns = cells
            elif set(line) - set("|-"):
                yield heading, dict(zip(columns, cells, strict=True))
        else:
            columns = []


def _cell(cell: str) -> str:
    text = cell.strip().replace("\\|", "|")
    if text.startswith("`") and text.endswith("`"):
        text = text[1:-1]
    return text.replace("⏎", "\n")


ROWS = list(tables())
READ = [row for _, row in ROWS if "reads as" in row]
CHOSEN = [row for heading, row in ROWS if heading == "Multiple choice"]


def test_the_page_has_examples() -> None:
    assert len(READ) > 50
    assert len(CHOSEN) > 10


@pytest.mark.parametrize("row", READ, ids=lambda row: row["response"][:40])
def test_reads_as_documented(row: Row) -> None:
    finished = row.get("finished", "yes") == "yes"
    answer = extract(row["response"], finished=finished).answer
    if row["reads as"] == "nothing":
        assert answer is None
        return
    assert answer is not None
    assert answer.text == row["reads as"]
    assert answer.cue == row.get("cue", answer.cue)
    assert answer.strength == row.get("strength", answer.strength)


@pytest.mark.parametrize("row", CHOSEN, ids=lambda row: row["response"][:40])
def test_chooses_as_documented(row: Row) -> None:
    grade = verify(row["gold"], row["response"], kind="choice", choices=OPTIONS)
    assert grade.outcome == row["outcome"]
