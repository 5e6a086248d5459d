"""Records are written as rows and come back equal; a bad row names its field."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.errors import DataError
from judgekit.records import Cost, Grade, Label, Loop, Problem, Response, Segment, Usage, Verdict
from judgekit.rows import from_row, to_row

text = st.text(st.characters(exclude_categories=["Cs"]))
count = st.integers(0, 2**40)
number = st.floats(allow_nan=False, allow_infinity=False)

segments = st.builds(Segment, text, st.sampled_from(["thinking", "answer", "other"]), text, count)
loops = st.builds(
    Loop,
    kind=st.sampled_from(["terminal", "recovered", "numeric", "near"]),
    onset=count,
    period=count,
    cycles=number,
    wasted=count,
    unit=st.sampled_from(["token", "word"]),
)
outcomes = st.sampled_from(["correct", "incorrect", "undecided"])
verdicts = st.builds(
    Verdict,
    text,
    outcomes,
    st.none() | text,
    text,
    st.none() | number,
    st.builds(Cost, count, count, count, number),
    st.lists(text, max_size=2).map(tuple),
    st.none() | outcomes,
)
RECORDS = st.one_of(
    st.builds(
        Problem,
        text,
        text,
        text,
        st.sampled_from(["math", "choice", "text"]),
        st.lists(text, max_size=4).map(tuple),
        st.dictionaries(text, st.none() | text | st.integers(-(2**40), 2**40), max_size=3),
    ),
    st.builds(
        Response,
        id=text,
        text=text,
        sample=count,
        variant=text,
        segments=st.lists(segments, max_size=3).map(tuple),
        finish_reason=st.sampled_from(["stop", "length", "loop", "error"]),
        usage=st.dictionaries(text, st.builds(Usage, count, count, count), max_size=2),
        logprob=st.none() | number,
        token_ids=st.none() | st.lists(count, max_size=4).map(tuple),
        loop=st.none() | loops,
        seed=st.none() | count,
        seconds=number,
        error=st.none() | text,
    ),
    st.builds(
        Grade,
        id=text,
        outcome=outcomes,
        stage=text,
        extracted=st.none() | text,
        trail=st.lists(verdicts, max_size=3).map(tuple),
    ),
    st.builds(
        Label,
        text,
        outcomes,
        text,
        text,
        blind=st.booleans(),
        design=st.sampled_from(["uniform", "plan", "triage"]),
        probability=st.none() | number,
    ),
)


@given(RECORDS)
def test_a_record_comes_back_equal_through_json(record: Any) -> None:
    row = orjson.loads(orjson.dumps(to_row(record)))
    assert from_row(type(record), row) == record


def test_a_row_carries_its_schema_and_a_newer_one_is_refused() -> None:
    row = to_row(Problem("a", "q", "1"))
    assert row["schema"] == 1
    with pytest.raises(DataError, match="row of schema 2, this version reads 1"):
        from_row(Problem, {**row, "schema": 2})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": 7}, "field 'id' should be str, is 7"),
        ({"text": None}, "field 'text' should be str, is None"),
        ({"sample": True}, "field 'sample' should be int, is True"),
        ({"finish_reason": "tired"}, "field 'finish_reason' should be one of stop, length"),
        ({"segments": [{"text": "", "role": "answer", "by": "model"}]}, "'segments[0].tokens' is"),
        ({"usage": {"model": 3}}, "field 'usage.model' should be dict, is 3"),
    ],
)
def test_a_bad_row_names_place_field_and_value(change: dict[str, Any], message: str) -> None:
    row = {**to_row(Response("a", "t")), **change}
    with pytest.raises(DataError) as caught:
        from_row(Response, row, where="responses.jsonl line 4")
    assert str(caught.value).startswith("responses.jsonl line 4: ")
    assert message in str(caught.value)


def test_a_missing_field_is_named_and_an_unknown_one_is_passed_over() -> None:
    with pytest.raises(DataError, match="field 'gold' is missing"):
        from_row(Problem, {"id": "a", "question": "q"})
    assert from_row(Problem, {"id": "a", "question": "q", "gold": "1", "new": 3}).gold == "1"
