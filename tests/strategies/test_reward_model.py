"""Reward models with random weights: the wiring from a folder to a score between 0 and 1."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from classifying import random_classifier

from judgekit import config as configuration
from judgekit.config import ModelConfig
from judgekit.errors import EnvironmentFault
from judgekit.generate import Job, generate, plan
from judgekit.runs import load
from judgekit.strategies.reward_model import RewardModel, classifier_of

pytest.importorskip("torch")
pytest.importorskip("transformers")


@pytest.mark.parametrize("architecture", ["ForSequenceClassification", "ForTokenClassification"])
@pytest.mark.parametrize("labels", [1, 2])
def test_a_classifier_is_recognised_and_scores(
    tmp_path: Path, architecture: str, labels: int
) -> None:
    config = random_classifier(tmp_path, architecture, labels=labels, context=64)
    found = classifier_of(config)
    assert found == f"Llama{architecture}"
    reward = RewardModel(config, found)

    async def scores() -> list[float]:
        return [await reward("How many?", text) for text in ("4", "4", "five", "", "x" * 500)]

    four, again, five, *rest = asyncio.run(scores())
    assert four == again != five
    assert all(0 < score < 1 for score in (four, five, *rest))


def test_what_is_no_classifier_is_none(tmp_path: Path) -> None:
    assert classifier_of(ModelConfig()) is None
    assert classifier_of(ModelConfig(base_url="http://localhost:1")) is None
    (tmp_path / "config.json").write_text(
        '{"model_type": "llama", "architectures": ["LlamaForCausalLM"]}'
    )
    assert classifier_of(ModelConfig(model=str(tmp_path))) is None
    with pytest.raises(EnvironmentFault, match="reward model"):
        RewardModel(ModelConfig(model=str(tmp_path)), "LlamaForSequenceClassification")


def test_a_run_is_led_by_a_reward_model(tmp_path: Path) -> None:
    script = tmp_path / "small.toml"
    script.write_text('default = ["one step.\\n\\nIt is 4.", "another.\\n\\nIt is 5."]\n')
    reward = random_classifier(tmp_path / "reward", context=64)
    job = Job(
        model=ModelConfig(model=str(script), backend="scripted"),
        limit=1,
        strategy="beam-search",
        options={"scorer": "prm", "n": "4", "width": "2"},
        config=configuration.Config(models={"prm": reward}),
    )
    path, progress = asyncio.run(generate(plan(job), tmp_path / "run"))
    assert progress.failed == 0
    (response,) = load(path).responses
    assert response.text in ("one step.\n\nIt is 4.", "another.\n\nIt is 5.")
    assert response.discarded_tokens > 0
