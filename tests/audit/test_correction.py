"""The accuracy that labels correct: from a plan, through files, to the line in the report."""

from __future__ import annotations

from pathlib import Path

from making import finished_run, label

from judgekit.audit.correction import corrected
from judgekit.audit.plan import (
    plan_width,
    write_plan,
)
from judgekit.audit.subject import Subject, of_run
from judgekit.records import Grade, Label
from judgekit.report import render, report
from judgekit.runs import Writer, load


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
            "Rows of a stage without labels are counted anywhere from all wrong to all right. "
            "Label at least 3 of 9 (exact, correct)." in text
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
