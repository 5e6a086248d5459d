"""Labelling, as `judgekit audit` offers it: in the terminal, as a page or sheet, and back again."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from judgekit import errors
from judgekit.cli.common import plain, remarks, screen

if TYPE_CHECKING:
    from judgekit.analysis.labels import Rule
    from judgekit.audit.queue import Task
    from judgekit.audit.subject import Subject


def login() -> str:
    """Who labels, where nobody is named."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "me"


def tasks_to_label(
    subject: Subject, rule: Rule, triage: bool, blind: bool | None
) -> tuple[list[Task], bool]:
    """The rows to label, and whether verdicts are hidden."""
    from judgekit.audit.plan import plan_in_force
    from judgekit.audit.tasks import planned, triaged

    plan = None if triage else plan_in_force(subject.folder)
    if plan and plan.grading != subject.grading:
        remarks().print("[yellow]the plan was made for another grading of these rows[/yellow]")
    tasks = planned(subject, plan) if plan else triaged(subject, rule)
    if not tasks:
        raise errors.UserError("there is nothing to label: every row has a label")
    return tasks, plan is not None if blind is None else blind


def label_rows(
    tasks: Sequence[Task], subject: Subject, blind: bool, person: str, as_json: bool
) -> dict[str, Any]:
    from judgekit.audit.queue import Queue
    from judgekit.runs import Writer

    try:
        from judgekit.audit.app import LabelApp
    except ModuleNotFoundError as fault:
        if (fault.name or "").partition(".")[0] != "textual":
            raise
        raise errors.MissingExtra("textual", "audit") from None
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise errors.UserError("--label needs a terminal", hint="--export FILE.html does without")
    with Writer(subject.folder) as writer:
        queue = Queue(tasks, person, writer.append, earlier=subject.labels, blind=blind)
        before = queue.done
        app = LabelApp(queue, _title(subject, tasks))
        app.run()
    if app.fault:
        raise app.fault
    if app.return_code:
        raise typer.Exit(app.return_code)
    todo = len(tasks) - queue.done
    if not as_json:
        where = subject.folder / "labels.jsonl"
        screen().print(
            plain(f"labels made: {queue.done - before}; to go: {todo} of {len(tasks)} ({where})"),
            soft_wrap=True,
        )
    return {"made": queue.done - before, "to_go": todo}


def export_rows(
    tasks: Sequence[Task],
    path: Path,
    subject: Subject,
    blind: bool,
    person: str,
    as_json: bool,
    quiet: bool,
) -> dict[str, Any]:
    """The rows that this person has not labelled, as a sheet or page."""
    from judgekit.audit.page import page
    from judgekit.audit.sheet import sheet
    from judgekit.lines import disk

    done = {(each.key, each.design) for each in subject.labels if each.by == person}
    tasks = [task for task in tasks if (task.row.key, task.design) not in done]
    kind = path.suffix.lower()
    if kind == ".csv":
        text = sheet(tasks, blind)
    elif kind in (".html", ".htm"):
        text = page(tasks, _title(subject, tasks), blind=blind)
    else:
        raise errors.UserError(f"{path}: an export of unknown kind", hint="FILE.csv or FILE.html")
    with disk(path):
        path.write_text(text, encoding="utf-8", newline="")
    if not as_json:
        screen().print(plain(f"{len(tasks)} rows to label: {path}"), soft_wrap=True)
        remarks(quiet).print("next: judgekit audit … --import with what comes back")
    return {"exported": len(tasks), "file": str(path)}


def import_labels(subject: Subject, path: Path, person: str, as_json: bool) -> dict[str, Any]:
    from judgekit.audit.plan import plan_in_force
    from judgekit.audit.sheet import read_sheet
    from judgekit.runs import Writer

    if path.suffix.lower() in (".html", ".htm"):
        raise errors.UserError(
            f"{path}: a page to label in holds no labels",
            hint="open it in a browser, and import the CSV that it saves",
        )
    now = datetime.now(UTC).isoformat(timespec="seconds")
    found = read_sheet(path, subject, plan_in_force(subject.folder), by=person, at=now)
    with Writer(subject.folder) as writer:
        writer.append(*found.labels)
    if not as_json:
        screen().print(
            f"{len(found.labels)} labels read, {found.same} stood already, "
            f"{found.empty} rows have none"
        )
    return {"imported": len(found.labels), "same": found.same, "empty": found.empty}


def _title(subject: Subject, tasks: Sequence[Task]) -> str:
    design = tasks[0].design if tasks else "triage"
    return f"{Path(subject.name).name} · {design}"
