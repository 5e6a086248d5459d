"""What each judge alone would have said, what the cascade said, and which stage mended what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from judgekit.analysis.labels import settle
from judgekit.audit.mending import Beside, Changed, alone, beside
from judgekit.audit.plan import plan_in_force
from judgekit.audit.subject import NOT_JUDGES, Subject, of_run, truth
from judgekit.report.summary import RunLike
from judgekit.report.table import Cell, Column, Table, count, words
from judgekit.runs import Run

NOTE = (
    "on the rows a judge was asked about, before its claim was checked or its confidence asked "
    "for; mended: wrong alone and right in the cascade by people's labels, spoiled: the reverse"
)


def alone_table(runs: Sequence[RunLike]) -> Table | None:
    """A row for each judge of each run, and for each stage that decided otherwise.

    None where no judge was asked.
    """
    found = [(run, *each) for run in runs for each in _judges(run)]
    if not found:
        return None
    labelled = any(each.labelled for _, _, each in found)
    several = len({run.path for run, _, _ in found}) > 1
    columns = (
        *((Column("run", "run", "left"),) if several else ()),
        Column("judge", "judge", "left"),
        Column("asked", "asked"),
        *(Column(f"alone_{name}", name) for name in ("correct", "incorrect", "undecided")),
        Column("changed_by", "changed by", "left"),
        Column("changed", "changed"),
        *((Column("mended", "mended"), Column("spoiled", "spoiled")) if labelled else ()),
    )
    rows = []
    for run, subject, each in found:
        said = [alone(row.judges[each.judge]) for row in subject.rows if each.judge in row.judges]
        head = (
            *((words(run.path.name),) if several else ()),
            *(words(each.judge), count(each.rows)),
            *(count(said.count(name)) for name in ("correct", "incorrect", "undecided")),
        )
        rows.append((*head, words("all stages"), *_fates(each.changed, labelled)))
        rows += [
            (*(words("") for _ in head), words(stage), *_fates(changed, labelled))
            for stage, changed in each.by_stage.items()
        ]
    title = "What each judge alone would have said"
    return Table("alone", title, columns, tuple(rows), (NOTE,), labels=1 + several)


def _judges(run: RunLike) -> Iterator[tuple[Subject, Beside]]:
    if not isinstance(run, Run) or not any(
        verdict.stage not in NOT_JUDGES for grade in run.grades for verdict in grade.trail
    ):
        return
    subject = of_run(run)
    plan = plan_in_force(subject.folder)
    said = settle(subject.labels, plan.rule if plan else "majority")
    for each in beside(subject.rows, truth(subject.rows, said.outcomes)):
        yield subject, each


def _fates(changed: Sequence[Changed], labelled: bool) -> tuple[Cell, ...]:
    fates = (sum(c.mended for c in changed), sum(c.spoiled for c in changed))
    return (count(len(changed)), *(map(count, fates) if labelled else ()))
