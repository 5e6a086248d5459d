"""A judge's report card, against published examples and other implementations."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any

import pytest

from judgekit.audit.agreement import bootstrap, cohen, fleiss, krippendorff
from judgekit.audit.report_card import (
    Rated,
    auroc,
    by_group,
    calibration,
    length_group,
    report_card,
)
from judgekit.audit.versus import mcnemar
from judgekit.records import Cost, Outcome, Verdict


def rated(says: Outcome, label: bool, cluster: Any = None, **more: Any) -> Rated:
    groups = more.pop("groups", {})
    return Rated(Verdict("j", says, **more), label, cluster, groups)


def rows(tp: int, fp: int, fn: int, tn: int, undecided: int = 0) -> list[Rated]:
    found = [rated("correct", True)] * tp + [rated("correct", False)] * fp
    found += [rated("incorrect", True)] * fn + [rated("incorrect", False)] * tn
    found += [rated("undecided", True)] * undecided
    return [Rated(r.verdict, r.label, number) for number, r in enumerate(found)]


def test_rates_and_counts() -> None:
    card = report_card(rows(40, 10, 5, 45, undecided=25))
    assert card.confusion == (40, 10, 5, 45)
    assert (card.rows, card.undecided) == (125, 25)
    assert card.decided.value == 0.8
    assert card.accuracy.value == 0.85
    assert card.precision.value == 0.8
    assert card.recall.value == pytest.approx(40 / 45)
    assert card.specificity.value == pytest.approx(45 / 55)
    assert card.f1.value == pytest.approx(80 / 95)
    assert card.balanced_accuracy.value == pytest.approx((40 / 45 + 45 / 55) / 2)
    assert card.kappa.value == pytest.approx(0.7)
    for measured in (card.f1, card.kappa, card.alpha, card.balanced_accuracy):
        assert measured.low < measured.value < measured.high
    assert card.accuracy.low < 0.85 < card.accuracy.high


def test_a_judge_that_always_says_correct_has_no_kappa_to_speak_of() -> None:
    card = report_card(rows(50, 50, 0, 0))
    assert card.kappa.value == 0
    assert card.recall.value == 1.0
    assert card.recall.low < 1.0
    assert card.specificity.value == 0.0


def test_no_rows_and_only_undecided() -> None:
    for given in ([], rows(0, 0, 0, 0, undecided=3)):
        card = report_card(given)
        assert card.accuracy.value is None
        assert (card.accuracy.low, card.accuracy.high) == (0.0, 1.0)
        assert math.isnan(card.f1.value)
        assert card.calibration is None


def test_what_was_overruled_is_counted_and_whether_it_was_right_to() -> None:
    given = [
        rated("incorrect", False, 1, claim="correct", flags=("overruled",)),
        rated("undecided", True, 2, claim="correct", flags=("overruled",)),
        rated("undecided", True, 3, flags=("unparsed",)),
        rated("correct", True, 4, cost=Cost(2, 100, 20, 1.5)),
    ]
    card = report_card(given)
    assert (card.overruled, card.overruled_rightly, card.unparsed) == (2, 1, 1)
    assert (card.alone.value, card.alone.n) == (2 / 3, 3)
    bill = card.bill
    assert (bill.asked, bill.calls) == (1, 2)
    assert (bill.prompt_tokens + bill.completion_tokens, bill.seconds) == (120, 1.5)


def test_kappa_of_cohens_example() -> None:
    # Two readers of 50 proposals: 20 both yes, 5 only A, 10 only B, 15 both no; kappa 0.4.
    a = [True] * 25 + [False] * 25
    b = [True] * 20 + [False] * 5 + [True] * 10 + [False] * 15
    assert cohen(a, b, range(50)).value == pytest.approx(0.4)


def test_alpha_of_krippendorffs_example() -> None:
    # Krippendorff (2011), nominal data, four observers and twelve units: alpha 0.743.
    table = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
        [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
    ]
    found = krippendorff(list(zip(*table, strict=True)), range(12))
    assert found.value == pytest.approx(0.743, abs=5e-4)
    assert found.low < found.value < found.high


def test_kappa_of_fleiss_on_a_known_table() -> None:
    table = [
        (0, 0, 0, 0, 14),
        (0, 2, 6, 4, 2),
        (0, 0, 3, 5, 6),
        (0, 3, 9, 2, 0),
        (2, 2, 8, 1, 1),
        (7, 7, 0, 0, 0),
        (3, 2, 6, 3, 0),
        (2, 5, 3, 2, 2),
        (6, 5, 2, 1, 0),
        (0, 2, 2, 3, 7),
    ]
    ratings = [[c for c, n in enumerate(row) for _ in range(n)] for row in table]
    assert fleiss(ratings, range(10)).value == pytest.approx(0.210, abs=5e-4)
    with pytest.raises(ValueError, match="same number of ratings"):
        fleiss([[1, 2], [1, None]], range(2))


def test_alpha_and_kappa_are_undefined_where_nobody_ever_differs() -> None:
    assert math.isnan(krippendorff([(1, 1)] * 5, range(5)).value)
    assert math.isnan(cohen([True] * 5, [True] * 5, range(5)).value)


def test_a_bootstrap_over_problems_is_wider_than_one_over_rows() -> None:
    draw = random.Random(1)
    given = [(1.0 if draw.random() < 0.5 else 0.0, p) for p in range(40)]
    repeated = [(value, 1.0) for value, _ in given for _ in range(5)]
    problems = [p for _, p in given for _ in range(5)]

    def mean(cells: Any) -> Any:
        return cells[..., 0] / cells[..., 1]

    clustered = bootstrap(repeated, problems, mean)
    naive = bootstrap(repeated, range(200), mean)
    assert clustered.value == naive.value
    assert clustered.high - clustered.low > 1.8 * (naive.high - naive.low)


def test_mcnemar_is_the_exact_binomial_test() -> None:
    from scipy.stats import binomtest

    for b, c in ((0, 0), (1, 5), (12, 3), (7, 7), (100, 140)):
        expected = binomtest(b, b + c).pvalue if b + c else 1.0
        one = [rated("correct" if i < b else "incorrect", True, i) for i in range(b + c + 5)]
        other = [
            rated("correct" if b <= i < b + c else "incorrect", True, i) for i in range(b + c + 5)
        ]
        between = mcnemar(one, other)
        assert between.p == pytest.approx(expected)
        assert between.low < between.difference < between.high  # never a point
    first, second = rows(40, 10, 5, 45), rows(40, 10, 5, 45)
    second[0] = rated("incorrect", True, 0)
    second[45] = Rated(Verdict("k", "undecided"), False, 45)
    found = mcnemar(first, second)
    assert (found.rows, found.only_first, found.only_second) == (100, 1, 0)
    assert found.difference == pytest.approx(0.01)
    with pytest.raises(ValueError, match="not asked about the same rows"):
        mcnemar(first, second[1:])


def test_rows_of_one_problem_count_once_between_judges() -> None:
    right = [rated("correct", True, number // 6) for number in range(30)]
    wrong = [rated("incorrect", True, number // 6) for number in range(30)]
    found = mcnemar(right[:6] + right[6:], wrong[:6] + right[6:])
    assert (found.only_first, found.only_second) == (6, 0)
    assert found.p == 1.0  # one problem of five says nothing, however many rows it has


def test_calibration_of_a_judge_that_means_what_it_says() -> None:
    draw = random.Random(5)
    honest, boastful = [], []
    for number in range(4000):
        confidence = 0.5 + draw.random() / 2
        right = draw.random() < confidence
        says: Outcome = "correct" if right else "incorrect"
        honest.append(rated(says, True, number, confidence=confidence))
        boastful.append(rated(says, True, number, confidence=0.99))
    good, bad = calibration(honest), calibration(boastful)
    assert good is not None
    assert bad is not None
    assert good.ece < 0.03
    assert bad.ece == pytest.approx(0.24, abs=0.03)
    assert good.brier < bad.brier
    assert len(good.bins) == 10
    assert {bin.agreeing.n for bin in good.bins} == {400}
    assert len(bad.bins) == 1
    assert good.auroc > 0.65
    assert bad.auroc == 0.5


def test_auroc_is_mann_and_whitneys() -> None:
    from scipy.stats import mannwhitneyu

    draw = random.Random(2)
    positive = [draw.random() < 0.4 for _ in range(60)]
    scores = [round(draw.random() + 0.3 * yes, 1) for yes in positive]
    ups = [s for s, yes in zip(scores, positive, strict=True) if yes]
    downs = [s for s, yes in zip(scores, positive, strict=True) if not yes]
    u = mannwhitneyu(ups, downs).statistic
    assert auroc(scores, positive) == pytest.approx(u / (len(ups) * len(downs)))
    assert math.isnan(auroc([0.1], [True]))


def test_by_group() -> None:
    given = [rated("correct", True, i, groups={"kind": "math"}) for i in range(3)]
    given += [rated("correct", False, i, groups={"kind": "text"}) for i in range(2)]
    cards = by_group(given, "kind")
    assert [(kind, card.rows, card.accuracy.value) for kind, card in cards.items()] == [
        ("math", 3, 1.0),
        ("text", 2, 0.0),
    ]
    assert length_group("x" * 499) == "under 500"
    assert length_group("x" * 4000) == "4000 or more"


def test_the_recorded_judges_against_people(shared_data: Path) -> None:
    """Published agreement on these sets: DeepSeek-V3 94.0 % and 89.5 %, Qwen2.5-7B 91.1 %."""
    published = [
        ("gpqa_diamond_human", "judge_deepseek_v3", 0.94),
        ("gpqa_diamond_human", "judge_qwen25_7b", 0.911),
        ("mmlu_pro_human", "judge_deepseek_v3", 0.895),
    ]
    for name, column, expected in published:
        lines = (shared_data / "labelled" / f"{name}.jsonl").read_text().splitlines()
        given = []
        for row in map(json.loads, lines):
            if row.get(column) is not None:
                says: Outcome = "correct" if row[column] else "incorrect"
                given.append(rated(says, row["label"], row["question"]))
        card = report_card(given)
        assert card.accuracy.value == pytest.approx(expected, abs=0.02)
        assert card.accuracy.low <= expected <= card.accuracy.high
        assert card.kappa.low < card.kappa.value < card.kappa.high
