"""Accuracy, intervals, pass@k and votes; tokens; the frame."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from judgekit.analysis.accuracy import (
    accuracy,
    accuracy_by,
    best_at_k,
    majority_at_k,
    over_problems,
    pass_at_k,
    pass_hat_k,
)
from judgekit.analysis.cost import cost
from judgekit.analysis.frame import frame, reason
from judgekit.analysis.intervals import (
    clopper_pearson,
    clustered_se,
    mean_interval,
    mean_score,
    share,
    wilson,
)
from judgekit.analysis.tokens import at_limit, loops, tokens
from judgekit.records import Cost, Grade, Loop, Problem, Response, Segment, Verdict


def rows(reasons: str, ids: str | None = None) -> pd.DataFrame:
    """A row a letter: c correct, w wrong, u undecided, f failed, - ungraded."""
    names = {"c": "correct", "w": "wrong", "u": "undecided", "f": "failed", "-": "ungraded"}
    return pd.DataFrame(
        {
            "id": list(ids) if ids else [f"q{i}" for i in range(len(reasons))],
            "reason": [names[letter] for letter in reasons],
        }
    )


class TestIntervals:
    def test_wilson_published_values(self) -> None:
        # Newcombe 1998, table I, method 3.
        for successes, n, low, high in (
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ):
            assert wilson(successes, n) == pytest.approx((low, high), abs=5e-5)

    def test_clopper_pearson_equals_scipys(self) -> None:
        for successes, n in ((0, 5), (3, 10), (10, 10)):
            expected = stats.binomtest(successes, n).proportion_ci(0.9, method="exact")
            assert clopper_pearson(successes, n, 0.9) == pytest.approx(
                (expected.low, expected.high)
            )

    def test_no_rows_and_all_alike(self) -> None:
        assert wilson(0, 0) == clopper_pearson(0, 0) == (0.0, 1.0)
        assert share([], []).value is None
        assert wilson(3, 3)[0] < 0.5
        twins = share([1.0] * 6, ["a", "a", "b", "b", "c", "c"])
        assert twins.se is None
        assert twins.low < wilson(3, 3)[0] + 1e-9

    @pytest.mark.parametrize("n", [200, 500])
    def test_wilson_covers(self, n: int) -> None:
        shares = np.arange(0.1, 0.95, 0.1)
        limits = np.array([wilson(successes, n) for successes in range(n + 1)])
        coverage = [
            stats.binom.pmf(np.arange(n + 1), n, p)[(limits[:, 0] <= p) & (p <= limits[:, 1])].sum()
            for p in shares
        ]
        assert 0.94 <= np.mean(coverage) <= 0.96

    def test_clustered_covers(self) -> None:
        rng = np.random.default_rng(1)
        covered = []
        for p in (0.1, 0.5, 0.9):
            for _ in range(200):
                chance = rng.beta(p, 1 - p, 60)
                right = rng.random((60, 4)) < chance[:, None]
                found = share(right.ravel(), np.repeat(np.arange(60), 4))
                covered.append(found.low <= p <= found.high)
        assert 0.93 <= np.mean(covered) <= 0.975

    def test_clustered_error_of_single_rows_is_the_plain_one(self) -> None:
        values = [0.0, 1.0, 1.0, 0.0, 1.0]
        assert clustered_se(values, range(5)) == pytest.approx(stats.sem(values))
        mean, low, high = mean_interval(values, range(5))
        expected = stats.t.interval(0.95, 4, loc=0.6, scale=stats.sem(values))
        assert (mean, low, high) == pytest.approx((0.6, *expected))
        assert np.isnan(mean_interval([], [])[0])
        assert np.isnan(mean_interval([2.0], ["a"])[1])

    def test_scores_vary_less_than_rights_and_wrongs(self) -> None:
        steady = mean_score([0.5, 0.52, 0.48, 0.5, 0.5])
        assert steady.high - steady.low < 0.1


class TestAccuracy:
    def test_open_rows_widen_upwards_and_downwards(self) -> None:
        found = accuracy(rows("ccccwwuf"))
        assert (found.value, found.best, found.open, found.correct) == (0.5, 0.75, 2, 4)
        assert found.low == wilson(4, 8)[0]
        assert found.high == wilson(6, 8)[1]

    def test_nothing_graded_is_no_accuracy(self) -> None:
        found = accuracy(rows("--f"))
        assert (found.value, found.best, found.low, found.high) == (None, None, 0.0, 1.0)
        assert accuracy(rows("")).value is None

    def test_samples_are_clustered(self) -> None:
        twins = accuracy(rows("ccccwwww", "aabbccdd"))
        assert (twins.n, twins.problems) == (8, 4)
        assert twins.se == pytest.approx(stats.sem([1, 1, 0, 0]))

    def test_slices_in_natural_order(self) -> None:
        table = rows("cwcwc").assign(level=[10, 2, 2, None, 1])
        assert [value for value, _ in accuracy_by(table, "level")][:3] == [1, 2, 10]
        assert [found.n for _, found in accuracy_by(table, "level")] == [1, 2, 1, 1]


class TestSamples:
    def test_pass_at_k_equals_enumeration(self) -> None:
        for n in range(1, 8):
            for correct in range(n + 1):
                outcomes = [True] * correct + [False] * (n - correct)
                for k in range(1, n + 1):
                    subsets = list(combinations(outcomes, k))
                    assert pass_at_k(n, correct, k) == pytest.approx(
                        sum(map(any, subsets)) / len(subsets)
                    )
                    assert pass_hat_k(n, correct, k) == pytest.approx(
                        sum(map(all, subsets)) / len(subsets)
                    )

    def test_pass_at_k_of_large_n_as_published(self) -> None:
        # The product form that Chen et al. print, which does not overflow.
        n, correct, k = 200, 13, 100
        product = 1.0 - np.prod(1.0 - k / np.arange(n - correct + 1, n + 1))
        assert pass_at_k(n, correct, k) == pytest.approx(product)

    @given(st.integers(1, 50), st.data())
    def test_pass_at_k_is_unbiased_in_its_ends(self, n: int, data: st.DataObject) -> None:
        correct = data.draw(st.integers(0, n))
        assert pass_at_k(n, correct, 1) == pytest.approx(correct / n)
        assert pass_at_k(n, correct, n) == float(correct > 0)
        with pytest.raises(ValueError):
            pass_at_k(n, correct, n + 1)

    def test_majority_breaks_ties_at_random(self) -> None:
        assert majority_at_k(["a", "b"], "a", 2) == 0.5
        assert majority_at_k(["a", "a", "b"], "a", 3) == 1.0
        assert majority_at_k(["a", "a", "b"], "a", 2) == pytest.approx(2 / 3)
        assert majority_at_k([None, None, "a"], "a", 3) == 1.0
        assert majority_at_k([None, None], "a", 2) == 0.0

    def test_majority_of_many_samples_is_drawn_with_a_seed(self) -> None:
        answers = ["a"] * 20 + ["b"] * 12
        assert comb(32, 16) > 5000
        first = majority_at_k(answers, "a", 16)
        assert first == majority_at_k(answers, "a", 16)
        assert 0.9 < first <= 1

    @given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=6))
    def test_best_of_k_equals_enumeration(self, drawn: list[tuple[int, bool]]) -> None:
        scores, right = [float(s) for s, _ in drawn], [r for _, r in drawn]
        for k in range(1, len(drawn) + 1):
            chances = []
            for subset in combinations(drawn, k):
                top = max(score for score, _ in subset)
                best = [ok for score, ok in subset if score == top]
                chances.append(sum(best) / len(best))
            assert best_at_k(scores, right, k) == pytest.approx(sum(chances) / len(chances))

    def test_equal_wrong_answers_are_one_vote(self) -> None:
        table = rows("cwwcww", "aaabbb").assign(extracted=["1", "7", "7", "1", "8", None])
        found = over_problems(table, 3)
        assert found["maj@3"].value == pytest.approx((0 + 0.5) / 2)
        assert found["pass@3"].value == 1.0
        assert found["pass^3"].value == 0.0

    def test_open_rows_widen_what_samples_are_said_to_give(self) -> None:
        table = rows("cuwuwwwfwwww", "aaabbbcccddd").assign(extracted="7")
        found = over_problems(table, 3)
        assert found["pass@3"].value == 0.25
        assert (
            found["pass@3"].high
            > over_problems(table.replace("undecided", "wrong"), 3)["pass@3"].high
        )
        # Even where nothing is right, what is open makes no interval shorter.
        for reasons in ("uwwwwwwwwwww", "wwwwwwwwwwww"):
            none = over_problems(rows(reasons, "aaabbbcccddd").assign(extracted="7"), 3)
            assert none["pass^3"].high == pytest.approx(wilson(0, 4 * (1.96 / 3.182) ** 2)[1], 1e-3)

    def test_pass_at_1_is_the_accuracy(self) -> None:
        table = rows("cuwwcwwwfwww", "aaabbbcccddd").assign(extracted="7")
        once, all_rows = over_problems(table, 1)["pass@1"], accuracy(table)
        assert (once.value, once.low, once.high) == pytest.approx(
            (all_rows.value, all_rows.low, all_rows.high)
        )


LOOP = Loop("terminal", 3, 2, 90.0, 178)


class TestFrame:
    @pytest.mark.parametrize(
        ("response", "grade", "expected"),
        [
            (Response("a", ""), Grade("a", "correct", "exact"), "correct"),
            (Response("a", ""), None, "ungraded"),
            (Response("a", "", finish_reason="error"), None, "failed"),
            (Response("a", ""), Grade("a", "undecided", "none"), "undecided"),
            (Response("a", ""), Grade("a", "incorrect", "exact", extracted="5"), "wrong"),
            (Response("a", ""), Grade("a", "incorrect", "no-answer"), "no answer"),
            (Response("a", ""), Grade("a", "incorrect", "small-judge"), "wrong"),
            (
                Response("a", "", finish_reason="length"),
                Grade("a", "incorrect", "no-answer"),
                "truncated",
            ),
            (
                Response("a", "", finish_reason="length", loop=LOOP),
                Grade("a", "incorrect", "no-answer"),
                "looped",
            ),
            (
                Response("a", "", finish_reason="length", loop=LOOP),
                Grade("a", "incorrect", "exact", extracted="5"),
                "wrong",
            ),
            (
                Response("a", "", finish_reason="loop"),
                Grade("a", "incorrect", "no-answer"),
                "looped",
            ),
        ],
    )
    def test_reasons(self, response: Response, grade: Grade | None, expected: str) -> None:
        assert reason(response, grade) == expected

    def test_columns_come_from_problem_response_and_grade(self) -> None:
        problem = Problem("a", "2+2?", "4", meta={"level": 3, "stage": "early", "tree": [1]})
        response = Response(
            *("a", "<think>hm</think>4", 1, "2-wait"),
            segments=(
                Segment("<think>hm", "thinking", "model", 5),
                Segment("</think>", "thinking", "forced", 1),
                Segment("4", "answer", "model", 2),
            ),
            loop=LOOP,
        )
        trail = (Verdict("judge", "correct", cost=Cost(2, 30, 4, 1.0)),)
        grade = Grade("a", "correct", "judge", 1, "2-wait", trail=trail)
        (row,) = frame([problem], [response], [grade], {"model": "m"}).to_dict("records")
        assert (row["sample"], row["variant"], row["model"]) == (1, "2-wait", "m")
        assert (row["thinking_tokens"], row["answer_tokens"]) == (5, 2)
        assert (row["level"], row["meta_stage"], row["stage"]) == (3, "early", "judge")
        assert (row["loop"], row["wasted_tokens"]) == ("terminal", 178)
        assert (row["judge_calls"], row["judge_tokens"]) == (2, 34)
        assert "tree" not in row

    def test_without_text_and_without_rows(self) -> None:
        slim = frame([Problem("a", "long", "4")], [Response("a", "long")], text=False)
        assert not {"text", "question"} & set(slim.columns)
        assert len(frame([], [])) == 0
        assert "outcome" in frame([], []).columns

    def test_the_last_row_of_a_key_counts_in_the_place_of_its_first(self) -> None:
        failed = Response("a", "", finish_reason="error", error="down")
        rows = iter([failed, Response("b", "4"), Response("a", "<think>hm</think>4")])
        table = frame([Problem("a", "", "4"), Problem("b", "", "4")], rows)
        assert list(table["id"]) == ["a", "b"]
        assert list(table["reason"]) == ["ungraded", "ungraded"]
        assert table["thinking_class"].tolist()[0] == "ok"
        assert table["text"].tolist() == ["<think>hm</think>4", "4"]

    def test_a_thinking_that_was_begun_unasked_and_never_ended_is_told(self) -> None:
        cut = Response("a", "<think>hm", finish_reason="length")
        table = frame([Problem("a", "", "4")], [cut, Response("a", "4", 1)])
        assert table["thinking_class"].tolist()[0] == "length"
        assert table["thinking_class"].isna().tolist() == [False, True]


class TestTokens:
    table = frame(
        [Problem("a", "", ""), Problem("b", "", ""), Problem("c", "", "")],
        [
            Response("a", "", completion_tokens=10, forced_tokens=2, seconds=1.0),
            Response("b", "", completion_tokens=30, discarded_tokens=5, finish_reason="length"),
            Response("c", "", completion_tokens=999, finish_reason="error", loop=LOOP),
        ],
        [Grade("a", "correct", "exact")],
    )

    def test_failed_responses_have_no_length(self) -> None:
        found = tokens(self.table)
        assert (found.n, found.total, found.mean, found.median, found.longest) == (
            2,
            40,
            20,
            20,
            30,
        )
        assert found.quantiles[0.25] == 15
        assert tokens(self.table.iloc[:0]).n == 0

    def test_counts(self) -> None:
        assert at_limit(self.table) == {"ungraded": 1}
        assert loops(self.table) == {"terminal": 1}
        assert cost(self.table).per_correct == 10 + 30 + 999 + 5
        assert cost(self.table.iloc[1:]).per_correct is None
