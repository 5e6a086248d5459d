"""Labels: several labellers, undo, agreement, frames, and the correction made of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from making import finished_run, label, row, subject

from judgekit.analysis.labels import settle
from judgekit.audit.correction import corrected
from judgekit.audit.labels import agreement, label_frame
from judgekit.audit.plan import (
    plan_in_force,
    plan_uniform,
    plan_width,
    write_plan,
)
from judgekit.audit.subject import Subject, of_run
from judgekit.audit.tasks import left, planned
from judgekit.errors import UnknownName, UserError
from judgekit.records import Grade, Key, Label
from judgekit.report import render, report
from judgekit.runs import Writer, load, standing

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


def strata(folder: Path) -> Subject:
    """Case A of the specification: 500 rows in five strata."""
    sizes = [("exact", "correct", 310), ("symbolic", "correct", 40), ("large", "correct", 22)]
    sizes += [("large", "incorrect", 98), ("no-answer", "incorrect", 30)]
    rows = [
        row(f"{stage}-{outcome}-{i}", outcome, stage)  # type: ignore[arg-type]
        for stage, outcome, size in sizes
        for i in range(size)
    ]
    return subject(folder, rows)


class TestPlan:
    def test_labels_for_a_width(self, tmp_path: Path) -> None:
        made = plan_width(strata(tmp_path), 0.1)
        assert made.expected is not None
        assert made.expected <= 0.1
        assert 70 <= len(made.rows) <= 110
        assert len(plan_width(strata(tmp_path), 0.06).rows) > len(made.rows)
        assert len(plan_width(strata(tmp_path), 0.1, target="population").rows) > len(made.rows)
        for each in made.strata:
            drawn = [r for r in made.rows if r.id.startswith(f"{each.stage}-{each.outcome}")]
            assert len(drawn) == each.labels >= 3
            assert {r.probability for r in drawn} == {each.labels / each.size}

    def test_the_seed_is_recorded_and_decides(self, tmp_path: Path) -> None:
        rows = strata(tmp_path)
        first, again, other = (plan_width(rows, 0.1, seed=seed) for seed in (7, 7, 8))
        assert first.rows == again.rows
        assert first.seed == 7
        assert set(first.rows) != set(other.rows)

    def test_every_row_is_equally_likely(self, tmp_path: Path) -> None:
        rows = subject(tmp_path, [row(str(i), "correct", "large") for i in range(12)])
        times = dict.fromkeys(range(12), 0)
        for seed in range(600):
            for each in plan_uniform(rows, 4, seed=seed).rows:
                times[int(each.id)] += 1
        assert all(abs(count - 200) < 5 * 11.6 for count in times.values())

    def test_what_is_assumed_is_not_labelled(self, tmp_path: Path) -> None:
        rows = strata(tmp_path)
        made = plan_width(rows, 0.1, assume={"exact": 0.01})
        assert not any(each.id.startswith("exact") for each in made.rows)
        assert len(made.rows) < len(plan_width(rows, 0.1).rows)
        assert made.assume == {"exact": 0.01}

    def test_planned_looks_cost_labels(self, tmp_path: Path) -> None:
        rows = strata(tmp_path)
        made = plan_width(rows, 0.1, looks=5)
        assert made.level == pytest.approx(0.99)
        assert len(made.rows) > len(plan_width(rows, 0.1).rows)

    def test_stopping_when_one_likes_costs_more(self, tmp_path: Path) -> None:
        rows = strata(tmp_path)
        made = plan_width(rows, 0.15, anytime=True)
        assert made.anytime
        assert (made.expected or 1) <= 0.15
        assert len(made.rows) > len(plan_width(rows, 0.15, looks=5).rows)
        with pytest.raises(UserError, match="leave out --looks"):
            plan_width(rows, 0.15, anytime=True, looks=2)
        with pytest.raises(UserError, match="leave out --target"):
            plan_width(rows, 0.15, anytime=True, target="population")

    def test_refusals(self, tmp_path: Path) -> None:
        rows = strata(tmp_path)
        with pytest.raises(UserError, match="must lie between 0 and 1"):
            plan_width(rows, 5)
        with pytest.raises(UserError, match=r"no number of labels.*labels of all rows give 0\.0"):
            plan_width(rows, 0.01, target="population")
        with pytest.raises(UnknownName, match="stage"):
            plan_width(rows, 0.1, assume={"exat": 0.01})
        with pytest.raises(UserError, match="there are 500"):
            plan_uniform(rows, 501)

    def test_labels_of_an_earlier_plan_are_kept(self, tmp_path: Path) -> None:
        rows = strata(tmp_path)
        first = plan_width(rows, 0.12)
        write_plan(rows, first)
        made = [
            label(each.id, design="plan", probability=each.probability)
            for each in first.rows[:30]
            if not each.id.startswith(("large-incorrect", "no-answer"))
        ]
        with Writer(tmp_path) as writer:
            writer.append(*made)
        second = plan_width(rows, 0.08, seed=1)
        assert {each.key for each in made} <= {each.key for each in second.rows}
        write_plan(rows, second)
        assert plan_in_force(tmp_path) == second
        assert left(second, rows.labels) == len(second.rows) - len(made)

    def test_drawing_more_later_is_one_larger_draw(self, tmp_path: Path) -> None:
        rows = [row(str(i), "correct", "large") for i in range(12)]
        times = dict.fromkeys(range(12), 0)
        for seed in range(300):
            what = subject(tmp_path / str(seed), rows)
            first = plan_uniform(what, 4, seed=seed)
            write_plan(what, first)
            with Writer(what.folder) as writer:
                writer.append(*(label(each.id, design="uniform") for each in first.rows[:3]))
            second = plan_uniform(what, 6, seed=1000 + seed)
            assert {each.probability for each in second.rows} == {0.5}
            for each in second.rows:
                times[int(each.id)] += 1
        assert all(abs(count - 150) < 5 * 8.7 for count in times.values())

    def test_what_was_passed_over_stays_in_a_later_plan(self, tmp_path: Path) -> None:
        rows = subject(tmp_path, [row(str(i), "correct", "large") for i in range(60)])
        first = plan_uniform(rows, 10)
        write_plan(rows, first)
        with Writer(tmp_path) as writer:
            writer.append(*(label(first.rows[i].id, design="uniform") for i in (0, 4)))
        second = plan_uniform(rows, 20, seed=1)
        assert [each.key for each in second.rows[:5]] == [each.key for each in first.rows[:5]]
        assert len({each.key for each in second.rows}) == 20

    def test_label_serves_exactly_the_planned_rows(self, tmp_path: Path) -> None:
        rows = strata(tmp_path)
        made = plan_width(rows, 0.1)
        tasks = planned(rows, made)
        assert [task.row.key for task in tasks] == [each.key for each in made.rows]
        assert [task.probability for task in tasks] == [each.probability for each in made.rows]
        assert {task.design for task in tasks} == {"plan"}
        with pytest.raises(UserError, match="the plan asks for"):
            planned(subject(tmp_path, rows.rows[:10]), made)


class TestCorrection:
    """Labels from a plan, through files, to the line in the report."""

    def run_with(self, folder: Path, wrong: int = 4) -> Subject:
        grades = [Grade(f"e{i}", "correct", "exact", grading="g" * 8) for i in range(40)]
        grades += [Grade(f"j{i}", "correct", "large", grading="g" * 8) for i in range(40)]
        run = of_run(finished_run(folder, grades))
        made = plan_width(run, 0.2)
        write_plan(run, made)
        labels = []
        for each in made.rows:
            lie = each.id.startswith("j") and int(each.id[1:]) % wrong == 0
            outcome = "incorrect" if lie else "correct"
            labels.append(
                label(each.id, outcome, design="plan", probability=each.probability, blind=True)  # type: ignore[arg-type]
            )
        with Writer(folder) as writer:
            writer.append(*labels)
        return run

    def test_raw_and_corrected_stand_side_by_side(self, tmp_path: Path) -> None:
        self.run_with(tmp_path / "r")
        run = load(tmp_path / "r")
        found = corrected(run.grades, run.labels, run.path)
        assert found is not None
        assert found.estimate is not None
        assert found.raw == 1.0
        assert found.estimate.low <= 70 / 80 <= found.estimate.high < 1.0
        made = report([run])
        text = " ".join(render(made, "terminal").split())
        assert "Accuracy" in text
        used = found.estimate.labels_used
        assert f"{100 * found.estimate.value:.1f} % by {used} labels" in text
        as_json = render(made, "json")
        assert '"labels_used"' in as_json
        assert "corrected_low" in render(made, "csv").partition("\n")[0]

    def test_an_any_time_plan_is_kept_to_and_told(self, tmp_path: Path) -> None:
        run = self.run_with(tmp_path / "r")
        write_plan(run, plan_width(run, 0.3, anytime=True))
        run = load(tmp_path / "r")
        found = corrected(run.grades, run.labels, run.path)
        assert found is not None
        assert found.estimate is not None
        assert found.estimate.method == "anytime"
        assert found.estimate.low <= 70 / 80 <= found.estimate.high
        text = " ".join(render(report([run]), "terminal").split())
        assert "Any-time: holds however often one looks" in text

    def test_the_rule_of_the_plan_is_the_reports(self, tmp_path: Path) -> None:
        run = self.run_with(tmp_path / "r")
        write_plan(run, plan_width(run, 0.2, rule="last"))
        first = run.labels[0]
        contrary = "incorrect" if first.outcome == "correct" else "correct"
        with Writer(tmp_path / "r") as writer:
            writer.append(label(first.id, contrary, "eva", design="plan"))  # type: ignore[arg-type]
        run = load(tmp_path / "r")
        found = corrected(run.grades, run.labels, run.path)
        assert found is not None
        assert (found.rule, found.labelled) == ("last", len(run.labels) - 1)
        named = corrected(run.grades, run.labels, run.path, rule="unanimous")
        assert named is not None
        assert named.labelled == found.labelled - 1

    def test_rows_that_were_passed_over_are_told(self, tmp_path: Path) -> None:
        grades = [Grade(f"j{i}", "correct", "large", grading="g" * 8) for i in range(90)]
        run = of_run(finished_run(tmp_path / "r", grades))
        made = plan_width(run, 0.2)
        write_plan(run, made)
        with Writer(tmp_path / "r") as writer:
            writer.append(*(label(each.id, design="plan") for each in made.rows[:4]))
            writer.append(label(made.rows[6].id, design="plan"))
        run = load(tmp_path / "r")
        found = corrected(run.grades, run.labels, run.path)
        assert found is not None
        assert found.skipped == 2
        assert any(note.startswith("2 rows of the plan were passed over") for note in found.notes)

    def test_several_runs_get_a_table(self, tmp_path: Path) -> None:
        self.run_with(tmp_path / "r")
        finished_run(tmp_path / "s", [Grade("e0", "correct", "exact", grading="g")])
        made = report([load(tmp_path / "r"), load(tmp_path / "s")])
        (table,) = [each for each in made.tables if each.name == "corrected"]
        assert len(table.rows) == 1
        assert "Accuracy corrected by labels" in render(made, "markdown")

    def test_labels_that_were_not_drawn_at_random_support_no_number(self, tmp_path: Path) -> None:
        grades = [Grade(f"e{i}", "correct", "exact", grading="g") for i in range(9)]
        run = finished_run(tmp_path / "r", grades, [label("e1", design="triage")])
        found = corrected(run.grades, run.labels, run.path)
        assert found is not None
        assert found.estimate is None
        assert found.refused.startswith("none of the labels was drawn at random")
        text = " ".join(render(report([run]), "terminal").split())
        assert "Corrected no number: none of the labels was drawn at random" in text

    def test_an_unlabelled_stage_is_told(self, tmp_path: Path) -> None:
        grades = [Grade(f"e{i}", "correct", "exact", grading="g") for i in range(9)]
        grades += [Grade(f"j{i}", "correct", "large", grading="g") for i in range(9)]
        labels = [label(f"j{i}", design="plan", probability=4 / 9) for i in range(4)]
        run = finished_run(tmp_path / "r", grades, labels)
        text = " ".join(render(report([run]), "terminal").split())
        assert (
            "Stage exact has no labels; its 9 rows (correct) are counted anywhere from all wrong "
            "to all right. Label at least 3 of them." in text
        )

    def test_the_assumption_of_the_plan_is_printed(self, tmp_path: Path) -> None:
        grades = [Grade(f"e{i}", "correct", "exact", grading="g") for i in range(90)]
        grades += [Grade(f"j{i}", "correct", "large", grading="g") for i in range(9)]
        run = of_run(finished_run(tmp_path / "r", grades))
        made = plan_width(run, 0.2, assume={"exact": 0.02})
        write_plan(run, made)
        with Writer(tmp_path / "r") as writer:
            writer.append(*(label(each.id, design="plan") for each in made.rows))
        text = " ".join(render(report([load(tmp_path / "r")]), "terminal").split())
        assert "Assumes at most 0.02 of exact verdicts are wrong; no label checks this." in text

    def test_labels_without_any_are_no_row(self, tmp_path: Path) -> None:
        run = finished_run(tmp_path / "r", [Grade("a", "correct", "exact", grading="g")])
        assert corrected(run.grades, [], run.path) is None
        assert "Corrected" not in render(report([run]), "terminal")

    def test_disagreeing_labellers_are_told(self, tmp_path: Path) -> None:
        self.run_with(tmp_path / "r")
        run = load(tmp_path / "r")
        first: Label = run.labels[0]
        other = label(first.id, "undecided", "ben", design="plan", probability=first.probability)
        contrary = "incorrect" if first.outcome == "correct" else "correct"
        with Writer(run.path) as writer:
            writer.append(other, label(first.id, contrary, "eva", design="plan"))  # type: ignore[arg-type]
        run = load(tmp_path / "r")
        found = corrected(run.grades, run.labels, run.path)
        assert found is not None
        assert "Labellers disagree on 1 rows; the rule is majority." in found.notes
