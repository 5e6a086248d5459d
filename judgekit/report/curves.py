"""Curves of a training as SVG: a quantity against the steps. Colours come from the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite

from markupsafe import Markup

Points = Sequence[tuple[float, float]]
LEFT, TOP, WIDE, HIGH, KEY = 68, 12, 400, 150, 18
DASHES = ("", "6 4", "2 3", "9 3 2 3")


def curves_chart(curves: Mapping[str, Points], title: str) -> Markup:
    """Each curve by name over one pair of axes; empty where there is nothing to draw."""
    drawn = {
        name: [(x, y) for x, y in points if isfinite(x) and isfinite(y)]
        for name, points in curves.items()
    }
    drawn = {name: points for name, points in drawn.items() if points}
    if not drawn:
        return Markup("")
    xs = [x for points in drawn.values() for x, _ in points]
    ys = [y for points in drawn.values() for _, y in points]
    low, high = min(ys), max(ys)
    if low == high:
        margin = abs(low) / 2 or 0.5
        low, high = low - margin, high + margin
    first, last = min(xs), max(max(xs), min(xs) + 1)

    def at(x: float, y: float) -> tuple[float, float]:
        return LEFT + WIDE * (x - first) / (last - first), TOP + HIGH * (high - y) / (high - low)

    parts = []
    for k in range(5):
        value = low + (high - low) * k / 4
        _, y = at(first, value)
        parts += [_line(LEFT, y, LEFT + WIDE, y), _text(LEFT - 6, y + 4, f"{value:.3g}", "end")]
    for value in (first, last):
        x, _ = at(value, low)
        parts.append(_text(x, TOP + HIGH + 16, f"step {value:,.0f}", "middle"))
    for number, (name, points) in enumerate(drawn.items()):
        dash = DASHES[number % len(DASHES)]
        path = " ".join("{:.1f},{:.1f}".format(*at(x, y)) for x, y in points)
        parts.append(_polyline(path, dash, name))
        key = TOP + HIGH + 36 + KEY * number
        parts += [
            _polyline(f"{LEFT},{key - 4} {LEFT + 28},{key - 4}", dash, name),
            _text(LEFT + 36, key, f"{name}: {points[0][1]:.4g} to {points[-1][1]:.4g}", "start"),
        ]
    height = TOP + HIGH + 32 + KEY * len(drawn)
    return Markup(
        '<svg viewBox="0 0 {} {}" style="max-width:{}px" role="img" aria-label="{}">{}</svg>'
    ).format(LEFT + WIDE + 30, height, LEFT + WIDE + 30, title, Markup("").join(parts))


def _polyline(points: str, dash: str, name: str) -> Markup:
    return Markup(
        '<polyline class="curve" points="{}" stroke-dasharray="{}"><title>{}</title></polyline>'
    ).format(points, dash, name)


def _line(x1: float, y1: float, x2: float, y2: float) -> Markup:
    return Markup('<line class="grid" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>').format(
        x1, y1, x2, y2
    )


def _text(x: float, y: float, text: str, anchor: str) -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}" class="tick">{}</text>').format(
        x, y, anchor, text
    )
