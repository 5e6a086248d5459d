"""Recipes: what ships, what `-o` sets, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomli_w

from judgekit.errors import ConfigError, UnknownName, UserError
from judgekit.train import recipe
from judgekit.train.recipe import METHODS, as_table, load, names

SHIPPED = [(method, name) for method in METHODS for name in names(method)]


@pytest.mark.parametrize(("method", "name"), SHIPPED)
def test_every_shipped_recipe_is_whole_and_shown_as_it_is(
    method: str, name: str, tmp_path: Path
) -> None:
    found = load(method, name)
    assert found.description
    assert found.source
    assert found.load_prompt().tags in (None, found.tags)
    # What --show prints is a recipe again, and the same one.
    path = tmp_path / f"{name}.toml"
    path.write_text(tomli_w.dumps(as_table(found)))
    assert load(method, str(path)) == found


def test_s1_is_the_default_with_its_published_values() -> None:
    trainer = load("sft").trainer
    assert load("sft").name == "s1"
    steps = trainer["per_device_train_batch_size"] * trainer["gradient_accumulation_steps"]
    assert (trainer["learning_rate"], trainer["num_train_epochs"], steps) == (1e-5, 5, 16)
    assert (trainer["adam_beta1"], trainer["adam_beta2"]) == (0.9, 0.95)
    assert (trainer["weight_decay"], trainer["warmup_steps"]) == (1e-4, 0.05)


def test_efficient_reasoning_has_its_published_values() -> None:
    found = load("rloo")
    trainer = found.trainer
    assert found.advantages == "leave-one-out"
    assert (trainer["generation_batch_size"], trainer["num_generations"]) == (256, 8)
    step = trainer["per_device_train_batch_size"] * trainer["gradient_accumulation_steps"]
    assert (step, trainer["max_steps"]) == (128, 200)
    assert (trainer["beta"], trainer["epsilon"], trainer["learning_rate"]) == (1e-3, 0.2, 5e-6)


def test_one_setting_of_the_tags_moves_the_prompt() -> None:
    assert load("sft").prompt_name == "reasoning"
    assert load("sft", settings={"tags": "reasoning"}).prompt_name == "xml"
    with pytest.raises(UserError, match="asks for 'think'"):
        load("sft", settings={"tags": "reasoning", "prompt": "reasoning"})


def test_the_switches_are_shown_at_their_defaults() -> None:
    assert as_table(load("rloo"))["advantages"] == "leave-one-out"
    assert as_table(load("sft"))["tags"] == "think"
    assert "advantages" not in as_table(load("grpo"))


def test_settings_find_their_table() -> None:
    found = load(
        "rloo",
        settings={
            "alpha": "0.4",
            "learning_rate": "2e-6",
            "lora.r": "8",
            "seed": "3",
            "lr_scheduler_type": "cosine",
            "rewards.length_penalty.weight": "0.5",
        },
    )
    assert found.rewards["concise_correctness"] == {"alpha": 0.4}
    assert found.rewards["length_penalty"] == {"weight": 0.5}
    assert found.trainer["learning_rate"] == 2e-6
    assert found.trainer["lr_scheduler_type"] == "cosine"
    assert found.lora is not None
    assert (found.lora.r, found.seed) == (8, 3)


def test_what_is_refused() -> None:
    with pytest.raises(UnknownName, match="did you mean grpo"):
        load("gppo")
    with pytest.raises(UnknownName, match="recipe of sft"):
        load("sft", "s2")
    with pytest.raises(UnknownName, match=r"lora: 'rank'"):
        load("sft", settings={"lora.rank": "8"})
    with pytest.raises(ConfigError, match="both have it"):
        load("grpo", settings={"mended": "false"})
    with pytest.raises(ConfigError, match="takes no rewards"):
        load("sft", settings={"rewards.correctness.weight": "1"})
    with pytest.raises(ConfigError, match="tags"):
        load("sft", settings={"tags": "thought"})


def test_a_recipe_without_a_reward_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('description = "mine"\n')
    with pytest.raises(ConfigError, match="needs a reward"):
        load("grpo", str(path))
    assert recipe.load("sft", str(path)).name == "mine"
