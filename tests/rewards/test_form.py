"""The published form rewards, value by value, and their mended twins."""

from __future__ import annotations

from typing import Any

import pytest

from judgekit.rewards import (
    integer_answer,
    soft_format,
    strict_format,
    written,
    xml_count,
    xml_repetition_penalty,
)

PERFECT = "<reasoning>\n2 + 2 = 4\n</reasoning>\n<answer>\n4\n</answer>\n"


def one(reward: Any, text: str, **options: Any) -> float:
    (value,) = reward(["q"], [text], **options)
    (chat,) = reward([[]], [[{"role": "assistant", "content": text}]], **options)
    assert value == chat
    return float(value)


def test_a_reply_written_by_us_is_perfect_for_every_form_reward() -> None:
    assert written(" 2 + 2 = 4\n", "4", "reasoning") == PERFECT
    for tags in ("think", "reasoning"):
        reply = written("2 + 2\n= 4", "4", tags)
        assert one(soft_format, reply, tags=tags) == 0.5
        assert one(strict_format, reply, tags=tags) == 0.5
        assert one(xml_count, reply, tags=tags) == 0.5
        assert one(integer_answer, reply) == 0.5
        assert one(xml_repetition_penalty, reply, tags=tags) == 0.0


def test_the_other_tag_pair_earns_nothing() -> None:
    assert one(soft_format, PERFECT, tags="think") == 0.0
    assert one(strict_format, PERFECT, tags="think") == 0.0
    assert one(xml_count, PERFECT, tags="think") == 0.25


def test_the_trap_of_the_published_count() -> None:
    """A perfect reply is charged for all of its characters where it ends in </answer>."""
    reply = f"<reasoning>\n{'x' * 900}\n</reasoning>\n<answer>\n4\n</answer>"
    published = 0.5 - 0.001 * len(reply) + 0.001
    assert one(xml_count, reply) == pytest.approx(published)
    assert one(xml_count, reply) == pytest.approx(-0.45, abs=0.005)
    assert one(xml_count, reply + "\n") == 0.5
    assert one(xml_count, reply, mended=True) == 0.5
    assert one(strict_format, reply) == 0.0
    assert one(strict_format, reply, mended=True) == 0.5


@pytest.mark.parametrize(
    ("reply", "published", "mended"),
    [
        ("", 0.0, 0.0),
        ("<reasoning>\n", 0.125, 0.125),
        ("x\n</reasoning>\n", 0.125, 0.125),
        # What trails the answer is charged twice, and its line break once less.
        (PERFECT + "12345", 0.5 - 0.005 - 0.005, 0.5 - 0.01),
        # A tag twice is no tag, and each half of the pair is counted by itself.
        (PERFECT.replace("<reasoning>\n", "<reasoning>\n<reasoning>\n"), 0.375, 0.375),
        # An answer that is not closed: the whole text trails it, in the published form.
        ("x\n<answer>\n4", 0.125 - 0.012, 0.125),
        ("x\n</answer>", 0.125 + 0.001, 0.125),
    ],
)
def test_count(reply: str, published: float, mended: float) -> None:
    assert one(xml_count, reply) == pytest.approx(published)
    assert one(xml_count, reply, mended=True) == pytest.approx(mended)


def test_mending_changes_nothing_where_the_line_break_is_there() -> None:
    for tail in ("", "x", "bla " * 100, "\n\n"):
        assert one(xml_count, PERFECT + tail) == pytest.approx(
            one(xml_count, PERFECT + tail, mended=True)
        )


@pytest.mark.parametrize(
    ("reply", "soft", "strict"),
    [
        (PERFECT, 0.5, 0.5),
        (PERFECT + "and more", 0.5, 0.0),
        ("Sure! " + PERFECT, 0.0, 0.0),
        ("<reasoning>a</reasoning> <answer>4</answer>", 0.5, 0.0),
        ("<answer>\n4\n</answer>\n<reasoning>\na\n</reasoning>\n", 0.0, 0.0),
        ("<reasoning>\na\nb\n</reasoning>\n\n<answer>\n4\n</answer>\n", 0.5, 0.0),
    ],
)
def test_formats(reply: str, soft: float, strict: float) -> None:
    assert (one(soft_format, reply), one(strict_format, reply)) == (soft, strict)


@pytest.mark.parametrize(
    ("reply", "value"),
    [
        ("<answer>\n42\n</answer>", 0.5),
        ("<answer>-42</answer>", 0.0),
        ("<answer>1,000</answer>", 0.0),
        ("<answer>7</answer> <answer>seven</answer>", 0.0),
        ("42", 0.5),
        ("<answer></answer>", 0.0),
    ],
)
def test_integer(reply: str, value: float) -> None:
    assert one(integer_answer, reply) == value


def test_repetition_is_bounded() -> None:
    assert one(xml_repetition_penalty, PERFECT + "<answer>") == -0.125
    assert one(xml_repetition_penalty, PERFECT * 2) == -0.5
    assert one(xml_repetition_penalty, PERFECT * 50) == -0.5
