"""From a subject to the rows to label, in order: those of the plan in force, or by triage."""

from __future__ import annotations

from judgekit.analysis.labels import RANDOM, Rule, settle
from judgekit.audit.plan import Plan
from judgekit.audit.queue import Task
from judgekit.audit.subject import Subject, truth
from judgekit.audit.triage import ranked
from judgekit.errors import UserError
from judgekit.records import Label


def planned(subject: Subject, plan: Plan) -> list[Task]:
    """Exactly the rows of a plan, in its order.

    Raises `UserError` where the plan was drawn from other rows.
    """
    rows = subject.by_key
    if lost := [each.key for each in plan.rows if each.key not in rows]:
        raise UserError(
            f"the plan asks for {len(lost)} rows that are not here, such as {lost[0].id}",
            hint="make another one: judgekit audit --plan WIDTH",
        )
    return [Task(rows[each.key], plan.design, each.probability) for each in plan.rows]


def triaged(subject: Subject, rule: Rule = "majority", most: int | None = None) -> list[Task]:
    """Unlabelled rows, those whose label would change most first."""
    settled = settle(subject.labels, rule).outcomes
    found = ranked(subject.rows, truth(subject.rows, settled))[:most]
    return [Task(each.row, "triage", why=each.why) for each in found]


def left(plan: Plan, labels: list[Label], by: str | None = None) -> int:
    """How many rows of a plan nobody (or not `by`) has labelled yet."""
    done = {
        label.key for label in labels if label.design in RANDOM and (by is None or label.by == by)
    }
    return sum(each.key not in done for each in plan.rows)
