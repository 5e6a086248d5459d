"""Test-time scaling metrics and calibration."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.analysis.confidence import auroc, calibration
from judgekit.analysis.scaling import Point, control, pareto, performance, scaling, vote_curve

FAMILY = [Point(1000, 0.2), Point(2000, 0.4), Point(4000, 0.5)]


class TestScaling:
    def test_s1_metrics(self) -> None:
        limits = [(0, 2500), (500, 2500), (0, 2500)]
        assert control([point.tokens for point in FAMILY], limits) == pytest.approx(2 / 3)
        slopes = [0.2 / 1000, 0.3 / 3000, 0.1 / 2000]
        assert scaling(FAMILY) == pytest.approx(sum(slopes) / 3)
        assert scaling(list(reversed(FAMILY))) == scaling(FAMILY)
        assert performance(FAMILY) == 0.5

    def test_too_few_runs(self) -> None:
        assert scaling(FAMILY[:1]) is None
        assert scaling([Point(5, 0.1), Point(5, 0.2)]) is None
        with pytest.raises(ValueError):
            control([], [])

    @given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=12))
    def test_the_frontier_is_what_nothing_beats(self, drawn: list[tuple[int, int]]) -> None:
        points = [Point(float(t), a / 9) for t, a in drawn]
        beaten = [
            any(q.tokens <= p.tokens and q.accuracy >= p.accuracy and q != p for q in points)
            for p in points
        ]
        frontier = {points[i] for i in pareto(points)}
        assert frontier == {p for p, b in zip(points, beaten, strict=True) if not b}
        assert len(pareto(points)) == len(frontier)

    def test_vote_curve(self) -> None:
        table = pd.DataFrame(
            {
                "id": ["a"] * 4 + ["b"] * 5,
                "reason": ["correct", "wrong", "correct", "wrong"] * 2 + ["wrong"],
                "extracted": ["1", "2", "1", "3"] * 2 + ["4"],
            }
        )
        curve = vote_curve(table)
        assert list(curve) == [1, 2, 4]
        assert curve[1]["pass@1"].value == curve[1]["maj@1"].value == pytest.approx(0.45)
        assert curve[4]["pass@4"].value == 1.0
        assert vote_curve(table.iloc[:0]) == {}


class TestConfidence:
    def test_a_perfect_judge(self) -> None:
        found = calibration([1.0, 1.0, 0.0], [True, True, False])
        assert (found.ece, found.brier, found.auroc) == (0, 0, 1)

    def test_by_hand(self) -> None:
        found = calibration([0.95, 0.9, 0.15, None], [1, 0, 0, 1])
        assert (found.n, found.missing) == (3, 1)
        assert found.ece == pytest.approx((2 * abs(0.5 - 0.925) + 0.15) / 3)
        assert found.brier == pytest.approx((0.05**2 + 0.9**2 + 0.15**2) / 3)
        assert found.auroc == 1.0
        assert [(each.n, round(each.low, 1)) for each in found.bins] == [(1, 0.1), (2, 0.9)]

    def test_nothing_to_say(self) -> None:
        assert calibration([None], [1]).ece is None
        assert calibration([0.5, 0.5], [1, 1]).auroc is None
        with pytest.raises(ValueError):
            calibration([1.2], [1])

    @given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=30))
    def test_auroc_equals_counting_pairs(self, drawn: list[tuple[int, bool]]) -> None:
        right = [score for score, ok in drawn if ok]
        wrong = [score for score, ok in drawn if not ok]
        found = auroc([score for score, _ in drawn], [ok for _, ok in drawn])
        if not right or not wrong:
            assert found is None
        else:
            pairs = [(a > b) + (a == b) / 2 for a in right for b in wrong]
            assert found == pytest.approx(np.mean(pairs))
