"""Two real judges against human raters: coverage and width of 100 labels, the cascade's changes.

The whole of it, with 2,000 draws: `python tests/audit/recorded_judges.py` (docs/audit.md).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
import recorded_judges as demonstration

from judgekit.audit.subject import Subject

CASES = [(name, column) for name, columns in demonstration.SETS.items() for column in columns]
DRAWS = 60


@cache
def audited(folder: Path, name: str) -> Subject:
    return demonstration.audited(folder, name)


@pytest.mark.parametrize(("name", "column"), CASES)
def test_a_hundred_labels_hold_the_truth_in_a_narrower_interval(
    name: str, column: str, shared_data: Path
) -> None:
    rows = audited(shared_data, name).rows
    found = demonstration.corrections(rows, f"recorded:{column}", DRAWS)
    # At 60 draws; the full run is held to .94.
    assert found.coverage >= 0.88
    assert found.width <= 0.68 * found.labels_width
    assert found.width <= 0.9 * found.ppi_width


@pytest.mark.parametrize(("name", "column"), CASES)
def test_report_cards_of_the_real_judges(name: str, column: str, shared_data: Path) -> None:
    rows = audited(shared_data, name).rows
    found = demonstration.card(rows, f"recorded:{column}")
    assert found.rows == len(rows) == sum(found.confusion)
    assert 0.85 < (found.accuracy.value or 0) < 0.95
    assert found.accuracy.low < (found.accuracy.value or 0) < found.accuracy.high


def test_the_judges_disagree_where_the_file_says(shared_data: Path) -> None:
    pairs = demonstration.pairs(audited(shared_data, "gpqa_diamond_human.jsonl").rows)
    (judges,) = [pair for pair in pairs if pair.kind == "judge, judge"]
    # Counted by hand in the file: 11 only the large judge, 18 only the small one, 90 both.
    assert (judges.first_only, judges.second_only, judges.both) == (11, 18, 90)
    assert (judges.first_right, judges.second_right) == (20, 9)


@pytest.mark.parametrize(("name", "column"), CASES)
def test_the_cascade_spoils_no_more_than_it_mends(
    name: str, column: str, shared_data: Path
) -> None:
    found = demonstration.cascade(shared_data, name, column)
    mended = sum(row.mended for row in found.changed)
    spoiled = sum(row.spoiled for row in found.changed)
    gained = found.right_in_cascade - found.right_alone
    assert gained == mended - spoiled
    assert gained > 0 if name.startswith("gpqa") else gained >= 0
