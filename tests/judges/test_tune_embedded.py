"""One real tuning from end to end: the embedded model on a handful of own labels."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from judgekit.config import Config, JudgeConfig
from judgekit.errors import EnvironmentFault
from judgekit.judges.labelled import LabelledRow
from judgekit.records import Key
from judgekit.verifier import make_case

pytest.importorskip("dspy", reason="DSPy is not installed: pip install -e '.[judge]'")
pytestmark = [pytest.mark.model, pytest.mark.engine]

LABELLED = [
    ("What is 12 times 20?", "240", "12 times 20 is 204, so the answer is 204.", False),
    ("What is 3 + 4?", "7", "The answer is 7.", True),
    ("What is 5 times 5?", "25", "5 times 5 is 25.", True),
    ("What is 9 - 2?", "7", "The answer is 8.", False),
    ("What is half of 1?", "1/2", "It is 0.5.", True),
    ("What is 2 to the 5?", "32", "It is 64.", False),
    ("What is 10 / 4?", "2.5", "The answer is 5/2.", True),
    ("What is 1 + 1?", "2", "The answer is 3.", False),
]


@pytest.mark.parametrize("optimizer", ["bootstrap", "gepa"])
def test_a_small_model_is_tuned_within_its_budget_and_nothing_is_claimed(
    optimizer: str, tmp_path: Path
) -> None:
    from judgekit.judges.programs.program import read_program
    from judgekit.judges.programs.tune import tune

    rows = [
        LabelledRow(Key(str(n)), make_case(gold, response, question=question), label)
        for n, (question, gold, response, label) in enumerate(LABELLED)
    ]
    config = Config(judges={"j": JudgeConfig(program="predict", max_tokens=40, max_calls=24)})
    out = tmp_path / "tuned.json"
    try:
        tuned = asyncio.run(tune("j", config, rows, out, optimizer=optimizer))  # type: ignore[arg-type]
    except EnvironmentFault as fault:
        pytest.skip(str(fault))
    assert 4 <= tuned.spent.calls <= 24
    # Four rows held back cannot show anything, whatever the model does.
    assert tuned.sentence.startswith("No gain shown: ")
    assert out.exists() == tuned.found
    if tuned.found:
        assert read_program(str(out)).tuned["judge"] == "j"
    if tuned.comparison:
        assert tuned.comparison.rows == 4
