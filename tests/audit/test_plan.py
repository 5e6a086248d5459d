"""Plans: how many labels, which rows, how often one may look."""

from __future__ import annotations

from pathlib import Path

import pytest
from making import label, row, subject

from judgekit.audit.plan import (
    plan_in_force,
    plan_uniform,
    plan_width,
    write_plan,
)
from judgekit.audit.subject import Subject
from judgekit.audit.tasks import left, planned
from judgekit.errors import UnknownName, UserError
from judgekit.runs import Writer


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
