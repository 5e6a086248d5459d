"""Curves of a table, and reliability diagrams, as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from math import log2

from markupsafe import Markup

from judgekit.analysis.confidence import Calibration
from judgekit.report.svg import line, round_up, svg, text, ticks, tip
from judgekit.report.table import Table, percent

CURVE_COLOURS = 6


def curves_chart(table: Table) -> Markup:
    """The curves of a table as lines with intervals; the axis in powers of two."""
    curves = [curve for curve in table.curves if curve.points]
    if not any(len(curve.points) > 1 for curve in curves):
        return Markup("")
    left, top, wide, high = 48, 16, 430, 220
    xs = sorted({x for curve in curves for x, _ in curve.points if x > 0})
    first, last = log2(xs[0]), max(log2(xs[-1]), log2(xs[0]) + 1)
    ceiling = min(1.0, round_up(max(top for c in curves for _, (_, _, top) in c.points)))

    def place(x: float, share: float) -> tuple[float, float]:
        along = (log2(max(x, xs[0])) - first) / (last - first)
        return left + wide * along, top + high * (1 - min(share, ceiling) / ceiling)

    parts = [
        *(line(left, place(1, t)[1], left + wide, place(1, t)[1], "grid") for t in ticks(ceiling)),
        *(text(left - 8, place(1, t)[1] + 4, percent(t), "end", "tick") for t in ticks(ceiling)),
        *(
            text(place(x, 0)[0], top + high + 18, f"{x:,.0f}", "middle", "tick")
            for x in _apart(xs, 6)
        ),
        text(
            left + wide / 2,
            top + high + 38,
            f"{table.axis} (logarithmic)",
            "middle",
            "tick",
            cut=80,
        ),
    ]
    for number, curve in enumerate(curves):
        css = f"c{number % CURVE_COLOURS}"
        spots = [
            (*place(x, value), place(x, low)[1], place(x, up)[1])
            for x, (low, value, up) in curve.points
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _, _ in spots)
        marks = [
            *(line(x, low, x, up, "interval") for x, _, low, up in spots),
            Markup('<polyline class="curve" points="{}"/>').format(path),
            *(
                Markup('<circle class="dot" cx="{:.1f}" cy="{:.1f}" r="3.5"/>').format(x, y)
                for x, y, _, _ in spots
            ),
        ]
        below = top + high + 58 + 18 * number
        marks += [
            line(left, below - 4, left + 22, below - 4, "curve"),
            text(left + 30, below, curve.name, cut=60),
        ]
        parts.append(
            Markup('<g class="{}">{}{}</g>').format(css, tip(curve.name), Markup("").join(marks))
        )
    return svg(table.title, top + high + 58 + 18 * len(curves), parts)


def reliability_chart(found: Calibration, title: str) -> Markup:
    """Accuracy against stated confidence, a bar a bin; on the diagonal they agree."""
    if not found.n:
        return Markup("")
    left, top, side = 40, 26, 220
    base = top + side
    parts = [
        text(left, 14, title, "start", "name", cut=40),
        *(line(left, base - side * t, left + side, base - side * t, "grid") for t in ticks(1)),
        *(text(left - 6, base - side * t + 4, f"{100 * t:.0f}", "end", "tick") for t in ticks(1)),
        *(text(left + side * t, base + 16, f"{100 * t:.0f}", "middle", "tick") for t in ticks(1)),
    ]
    for each in found.bins:
        x, wide = left + side * each.low, side * (each.high - each.low) - 1
        note = (
            f"{100 * each.low:.0f}–{100 * each.high:.0f} %: {percent(each.accuracy)} % right of "
            f"{each.n}, mean confidence {percent(each.confidence)} %"
        )
        tall = max(side * each.accuracy, 2)  # a bin with nothing right is seen too
        parts.append(
            Markup(
                '<rect class="o-correct" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}">'
                "{}</rect>"
            ).format(x, base - tall, wide, tall, tip(note))
        )
    parts += [
        line(left, base, left + side, top, "frontier"),
        text(left + side / 2, base + 34, "confidence % against right %", "middle", "tick", cut=40),
    ]
    return svg(f"Reliability of {title}", base + 42, parts, width=left + side + 30)


def _apart(values: Sequence[float], most: int) -> Sequence[float]:
    """At most so many of the values, evenly, the last among them."""
    step = -(-len(values) // most)
    return values[::-1][::step][::-1]
