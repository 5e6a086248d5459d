"""Rewards as the trainer calls them: bound to options, each by itself, the watched ones beside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from judgekit.errors import ConfigError, UnknownName, UserError
from judgekit.rewards import written
from judgekit.train import scoring
from judgekit.train.recipe import Recipe, load

R1 = "… enclosed within <think> </think> and <answer> </answer> tags …<|im_start|>assistant\n"


def recipe(advantages: Any = "leave-one-out", **rewards: Any) -> Recipe:
    return Recipe("mine", "rloo", rewards=rewards, advantages=advantages)


def call(weighted: scoring.Weighted, *replies: str, **columns: Any) -> list[float | None]:
    chats = [[{"role": "assistant", "content": reply}] for reply in replies]
    prompts = [[{"role": "user", "content": "What is 2 + 2?"}]] * len(replies)
    given = {"completion_ids": [[1, 2]] * len(replies), "trainer_state": object(), **columns}
    found: list[float | None] = weighted.scorer(prompts=prompts, completions=chats, **given)
    return found


def test_each_reward_has_its_name_weight_and_options() -> None:
    found = scoring.scorers(
        recipe(correctness={"weight": 2.0}, soft_format={}, xml_count={"mended": True}), R1, {2}
    )
    assert [(each.scorer.__name__, each.weight) for each in found] == [
        ("correctness", 2.0),
        ("soft_format", 1.0),
        ("xml_count", 1.0),
        ("graded_accuracy", 0.0),
        ("kept_format", 0.0),
    ]
    reply = written("2 + 2 = 4", "4", "think")
    values = [call(each, reply.rstrip(), gold=["4"]) for each in found]
    assert values == [[1.0], [0.5], [0.5], [1.0], [1.0]]  # tags and mending are the recipe's


def test_an_option_wins_over_a_column_of_the_same_name() -> None:
    (reward, *_) = scoring.scorers(recipe(soft_format={}), R1, {2})
    assert call(reward, written("a", "b", "think"), tags=["reasoning"]) == [0.5]


def test_a_reply_without_an_end_is_unfinished() -> None:
    (reward, *_) = scoring.scorers(recipe(concise_correctness={"alpha": 0.4}), R1, {2})
    reply = written("2 + 2 = 4", "4", "think")
    ids = [[1, 1, 2], [1, 1, 1]]
    assert call(reward, reply, reply, gold=["4"] * 2, completion_ids=ids) == [0.8, 0.0]


def test_what_the_template_has_opened_belongs_to_the_reply() -> None:
    (reward, _, kept) = scoring.scorers(recipe(soft_format={}), f"{R1}<think>\n", {2})
    rest = written("2 + 2 = 4", "4", "think").removeprefix("<think>\n")
    assert call(reward, rest) == [0.5]
    assert call(kept, rest) == [1.0]


def test_a_prompt_that_asks_for_no_form_has_none_watched() -> None:
    found = scoring.scorers(recipe(correctness={}), "What is 2 + 2?", {2})
    assert [each.scorer.__name__ for each in found] == ["correctness", "graded_accuracy"]


def test_what_is_watched_brings_no_reply_back_that_no_reward_scores() -> None:
    (reward, *watched) = scoring.scorers(recipe(concise_correctness={"alpha": 0.4}), R1, {2})
    replies = [written("a", "4", "think"), "It is about justice."]
    assert call(reward, *replies, gold=["4", "Mercy"]) == [0.8, None]
    assert [call(each, *replies, gold=["4", "Mercy"]) for each in watched] == [[1.0, None]] * 2
    (verdict, form, *watched) = scoring.scorers(recipe(correctness={}, soft_format={}), R1, {2})
    assert call(verdict, *replies, gold=["4", "Mercy"]) == [1.0, None]
    assert call(form, *replies) == [0.5, 0.0]
    assert call(watched[1], *replies) == [1.0, 0.0]  # the form's reward does score the second


def test_per_prompt_advantages_are_those_of_rewards_over_their_deviation() -> None:
    (_, _, _, scaled) = scoring.scorers(recipe("per-prompt", correctness={"weight": 2.0}), R1, {2})
    assert (scaled.scorer.__name__, scaled.weight) == ("scaled_reward", 1.0)
    found = scoring.scorers(recipe("per-prompt", correctness={"weight": 2.0}), R1, {2})
    assert [each.weight for each in found] == [0.0, 0.0, 0.0, 1.0]
    replies = ["The answer is 4.", "The answer is 5.", "The answer is 4.", "It is about justice."]
    golds = ["4", "4", "4", None]
    call(found[0], *replies, gold=golds)
    high = 2 / (8 / 9) ** 0.5  # rewards 2, 0, 2 and none: population deviation
    assert call(found[3], *replies, gold=golds) == [
        pytest.approx(high, rel=1e-3),
        0.0,
        pytest.approx(high, rel=1e-3),
        None,
    ]


def test_rewards_of_the_user_and_of_trl(tmp_path: Path) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text(
        "def shout(prompts, completions, *, mark='!', **columns):\n"
        "    return [float(mark in c[0]['content']) for c in completions]\n"
    )
    found = scoring.scorers(recipe(**{f"{mine}:shout": {"mark": "?"}}), R1, {2})
    assert call(found[0], "Four?", "Four!") == [1.0, 0.0]
    pytest.importorskip("trl")
    trl = {
        "trl:think_format_reward": {},
        "trl:get_soft_overlong_punishment": {"max_completion_len": 2, "soft_punish_cache": 1},
    }
    form, length, *_ = scoring.scorers(recipe(**trl), R1, {2})
    assert call(form, "<think>a</think>b", "b") == [1.0, 0.0]
    assert call(length, "b") == [-1.0]
    with pytest.raises(ConfigError, match=r"TRL refuses the options of rewards\.trl:get_soft"):
        scoring.scorers(recipe(**{"trl:get_soft_overlong_punishment": {"soft": 1}}), R1, {2})
    with pytest.raises(UnknownName, match="reward of TRL"):
        scoring.scorers(recipe(**{"trl:accuracy": {}}), R1, {2})


def test_unknown_rewards_options_and_weights_are_refused_early() -> None:
    with pytest.raises(UnknownName, match="did you mean correctness"):
        scoring.check(recipe(corectness={}))
    with pytest.raises(UnknownName, match="option of reward soft_format"):
        scoring.check(recipe(soft_format={"tag": "think"}))
    with pytest.raises(ConfigError, match="weight should be a number"):
        scoring.check(recipe(soft_format={"weight": "high"}))
    with pytest.raises(ConfigError, match=r"xml_count.mended should be like false, is 'False'"):
        scoring.check(recipe(xml_count={"mended": "False"}))
    with pytest.raises(ConfigError, match=r"alpha should be like 0.1, is '1.e-1'"):
        scoring.check(recipe(concise_correctness={"alpha": "1.e-1"}))
    with pytest.raises(UserError, match=r"alpha = 1.5 should be in"):
        scoring.check(recipe(concise_correctness={"alpha": 1.5}))
    with pytest.raises(UserError, match="short = 0"):
        scoring.check(recipe(length_target={"short": 0}))
    scoring.check(recipe(concise_correctness={"alpha": 0}, length_penalty={"soft": 64}))
    for name in ("gsm8k", "six", "r1"):
        scoring.check(load("grpo", name))
