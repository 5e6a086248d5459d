"""The strokes that charts are drawn with. Whatever runs wrote is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, log10
from typing import Any

from markupsafe import Markup

WIDTH = 540


def svg(name: str, height: float, parts: Sequence[Markup], width: int = WIDTH) -> Markup:
    return Markup(
        '<svg viewBox="0 0 {} {:.0f}" style="max-width:{}px" role="img" aria-label="{}">{}</svg>'
    ).format(width, height, width, name, Markup("").join(parts))


def text(
    x: float, y: float, text: str, anchor: str = "start", css: str = "", cut: int = 26
) -> Markup:
    short = text if len(text) <= cut else f"{text[: cut - 1]}…"
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}" class="{}">{}</text>').format(
        x, y, anchor, css, short
    )


def line(x1: float, y1: float, x2: float, y2: float, css: str) -> Markup:
    return Markup('<line class="{}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>').format(
        css, x1, y1, x2, y2
    )


def tip(text: Any) -> Markup:
    return Markup("<title>{}</title>").format(text)


def round_up(value: float) -> float:
    """The next of 1, 2, 2.5, 5, 10 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** (ceil(log10(value)) - 1)
    return next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= value * 0.999)


def ticks(most: float) -> list[float]:
    return [most * k / 5 for k in range(6)]
