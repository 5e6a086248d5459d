"""Paired comparisons: tests equal their textbook forms, intervals cover, power comes true."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from judgekit.analysis.compare import (
    compare,
    difference_interval,
    holm,
    over_seeds,
    sign_flip_p,
)
from judgekit.analysis.intervals import tango, tango_score


def frame(right: Any, ids: Any = None) -> pd.DataFrame:
    """Rows from a matrix problems x samples of rights."""
    matrix = np.atleast_2d(np.asarray(right, dtype=bool).T).T
    n, k = matrix.shape
    names = [f"q{i}" for i in range(n)] if ids is None else ids
    return pd.DataFrame(
        {
            "id": np.repeat(names, k),
            "sample": np.tile(np.arange(k), n),
            "reason": np.where(matrix.ravel(), "correct", "wrong"),
        }
    )


class TestTests:
    @given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 20))
    @settings(max_examples=60, deadline=None)
    def test_single_samples_give_mcnemars_exact_test(
        self, gained: int, lost: int, same: int
    ) -> None:
        differences = [1.0] * gained + [-1.0] * lost + [0.0] * same
        expected = stats.binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
        assert sign_flip_p(differences) == pytest.approx(expected)

    @given(st.lists(st.integers(-4, 4), min_size=1, max_size=8))
    @settings(max_examples=60, deadline=None)
    def test_several_samples_equal_enumeration(self, quarters: list[int]) -> None:
        seen = abs(sum(quarters))
        flips = [
            abs(sum(sign * q for sign, q in zip(signs, quarters, strict=True)))
            for signs in product((1, -1), repeat=len(quarters))
        ]
        expected = sum(total >= seen for total in flips) / len(flips)
        assert sign_flip_p([q / 4 for q in quarters], 4) == pytest.approx(expected)

    def test_large_tables_are_drawn(self) -> None:
        rng = np.random.default_rng(0)
        differences = rng.integers(-1000, 1001, 300) / 1009
        drawn = sign_flip_p(differences, 1009 * 997)
        error = float(np.sqrt((differences**2).sum()))
        expected = 2 * stats.norm.sf(abs(differences.sum()) / error)
        assert drawn == pytest.approx(expected, abs=0.03)

    def test_no_difference_is_no_evidence(self) -> None:
        assert sign_flip_p([0.0, 0.0]) == sign_flip_p([]) == 1.0

    def test_holm(self) -> None:
        assert holm([0.04, 0.01, 0.03, 0.005]) == pytest.approx([0.06, 0.03, 0.06, 0.02])
        assert holm([0.9, 0.8]) == [1.0, 1.0]
        assert holm([]) == []


class TestIntervals:
    @pytest.mark.parametrize("n", [200, 500])
    @pytest.mark.parametrize("correlation", [0.0, 0.5, 0.8])
    @pytest.mark.parametrize("better", [0.0, 0.05])
    def test_single_samples_cover_exactly(self, n: int, correlation: float, better: float) -> None:
        """Summed over all tables of n pairs that can occur, mean over p from 0.1 to 0.9."""
        gained, lost = np.indices((n + 1, n + 1)).reshape(2, -1)
        gained, lost = (each[gained + lost <= n] for each in (gained, lost))
        coverage = []
        for p in np.linspace(0.1, 0.9, 9):
            q = p + better
            both = min(p, p * q + correlation * np.sqrt(p * (1 - p) * q * (1 - q)))
            gain, loss = q - both, p - both
            weight = stats.binom.pmf(gained, n, gain)
            weight *= stats.binom.pmf(lost, n - gained, loss / (1 - gain))
            likely = weight > 1e-7
            z = [
                tango_score(b, c, n, better)
                for b, c in zip(gained[likely].tolist(), lost[likely].tolist(), strict=True)
            ]
            coverage.append(weight[likely][np.abs(z) <= stats.norm.ppf(0.975)].sum())
        assert 0.945 <= np.mean(coverage) <= 0.96

    @given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40))
    @settings(max_examples=60, deadline=None)
    def test_tangos_limits_are_what_its_test_just_rejects(self, b: int, c: int, same: int) -> None:
        n = b + c + same
        low, high = tango(b, c, n)
        if n == 0:
            assert (low, high) == (-1, 1)
            return
        assert -1 <= low <= (b - c) / n <= high <= 1
        assert low < high
        for limit, sign in ((low, 1), (high, -1)):
            if abs(limit) < 1 - 1e-9:
                assert tango_score(b, c, n, limit) == pytest.approx(sign * 1.959964, abs=1e-4)
        if b + c:  # the textbook form of the same test at no difference
            assert tango_score(b, c, n, 0) == pytest.approx((b - c) / np.sqrt(b + c))
        assert tango(c, b, n) == pytest.approx((-high, -low))

    def test_tango_as_published(self) -> None:
        # Airway reactivity in 21 children, as Fagerland, Lydersen and Laake 2014 work it out.
        assert difference_interval([1.0] + [-1.0] * 7 + [0.0] * 13, 1)[:2] == pytest.approx(
            (-0.517, -0.026), abs=5e-4
        )

    def test_runs_that_agree_everywhere_are_not_known_to_be_equal(self) -> None:
        low, high, _ = difference_interval([0.0] * 20, 1)
        assert low < -0.05
        assert high > 0.05
        low, high, _ = difference_interval([0.0] * 20, 4)
        assert low < 0 < high

    @pytest.mark.parametrize("samples", [1, 4])
    def test_they_cover(self, samples: int) -> None:
        rng = np.random.default_rng(samples)
        covered = 0
        for _ in range(500):
            chance = rng.beta(1, 1.5, 60)
            better = np.clip(chance + 0.08, 0, 1)
            a = rng.binomial(samples, chance) / samples
            b = rng.binomial(samples, better) / samples
            low, high, _ = difference_interval(b - a, samples)
            covered += low <= float(np.mean(better - chance)) <= high
        # The problems are drawn too, so that the mean of these 60 is covered a little more often.
        assert covered / 500 >= 0.93


class TestCompare:
    def test_flips_and_common_problems(self) -> None:
        a = frame([1, 1, 0, 0], ["p", "q", "r", "s"])
        b = frame([1, 0, 1, 1, 1], ["p", "q", "r", "s", "t"])
        found = compare(a, b)
        assert (found.n, found.only_a, found.only_b) == (4, 0, 1)
        assert (found.gained, found.lost) == (("r", "s"), ("q",))
        assert found.accuracy == (0.5, 0.75)
        assert (found.difference, found.test) == (0.25, "exact McNemar")
        assert found.low < found.difference < found.high

    def test_what_is_open_could_turn_out_either_way(self) -> None:
        a, b = frame([1, 0, 0, 0]), frame([1, 1, 0, 0])
        a.loc[1, "reason"], a.loc[2, "reason"], b.loc[3, "reason"] = "undecided", "failed", "failed"
        found = compare(a, b)
        assert (found.open, found.difference, found.band) == ((2, 1), 0.25, (-0.25, 0.5))
        closed = compare(frame([1, 0]), frame([1, 1]))
        assert (closed.open, closed.band) == ((0, 0), (0.5, 0.5))

    def test_nothing_in_common(self) -> None:
        with pytest.raises(ValueError, match="no problem in common"):
            compare(frame([1], ["a"]), frame([1], ["b"]))

    def test_several_samples(self) -> None:
        rng = np.random.default_rng(2)
        chance = rng.random(100)[:, None]
        a, b = rng.random((100, 4)) < chance, rng.random((100, 8)) < np.minimum(chance + 0.2, 1)
        found = compare(frame(a), frame(b))
        assert found.samples == (4, 8)
        assert found.test == "paired permutation"
        assert found.p < 0.001
        assert found.low < 0.17 < found.high
        # More samples help, but the spread between problems stays.
        few, many = found.problems_needed(0.02, 1), found.problems_needed(0.02, 64)
        assert few is not None
        assert many is not None
        assert few > found.problems_needed(0.02, 8) > many > 2  # type: ignore[operator]

    def test_single_samples_cannot_tell_what_more_would_bring(self) -> None:
        found = compare(frame([1, 0, 1, 0]), frame([1, 1, 0, 0]))
        assert found.problems_needed(0.02, 8) is None
        assert found.problems_needed(0.02) == found.problems_needed(0.02, 1)

    def test_the_power_comes_true(self) -> None:
        rng = np.random.default_rng(4)

        def outcome(n: int) -> tuple[pd.DataFrame, pd.DataFrame]:
            a = rng.random(n) < 0.5
            flip = rng.random(n)
            return frame(a), frame(np.where(flip < 0.15, True, np.where(flip < 0.2, False, a)))

        # P(gain) = .075, P(loss) = .025: a difference of .05 with a variance of .0975.
        needed = compare(*outcome(20_000)).problems_needed(0.05)
        assert needed == pytest.approx(306, rel=0.1)
        assert needed is not None
        seen = np.mean([compare(*outcome(needed)).p < 0.05 for _ in range(150)])
        assert 0.65 <= seen <= 0.9  # the exact test is a little weaker than the normal formula

    def test_equivalence(self) -> None:
        rng = np.random.default_rng(6)
        a = rng.random(3000) < 0.6
        b = np.where(rng.random(3000) < 0.02, ~a, a)
        same = compare(frame(a), frame(b))
        assert same.equivalent(0.02) < 0.05
        assert same.not_worse(0.02) < 0.05
        # The test and the interval are one: p is 5 % where the margin just holds the 90 % interval.
        ninety = compare(frame(a), frame(b), 0.9)
        margin = max(-ninety.low, ninety.high)
        assert same.equivalent(margin) == pytest.approx(0.05, abs=1e-6)
        small = compare(frame(a[:40]), frame(b[:40]))
        assert small.equivalent(0.02) > 0.05

    def test_seeds(self) -> None:
        found = over_seeds(frame([[1, 0], [1, 0], [1, 1]]))
        assert found["mean"] == pytest.approx(2 / 3)
        assert found["std"] == pytest.approx(np.std([1, 1 / 3], ddof=1))
        assert np.isnan(over_seeds(frame([1, 0]))["std"])
