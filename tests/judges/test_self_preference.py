"""Whether a judge goes easier on its own model, against labels."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from judgekit.analysis.intervals import Share, share
from judgekit.errors import UnknownName
from judgekit.judges.custom import CustomJudge
from judgekit.judges.labelled import LabelledRow, read_labelled
from judgekit.judges.probing import probe
from judgekit.judges.recorded import Recorded
from judgekit.judges.self_preference import Preference, difference, self_preference
from judgekit.records import Key
from judgekit.verifier import make_case

ROWS = [
    LabelledRow(
        Key(f"q{n}", sample),
        make_case("7", f"It is {7 if label else 8}, says {model}.", question=f"q{n}"),
        label,
        model,
    )
    for n in range(40)
    for sample, model in enumerate(("mine", "theirs"))
    for label in ((n + sample) % 2 == 0,)
]


def measured(judge: Any, rows: Any = ROWS, **options: Any) -> list[Preference]:
    return asyncio.run(self_preference(judge, rows, **{"limit": 50, **options}))


def test_a_judge_that_accepts_its_own() -> None:
    judge = CustomJudge("vain", lambda case: "mine" in case.response or "7" in case.response)
    accepted, refused = measured(judge, own="mine")
    assert (accepted.own.value, accepted.others.value) == (1.0, 0.0)
    assert accepted.difference is not None
    assert accepted.difference[0] == 1.0
    assert accepted.difference[1] > 0.5
    assert (refused.own.value, refused.others.value) == (0.0, 0.0)
    assert refused.difference is not None
    assert refused.difference[1] < 0 < refused.difference[2]


def test_a_just_judge_and_a_better_model_are_no_preference() -> None:
    better = [row for row in ROWS if row.model == "theirs" or row.label or row.key.id < "q2"]
    for each in measured(
        CustomJudge("just", lambda case: "7" in case.response), better, own="mine"
    ):
        assert each.difference is not None
        assert each.difference[0] == 0.0
        assert each.difference[1] < 0 < each.difference[2]


def test_at_most_so_many_of_each_are_asked() -> None:
    asked = []
    judge = CustomJudge("counting", lambda case: asked.append(case) or True)
    accepted, _ = measured(judge, own="mine", limit=5)
    assert (accepted.own.n, accepted.others.n, len(asked)) == (5, 5, 20)


def test_nothing_is_measured_without_two_models() -> None:
    judge = CustomJudge("any", lambda case: True)
    assert measured(judge) == []
    assert measured(judge, [row for row in ROWS if row.model == "mine"], own="mine") == []
    with pytest.raises(UnknownName, match="did you mean mine"):
        measured(judge, own="mien")


def test_the_interval_is_newcombes() -> None:
    # Newcombe 1998, table II, row (a): 56/70 - 48/80, method 10: 0.0524 to 0.3339.
    found = difference(share([1] * 56 + [0] * 14, range(70)), share([1] * 48 + [0] * 32, range(80)))
    assert found == pytest.approx((0.2, 0.0524, 0.3339), abs=1e-4)
    assert difference(Share(None, 0, 1, 0, 0), share([1], [0])) is None


def test_real_judges_of_the_same_family(shared_data: Path) -> None:
    """DeepSeek-V3 and Qwen as judges, their own models among the four that they judged."""
    rows = read_labelled(shared_data / "labelled" / "gpqa_diamond_human.jsonl").rows
    own = {
        "judge_deepseek_v3": "deepseek/deepseek-chat-v3-0324",
        "judge_qwen25_7b": "qwen/qwen3-32b",
    }
    for column, model in own.items():
        judge = Recorded(column)
        found = measured(judge, rows, own=model, limit=1000)
        assert sum(each.own.n + each.others.n for each in found) == len(rows)
        assert asyncio.run(probe(judge, rows)) == []  # It has no word on a copy.
