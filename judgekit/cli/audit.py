"""`judgekit audit`: where verdicts disagree, which rows to label, and labelling them."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from judgekit import errors
from judgekit.cli.audited import (
    beside_row,
    pair_row,
    plan_row,
    ranked_row,
    show_beside,
    show_corrected,
    show_labels,
    show_pairs,
    show_plan,
    show_ranked,
)
from judgekit.cli.common import (
    configuration,
    examples,
    key_values,
    only_of_a_file,
    plain,
    print_json,
    remarks,
    screen,
    the_run,
)
from judgekit.cli.labelled import Reduced
from judgekit.cli.labelling import export_rows, import_labels, label_rows, login, tasks_to_label
from judgekit.cli.options import (
    ConfigFile,
    GoldField,
    IdField,
    Json,
    QuestionField,
    Quiet,
    ResponseField,
    RunOrFile,
)

if TYPE_CHECKING:
    from judgekit.analysis.labels import Rule
    from judgekit.audit.subject import Subject
    from judgekit.config import Config

EPILOG = examples(
    "judgekit audit",
    "judgekit audit runs/math500-embedded-cot-1a2b3c4d --plan 0.08",
    "judgekit audit runs/math500-embedded-cot-1a2b3c4d --label",
    "judgekit audit judged.jsonl --judge recorded:small --judge recorded:large",
    "judgekit audit judged.csv --uniform 100 --export sheet.html",
    "judgekit audit judged.csv --import labels.csv --by ana",
)


def register(app: typer.Typer, name: str) -> None:
    app.command(name, epilog=EPILOG)(audit)


def audit(
    target: RunOrFile = None,
    label: Annotated[
        bool, typer.Option("--label", help="Label rows: those of the plan, else the list's.")
    ] = False,
    plan: Annotated[
        float | None,
        typer.Option(metavar="WIDTH", help="Plan labels for an interval of this width (0.1)."),
    ] = None,
    uniform: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Plan N rows drawn uniformly.")
    ] = None,
    export: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Rows to label as FILE.csv or FILE.html.")
    ] = None,
    import_: Annotated[
        Path | None, typer.Option("--import", metavar="FILE", help="Read labels from a sheet.")
    ] = None,
    triage: Annotated[
        bool, typer.Option("--triage", help="Label the list's rows although there is a plan.")
    ] = False,
    judge: Annotated[
        list[str] | None, typer.Option(help="Ask this judge about every row, too; repeatable.")
    ] = None,
    top: Annotated[int, typer.Option(min=0, help="Rows of the list to show.")] = 20,
    by: Annotated[str | None, typer.Option(help="Who labels; default: your login.")] = None,
    blind: Annotated[
        bool | None,
        typer.Option("--blind/--open", help="Hide verdicts; default: yes, but not for triage."),
    ] = None,
    rule: Reduced = "majority",
    seed: Annotated[int, typer.Option(help="Of the draw of a plan.")] = 0,
    aim: Annotated[
        str, typer.Option("--target", help="Plan for this benchmark or a population.")
    ] = "benchmark",
    looks: Annotated[int, typer.Option(help="How often the plan will be looked at, 1 to 5.")] = 1,
    anytime: Annotated[
        bool, typer.Option("--anytime", help="Plan to stop when you have seen enough.")
    ] = False,
    assume: Annotated[
        list[str] | None,
        typer.Option(metavar="STAGE=SHARE", help="Most that is wrong of a stage left unlabelled."),
    ] = None,
    grading: Annotated[str | None, typer.Option(help="Audit this grading of the run.")] = None,
    question: QuestionField = None,
    gold: GoldField = None,
    response: ResponseField = None,
    id_field: IdField = None,
    config: ConfigFile = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> int:
    """Where verdicts disagree, which rows to label first, and labelling them.

    Labels and plans stand in the run, or beside a FILE in FILE.audit; `judgekit report` then shows
    the accuracy that they correct. Only labels of a plan (--plan, --uniform) correct anything: rows
    labelled because they stand high in the list are for finding faults.
    """
    from judgekit.analysis.labels import RULES

    if rule not in RULES:
        raise errors.UnknownName("rule", rule, RULES)
    if aim not in ("benchmark", "population"):
        raise errors.UnknownName("target", aim, ("benchmark", "population"))
    if sum((plan is not None, uniform is not None, import_ is not None)) > 1:
        raise errors.UserError("--plan, --uniform and --import exclude one another")
    fields = {"question": question, "gold": gold, "response": response, "id": id_field}
    settings = configuration(config)
    subject, left_out = _subject(target, fields, judge or [], grading, settings, quiet)
    chosen = typing.cast("Rule", rule)
    person = by or login()
    result: dict[str, Any] = {}
    if plan is not None or uniform is not None:
        result = _plan(
            subject, plan, uniform, seed, aim, looks, anytime, assume or [], chosen, as_json, quiet
        )
    elif import_ is not None:
        result = import_labels(subject, import_, person, as_json)
    elif not (label or export):
        result = _overview(subject, chosen, top, as_json)
    if label or export:
        tasks, hidden = tasks_to_label(subject, chosen, triage, blind)
        if export:
            result |= export_rows(tasks, export, subject, hidden, person, as_json, quiet)
        if label:
            result |= label_rows(tasks, subject, hidden, person, as_json)
    if as_json:
        print_json(result)
    for number, reason in left_out[:10]:
        remarks().print(f"[yellow]row {number} left out:[/yellow] {plain(reason)}", soft_wrap=True)
    return errors.INCOMPLETE if left_out else errors.DONE


def _subject(
    target: Path | None,
    fields: dict[str, str | None],
    judges: list[str],
    grading: str | None,
    settings: Config,
    quiet: bool,
) -> tuple[Subject, Sequence[tuple[int, str]]]:
    """What is audited, and the rows of a file that could not be read."""
    import asyncio

    from judgekit.audit.subject import of_file, of_run, with_judges
    from judgekit.formats.foreign import read_responses

    if target is None or target.is_dir():
        only_of_a_file(**fields)
        subject = of_run(the_run(target, quiet), grading)
        if judges:
            subject = asyncio.run(with_judges(subject, settings, judges))
        return subject, ()
    if grading:
        raise errors.UserError("--grading goes with a run, not with a file")
    named: dict[str, Any] = dict(fields)
    rows = read_responses(target, **named)
    return asyncio.run(of_file(target, rows, settings, judges)), rows.left_out


# --- the overview -------------------------------------------------------------------------------


def _overview(subject: Subject, rule: Rule, top: int, as_json: bool) -> dict[str, Any]:
    from judgekit.analysis.labels import settle
    from judgekit.audit.correction import corrected
    from judgekit.audit.disagreements import disagreements
    from judgekit.audit.labels import agreement
    from judgekit.audit.mending import beside
    from judgekit.audit.plan import plan_in_force
    from judgekit.audit.subject import truth
    from judgekit.audit.tasks import left
    from judgekit.audit.triage import ranked

    labels = subject.labels
    settled = settle(labels, rule)
    known = truth(subject.rows, settled.outcomes)
    pairs = disagreements(subject.rows, known)
    judges = beside(subject.rows, known)
    order = ranked(subject.rows, known)
    agreed = agreement(labels)
    plan = plan_in_force(subject.folder)
    mended = corrected([row.grade for row in subject.rows], labels, subject.folder, rule=rule)
    if not as_json:
        show_pairs(pairs)
        show_beside(judges)
        show_ranked(order[:top], len(order))
        show_labels(labels, settled.unsure, agreed)
        if mended:
            show_corrected(mended)
        if plan:
            missing = left(plan, labels)
            screen().print(f"plan: {len(plan.rows)} rows, {missing} still to label")
    return {
        "audited": subject.name,
        "rows": len(subject.rows),
        "labelled": len(known),
        "unsure": settled.unsure,
        "disagreements": [pair_row(pair) for pair in pairs],
        "judges": [beside_row(each) for each in judges],
        "ranked": [ranked_row(each) for each in order[:top]],
        "agreement": dataclasses.asdict(agreed) if agreed else None,
        "corrected": dataclasses.asdict(mended) if mended else None,
        "plan": plan_row(plan) if plan else None,
    }


# --- plans --------------------------------------------------------------------------------------


def _plan(
    subject: Subject,
    width: float | None,
    uniform: int | None,
    seed: int,
    target: str,
    looks: int,
    anytime: bool,
    assume: Sequence[str],
    rule: Rule,
    as_json: bool,
    quiet: bool,
) -> dict[str, Any]:
    from judgekit.audit.plan import plan_uniform, plan_width, write_plan
    from judgekit.audit.tasks import left

    if width is not None:
        found = plan_width(
            subject,
            width,
            target=typing.cast(Any, target),
            seed=seed,
            looks=looks,
            anytime=anytime,
            assume=_shares(assume),
            rule=rule,
        )
    else:
        found = plan_uniform(subject, uniform or 0, seed=seed, rule=rule)
    path = write_plan(subject, found)
    todo = left(found, subject.labels)
    if not as_json:
        show_plan(found, todo)
        remarks(quiet).print(f"plan: {plain(str(path))}", soft_wrap=True)
        remarks(quiet).print("next: the same command with --label, or --export sheet.html")
    return {**plan_row(found), "to_label": todo, "file": str(path)}


def _shares(pairs: Sequence[str]) -> dict[str, float]:
    found = {}
    for stage, share in key_values(pairs).items():
        try:
            found[stage] = float(share)
        except ValueError:
            raise errors.UserError(
                f"--assume {stage}={share}: {share!r} is no share", hint="such as exact=0.01"
            ) from None
    return found
