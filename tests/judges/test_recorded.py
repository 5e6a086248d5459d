"""`recorded:COLUMN`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from judgekit.config import Config
from judgekit.errors import UnknownName, UserError
from judgekit.judges.recorded import open_recorded, read
from judgekit.records import Key

from .conftest import ask, case, judge_all


@pytest.mark.parametrize(
    ("value", "outcome"),
    [
        (True, "correct"),
        (False, "incorrect"),
        ("true", "correct"),
        ("False", "incorrect"),
        (" Correct ", "correct"),
        ("INCORRECT", "incorrect"),
        ("undecided", "undecided"),
        (1, "correct"),
        (0, "incorrect"),
        (0.5, "correct"),
        ("0.49", "incorrect"),
        (0.0, "incorrect"),
        (None, "undecided"),
        ("", "undecided"),
        (float("nan"), "undecided"),
        ("NaN", "undecided"),
    ],
)
def test_what_a_value_stands_for(value: object, outcome: str) -> None:
    assert read(value)[0] == outcome


@pytest.mark.parametrize("value", ["not correct", "maybe", 4, "3.5", -1, float("inf"), [1], {}])
def test_what_is_no_verdict_is_refused(value: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        read(value)


def test_a_score_is_a_confidence() -> None:
    assert read(0.9) == ("correct", 0.9)
    assert read("0.2") == ("incorrect", 0.8)
    assert read(True) == ("correct", None)


def test_it_reads_the_row_of_the_case() -> None:
    rows = {Key(str(i)): {"gpt": value} for i, value in enumerate([True, False, None])}
    judge = open_recorded("recorded:gpt", rows)
    cases = [replace(case(), columns=row) for row in rows.values()]
    verdicts = ask(judge, *cases)
    assert [verdict.outcome for verdict in verdicts] == ["correct", "incorrect", "undecided"]
    assert verdicts[0].stage == "recorded:gpt"
    assert verdicts[2].evidence == "gpt of this row is missing."


def test_a_column_that_is_nearly_right() -> None:
    rows = {Key("a"): {"judge_deepseek": True, "gold": "4"}}
    with pytest.raises(UnknownName, match="did you mean judge_deepseek"):
        judge_all(None, [], "recorded:judge_deepsek", Config(), columns=rows)


def test_a_value_that_is_no_verdict_is_named_with_its_row() -> None:
    rows = {Key("a"): {"rating": 4}}
    with pytest.raises(UserError, match="column 'rating' of row 'a' holds 4"):
        open_recorded("recorded:rating", rows)


def test_a_run_has_no_columns() -> None:
    with pytest.raises(UserError, match="no rows with columns"):
        judge_all(None, [], "recorded:gpt", Config(), columns={Key("a"): {}})
