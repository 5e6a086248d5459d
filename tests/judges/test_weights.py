"""Weights of a jury's members."""

from __future__ import annotations

import math
import random

import pytest

from judgekit.errors import UserError
from judgekit.judges.weights import dawid_skene, from_labels


def test_from_labels() -> None:
    labels = [True] * 10 + [False] * 10
    verdicts = [True] * 9 + [False] + [False] * 8 + [True] * 2
    found = from_labels(verdicts, labels)
    assert found.sensitivity == pytest.approx(9.5 / 11)
    assert found.specificity == pytest.approx(8.5 / 11)
    assert found.weight == pytest.approx(math.log(9 / 11 / (2 / 11)))
    assert from_labels([None] * 20, labels).weight == 0


def test_a_coin_weighs_nothing_and_a_liar_less() -> None:
    labels = [True, False] * 50
    assert from_labels([True] * 100, labels).weight == pytest.approx(0, abs=1e-9)
    assert from_labels([not label for label in labels], labels).weight < -3


def test_agreement_alone_finds_who_is_reliable() -> None:
    draw = random.Random(3)
    truth = [draw.random() < 0.6 for _ in range(2000)]
    rates = [(0.95, 0.9), (0.8, 0.7), (0.7, 0.75), (0.6, 0.9)]
    verdicts: list[list[bool | None]] = []
    for sensitivity, specificity in rates:
        member: list[bool | None] = []
        for right in truth:
            agrees = draw.random() < (sensitivity if right else specificity)
            member.append(None if draw.random() < 0.1 else (right if agrees else not right))
        verdicts.append(member)
    found = dawid_skene(verdicts)
    for (sensitivity, specificity), member in zip(rates, found.members, strict=True):
        assert member.sensitivity == pytest.approx(sensitivity, abs=0.05)
        assert member.specificity == pytest.approx(specificity, abs=0.06)
    assert found.prevalence == pytest.approx(0.6, abs=0.05)
    right = sum((p > 0.5) == t for p, t in zip(found.posterior, truth, strict=True))
    assert right / len(truth) > 0.9


def test_two_members_are_too_few() -> None:
    with pytest.raises(UserError, match="at least 3 members"):
        dawid_skene([[True], [False]])
