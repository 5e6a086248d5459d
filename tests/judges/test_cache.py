"""Nothing is asked twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from judgekit.errors import RequestFailed
from judgekit.records import Cost

from .conftest import Watched, case, judge_all, reply


def test_a_rerun_asks_nothing(tmp_path: Path) -> None:
    path = tmp_path / "judged.jsonl"
    cases = [case(f"The answer is {i}.") for i in range(5)]
    first = Watched(lambda chat, written: reply("incorrect", None))
    before = judge_all(first, cases, cache=path, options={})
    again = Watched(lambda chat, written: reply("correct"))
    after = judge_all(again, cases, cache=path, options={})
    assert (len(first.asked), len(again.asked)) == (5, 0)
    assert [v.outcome for v in after] == [v.outcome for v in before]
    assert all(verdict.cost == Cost() for verdict in after)
    assert len(path.read_bytes().splitlines()) == 5


def test_the_same_row_is_asked_once_also_at_the_same_time() -> None:
    engine = Watched(lambda chat, written: reply("correct"), seconds_per_token=0.0001)
    verdicts = judge_all(engine, [case()] * 10, options={})
    assert len(engine.asked) == 1
    assert [verdict.cost.calls for verdict in verdicts] == [1] + [0] * 9
    assert {verdict.outcome for verdict in verdicts} == {"correct"}


@pytest.mark.parametrize(
    "other",
    [
        {"prompt": "judge/reference-swapped"},
        {"model": "another"},
        {"base_url": "http://localhost:8001/v1"},
        {"votes": 3},
        {"temperature": 0.5},
        {"max_tokens": 100},
    ],
)
def test_another_judge_is_asked_anew(tmp_path: Path, other: dict[str, object]) -> None:
    path = tmp_path / "judged.jsonl"
    for options in ({}, other):
        engine = Watched(lambda chat, written: reply("correct"))
        judge_all(engine, [case()], cache=path, options=options)
        assert engine.asked


def test_a_threshold_or_a_name_of_its_own_asks_nothing_anew(tmp_path: Path) -> None:
    path = tmp_path / "judged.jsonl"
    judge_all(Watched(lambda chat, written: reply("correct")), [case()], cache=path, options={})
    engine = Watched(lambda chat, written: reply("correct"))
    verdict = judge_all(
        engine,
        [case()],
        name="renamed",
        cache=path,
        options={"decide_above": 0.9, "max_calls": 1, "concurrency": 3},
    )[0]
    assert verdict.stage == "renamed"
    assert not engine.asked


def test_what_failed_is_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "judged.jsonl"

    def fails(chat, written):  # type: ignore[no-untyped-def]
        raise RequestFailed("503")

    judge_all(Watched(fails), [case()], cache=path, options={})
    engine = Watched(lambda chat, written: reply("correct"))
    assert judge_all(engine, [case()], cache=path, options={})[0].outcome == "correct"


def test_a_torn_or_broken_line_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "judged.jsonl"
    cases = [case("It is 42."), case("It is 43.")]
    judge_all(Watched(lambda chat, written: reply("correct", "4")), cases, cache=path, options={})
    whole = path.read_bytes()
    path.write_bytes(whole[:-25])
    engine = Watched(lambda chat, written: reply("correct", "4"))
    judge_all(engine, cases, cache=path, options={})
    assert len(engine.asked) == 1
    path.write_bytes(b"[]\nno json\n" + path.read_bytes())
    engine = Watched(lambda chat, written: reply("correct", "4"))
    judge_all(engine, cases, cache=path, options={})
    assert not engine.asked
