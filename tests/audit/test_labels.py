"""Labels: several labellers by a named rule, undo, agreement, frames."""

from __future__ import annotations

from pathlib import Path

import pytest
from making import finished_run, label

from judgekit.analysis.labels import settle
from judgekit.audit.labels import agreement, label_frame
from judgekit.records import Grade, Key
from judgekit.runs import standing

SAID = (
    label("a", "correct"),
    label("a", "correct", "ben"),
    label("b", "correct"),
    label("b", "incorrect", "ben"),
    label("c", "undecided"),
    label("d", "undecided"),
    label("d", "incorrect", "ben"),
)


class TestSeveralLabellers:
    @pytest.mark.parametrize(
        ("rule", "b", "d"),
        [
            ("majority", "undecided", "incorrect"),
            ("unanimous", "undecided", "incorrect"),
            ("first", "correct", "incorrect"),
            ("last", "incorrect", "incorrect"),
        ],
    )
    def test_a_named_rule_makes_one_word(self, rule, b: str, d: str) -> None:
        found = settle(SAID, rule)
        words = {key.id: word for key, word in found.outcomes.items()}
        assert words == {"a": "correct", "b": b, "c": "undecided", "d": d}
        assert (found.unsure, found.divided) == (1, (Key("b"),))

    def test_three_have_a_majority(self) -> None:
        labels = [*SAID, label("b", "incorrect", "eva")]
        assert settle(labels).outcomes[Key("b")] == "incorrect"
        assert settle(labels, "unanimous").outcomes[Key("b")] == "undecided"

    def test_agreement_counts_rows_with_two_words(self) -> None:
        found = agreement(SAID)
        assert found is not None
        assert (found.labellers, found.rows, found.agreed) == (("ana", "ben"), 2, 1)
        assert found.divided == (Key("b"),)
        assert agreement([label("a")]) is None

    def test_kappa_of_two_by_hand(self) -> None:
        pairs = [("correct", "correct")] * 20 + [("correct", "incorrect")] * 5
        pairs += [("incorrect", "correct")] * 10 + [("incorrect", "incorrect")] * 15
        labels = []
        for n, (first, second) in enumerate(pairs):
            labels += [label(str(n), first), label(str(n), second, "ben")]  # type: ignore[arg-type]
        found = agreement(labels)
        assert found is not None
        assert found.kappa.value == pytest.approx(0.4)  # (0.7 - 0.5) / (1 - 0.5)

    def test_a_random_design_counts_before_triage(self) -> None:
        labels = [
            label("a", "incorrect", design="triage"),
            label("a", "correct", "ben", design="plan", probability=0.5),
        ]
        frame = label_frame(labels)
        assert frame.to_dict("records") == [
            {
                "id": "a",
                "sample": 0,
                "variant": "",
                "label": True,
                "design": "plan",
                "probability": 0.5,
            }
        ]


def test_a_withdrawn_label_is_gone(tmp_path: Path) -> None:
    first, second = label("a"), label("a", "incorrect", "ben")
    run = finished_run(
        tmp_path / "r",
        [Grade("a", "correct", "exact")],
        [first, second, label("a", withdrawn=True)],
    )
    assert run.labels == [second]
    assert standing([first, label("a", withdrawn=True), label("a", "incorrect")]) == [
        label("a", "incorrect")
    ]
