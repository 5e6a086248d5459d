"""What charts show, as Vega-Lite specifications: data, marks, encodings. `vega` draws them.

Accuracies are shares here as everywhere, and per cent in a chart's values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from math import ceil, floor, isfinite, log2
from typing import TYPE_CHECKING, Any

from judgekit.analysis.confidence import Calibration
from judgekit.analysis.frame import CORRECT, REASONS
from judgekit.analysis.scaling import Point, pareto
from judgekit.report.summary import Line
from judgekit.report.table import Span, Table, percent
from judgekit.report.tables import label
from judgekit.report.vega import Spec, colour
from judgekit.texts import shortened

if TYPE_CHECKING:
    import pandas as pd

Values = list[dict[str, Any]]

PLOT, ROW, TEXT = 270, 24, 15
"""Pixels: width of a plot with words beside it, height of its rows and of a line of words."""
NAME = 26
"""Characters of a name that stands beside a plot; the whole is shown where one points at it."""
BINS = 30

_RULE = {"type": "rule", "strokeWidth": 3, "strokeCap": "round", "opacity": 0.4}
_INTERVAL = _RULE | {"color": colour("accent")}
_DOT = {"type": "point", "filled": True, "size": 64, "opacity": 1, "color": colour("accent")}
_DASHES = [[1, 0], [6, 4], [2, 3], [9, 3, 2, 3]]
_HIGH = {"field": "high"}


def accuracy_chart(lines: Sequence[Line]) -> Spec:
    """Accuracy with its interval, a row a line, grouped by benchmark."""
    values: Values = []
    for row, line in _placed(lines):
        found = line.accuracy
        shown = "not graded" if found.value is None else f"{percent(found.value)} %"
        span = {} if found.value is None else _span((found.low, found.value, found.high))
        row["note"] += f": {shown} {span.pop('interval', '')}"
        values.append({**row, **span, "shown": shown})
    x = _number("low", scale={"domain": [0, 100]}, axis={"values": [0, 25, 50, 75, 100]})
    return _rows(values, _layer(_INTERVAL, x=x, x2=_HIGH), _layer(_DOT, x=_number("value")))


def outcomes_chart(lines: Sequence[Line]) -> Spec:
    """What became of the responses, a stacked bar a line."""
    there = [each for each in (CORRECT, *REASONS) if any(each in x.accuracy.reasons for x in lines)]
    values: Values = []
    for row, line in _placed(lines):
        n = line.accuracy.n
        values.append({**row, "shown": f"n = {n:,}"})
        for place, reason in enumerate(there):
            if times := line.accuracy.reasons.get(reason, 0):
                note = f"{reason}: {times:,} ({percent(times / n)} %)"
                part = {"name": None, "reason": reason, "place": place, "share": times / n}
                values.append({**row, **part, "note": note})
    scale = {"domain": there, "range": [colour(reason) for reason in there]}
    legend = {"columns": 4, "symbolType": "square", "symbolStrokeWidth": 0}
    bars = _layer(
        {"type": "bar", "height": 16},
        x=_number("share", scale={"domain": [0, 1]}, axis=None, stack="zero"),
        order=_number("place"),
        color={"field": "reason", "scale": scale, "legend": legend},
    )
    return _rows(values, {"transform": [{"filter": "isValid(datum.share)"}], **bars})


def tokens_chart(lines: Sequence[Line]) -> Spec | None:
    """Accuracy against mean completion tokens with the Pareto frontier, for one benchmark."""
    found = [
        (line.completion.mean, value, line)
        for line in lines
        if (value := line.accuracy.value) is not None and line.completion.n
    ]
    if len(found) < 2:
        return None
    found.sort(key=lambda each: each[1])
    best = pareto([Point(tokens, value) for tokens, value, _ in found])
    most = 10 * ceil(10 * max(line.accuracy.high for _, _, line in found))
    height = max(220, TEXT * len(found))
    beside = _apart([100 * value for _, value, _ in found], TEXT * most / height, most)
    values: Values = []
    for index, (tokens, value, line) in enumerate(found):
        span = _span((line.accuracy.low, value, line.accuracy.high))
        name = label(line, lines)
        note = f"{name}: {percent(value)} % {span['interval']}, {tokens:,.0f} tokens"
        place = {"tokens": tokens, "best": index in best, "beside": beside[index]}
        values.append({**span, **place, "name": shortened(name, NAME), "note": note})
    x = _number("tokens", "mean completion tokens", axis={"grid": False, "tickCount": 5})
    y = _number("value", "accuracy, %", scale={"domain": [0, most]}, axis={"tickCount": 5})
    leader = {"type": "rule", "color": colour("soft"), "strokeDash": [1, 3]}
    edge = {"type": "line", "color": colour(CORRECT), "strokeDash": [5, 4]}
    frontier = _layer(edge, y=y, description={"value": "Pareto frontier"})
    words = {"type": "text", "align": "left", "limit": 190}
    return _plot(
        *(values, PLOT, height),
        _layer(leader, y=y, x2={"value": PLOT + 8}, y2={"field": "beside"}),
        {"transform": [{"filter": "datum.best"}], **frontier},
        _layer(_INTERVAL, y=y | {"field": "low"}, y2=_HIGH),
        _layer(_DOT, y=y),
        _layer(words, x={"value": PLOT + 14}, y=y | {"field": "beside"}, text={"field": "name"}),
        x=x,
    )


def lengths_chart(frame: pd.DataFrame) -> Spec | None:
    """Histogram of completion tokens, correct responses below the others."""
    rows = frame[frame["finish_reason"] != "error"]
    if not len(rows):
        return None
    import numpy as np

    tokens = rows["completion_tokens"].to_numpy(float)
    right = (rows["reason"] == CORRECT).to_numpy()
    most = max(float(tokens.max()), 1.0)
    edges = np.linspace(0, most, BINS + 1).tolist()
    good, bad = (np.histogram(tokens[kind], edges)[0].tolist() for kind in (right, ~right))
    values: Values = []
    for (low, high), g, b in zip(pairwise(edges), good, bad, strict=True):
        note = f"{low:,.0f}–{high:,.0f} tokens: {g} correct, {b} other"
        for kind, times in ((CORRECT, g), ("other", b)):
            values.append({"low": low, "high": high, "kind": kind, "times": times, "note": note})
    x = _number("low", "tokens", scale={"domain": [0, most]}, axis={"grid": False, "tickCount": 5})
    y = _number("times", "responses", axis={"tickCount": 3, "tickMinStep": 1, "format": ",d"})
    scale = {"domain": [CORRECT, "other"], "range": [colour(CORRECT), colour("other")]}
    bars = _layer(
        "bar",
        **{"x": x | {"bin": "binned"}, "x2": _HIGH, "y": y | {"stack": "zero"}},
        order={"field": "kind"},
        color={"field": "kind", "scale": scale, "legend": None},
    )
    return _plot([each for each in values if each["times"]], 300, 90, bars)


def reliability_chart(found: Calibration) -> Spec | None:
    """Accuracy against stated confidence, a bar a bin, its rows above; on the line they agree."""
    if not found.n:
        return None
    values = [
        {
            **{"low": 100 * each.low, "high": 100 * each.high, "right": 100 * each.accuracy},
            **{"middle": 50 * (each.low + each.high), "n": _short(each.n)},
            "note": f"{100 * each.low:.0f}–{100 * each.high:.0f} %: {percent(each.accuracy)} % "
            f"right of {each.n:,}, mean confidence {percent(each.confidence)} %",
        }
        for each in found.bins
    ]
    scale, axis = {"domain": [0, 100]}, {"tickCount": 5}
    x = _number("low", "stated confidence, %", scale=scale, axis=axis)
    y = _number("right", "right, %", scale=scale, axis=axis)
    ends = [{"low": end, "right": end, "note": "as sure as right"} for end in (0, 100)]
    diagonal = _layer({"type": "line", "color": colour("soft"), "strokeDash": [5, 4]}, x=x, y=y)
    bar = {"type": "bar", "color": colour(CORRECT)}
    return _plot(
        *(values, 280, 230),
        _layer(bar, x=x | {"bin": "binned"}, x2=_HIGH, y=y),
        {"data": {"values": ends}, **diagonal},
        _layer("text", x=x | {"field": "middle"}, y={"value": -8}, text={"field": "n"}),
    )


def table_chart(table: Table) -> Spec | None:
    """The curves of a table with their intervals; the axis in powers of two."""
    xs = [x for curve in table.curves for x, _ in curve.points if x > 0]
    if not xs or all(len(curve.points) < 2 for curve in table.curves):
        return None
    first = floor(log2(min(xs)))
    last = max(ceil(log2(max(xs))), first + 1)
    powers = [2.0**k for k in range(first, last + 1)]
    values: Values = []
    for curve in table.curves:
        for x, span in curve.points:
            shown = _span(span)
            note = f"{curve.name}, {x:,.6g}: {percent(span[1])} % {shown['interval']}"
            # A logarithm has no place for 0.
            values.append({"curve": curve.name, "x": max(x, powers[0]), **shown, "note": note})
    scale = {"type": "log", "base": 2, "domain": [powers[0], powers[-1]], "padding": 0}
    axis = {"values": powers, "format": ",~f", "grid": False, "labelOverlap": "greedy"}
    y = _number("value", "accuracy, %")
    # Rules would be dashed as the lines are.
    interval = {"type": "bar", "width": 3, "cornerRadius": 1.5, "opacity": 0.3}
    return _curves(
        *(values, _number("x", table.axis, scale=scale, axis=axis), y),
        _layer(interval, y=y | {"field": "low"}, y2=_HIGH),
        _layer(_DOT, y=y),
    )


def training_chart(curves: Mapping[str, Sequence[tuple[float, float]]]) -> Spec | None:
    """Quantities of a training by name against its steps."""
    values: Values = []
    for name, points in curves.items():
        there = [(x, y) for x, y in points if isfinite(x) and isfinite(y)]
        for x, y in there:
            shown = f"{name}: {there[0][1]:.4g} to {there[-1][1]:.4g}"
            values.append({"curve": shown, "x": x, "value": y})
    if not values:
        return None
    first, last = (bound(each["x"] for each in values) for bound in (min, max))
    steps = {"values": list(range(ceil(first), floor(last) + 1))} if last - first < 10 else {}
    axis = {"grid": False, **steps}  # a few steps would be divided
    step = _number("x", "step", scale={"nice": False, "zero": False}, axis=axis)
    axis = {"tickCount": 5, "format": ".6~g"}
    return _curves(values, step, _number("value", scale={"zero": False}, axis=axis))


def _curves(values: Values, x: Spec, y: Spec, *layers: Spec) -> Spec:
    """A line a curve under the layers; dashes tell lines apart without colour."""
    legend = {"columns": 1, "symbolType": "stroke", "symbolSize": 600}
    curve = {"field": "curve", "sort": None, "legend": legend}
    # One legend shows colour and dash only if both stand for every layer.
    dash = curve | {"scale": {"range": _DASHES}}
    line = _layer("line", y=y, description={"field": "curve"})
    return _plot(values, 430, 200, line, *layers, x=x, color=curve, strokeDash=dash)


def _rows(values: Values, *layers: Spec) -> Spec:
    """A row a line under its benchmark, between its name and a word on it."""
    named: Spec = {"transform": [{"filter": "isValid(datum.name)"}]}
    name = {"type": "text", "align": "right", "limit": 190}
    shown = {"type": "text", "align": "left"}
    plot = _plot(
        *(values, PLOT, {"step": ROW}),
        *layers,
        named | _layer(name, x={"value": -10}, text={"field": "name"}),
        named | _layer(shown, x={"value": PLOT + 12}, text={"field": "shown"}),
        y={"field": "row", "type": "ordinal", "axis": None},
    )
    header = {"title": None, "labelOrient": "top", "labelAnchor": "start", "labelLimit": PLOT}
    return {
        "data": plot.pop("data"),
        "facet": {"row": {"field": "benchmark", "sort": {"field": "row"}, "header": header}},
        "spec": plot,
        "resolve": {"scale": {"y": "independent"}},
        "spacing": 12,
    }


def _plot(values: Values, width: int, height: int | Spec, *layers: Spec, **encoding: Spec) -> Spec:
    """Layers over the same values, of which each has a `note` to be read."""
    return {
        "data": {"values": values},
        **{"width": width, "height": height},
        "encoding": {**encoding, "description": {"field": "note"}},
        "layer": list(layers),
    }


def _layer(mark: str | Spec, **encoding: Spec) -> Spec:
    return {"mark": mark, "encoding": encoding}


def _number(field: str, title: str | None = None, **more: Any) -> Spec:
    return {"field": field, "type": "quantitative", "title": title, **more}


def _placed(lines: Sequence[Line]) -> list[tuple[dict[str, Any], Line]]:
    """Each line with its row, name and benchmark."""
    placed = []
    for row, line in enumerate(lines):
        name = label(line, [each for each in lines if each.benchmark == line.benchmark])
        place = {
            "row": row,
            "benchmark": line.benchmark,
            "name": shortened(name, NAME),
            "note": name,
        }
        placed.append((place, line))
    return placed


def _span(span: Span) -> dict[str, Any]:
    """In per cent, and the interval in words."""
    low, value, high = (100 * share for share in span)
    return {"low": low, "value": value, "high": high, "interval": f"[{low:.1f}–{high:.1f}]"}


def _apart(wanted: Sequence[float], gap: float, most: float) -> list[float]:
    """Places near the ascending ones wanted, a gap between them, the last at most at `most`."""
    placed = list(accumulate(wanted, lambda before, want: max(want, before + gap)))
    ceilings = [most - gap * k for k in reversed(range(len(placed)))]
    return [min(pair) for pair in zip(placed, ceilings, strict=True)]


def _short(n: int) -> str:
    """A count in three characters or four."""
    return str(n) if n < 1000 else f"{n / 1000:.0f}k"
