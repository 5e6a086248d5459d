"""Who disagrees with whom, counted and ranked."""

from __future__ import annotations

from making import finished_run, row

from judgekit.audit.disagreements import disagreeing, disagreements
from judgekit.audit.subject import Row, of_run
from judgekit.audit.triage import error_rates, ranked
from judgekit.records import Grade, Key, Outcome, Verdict


def judged(id: str, verifier: Outcome, judge: Outcome) -> Row:
    said = (Verdict("symbolic", verifier), Verdict("large", judge))
    return row(id, judge, "large", *said)


ROWS = [
    judged("a", "correct", "correct"),
    judged("b", "correct", "incorrect"),
    judged("c", "incorrect", "correct"),
    judged("d", "incorrect", "correct"),
    judged("e", "incorrect", "incorrect"),
    judged("f", "undecided", "correct"),
]


def test_kinds_of_disagreement_are_counted() -> None:
    truth = {Key("b"): True, Key("c"): True}
    (pair,) = disagreements(ROWS, truth)
    assert (pair.kind, pair.first, pair.second) == ("verifier, judge", "verifier", "large")
    assert (pair.first_only, pair.second_only, pair.both, pair.neither) == (1, 2, 1, 1)
    assert (pair.either, pair.no_answer, pair.rows) == (4, 1, 6)
    assert pair.keys == (Key("b"), Key("c"), Key("d"))
    assert (pair.first_right, pair.second_right) == (1, 1)


def test_a_response_without_an_answer_has_no_verdict_of_the_verifier() -> None:
    said = (Verdict("no-answer", "incorrect"), Verdict("large", "correct"))
    (pair,) = disagreements([row("a", "incorrect", "no-answer", *said)], {})
    assert (pair.no_answer, pair.disagreements) == (1, 0)


def test_two_judges_and_an_overruled_claim() -> None:
    said = (
        Verdict("small", "incorrect", claim="correct", flags=("overruled",)),
        Verdict("large", "correct"),
    )
    pairs = disagreements([row("a", "incorrect", "small", *said)], {})
    assert [(p.kind, p.first, p.second, p.disagreements) for p in pairs] == [
        ("judge, judge", "small", "large", 1),
        ("claim, proof", "small alone", "small held", 1),
    ]


def test_gradings_and_repeats_of_a_run(tmp_path) -> None:
    def grade(outcome: Outcome, grading: str, evidence: str) -> Grade:
        trail = (Verdict("large", outcome, evidence=evidence),)
        return Grade("a", outcome, "large", trail=trail, grading=grading)

    run = finished_run(
        tmp_path / "r", [grade("correct", "1" * 8, "x"), grade("incorrect", "2" * 8, "y")]
    )
    pairs = disagreements(of_run(run).rows, {})
    assert [(p.kind, p.first, p.second, p.disagreements) for p in pairs] == [
        ("repeat", "large", "large again", 1),
        ("gradings", "22222222", "11111111", 1),
    ]
    same = finished_run(
        tmp_path / "s", [grade("correct", "1" * 8, "x"), grade("correct", "2" * 8, "x")]
    )
    # What came from the cache was not asked again.
    assert [p.kind for p in disagreements(of_run(same).rows, {})] == ["gradings"]


def test_in_words() -> None:
    assert disagreeing(ROWS[1]) == ["correct: verifier", "incorrect: large"]
    assert disagreeing(ROWS[0]) == []


class TestTriage:
    def test_what_would_change_most_comes_first(self) -> None:
        rows = [
            row("sure"),
            row(
                "split",
                "correct",
                "small",
                Verdict("small", "correct"),
                Verdict("large", "incorrect"),
            ),
            row("open", "undecided", "none", Verdict("symbolic", "undecided")),
            row(
                "doubt", "correct", "symbolic", Verdict("symbolic", "correct", flags=("weak-cue",))
            ),
        ]
        found = ranked(rows, {})
        assert [each.row.key.id for each in found] == ["split", "open", "doubt", "sure"]
        assert found[-1].accuracy < 0.01
        by_id = {each.row.key.id: each for each in found}
        assert by_id["open"].wrong == 0.5
        assert by_id["open"].why == ("nobody could decide",)
        assert by_id["doubt"].wrong > by_id["sure"].wrong
        assert by_id["split"].why == ("correct: small", "incorrect: large")

    def test_a_rarely_asked_judge_s_row_moves_its_error_rate_more(self) -> None:
        often = [row(f"o{i}", "correct", "often") for i in range(20)]
        rare = [row("r", "correct", "rare")]
        found = ranked([*often, *rare], {})
        assert found[0].row.key.id == "r"
        assert found[0].judge > 10 * found[1].judge
        assert found[0].accuracy == found[1].accuracy

    def test_labelled_rows_are_out_and_teach_the_rates(self) -> None:
        rows = [row(f"r{i}", "correct", "large") for i in range(40)]
        truth = {row.key: False for row in rows[:30]}
        assert error_rates(rows, {})["large"] == 0.15
        assert error_rates(rows, truth)["large"] > 0.7
        assert len(ranked(rows, truth)) == 10
        assert ranked(rows, truth)[0].wrong == 0.5  # worse than chance is no witness at all

    def test_a_confident_verdict_is_doubted_less(self) -> None:
        rows = [
            row("low", "correct", "j", Verdict("j", "correct", confidence=0.6)),
            row("high", "correct", "j", Verdict("j", "correct", confidence=0.99)),
        ]
        low, high = ranked(rows, {})
        assert (low.row.key.id, high.row.key.id) == ("low", "high")
        assert low.wrong > 2 * high.wrong

    def test_a_proof_against_a_claim_prevails(self) -> None:
        held = Verdict("j", "incorrect", claim="correct", flags=("overruled",))
        (found,) = ranked([row("a", "incorrect", "j", held)], {})
        assert 0.05 < found.wrong < 0.2
