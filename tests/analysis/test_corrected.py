"""Corrected accuracy: the method's worked cases, refusals, notes, and coverage by simulation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from judgekit.analysis import correctors
from judgekit.analysis.corrected import corrected_accuracy
from judgekit.analysis.planning import Looked, allocate, expected_width, labels_needed
from judgekit.analysis.strata import Stratum, stratified_interval
from judgekit.errors import DataError, UnknownName

SIZES = (310, 40, 22, 98, 30)
VERDICTS = (True, True, True, False, False)


def strata(sizes: Any, labelled: Any, right: Any, verdicts: Any) -> list[Stratum]:
    return [Stratum(*each) for each in zip(sizes, labelled, right, verdicts, strict=True)]


CASES = {
    "A": (
        strata(SIZES, (30, 10, 15, 20, 5), (30, 10, 15, 0, 0), VERDICTS),
        *((0.744, 0.68, 0.772), (0.744, 0.668049, 0.790743)),
    ),
    "B": (
        strata(SIZES, (30, 10, 15, 20, 5), (30, 10, 9, 1, 0), VERDICTS),
        *((0.7362, 0.67, 0.772), (0.7362, 0.658276, 0.788081)),
    ),
    "C": (
        strata((101, 265), (28, 72), (26, 3), (True, False)),
        *((0.286414, 0.243169, 0.333333), (0.286414, 0.223522, 0.35598)),
    ),
    "E": (
        [
            Stratum(310, 0, 0, True, assumed=0.01),
            *strata(SIZES[1:4], (22, 22, 36), (22, 14, 0), VERDICTS[1:4]),
            Stratum(30, 0, 0, False, assumed=0.01),
        ],
        *((0.728, 0.712, 0.744), (0.728, 0.677746, 0.771247)),
    ),
    "F": (
        [
            Stratum(200, 30, 27, True, effective=(21.6, 24)),
            Stratum(100, 20, 2, False, effective=(1.2, 16)),
        ],
        *((0.626667, 0.51, 0.716667), (0.626667, 0.496547, 0.73204)),
    ),
}


class TestTheMethod:
    @pytest.mark.parametrize("name", CASES)
    def test_worked_cases(self, name: str) -> None:
        given_strata, benchmark, population = CASES[name]
        found = stratified_interval(given_strata, "benchmark", 0.95)
        assert found == pytest.approx(benchmark, abs=1e-6)
        found = stratified_interval(given_strata, "population", 0.95)
        assert found == pytest.approx(population, abs=1e-6)

    def test_worked_case_with_a_whole_pseudo_label(self) -> None:
        case = [Stratum(100, 20, 3, False)]
        found = stratified_interval(case, "benchmark", 0.95, delta=1)
        assert found == pytest.approx((0.15, 0.05, 0.35), abs=1e-6)
        found = stratified_interval(case, "population", 0.95, delta=1)
        assert found == pytest.approx((0.15, 0.036104, 0.373802), abs=1e-6)

    @given(st.integers(5, 60), st.data())
    @settings(max_examples=40, deadline=None)
    def test_one_stratum_with_a_whole_pseudo_label_is_hypergeometric(
        self, size: int, data: st.DataObject
    ) -> None:
        labelled = data.draw(st.integers(1, size - 1))
        right = data.draw(st.integers(0, labelled))
        found = stratified_interval([Stratum(size, labelled, right, True)], "benchmark", 0.9)
        possible = [
            total
            for total in range(right, size - labelled + right + 1)
            if stats.hypergeom.cdf(right, size, total, labelled) > 0.05 + 1e-12
            and stats.hypergeom.sf(right - 1, size, total, labelled) > 0.05 + 1e-12
        ]
        assert round(found[1] * size) == min(possible)
        assert round(found[2] * size) == max(possible)

    def test_everything_labelled_leaves_no_doubt(self) -> None:
        case = strata((5, 3), (5, 3), (4, 0), (True, False))
        assert stratified_interval(case, "benchmark", 0.95) == (0.5, 0.5, 0.5)
        _, low, high = stratified_interval(case, "population", 0.95)
        assert low < 0.25
        assert high > 0.75

    @given(
        st.lists(
            st.tuples(st.integers(1, 40), st.integers(0, 40), st.integers(0, 40), st.booleans()),
            min_size=1,
            max_size=4,
        )
    )
    @settings(max_examples=60, deadline=None)
    def test_right_and_wrong_are_treated_alike(self, drawn: list[Any]) -> None:
        case = []
        for size, labelled, right, verdict in drawn:
            labelled = min(labelled, size)
            case.append(Stratum(size, labelled, min(right, labelled), verdict))
        value, low, high = stratified_interval(case, "benchmark", 0.95)
        mirrored = stratified_interval([s.mirrored() for s in case], "benchmark", 0.95)
        assert 0 <= low <= value <= high <= 1
        assert mirrored == pytest.approx((1 - value, 1 - high, 1 - low))

    def test_large_benchmarks_are_quick_and_close_to_small_ones(self) -> None:
        case = strata((60_000, 40_000), (100, 100), (97, 4), (True, False))
        small = strata((6_000, 4_000), (100, 100), (97, 4), (True, False))
        for target in ("benchmark", "population"):
            found = stratified_interval(case, target, 0.95)  # type: ignore[arg-type]
            assert found == pytest.approx(stratified_interval(small, target, 0.95), abs=0.01)  # type: ignore[arg-type]


def draw(
    rng: np.random.Generator, sizes: Any, right_share: Any, per_stratum: Any
) -> tuple[list[Stratum], float]:
    """A fixed benchmark labelled once at random within its strata, and its true accuracy."""
    case, right_in_all = [], 0
    for size, share, labelled, verdict in zip(
        sizes, right_share, per_stratum, VERDICTS, strict=True
    ):
        right = round(size * share)
        right_in_all += right
        seen = int(rng.hypergeometric(right, size - right, labelled))
        case.append(Stratum(size, labelled, seen, verdict))
    return case, right_in_all / sum(sizes)


@pytest.mark.parametrize(
    "right_share",
    [(0.997, 0.98, 0.85, 0.06, 0.0), (0.95, 0.9, 0.6, 0.2, 0.05), (1.0, 1.0, 1.0, 0.0, 0.0)],
    ids=["usual", "bad judge", "no errors"],
)
def test_the_benchmark_interval_covers(right_share: tuple[float, ...]) -> None:
    rng = np.random.default_rng(7)
    covered = 0
    for _ in range(300):
        case, truth = draw(rng, SIZES, right_share, (49, 6, 4, 16, 5))
        _, low, high = stratified_interval(case, "benchmark", 0.95)
        covered += low - 1e-9 <= truth <= high + 1e-9
    assert covered / 300 >= 0.94


def test_the_population_interval_covers() -> None:
    rng = np.random.default_rng(8)
    shares = np.array([0.62, 0.08, 0.044, 0.196, 0.06])
    right_share = np.array([0.97, 0.93, 0.75, 0.12, 0.02])
    truth = float(shares @ right_share)
    covered = 0
    for _ in range(200):
        sizes = rng.multinomial(500, shares)
        right = rng.binomial(sizes, right_share)
        labelled = np.minimum(allocate(sizes.tolist(), [0.1] * 5, 80), sizes)
        seen = rng.hypergeometric(right, sizes - right, labelled)
        case = strata(sizes.tolist(), labelled.tolist(), seen.tolist(), VERDICTS)
        _, low, high = stratified_interval(case, "population", 0.95)
        covered += low <= truth <= high
    assert covered / 200 >= 0.94


# --- on frames ----------------------------------------------------------------------------------


def graded_frame() -> pd.DataFrame:
    """Case C: 101 rows judged correct, 265 incorrect."""
    return pd.DataFrame(
        {
            "id": [f"q{i}" for i in range(366)],
            "outcome": ["correct"] * 101 + ["incorrect"] * 265,
            "stage": "judge",
        }
    )


def label_frame(**columns: Any) -> pd.DataFrame:
    chosen = [*range(28), *range(101, 173)]
    right = [True] * 26 + [False] * 2 + [True] * 3 + [False] * 69
    return pd.DataFrame({"id": [f"q{i}" for i in chosen], "label": right, **columns})


class TestFrames:
    def test_a_worked_case_from_frames(self) -> None:
        found = corrected_accuracy(graded_frame(), label_frame())
        assert (found.value, found.low, found.high) == pytest.approx(CASES["C"][1], abs=1e-6)
        assert (found.method, found.target, found.labels_used) == ("stratified", "benchmark", 100)
        found = corrected_accuracy(graded_frame(), label_frame(), target="population")
        assert (found.low, found.high) == pytest.approx(CASES["C"][2][1:], abs=1e-6)
        assert "Also includes the chance of which 366 problems were drawn." in found.notes

    def test_the_order_of_rows_does_not_matter(self) -> None:
        shuffled = graded_frame().sample(frac=1, random_state=3)
        labels = label_frame().sample(frac=1, random_state=4)
        assert corrected_accuracy(shuffled, labels) == corrected_accuracy(
            graded_frame(), label_frame()
        )

    def test_unequal_probabilities_use_the_effective_size(self) -> None:
        weighted = corrected_accuracy(
            graded_frame(), label_frame(design="plan", probability=[0.2, 0.4] * 50)
        )
        equal = corrected_accuracy(graded_frame(), label_frame(design="plan", probability=0.25))
        assert weighted.high - weighted.low > equal.high - equal.low

    def test_classes_of_known_probability_are_strata_of_their_own(self) -> None:
        graded = graded_frame().assign(probability=[0.5] * 50 + [0.25] * 316)
        labels = label_frame(design="plan", probability=[0.5] * 28 + [0.25] * 72)
        found = corrected_accuracy(graded, labels)
        assert any("of 51 (" in note for note in found.notes)

    def test_no_more_labels_are_asked_for_than_there_are_rows(self) -> None:
        graded = graded_frame()
        graded.loc[100, "stage"] = "lone"
        graded.loc[98:99, "stage"] = "pair"
        graded.loc[27:30, "stage"] = "four"
        notes = corrected_accuracy(graded, label_frame()).notes
        assert any("1 of 1 (lone, " in note for note in notes)
        assert any("2 of 2 (pair, " in note for note in notes)
        assert any(note.endswith("has 1 of the 3 labels that it needs.") for note in notes)

    def test_an_unlabelled_stage_counts_from_all_wrong_to_all_right(self) -> None:
        graded = graded_frame()
        graded.loc[80:100, "stage"] = "exact"
        found = corrected_accuracy(graded, label_frame())
        assert (
            "Rows of a stage without labels are counted anywhere from all wrong to all right. "
            "Label at least 3 of 21 (exact, correct)." in found.notes
        )
        assumed = corrected_accuracy(graded, label_frame(), assume={"exact": 0.05})
        assert found.high - found.low > assumed.high - assumed.low
        assert "Assumes at most 0.05 of exact verdicts are wrong; no label checks this." in (
            assumed.notes
        )

    def test_uniform_labels_merge_small_strata(self) -> None:
        graded = graded_frame()
        graded.loc[25:30, "stage"] = "exact"
        found = corrected_accuracy(graded, label_frame(design="uniform"))
        assert "exact (correct) has too few labels and is counted with judge." in found.notes
        assert found.labels_used == 100

    def test_no_errors_seen_are_not_no_errors(self) -> None:
        labels = label_frame().assign(label=[True] * 28 + [False] * 72)
        found = corrected_accuracy(graded_frame(), labels)
        (note,) = [note for note in found.notes if note.startswith("No errors were seen among 100")]
        assert float(note.split("up to ")[1].split(" %")[0]) > 2

    def test_undecided_rows_are_wrong_until_labelled(self) -> None:
        graded = graded_frame()
        graded.loc[101:200, "outcome"] = "undecided"
        assert corrected_accuracy(graded, label_frame()).labels_used == 100

    def test_unsure_and_triage_labels_are_left_out_and_counted(self) -> None:
        labels = label_frame(design=["plan"] * 90 + ["triage"] * 10)
        labels["label"] = labels["label"].astype(object)
        labels.loc[0, "label"] = None
        found = corrected_accuracy(graded_frame(), labels)
        assert found.labels_used == 89
        assert "10 labels were not drawn at random and are left out." in found.notes
        assert "1 rows were labelled unsure and count as not labelled." in found.notes

    def test_samples_and_variants_are_part_of_the_key(self) -> None:
        graded = pd.concat(
            [graded_frame().assign(sample=s, variant=v) for s in (0, 1) for v in ("", "1-wait")]
        )
        labels = label_frame(sample=1, variant="1-wait")
        assert corrected_accuracy(graded, labels).labels_used == 100
        with pytest.raises(DataError, match="belong to no graded row"):
            corrected_accuracy(graded, labels.assign(sample=2))

    @pytest.mark.parametrize(
        ("labels", "message"),
        [
            (label_frame(design="triage"), "none of the labels was drawn at random"),
            (label_frame().iloc[:0], "there are no labels"),
            (label_frame().assign(id="elsewhere").iloc[:1], "1 labels belong to no graded row"),
            (pd.concat([label_frame()] * 2), "two labels have the key"),
            (label_frame(probability=1.5), "probability of 1.5"),
            (label_frame(probability=0.0), "probability of 0.0"),
            (label_frame().assign(label="incorrect"), "must be true or false"),
        ],
    )
    def test_refusals(self, labels: pd.DataFrame, message: str) -> None:
        with pytest.raises(DataError, match=message):
            corrected_accuracy(graded_frame(), labels)

    def test_names_that_there_are_not(self) -> None:
        with pytest.raises(UnknownName, match="method"):
            corrected_accuracy(graded_frame(), label_frame(), method="magic")  # type: ignore[arg-type]
        with pytest.raises(UnknownName, match="did you mean judge"):
            corrected_accuracy(graded_frame(), label_frame(), assume={"jugde": 0.1})
        with pytest.raises(DataError, match="two graded rows"):
            corrected_accuracy(pd.concat([graded_frame()] * 2), label_frame())


class TestOthers:
    def test_ppi_with_a_perfect_judge_uses_every_row(self) -> None:
        judged = np.array([1.0, 0.0] * 250)
        value, low, high = correctors.ppi(judged[:50], judged[:50], judged[50:])
        assert value == pytest.approx(0.5)
        assert high - low < 0.11  # 50 labels alone would give 0.28

    def test_ppi_with_power_zero_is_the_labels_alone(self) -> None:
        truth, judged = np.array([1.0, 0, 1, 1] * 10), np.array([0.0, 1] * 20)
        value, low, high = correctors.ppi(truth, judged, np.ones(100), power=0.0)
        half = 1.959964 * np.sqrt(truth.var(ddof=1) / 40)
        assert (value, low, high) == pytest.approx((0.75, 0.75 - half, 0.75 + half), abs=1e-6)

    def test_ppi_covers_roughly(self) -> None:
        rng = np.random.default_rng(5)
        covered = 0
        for _ in range(300):
            truth = (rng.random(500) < 0.6).astype(float)
            judged = np.where(rng.random(500) < 0.9, truth, 1 - truth)
            _, low, high = correctors.ppi(truth[:100], judged[:100], judged[100:])
            covered += low <= 0.6 <= high
        assert 0.90 <= covered / 300 <= 0.98

    def test_rogan_gladen(self) -> None:
        truth = np.array([1.0] * 50 + [0.0] * 50)
        judged = np.array([1.0] * 45 + [0.0] * 5 + [1.0] * 10 + [0.0] * 40)
        everything = np.array([1.0] * 55 + [0.0] * 45)
        value, low, high = correctors.rogan_gladen(truth, judged, everything)
        assert value == pytest.approx((0.55 + 0.8 - 1) / (0.9 + 0.8 - 1))
        assert low < value < high
        with pytest.raises(DataError, match="no better than chance"):
            correctors.rogan_gladen(truth, 1 - judged, everything)
        with pytest.raises(DataError, match="right and of wrong"):
            correctors.rogan_gladen(truth[:50], judged[:50], everything)

    def test_they_say_what_they_aim_at(self) -> None:
        for method in ("ppi", "rogan-gladen", "labels"):
            found = corrected_accuracy(graded_frame(), label_frame(), method=method)  # type: ignore[arg-type]
            assert found.low < found.value < found.high
            assert any("aims at the population" in note for note in found.notes)
        uneven = label_frame(design="plan", probability=[0.2, 0.4] * 50)
        with pytest.raises(DataError, match="equally likely"):
            corrected_accuracy(graded_frame(), uneven, method="ppi")


class TestPlanning:
    guesses = (0.0, 0.02, 0.15, 0.06, 0.01)

    def test_allocation(self) -> None:
        assert allocate(SIZES, self.guesses, 80) == [49, 6, 4, 16, 5]
        assert allocate(SIZES, self.guesses, 4) == [3, 3, 3, 3, 3]
        assert allocate((2, 1), (0.1, 0.1), 50) == [2, 1]
        assert allocate((), (), 5) == []

    @given(
        st.lists(st.tuples(st.integers(1, 200), st.floats(0, 1)), min_size=1, max_size=6),
        st.integers(0, 400),
    )
    def test_allocation_keeps_its_bounds(self, drawn: list[Any], labels: int) -> None:
        sizes, guesses = zip(*drawn, strict=True)
        given_labels = allocate(sizes, guesses, labels)
        assert all(min(3, size) <= n <= size for size, n in zip(sizes, given_labels, strict=True))
        fewest = sum(min(3, size) for size in sizes)
        assert sum(given_labels) == min(max(labels, fewest), sum(sizes))

    @pytest.mark.parametrize("width", [0.12, 0.08, 0.04])
    def test_the_plan_reaches_its_width(self, width: float) -> None:
        plan = labels_needed(SIZES, VERDICTS, self.guesses, width)
        assert plan is not None
        assert expected_width(SIZES, VERDICTS, self.guesses, plan) <= width
        fewer = allocate(SIZES, self.guesses, sum(plan) - 8)
        assert expected_width(SIZES, VERDICTS, self.guesses, fewer) > width

    def test_the_planners_table_of_the_specification(self) -> None:
        """Its counts are on a grid of five; we search every number, so that ours are up to four
        fewer. Its guesses are not told; with these all eight of its counts come out."""
        guesses = (0.0, 0.1, 0.2, 0.06, 0.05)
        told = {
            "benchmark": {0.12: 60, 0.10: 80, 0.08: 105, 0.06: 145, 0.04: 220},
            "population": {0.12: 90, 0.10: 145, 0.09: 205},
        }
        for target, counts in told.items():
            for width, labels in counts.items():
                plan = labels_needed(SIZES, VERDICTS, guesses, width, Looked(target))  # type: ignore[arg-type]
                assert plan is not None
                assert labels - 4 <= sum(plan) <= labels, (target, width)

    def test_what_no_number_of_labels_can_reach(self) -> None:
        assert labels_needed(SIZES, VERDICTS, self.guesses, 0.01, Looked("population")) is None
        assert labels_needed(SIZES, VERDICTS, self.guesses, 0.0) is not None
