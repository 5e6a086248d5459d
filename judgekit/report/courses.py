"""What the texts of long responses show: answers on the way, and what shorter runs would have got.

Both read every response again with the verifier, so that they are made only where asked for.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from judgekit.analysis.course import courses
from judgekit.analysis.cutoff import cut_off_curve, limits
from judgekit.records import Response
from judgekit.report.summary import Line, RunLike
from judgekit.report.table import Cell, Column, Curve, Table, count, interval, number, percent
from judgekit.report.tables import label, label_cells, label_columns, varying

MOST_READ = 4_000
"""Responses of a line that are read; of more, so many are drawn with a fixed seed."""


def answers_table(runs: Sequence[RunLike], lines: Sequence[Line], level: float) -> Table:
    """The answers given on the way: when the first right one came and what followed it."""
    columns = (
        *label_columns(lines),
        Column("n", "n"),
        Column("announced", "announce one"),
        Column("mentions", "answers"),
        Column("switches", "switches"),
        Column("waits", "waits"),
        Column("mended", "wrong→right"),
        Column("broken", "right→wrong"),
        Column("reached", "ever right"),
        Column("kept", "right in the end"),
        Column("after", "tokens after"),
        Column("after_share", "share"),
    )
    rows, drawn = [], list[str]()
    for line, run in zip(lines, _runs_of(runs, lines), strict=True):
        responses = _read(run, line, drawn)
        found = courses(
            {p.id: p for p in run.problems}, responses, {g.key: g for g in run.grades}, level
        )
        mean, low, high = found.after
        rows.append(
            (
                *label_cells(lines, line),
                *(count(n) for n in (found.n, found.announced, found.mentions, found.switches)),
                *(count(n) for n in (found.waits, found.mended, found.broken, found.reached)),
                count(found.kept),
                _mean_cell(mean, low, high),
                Cell(percent(found.after_share, sign=True), found.after_share),
            )
        )
    notes = (
        "an answer counts where it is announced as one: a box, a tag, ####, “the answer is”",
        "tokens after: the model's own after its first right answer, mean and interval over the "
        "responses that gave one; share: of all tokens of those responses",
        "waits: how often models wrote the word",
        *drawn,
    )
    title = "Answers on the way"
    return Table("answers", title, columns, tuple(rows), notes, len(varying(lines)))


def cutoff_table(runs: Sequence[RunLike], lines: Sequence[Line], level: float) -> Table:
    """Accuracy at each token limit, from the responses as they stood there."""
    pairs, drawn = list(zip(lines, _runs_of(runs, lines), strict=True)), list[str]()
    read = [_read(run, line, drawn, failed=True) for line, run in pairs]
    at = limits([response for each in read for response in each])
    columns = (*label_columns(lines), *(Column(str(limit), f"{limit:,}") for limit in at))
    rows, curves = [], []
    for (line, run), responses in zip(pairs, read, strict=True):
        grades = {g.key: g for g in run.grades}
        curve = cut_off_curve({p.id: p for p in run.problems}, responses, grades, at, level)
        rows.append(
            (
                *label_cells(lines, line),
                *(
                    Cell(f"{percent(each.value)} [{interval(each.low, each.high)}]", each.value)
                    for each in curve.values()
                ),
            )
        )
        points = [
            (float(limit), (each.low, each.value, each.high))
            for limit, each in curve.items()
            if each.value is not None
        ]
        curves.append(Curve(label(line, lines), tuple(points)))
    notes = (
        "accuracy in % [interval] had every response been cut off there; no answer is forced",
        *drawn,
    )
    return Table(
        *("cutoff", "Accuracy by token limit, from one long run", columns, tuple(rows), notes),
        labels=len(varying(lines)),
        curves=tuple(curves),
        axis="token limit",
    )


def _mean_cell(mean: float, low: float, high: float) -> Cell:
    if mean != mean or low != low:
        return number(mean, 0)
    return Cell(f"{mean:,.0f} [{max(low, 0):,.0f}–{high:,.0f}]", mean)


def _runs_of(runs: Sequence[RunLike], lines: Sequence[Line]) -> list[RunLike]:
    by_path = {str(run.path): run for run in runs}
    return [by_path[line.run] for line in lines]


def _read(run: RunLike, line: Line, notes: list[str], *, failed: bool = False) -> list[Response]:
    """The line's responses, or a sample of them, which a note then says."""
    of_line = [response for response in run.responses if response.variant == line.variant]
    found = [r for r in of_line if failed or r.finish_reason != "error"]
    if len(found) <= MOST_READ:
        return found
    notes.append(
        f"{line.setting} on {line.benchmark}: {MOST_READ:,} of {len(found):,}, drawn at random"
    )
    return random.Random(0).sample(found, MOST_READ)
