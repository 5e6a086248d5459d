"""What `judgekit audit` shows: disagreements, the list of rows, labels, plans."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from judgekit.cli.common import plain, screen, table

if TYPE_CHECKING:
    from judgekit.audit.correction import Corrected
    from judgekit.audit.disagreements import Pair
    from judgekit.audit.labels import Agreement
    from judgekit.audit.mending import Beside, Changed
    from judgekit.audit.plan import Plan
    from judgekit.audit.triage import Ranked
    from judgekit.records import Grade, Label


def show_pairs(pairs: Sequence[Pair]) -> None:
    if not pairs:
        screen().print("No two verdicts on the same response: there is nothing to compare.")
        return
    labelled = any(pair.first_right + pair.second_right for pair in pairs)
    columns = ["", "rows", "correct", "both", "either", "no answer", "differ"]
    cells = [
        [
            f"{pair.first}\n{pair.second}",
            str(pair.rows),
            f"{pair.first_only + pair.both}\n{pair.second_only + pair.both}",
            *map(str, (pair.both, pair.either, pair.no_answer, pair.disagreements)),
            *((f"{pair.first_right}\n{pair.second_right}",) if labelled else ()),
        ]
        for pair in pairs
    ]
    columns += ["right"] if labelled else []
    shown = table("Where verdicts disagree", columns, cells, right=len(columns) - 1)
    screen().print(shown)
    legend = "correct: what each calls so; no answer: one of the two gave no verdict"
    if labelled:
        legend += "; right: where they differ and a person has said who is right"
    screen().print(f"[dim]{legend}[/dim]", soft_wrap=True)


def show_beside(found: Sequence[Beside]) -> None:
    """Each judge alone and in the cascade, with what each stage made of the difference."""
    told = [each for each in found if each.changed]
    if not told:
        return
    labelled = any(each.labelled for each in told)
    columns = ["", "rows", "changed"] + ["mended", "spoiled", "right of"] * labelled
    cells = []
    for each in told:
        right = [f"{each.right_in_cascade} of {each.labelled}"] * labelled
        cells.append([f"{each.judge} in the cascade", *_fates(each.changed, labelled), *right])
        cells[-1].insert(1, str(each.rows))
        for stage, changed in each.by_stage.items():
            cells.append([f"  changed by {stage}", "", *_fates(changed, labelled)])
        if labelled:
            cells.append(["  alone", *[""] * 4, f"{each.right_alone} of {each.labelled}"])
    screen().print(
        table("What each judge alone would have said", columns, cells, right=len(columns) - 1)
    )
    if labelled:
        legend = "mended: the judge alone is wrong and the cascade right; spoiled: the reverse"
        screen().print(f"[dim]{legend}[/dim]", soft_wrap=True)


def _fates(changed: Sequence[Changed], labelled: bool) -> list[str]:
    cells = [str(len(changed))]
    if labelled:
        cells += [str(sum(c.mended for c in changed)), str(sum(c.spoiled for c in changed))]
    return cells


def show_ranked(order: Sequence[Ranked], total: int) -> None:
    from judgekit.audit.reading import plain_line

    if not order:
        return
    cells = [
        [
            "\n".join(
                [
                    plain_line(_key(each), 60),
                    _reported(each.row.grade),
                    plain_line("; ".join(each.why), 240),
                ]
            ),
            f"{each.wrong:.0%}",
            f"{100 * each.change:.2f}",
        ]
        for each in order
    ]
    columns = ["row, what is reported, why it is doubtful", "wrong?", "points"]
    shown = table(f"What to label first ({len(order)} of {total})", columns, cells, right=2)
    screen().print(shown)
    screen().print(
        "[dim]wrong?: the chance that the report is wrong; points: how far the label is expected "
        "to move the accuracy or a judge's error rate[/dim]",
        soft_wrap=True,
    )


def show_labels(labels: Sequence[Label], unsure: int, agreed: Agreement | None) -> None:
    if not labels:
        return
    people = sorted({label.by for label in labels})
    rows = len({label.key for label in labels})
    screen().print(plain(f"labels: {rows} rows by {', '.join(people)}, {unsure} unsure"))
    if agreed:
        found = agreed.kappa
        kappa = "" if found.value != found.value else f", kappa {found.value:.3f}"
        if kappa and found.low == found.low:
            kappa += f" [{found.low:.3f}, {found.high:.3f}]"
        line = f"agreement of {', '.join(agreed.labellers)}: {agreed.agreed} of {agreed.rows}"
        screen().print(plain(line + kappa), soft_wrap=True)


def show_corrected(found: Corrected) -> None:
    line = f"accuracy as graded {found.raw:.1%}; "
    if made := found.estimate:
        line += (
            f"corrected {made.value:.1%} [{made.low:.1%}, {made.high:.1%}] by {made.labels_used} "
            f"labels ({made.target}, {100 * made.level:g} %)"
        )
    else:
        line += f"corrected: no number, {found.refused}"
    screen().print(plain(line), soft_wrap=True)
    for note in found.notes:
        screen().print(f"[dim]{plain(note)}[/dim]", soft_wrap=True)


def _reported(grade: Grade) -> str:
    return grade.outcome if grade.stage == "none" else f"{grade.outcome} by {grade.stage}"


def _key(each: Ranked) -> str:
    key = each.row.key
    sample = f" #{key.sample}" if key.sample else ""
    return key.id + sample + (f" {key.variant}" if key.variant else "")


def pair_row(pair: Pair) -> dict[str, Any]:
    row = dataclasses.asdict(pair)
    row["keys"] = [key._asdict() for key in pair.keys]
    return {**row, "either": pair.either, "rows": pair.rows}


def beside_row(each: Beside) -> dict[str, Any]:
    row = dataclasses.asdict(each)
    row["changed"] = [
        {**changed.key._asdict(), **dataclasses.asdict(changed), "mended": changed.mended}
        for changed in each.changed
    ]
    for changed in row["changed"]:
        del changed["key"]
    return row


def ranked_row(each: Ranked) -> dict[str, Any]:
    return {
        **each.row.key._asdict(),
        "reported": each.row.grade.outcome,
        "stage": each.row.grade.stage,
        "why": list(each.why),
        "wrong": each.wrong,
        "accuracy": each.accuracy,
        "judge": each.judge,
    }


def show_plan(plan: Plan, todo: int) -> None:
    if plan.strata:
        cells = [
            [
                *(each.stage, each.outcome, str(each.size)),
                f"{each.guess:.1%}" if each.assumed is None else f"assumed ≤ {each.assumed:.1%}",
                str(each.labels),
                f"{each.labels / each.size:.1%}",
            ]
            for each in plan.strata
        ]
        columns = ["decided by", "outcome", "rows", "wrong, guessed", "label", "chance"]
        screen().print(table("Rows to label", columns, cells, right=4))
    line = f"{len(plan.rows)} labels, {todo} still to make"
    if plan.expected is not None:
        line += f"; expected width {plan.expected:.3f} ({plan.target})"
    if plan.looks > 1:
        line += f" at each of {plan.looks} looks, {100 * plan.level:g} % each"
    if plan.anytime:
        line += " however often it is looked at"
    screen().print(f"{line}; seed {plan.seed}")
    for each in plan.strata:
        if each.assumed is not None:
            screen().print(
                plain(
                    f"Assumes at most {each.assumed:g} of {each.stage} verdicts ({each.outcome}) "
                    "are wrong; no label checks this."
                ),
                soft_wrap=True,
            )


def plan_row(plan: Plan) -> dict[str, Any]:
    return {**dataclasses.asdict(plan), "level": plan.level}
