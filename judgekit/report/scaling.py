"""Test-time scaling: votes over samples, families of runs by s1's metrics, both as curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from judgekit.analysis.intervals import Share
from judgekit.analysis.scaling import Point, control, performance, scaling, vote_curve
from judgekit.report.summary import Line
from judgekit.report.table import Cell, Column, Curve, Table, interval, number, percent, words
from judgekit.report.tables import label, label_cells, label_columns, varying

if TYPE_CHECKING:
    import pandas as pd

Counted = Sequence[tuple[Line, "pd.DataFrame"]]

_BUDGETS = ("max_thinking", "budget", "tokens")
"""Options that bound thinking: of budget-forcing, thinking-budget and cut-off."""


def votes_table(counted: Counted, level: float) -> Table:
    """What 1, 2, 4, ... samples a problem give, from runs with several."""
    counted = [each for each in counted if each[0].samples > 1] or counted
    lines = [line for line, _ in counted]
    curves = [(line, vote_curve(rows, level=level)) for line, rows in counted]
    sizes = sorted({k for _, curve in curves for k in curve})
    columns = (
        *label_columns(lines),
        Column("method", "of k samples", "left"),
        *(Column(str(k), f"k = {k}") for k in sizes),
    )
    rows, drawn = [], []
    for line, curve in curves:
        for method, shares in _by_method(curve).items():
            rows.append(
                (
                    *label_cells(lines, line),
                    words(method),
                    *(_share_cell(shares.get(k)) for k in sizes),
                )
            )
            name = label(line, lines, f"{line.setting} {method}") if len(lines) > 1 else method
            drawn.append(Curve(name, tuple(_points(shares))))
    notes: tuple[str, ...] = (
        "per cent [interval], unbiased from all samples of a problem; pass: one of k is right, "
        "pass^: all are, maj: the most frequent answer is, ties at random, best: the one with the "
        "highest mean log-probability is",
    )
    return Table(
        *("votes", "Best of n", columns, tuple(rows), notes),
        labels=len(varying(lines)),
        curves=tuple(drawn),
        axis="samples a problem",
    )


def scaling_table(counted: Counted, level: float) -> Table:
    """Families of runs (one strategy at several settings) by s1's metrics, votes beside them."""
    graded = [(line, rows) for line, rows in counted if line.accuracy.graded]
    lines = [line for line, _ in graded]
    columns = (
        *(Column(key, key, "left") for key in ("benchmark", "model", "family")),
        Column("runs", "runs"),
        Column("tokens", "tokens"),
        Column("control", "control"),
        Column("scaling", "scaling"),
        Column("performance", "performance"),
    )
    rows = [_family_row(name, family) for name, family in families(lines).items()]
    rows += [_votes_row(line, shares) for line, shares in _votes(graded, level)]
    notes: tuple[str, ...] = (
        "s1's metrics: control, the share of runs whose mean thinking tokens keep within the limit "
        "they were given; scaling, the mean slope between runs in points a thousand tokens; "
        "performance, the best accuracy",
        "tokens: mean thinking tokens where the thinking is marked, else all that the model wrote",
    )
    if not rows:
        notes = (
            "none here: a family is runs of one strategy that differ in an option, a variant or "
            "the token limit, or one run with several samples",
        )
    return Table(
        *("scaling", "Test-time scaling", columns, tuple(rows), notes),
        labels=3,
        curves=scaling_curves(graded, level),
        axis="tokens generated for a problem, discarded ones included",
    )


def families(lines: Sequence[Line]) -> dict[tuple[str, str, str], list[Line]]:
    """Lines of one benchmark, model and strategy at several settings, each by its largest run."""
    found: dict[tuple[str, str, str], dict[str, Line]] = {}
    for line in sorted(lines, key=lambda line: line.accuracy.n):
        config = line.config
        key = (line.benchmark, line.model, str(config.get("strategy", "")))
        setting = repr((line.variant, config.get("options"), config.get("max_tokens")))
        found.setdefault(key, {})[setting] = line
    return {key: [*family.values()] for key, family in found.items() if len(family) > 1}


def scaling_curves(counted: Counted, level: float) -> tuple[Curve, ...]:
    """Sequential against parallel: each family over its tokens, each vote over k times its own."""
    lines = [line for line, _ in counted]
    curves = []
    for (_, _, strategy), family in families(lines).items():
        points = sorted((_generated(line), _accuracy_span(line)) for line in family)
        curves.append(Curve(label(family[0], lines, strategy), tuple(points)))
    for line, shares in _votes(counted, level):
        once = _generated(line)
        points = [(k * once, span) for k, span in _points(shares)]
        curves.append(Curve(label(line, lines, f"{line.setting} maj@k"), tuple(points)))
    return tuple(curves)


def _votes(counted: Counted, level: float) -> list[tuple[Line, dict[int, Share]]]:
    """The majority of 1, 2, 4, ... samples, for the lines that have several."""
    return [
        (line, _by_method(vote_curve(rows, level=level)).get("maj", {}))
        for line, rows in counted
        if line.samples > 1
    ]


def _family_row(name: tuple[str, str, str], family: Sequence[Line]) -> tuple[Cell, ...]:
    points = [Point(_thought(line), line.accuracy.value or 0.0) for line in family]
    limited = [
        (each.tokens, lim)
        for each, line in zip(points, family, strict=True)
        if (lim := _limit(line))
    ]
    kept = control([t for t, _ in limited], [lim for _, lim in limited]) if limited else None
    return (
        *(words(each) for each in name),
        *_measured(points),
        Cell(percent(kept, sign=True), kept),
        *_outcome(points),
    )


def _votes_row(line: Line, shares: Mapping[int, Share]) -> tuple[Cell, ...]:
    once = line.completion.mean
    points = [Point(k * once, share.value or 0.0) for k, share in shares.items()]
    names = (line.benchmark, line.model, f"{line.setting} maj@k")
    return (*(words(each) for each in names), *_measured(points), words(None), *_outcome(points))


def _measured(points: Sequence[Point]) -> tuple[Cell, Cell]:
    low, high = min(p.tokens for p in points), max(p.tokens for p in points)
    return Cell(str(len(points)), len(points)), Cell(f"{low:,.0f}–{high:,.0f}", [low, high])


def _outcome(points: Sequence[Point]) -> tuple[Cell, Cell]:
    slope = scaling(points)
    a_thousand = None if slope is None else 100_000 * slope
    best = performance(points)
    return number(a_thousand, 1), Cell(percent(best, sign=True), best)


def _limit(line: Line) -> tuple[float, float] | None:
    """The least and most thinking tokens that the run's options ask for, if they do."""
    options = line.config.get("options")
    options = options if isinstance(options, Mapping) else {}
    most = next((options[name] for name in _BUDGETS if options.get(name)), None)
    least = options.get("min_thinking") or 0
    if most is None and not least:
        return None
    return float(least), float("inf") if most is None else float(most)


def _thought(line: Line) -> float:
    return line.thought.mean if line.thought.total else line.completion.mean


def _generated(line: Line) -> float:
    """Tokens generated for one response, those included that were thrown away."""
    return (line.cost.own + line.cost.discarded) / max(line.accuracy.n, 1)


def _accuracy_span(line: Line) -> tuple[float, float, float]:
    return line.accuracy.low, line.accuracy.value or 0.0, line.accuracy.high


def _by_method(curve: Mapping[int, Mapping[str, Share]]) -> dict[str, dict[int, Share]]:
    """`pass`, `pass^`, `maj` and `best`, each over k."""
    found: dict[str, dict[int, Share]] = {}
    for k, shares in curve.items():
        for name, share in shares.items():
            found.setdefault(name.removesuffix(str(k)).removesuffix("@"), {})[k] = share
    return found


def _points(shares: Mapping[int, Share]) -> list[tuple[float, tuple[float, float, float]]]:
    return [
        (float(k), (each.low, each.value, each.high))
        for k, each in shares.items()
        if each.value is not None
    ]


def _share_cell(share: Share | None) -> Cell:
    if share is None or share.value is None:
        return words(None)
    return Cell(f"{percent(share.value)} [{interval(share.low, share.high)}]", share.value)
