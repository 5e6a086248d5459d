"""A judge's claim is held to the response and to proof."""

from __future__ import annotations

import pytest

from judgekit.judges.claims import hold, stands_in
from judgekit.records import Kind, Outcome, Verdict
from judgekit.verifier import make_case


def held(
    said: Outcome, named: str | None, response: str, gold: str, kind: Kind = "math", **more: object
) -> Verdict:
    case = make_case(gold, response, kind=kind, **more)  # type: ignore[arg-type]
    return hold(Verdict("small", said, named, "They match."), case)


def test_204_does_not_match_240() -> None:
    verdict = held("correct", "204", "So the total is 204.", "240")
    assert (verdict.outcome, verdict.claim, verdict.flags) == (
        "incorrect",
        "correct",
        ("overruled",),
    )
    assert "the judge had said correct: They match." in verdict.evidence


def test_an_answer_that_does_not_stand_in_the_response_is_undecided() -> None:
    verdict = held("correct", "240", "So the total is 204.", "240")
    assert (verdict.outcome, verdict.claim) == ("undecided", "correct")
    assert "does not stand in the response" in verdict.evidence


@pytest.mark.parametrize("part", ["4", "20", "04", "2"])
def test_a_piece_of_a_number_does_not_stand_there(part: str) -> None:
    assert held("correct", part, "So the total is 204.", part).outcome == "undecided"


@pytest.mark.parametrize(
    ("named", "response"),
    [
        ("5", "x = -5"),
        ("3", "it is 3.5"),
        ("5", "it is 1.5"),
        ("12", "it is 1,200, then 5"),
        ("art", "the heart is 4"),
        ("", "4"),
    ],
)
def test_neither_does_a_piece_of_anything_else(named: str, response: str) -> None:
    assert not stands_in(named, make_case("7", response, kind="math"))


@pytest.mark.parametrize(
    ("named", "response"),
    [
        ("204", "the total is **204**."),
        ("204", "so 100 + 104 = 204"),
        ("5", "about 5cm long"),
        ("-5", "x = -5"),
        ("(1, 2)", "the point is $(1,2)$"),
        (r"\frac{1}{2}", r"so $\frac{1}{2}$ of it"),
        ("0.5", r"\boxed{1/2}"),
        ("Paris", "It is paris."),
        ("1000", "1 000 metres"),
        ("3 - x", "it is 3-x"),
    ],
)
def test_an_answer_stands_there_however_it_is_set(named: str, response: str) -> None:
    assert stands_in(named, make_case("7", response, kind="math"))


def test_a_right_answer_called_incorrect_is_corrected_by_proof() -> None:
    verdict = held("incorrect", "0.5", r"So \boxed{0.5}", "1/2")
    assert (verdict.outcome, verdict.claim) == ("correct", "incorrect")


def test_the_gold_answer_seen_on_the_way_proves_nothing() -> None:
    response = r"First I get 240, but half of 408 is 204. The answer is \boxed{204}."
    verdict = held("incorrect", "240", response, "240")
    assert (verdict.outcome, verdict.claim) == ("undecided", "incorrect")


def test_a_number_read_on_the_way_proves_nothing_either() -> None:
    response = r"There are 12 boxes of 20, which makes \boxed{240}."
    verdict = held("correct", "12", response, "240")
    assert (verdict.outcome, verdict.claim) == ("undecided", "correct")
    assert "is not the answer that the response gives" in verdict.evidence


def test_a_letter_is_held_to_the_letter() -> None:
    options = ["Rome", "Paris", "Bonn"]
    verdict = held("correct", "A", "The answer is (A).", "B", "choice", choices=options)
    assert (verdict.outcome, verdict.claim) == ("incorrect", "correct")
    assert held("correct", "B", "The answer is (B).", "B", "choice", choices=options).flags == ()


def test_prose_is_left_to_the_judge() -> None:
    verdict = held("correct", "It rises", "It rises.", "The temperature goes up", "text")
    assert (verdict.outcome, verdict.flags) == ("correct", ())


def test_what_names_no_answer_stands() -> None:
    assert held("correct", None, "204", "240").outcome == "correct"


def test_holding_twice_changes_nothing() -> None:
    once = held("correct", "204", "So the total is 204.", "240")
    assert hold(once, make_case("240", "So the total is 204.", kind="math")) is once
