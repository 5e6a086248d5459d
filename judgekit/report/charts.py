"""Charts as SVG, drawn here so that a report needs nobody's script. Colours come from the page."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from markupsafe import Markup

from judgekit.analysis.frame import CORRECT, REASONS
from judgekit.analysis.scaling import Point, pareto
from judgekit.report.summary import Line
from judgekit.report.svg import line as stroke
from judgekit.report.svg import round_up, svg, text, ticks, tip
from judgekit.report.table import percent

if TYPE_CHECKING:
    import pandas as pd

LABEL, ROW, PLOT = 210, 24, 270
NAME_ROOM = 185
MIDDLE = 120
BINS = 30


def label(line: Line, lines: Sequence[Line]) -> str:
    """What tells a line from the others: model where there are several, and the setting."""
    several = len({each.model for each in lines}) > 1
    return f"{line.model} {line.setting}" if several else line.setting


def accuracy_chart(lines: Sequence[Line]) -> Markup:
    """Accuracy with its interval, a row a line, grouped by benchmark."""
    rows, height = [], 34
    for benchmark, group in groupby(lines, key=lambda line: line.benchmark):
        rows.append(_heading(benchmark, height))
        height += ROW
        for line in group:
            rows.append(_interval_row(line, label(line, lines), height))
            height += ROW
    axis = [_percent_axis(height)]
    return svg("Accuracy with intervals", height + 10, [*axis, *rows])


def outcomes_chart(lines: Sequence[Line]) -> Markup:
    """What became of the responses, a stacked bar a line."""
    rows, height = [], 10
    for benchmark, group in groupby(lines, key=lambda line: line.benchmark):
        rows.append(_heading(benchmark, height))
        height += ROW
        for line in group:
            rows.append(text(LABEL - 10, height + 14, label(line, lines), "end"))
            at, total = float(LABEL), max(line.accuracy.n, 1)
            for name in (CORRECT, *REASONS):
                times = line.accuracy.reasons.get(name, 0)
                wide = PLOT * times / total
                if times:
                    rows.append(
                        Markup(
                            '<rect class="o-{}" x="{:.1f}" y="{}" width="{:.1f}" height="16">'
                            "<title>{}: {} ({} %)</title></rect>"
                        ).format(
                            *(_css(name), at, height + 2, wide, name, times),
                            percent(times / total),
                        )
                    )
                at += wide
            rows.append(text(LABEL + PLOT + 10, height + 14, f"n = {line.accuracy.n:,}"))
            height += ROW
    return svg("What became of the responses", height + 4, rows)


def tokens_chart(lines: Sequence[Line]) -> Markup:
    """Accuracy against mean completion tokens with the Pareto frontier, for one benchmark."""
    shown = [line for line in lines if line.accuracy.value is not None and line.completion.n]
    if len(shown) < 2:
        return Markup("")
    left, top, wide, high = 48, 16, 430, 220
    most = round_up(max(line.completion.mean for line in shown))
    ceiling = min(1.0, round_up(max(line.accuracy.high for line in shown)))

    def x(tokens: float) -> float:
        return left + wide * tokens / most

    def y(share: float) -> float:
        return top + high * (1 - share / ceiling)

    parts = [
        *(stroke(left, y(t), left + wide, y(t), "grid") for t in ticks(ceiling)),
        *(text(left - 8, y(t) + 4, percent(t), "end", "tick") for t in ticks(ceiling)),
        *(text(x(t), top + high + 18, f"{t:,.0f}", "middle", "tick") for t in ticks(most)),
        text(left + wide / 2, top + high + 38, "mean completion tokens", "middle", "tick"),
    ]
    points = [Point(line.completion.mean, line.accuracy.value or 0.0) for line in shown]
    path = " ".join(
        f"{x(points[i].tokens):.1f},{y(points[i].accuracy):.1f}" for i in pareto(points)
    )
    parts.append(Markup('<polyline class="frontier" points="{}"/>').format(path))
    named: list[tuple[float, float]] = []
    for line, point in zip(shown, points, strict=True):
        cx, cy = x(point.tokens), y(point.accuracy)
        parts += [
            stroke(cx, y(line.accuracy.low), cx, y(line.accuracy.high), "interval"),
            Markup('<circle class="dot" cx="{:.1f}" cy="{:.1f}" r="4.5">{}</circle>').format(
                cx, cy, tip(f"{label(line, lines)}: {percent(point.accuracy)} %")
            ),
            _name(named, cx, cy - 6, label(line, lines), left_of=cx > left + wide / 2),
        ]
    return svg("Accuracy against tokens", top + high + 46, parts)


def _name(
    taken: list[tuple[float, float]], x: float, y: float, name: str, *, left_of: bool
) -> Markup:
    """The name of a point, on the side of it where the chart has room."""
    start, free = _free(taken, x - 8 - NAME_ROOM if left_of else x + 8, y)
    return text(start + NAME_ROOM, free, name, "end") if left_of else text(start, free, name)


def _free(taken: list[tuple[float, float]], x: float, y: float) -> tuple[float, float]:
    """The place for a name, moved to where more room is until no other is there; then taken."""
    step = -12 if y > MIDDLE else 12
    while any(abs(x - other) < NAME_ROOM and abs(y - at) < 12 for other, at in taken):
        y += step
    taken.append((x, y))
    return x, y


def lengths_chart(frame: pd.DataFrame, title: str) -> Markup:
    """Histogram of completion tokens, correct responses below the others."""
    rows = frame[frame["finish_reason"] != "error"]
    if not len(rows):
        return Markup("")
    import numpy as np

    tokens = rows["completion_tokens"].to_numpy(float)
    right = (rows["reason"] == CORRECT).to_numpy()
    most = max(float(tokens.max()), 1.0)
    edges = np.linspace(0, most, BINS + 1)
    good, bad = np.histogram(tokens[right], edges)[0], np.histogram(tokens[~right], edges)[0]
    left, wide, high, top = 10, 340, 90, 24
    tallest = max(int((good + bad).max()), 1)
    step = wide / BINS
    parts = [text(left, 14, title, "start", "name")]
    for k, (below, above) in enumerate(zip(good.tolist(), bad.tolist(), strict=True)):
        h, g = high * below / tallest, high * above / tallest
        note = tip(f"{edges[k]:.0f}–{edges[k + 1]:.0f} tokens: {below} correct, {above} other")
        for css, bar, base in (("o-correct", h, top + high), ("o-other", g, top + high - h)):
            if bar:
                parts.append(
                    Markup(
                        '<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}">'
                        "{}</rect>"
                    ).format(css, left + k * step, base - bar, step - 1, bar, note)
                )
    parts += [
        stroke(left, top + high, left + wide, top + high, "axis"),
        text(left, top + high + 14, "0", "start", "tick"),
        text(left + wide, top + high + 14, f"{most:,.0f} tokens", "end", "tick"),
    ]
    return svg(f"Tokens of {title}", top + high + 20, parts, width=left + wide + 10)


def _interval_row(line: Line, name: str, y: int) -> Markup:
    found = line.accuracy
    parts = [text(LABEL - 10, y + 14, name, "end")]
    if found.value is None:
        parts.append(text(LABEL, y + 14, "not graded", "start", "tick"))
    else:
        low, at, high = (LABEL + PLOT * each for each in (found.low, found.value, found.high))
        parts += [
            stroke(low, y + 10, high, y + 10, "interval"),
            Markup('<circle class="dot" cx="{:.1f}" cy="{}" r="4.5"/>').format(at, y + 10),
            text(
                LABEL + PLOT + 10,
                y + 14,
                f"{percent(found.value)} %",
            ),
        ]
    note = f"{name}: {percent(found.value)} % [{percent(found.low)}, {percent(found.high)}]"
    return Markup("<g>{}{}</g>").format(tip(note), Markup("").join(parts))


def _percent_axis(height: int) -> Markup:
    parts = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = LABEL + PLOT * share
        parts.append(stroke(x, 24, x, height, "grid"))
        parts.append(text(x, 16, f"{100 * share:.0f} %", "middle", "tick"))
    return Markup("").join(parts)


def _heading(words: str, y: int) -> Markup:
    return text(LABEL - 10, y + 16, words, "end", "name")


def _css(reason: str) -> str:
    return reason.replace(" ", "-")
