"""Rewards on length against values computed by hand."""

from __future__ import annotations

import math

import pytest

from judgekit.errors import UserError
from judgekit.rewards import concise_correctness, length_penalty, length_target


def ids(*lengths: int) -> list[list[int]]:
    return [[0] * length for length in lengths]


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def test_soft_overlong() -> None:
    lengths = ids(0, 383, 384, 448, 512, 9999)
    rewards = length_penalty(["q"] * 6, [""] * 6, completion_ids=lengths)
    assert rewards == [0, 0, 0, -0.5, -1, -1]


def test_concise_is_relative_to_the_correct_replies_of_the_same_prompt() -> None:
    prompts = ["1+3?"] * 4 + ["2+2?"] * 2
    texts = ["The answer is 4."] * 3 + ["The answer is 5."] + ["The answer is 4."] * 2
    rewards = concise_correctness(
        prompts, texts, alpha=0.4, gold=["4"] * 6, completion_ids=ids(10, 20, 30, 1, 70, 70)
    )
    z = 10 / math.sqrt(200 / 3)  # the population deviation of 10, 20, 30
    assert rewards[:3] == pytest.approx([1 - 0.4 * sigmoid(-z), 0.8, 1 - 0.4 * sigmoid(z)])
    assert rewards[3] == 0.0
    assert rewards[4:] == pytest.approx([0.8, 0.8])  # equally long: z is 0


def test_concise_of_a_lone_correct_reply_and_without_penalty() -> None:
    question, text, lengths = ["1+3?"], ["The answer is 4."], ids(5)
    assert concise_correctness(
        question, text, alpha=0.2, gold=["4"], completion_ids=lengths
    ) == pytest.approx([0.9])
    assert concise_correctness(
        question * 2, text * 2, alpha=0.0, gold=["4"] * 2, completion_ids=ids(5, 900)
    ) == [1.0, 1.0]


def test_concise_unfinished_is_wrong_and_does_not_count_as_correct() -> None:
    rewards = concise_correctness(
        ["1+3?"] * 3,
        ["The answer is 4."] * 3,
        alpha=0.4,
        gold=["4"] * 3,
        completion_ids=ids(10, 10, 500),
        finished=[True, True, False],
    )
    assert rewards == pytest.approx([0.8, 0.8, 0.0])


def test_concise_leaves_out_what_is_not_proven() -> None:
    rewards = concise_correctness(
        ["q"] * 2, ["It is about justice."] * 2, gold=["Mercy", None], completion_ids=ids(3, 3)
    )
    assert rewards == [None, None]


def test_length_target_by_level() -> None:
    rewards = length_target(
        ["q"] * 4,
        [""] * 4,
        short=100,
        medium=200,
        long=400,
        length=["short", "short", "medium", "long"],
        completion_ids=ids(100, 150, 500, 400),
    )
    assert rewards == [0, -0.5, -1, 0]
    assert length_target(["q"], [""], short=50, level="short", completion_ids=ids(75)) == [-0.5]


def test_bad_options_are_one_line() -> None:
    with pytest.raises(UserError, match="needs the replies' tokens"):
        length_penalty(["q"], ["a"])
    with pytest.raises(UserError, match="soft = 600"):
        length_penalty(["q"], ["a"], soft=600, completion_ids=ids(1))
    with pytest.raises(UserError, match="alpha"):
        concise_correctness(["q"], ["a"], alpha=1.5, gold=["1"], completion_ids=ids(1))
    with pytest.raises(UserError, match="short = 0"):
        length_target(["q"], ["a"], short=0, completion_ids=ids(1))
    with pytest.raises(UserError, match="'tiny' is none"):
        length_target(["q"], ["a"], length=["tiny"], completion_ids=ids(1))
