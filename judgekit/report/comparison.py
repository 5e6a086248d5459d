"""Runs against each other, problem by problem: `judgekit compare A B ...`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from judgekit.analysis.compare import Comparison, compare, holm
from judgekit.analysis.intervals import LEVEL
from judgekit.errors import UserError
from judgekit.report.seeds import pooled, seeds_table
from judgekit.report.summary import Line, RunLike, summarise
from judgekit.report.table import Cell, Column, Report, Table, count, percent, words
from judgekit.report.tables import label

SHOWN_FLIPS = 12
"""Problems named in each direction; the rest are counted."""


def compare_runs(runs: Sequence[RunLike], *, level: float = LEVEL, margin: float = 0.02) -> Report:
    """Every pair of runs (and variants) of the same benchmark: difference, test, flips, power.

    Runs that differ in their seed alone count as samples of one, unless there are no others. With
    more than two, p-values are adjusted by Holm. `margin` is the difference (a share) for
    which the power is planned and equivalence is tested. Raises `UserError` with fewer than two
    runs or none that share a problem.
    """
    summarised = summarise(runs, level)
    graded = [(line, rows) for line, rows in summarised if line.accuracy.graded]
    if len(graded) < 2:
        raise UserError(
            "comparing needs two different graded runs",
            hint="judgekit compare RUN RUN; judgekit grade",
        )
    over = seeds_table(graded)
    counted = pooled(graded)
    if len(counted) < 2:
        counted = graded
    found: list[tuple[Line, Line, Comparison]] = []
    for (first, a), (second, b) in combinations(counted, 2):
        if first.benchmark == second.benchmark and set(a["id"]) & set(b["id"]):
            found.append((first, second, compare(a, b, level)))
    if not found:
        raise UserError(
            "these runs have no problem in common", hint="compare runs of one benchmark"
        )
    adjusted = holm([each.p for *_, each in found])
    lines = [line for line, _ in counted if any(line in pair[:2] for pair in found)]
    pairs = [(label(first, lines), label(second, lines), each) for first, second, each in found]
    tables = [
        differences_table(pairs, adjusted, level),
        flips_table(pairs),
        power_table(pairs, margin),
        *([over] if over else []),
    ]
    left_out = [line.run for line, _ in summarised if not line.accuracy.graded]
    alone = [line.run for line, _ in counted if line not in lines]
    notes = [
        *([f"left out, not graded: {', '.join(left_out)}"] if left_out else []),
        *([f"left out, no problem in common with another: {', '.join(alone)}"] if alone else []),
    ]
    return Report(tuple(lines), tuple(tables), tuple(notes))


Pair = tuple[str, str, Comparison]
"""What A and B are called, and what sets them apart."""


def differences_table(pairs: Sequence[Pair], adjusted: Sequence[float], level: float) -> Table:
    """B minus A in percentage points, with interval and p."""
    several = len(pairs) > 1
    some_open = any(any(each.open) for *_, each in pairs)
    some_alone = any(each.only_a + each.only_b for *_, each in pairs)
    columns = (
        Column("a", "A", "left"),
        Column("b", "B", "left"),
        Column("n", "n"),
        Column("accuracy_a", "A %"),
        Column("accuracy_b", "B %"),
        Column("difference", "B − A"),
        Column("interval", f"{100 * level:g} %"),
        Column("p", "p (Holm)" if several else "p"),
        *((Column("open", "open"), Column("band", "B − A with them")) if some_open else ()),
        *((Column("alone", "left out"),) if some_alone else ()),
    )
    rows = tuple(
        (
            *(words(first), words(second), count(each.n)),
            Cell(percent(each.accuracy[0]), each.accuracy[0]),
            Cell(percent(each.accuracy[1]), each.accuracy[1]),
            Cell(_points(each.difference), each.difference),
            Cell(f"{_points(each.low)} … {_points(each.high)}", [each.low, each.high]),
            Cell(_p(p), p, "best" if p < 1 - level else None),
            *(_open_cells(each) if some_open else ()),
            *((count(each.only_a + each.only_b),) if some_alone else ()),
        )
        for (first, second, each), p in zip(pairs, adjusted, strict=True)
    )
    notes = [f"differences in percentage points, paired by problem; {pairs[0][2].test} test"]
    if several:
        notes.append("p adjusted for the number of comparisons (Holm)")
    if some_open:
        notes.append(
            "open: undecided, failed or not graded in A and B; they count as wrong, and whatever "
            "they are, B − A lies within the next column"
        )
    if some_alone:
        notes.append("left out: problems that stand in one of the two only")
    return Table("differences", "Differences", columns, rows, tuple(notes))


def _open_cells(found: Comparison) -> tuple[Cell, Cell]:
    a, b = found.open
    if not a + b:
        return words(None), words(None)
    low, high = found.band
    return Cell(f"{a:,} and {b:,}", [a, b]), Cell(f"{_points(low)} … {_points(high)}", [low, high])


def flips_table(pairs: Sequence[Pair]) -> Table:
    """Which problems B has right that A has not, and the other way round."""
    columns = (
        Column("a", "A", "left"),
        Column("b", "B", "left"),
        Column("direction", "", "left"),
        Column("n", "n"),
        Column("problems", "problems", "left"),
    )
    rows = []
    for first, second, each in pairs:
        for direction, ids in (("gained", each.gained), ("lost", each.lost)):
            shown = ", ".join(ids[:SHOWN_FLIPS])
            if len(ids) > SHOWN_FLIPS:
                shown += f", and {len(ids) - SHOWN_FLIPS} more"
            rows.append(
                (
                    *(words(first), words(second), words(direction), count(len(ids))),
                    Cell(shown or "–", list(ids)),
                )
            )
    notes = ("gained: B has them right more often than A; lost: less often",)
    return Table("flips", "Problems that flip", columns, tuple(rows), notes, labels=3)


def power_table(pairs: Sequence[Pair], margin: float) -> Table:
    """What these sizes can see, what would be needed, and whether the runs are equivalent."""
    points = f"{100 * margin:g}"
    several = any(each.problems_needed(margin, 8) for *_, each in pairs)
    columns = (
        Column("a", "A", "left"),
        Column("b", "B", "left"),
        Column("detectable", "sees from"),
        Column("needed", f"problems for {points}"),
        *((Column("needed_8", "with 8 samples"),) if several else ()),
        Column("not_worse", "p worse"),
        Column("equivalent", "p differ"),
    )
    rows = tuple(
        (
            *(words(first), words(second)),
            Cell(f"{100 * each.detectable:.1f}", each.detectable),
            count(each.problems_needed(margin)),
            *((count(each.problems_needed(margin, 8)),) if several else ()),
            Cell(_p(each.not_worse(margin)), each.not_worse(margin)),
            Cell(_p(each.equivalent(margin)), each.equivalent(margin)),
        )
        for first, second, each in pairs
    )
    notes = (
        "sees from: the difference in points that this comparison finds with a power of 80 %",
        f"problems for {points}: how many it would take to see {points} points so",
        f"p worse, p differ: that B is worse, or A and B differ, by {points} points or more; "
        "small says no",
    )
    return Table("power", "What these sizes can tell", columns, rows, notes)


def _points(share: float) -> str:
    return f"{100 * share:+.1f}".replace("-", "−")


def _p(value: float) -> str:
    return "<0.001" if value < 0.001 else f"{value:.3f}"
