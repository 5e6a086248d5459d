"""The guarantee, its counts, and its coverage by simulation."""

from __future__ import annotations

import random

import pytest

from judgekit.errors import UserError
from judgekit.judges.calibrate import (
    Judged,
    calibrate,
    calibrate_cascade,
    decides,
    labels_needed,
    upper_bound,
)


def test_how_many_labels_it_takes() -> None:
    assert [labels_needed(alpha, 0.05) for alpha in (0.1, 0.05, 0.02)] == [29, 59, 149]
    for alpha in (0.1, 0.05):
        for wrong in (0, 1, 3):
            rows = labels_needed(alpha, 0.05, wrong)
            assert upper_bound(wrong, rows, 0.05) <= alpha < upper_bound(wrong, rows - 1, 0.05)


def test_the_bound_is_the_exact_binomial_one() -> None:
    from scipy.stats import binom

    for wrong, rows in ((0, 10), (1, 46), (5, 100), (99, 100)):
        bound = upper_bound(wrong, rows, 0.05)
        assert binom.cdf(wrong, rows, bound) == pytest.approx(0.05, abs=1e-9)
    assert upper_bound(3, 3, 0.05) == upper_bound(0, 0, 0.05) == 1.0


def test_it_goes_down_until_the_first_failure_and_keeps_the_last_that_passed() -> None:
    sure = [Judged(0.9 + i / 1000, True) for i in range(60)]
    doubtful = [Judged(0.5 + i / 1000, i % 2 == 0) for i in range(20)]
    late = [Judged(0.1, True)] * 500
    found = calibrate([*late, *doubtful, *sure])
    assert found.threshold is not None
    assert 0.5 < found.threshold <= 0.9
    *passed, failed = found.steps
    assert all(step.bound <= 0.1 for step in passed)
    assert failed.bound > 0.1
    assert found.decided == pytest.approx(passed[-1].rows / 580)
    assert "did; it decides" in found.sentence


def test_rows_of_one_confidence_stand_or_fall_together() -> None:
    rows = [Judged(1.0, True)] * 50 + [Judged(2 / 3, i % 3 > 0) for i in range(50)]
    found = calibrate(rows)
    assert found.threshold == 1.0
    assert [step.rows for step in found.steps] == [50, 100]


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([], "No verdict has a confidence"),
        ([Judged(None, True)] * 100, "No verdict has a confidence"),
        ([Judged(1.0, True)] * 28, "at least 29 labelled rows"),
        ([Judged(1.0, i > 10) for i in range(100)], "No threshold is enough"),
    ],
)
def test_where_no_threshold_is_enough_it_says_why(rows: list[Judged], sentence: str) -> None:
    found = calibrate(rows)
    assert found.threshold is None
    assert found.decided == 0
    assert sentence in found.sentence


def test_a_cascade_shares_delta_and_hands_on_what_is_left() -> None:
    cheap = [Judged(0.95 if i < 60 else 0.4, i < 60 or i % 2 == 0) for i in range(200)]
    dear = [Judged(0.9, True)] * 200
    first, second = calibrate_cascade([cheap, dear])
    assert (first.threshold, second.threshold) == (0.95, 0.9)
    assert (first.delta, second.rows) == (0.025, 140)
    assert decides(cheap[0], first.threshold)
    assert not decides(cheap[100], first.threshold)
    with pytest.raises(UserError, match="every labelled row"):
        calibrate_cascade([cheap, dear[:3]])


@pytest.mark.parametrize("alpha", [0.0, 1.0, -1.0])
def test_what_alpha_cannot_be(alpha: float) -> None:
    with pytest.raises(UserError, match="between 0 and 1"):
        calibrate([], alpha=alpha)


def test_the_guarantee_holds_in_simulation() -> None:
    """Error rises as confidence falls; the true error above the threshold may pass alpha in at most
    delta of the draws (here 400 draws: up to 0.05 + 2.5 standard errors)."""
    draw = random.Random(0)
    alpha, delta, broken, found = 0.1, 0.05, 0, 0

    def error(confidence: float) -> float:
        return 0.32 * (1 - confidence)

    for _ in range(400):
        rows = []
        for _ in range(300):
            confidence = draw.random()
            rows.append(Judged(confidence, draw.random() >= error(confidence)))
        threshold = calibrate(rows, alpha, delta).threshold
        found += threshold is not None
        # Confidence is uniform: the mean error above t is that at the middle of [t, 1].
        broken += threshold is not None and error((1 + threshold) / 2) > alpha
    assert found > 200
    assert broken / 400 <= delta + 2.5 * (delta * (1 - delta) / 400) ** 0.5
