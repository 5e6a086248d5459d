"""Labels for and from people without a terminal: a table (CSV) to fill in, and reading it back.

What stands in the sheet of an exported row: its key, how it was chosen, question, gold answer,
response, the verdicts unless it is blind, and empty fields `label`, `by` and `note`. Only the key,
the design and those three are read back.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from judgekit.audit.plan import Plan
from judgekit.audit.queue import Task
from judgekit.audit.subject import Subject
from judgekit.errors import DataError
from judgekit.formats.rows import LeftOut, cell_text, read_rows
from judgekit.records import Key, Label, Outcome

COLUMNS = (
    *("id", "sample", "variant", "label", "note", "by", "question", "gold", "response"),
    *("verdicts", "design", "probability", "blind"),
)
WORDS: Mapping[str, Outcome] = {
    **dict.fromkeys(("correct", "c", "true", "yes", "1", "1.0"), "correct"),
    **dict.fromkeys(("incorrect", "i", "false", "no", "0", "0.0"), "incorrect"),
    **dict.fromkeys(("unsure", "u", "undecided", "?"), "undecided"),
}
"""What a person may write as a label; an empty field is none."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a field that begins so for a formula; it gets an apostrophe in front."""

SHOWN_FAULTS = 5


@dataclass(frozen=True, slots=True)
class Imported:
    """What a sheet held: `labels` are new, `same` stood already, `empty` rows have no label."""

    labels: tuple[Label, ...]
    same: int
    empty: int


def sheet(tasks: Iterable[Task], blind: bool) -> str:
    """The tasks as CSV, one row each."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for task in tasks:
        writer.writerow([_guarded(value) for value in _row(task, blind)])
    return out.getvalue()


def verdict_lines(task: Task) -> list[str]:
    """Every verdict on a row, a line each."""
    return [
        f"{verdict.stage}: {verdict.outcome}"
        + (f", read {verdict.extracted}" if verdict.extracted is not None else "")
        + (f": {verdict.evidence}" if verdict.evidence else "")
        for several in task.row.verdicts.values()
        for verdict in several
    ]


def read_sheet(
    path: Path,
    subject: Subject,
    plan: Plan | None,
    *,
    by: str,
    at: str,
) -> Imported:
    """The labels of a filled-in sheet (CSV, or any other table of rows).

    `by` names the labeller where the sheet does not. Raises `DataError` naming every row (the
    first few in full) with an unknown key, a label that is none, a second label of one person on
    one response, or a design that the plan in force does not bear out; nothing is imported then.
    """
    reader = _Reader(subject, plan, by, at)
    unread: list[LeftOut] = []
    for number, row in read_rows(path, unread):
        reader.read(number, row)
    faults = sorted([*unread, *reader.faults])
    if faults:
        shown = "; ".join(f"row {number}: {why}" for number, why in faults[:SHOWN_FAULTS])
        more = len(faults) - SHOWN_FAULTS
        raise DataError(
            f"{path}: {shown}" + (f"; and {more} more" if more > 0 else ""),
            hint="nothing was imported",
        )
    standing = {(label.key, label.by): label for label in subject.labels}
    new = [label for label in reader.labels if not _same(label, standing.get(_place(label)))]
    return Imported(tuple(new), len(reader.labels) - len(new), reader.empty)


class _Reader:
    """Collects labels and faults row by row."""

    def __init__(self, subject: Subject, plan: Plan | None, by: str, at: str) -> None:
        self.known = subject.by_key
        self.drawn = {each.key: each.probability for each in plan.rows} if plan else {}
        self.plan = plan
        self.by, self.at = by, at
        self.labels: list[Label] = []
        self.faults: list[LeftOut] = []
        self.empty = 0
        self._first: dict[tuple[Key, str], int] = {}

    def read(self, number: int, row: Mapping[str, Any]) -> None:
        try:
            label = self._label(row)
        except ValueError as fault:
            self.faults.append(LeftOut(number, str(fault)))
            return
        if label is None:
            self.empty += 1
            return
        place = _place(label)
        if place in self._first:
            why = f"{_named(label.key)} is labelled by {label.by} in row {self._first[place]} too"
            self.faults.append(LeftOut(number, why))
            return
        self._first[place] = number
        self.labels.append(label)

    def _label(self, row: Mapping[str, Any]) -> Label | None:
        """The row's label, None where the field is empty. Raises `ValueError` saying what is
        wrong."""
        for name in ("id", "label"):
            if name not in row:
                raise ValueError(f"there is no column {name!r}")
        key = self._key(row)
        word = _text(row, "label").casefold()
        if not word:
            return None
        if word not in WORDS:
            raise ValueError(f"label {word!r:.40} is none of correct, incorrect, unsure")
        label = Label(
            id=key.id,
            sample=key.sample,
            variant=key.variant,
            outcome=WORDS[word],
            by=_text(row, "by") or self.by,
            at=_text(row, "at") or self.at,
            note=_unguarded(_text(row, "note")),
            blind=_text(row, "blind").casefold() in ("true", "1", "yes"),
            design="triage",
        )
        return self._drawn(label, _text(row, "design"))

    def _key(self, row: Mapping[str, Any]) -> Key:
        sample = _text(row, "sample") or "0"
        if not sample.isdecimal():
            raise ValueError(f"sample {sample!r:.40} is no number")
        name, variant = _text(row, "id"), _unguarded(_text(row, "variant"))
        for id_ in (name, _unguarded(name)):
            if (key := Key(id_, int(sample), variant)) in self.known:
                return key
        raise ValueError(f"{_named(Key(name, int(sample), variant))} is no row of what is audited")

    def _drawn(self, label: Label, design: str) -> Label:
        """The label with its design; a random one must be the plan's."""
        if design in ("", "triage"):
            return label
        if design not in ("uniform", "plan"):
            raise ValueError(f"design {design!r:.40} is none of uniform, plan, triage")
        if self.plan is None or self.plan.design != design or label.key not in self.drawn:
            raise ValueError(f"{_named(label.key)} was not drawn by the plan in force")
        return replace(label, design=self.plan.design, probability=self.drawn[label.key])


def _row(task: Task, blind: bool) -> Sequence[Any]:
    row = task.row
    return (
        *row.key,
        *("", "", ""),
        *(row.problem.question, row.problem.gold, row.response.text),
        "" if blind else "\n".join(verdict_lines(task)),
        *(task.design, "" if task.probability is None else task.probability, blind),
    )


def _guarded(value: Any) -> Any:
    """Text that a spreadsheet neither computes nor cuts off."""
    if not isinstance(value, str):
        return value
    value = value.replace("\x00", "\\x00")
    return f"'{value}" if value.startswith(FORMULA) else value


def _unguarded(text: str) -> str:
    return text[1:] if text[:1] == "'" and text[1:].startswith(FORMULA) else text


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).casefold()
    try:
        return cell_text(value).strip()
    except ValueError as fault:
        raise ValueError(f"{name} {fault}") from None


def _place(label: Label) -> tuple[Key, str]:
    return label.key, label.by


def _same(label: Label, other: Label | None) -> bool:
    return other is not None and (label.outcome, label.note, label.design) == (
        other.outcome,
        other.note,
        other.design,
    )


def _named(key: Key) -> str:
    parts = [f"id {key.id!r:.60}"]
    if key.sample:
        parts.append(f"sample {key.sample}")
    if key.variant:
        parts.append(f"variant {key.variant!r:.40}")
    return " ".join(parts)
