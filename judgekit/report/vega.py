"""Vega-Lite specifications -> SVG that stands in a page without a script.

Colours and fonts are the page's own, by CSS variables, so that a chart follows its light or dark
scheme. Whatever runs wrote belongs in the values of a specification and nowhere else: field names,
expressions and scales are ours.
"""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from markupsafe import Markup

from judgekit.errors import EnvironmentFault
from judgekit.report.safe import seen

Spec = dict[str, Any]
"""A Vega-Lite specification (https://vega.github.io/vega-lite/docs)."""

VERSION = "6.1"
_SVG = "{http://www.w3.org/2000/svg}"


def colour(name: str) -> str:
    """The page's colour for an outcome, or another of its variables."""
    return f"var(--{'looped-o' if name == 'looped' else name.replace(' ', '-')})"


_LONGEST = 500
_CURVES = ("accent", "truncated", "correct", "looped", "undecided", "wrong")
_TEXT, _DRAWN = 13.5, "12px"
"""Pixels that text is laid out for, and its size: the reader's font may be a wider one."""

_CONFIG: Spec = {
    **{"background": "transparent", "font": "system-ui, sans-serif", "lineBreak": None},
    "view": {"stroke": None},
    "axis": {
        **{"labelColor": colour("soft"), "titleColor": colour("soft"), "gridColor": colour("rule")},
        **{"labelFontSize": _TEXT, "titleFontSize": _TEXT, "titleFontWeight": "normal"},
        **{"ticks": False, "domain": False, "labelPadding": 8, "titlePadding": 10},
        "labelFlush": False,
    },
    "header": {"labelColor": colour("ink"), "labelFontSize": _TEXT, "labelFontWeight": "bold"},
    "legend": {
        **{"orient": "bottom", "title": None, "labelColor": colour("ink"), "labelFontSize": _TEXT},
        **{"labelLimit": 400, "columnPadding": 16, "rowPadding": 5},
        **{"symbolOpacity": 1, "symbolStrokeWidth": 2},
    },
    "text": {"fontSize": _TEXT, "color": colour("ink")},
    "range": {"category": [colour(name) for name in _CURVES]},
}


def svg(spec: Spec | None, name: str) -> Markup:
    """The chart as an SVG element that shrinks with its place, `name` said of it to a reader.

    What the specification encodes as `description` of a mark is shown where one points at it. No
    chart, no markup. Raises `EnvironmentFault` where the compiler is not installed.
    """
    if spec is None:
        return Markup("")
    try:
        import vl_convert
    except ImportError:
        raise EnvironmentFault(
            "vl-convert-python, which draws charts, is not installed",
            hint="pip install 'vl-convert-python>=1.9,<2'",
        ) from None
    text = vl_convert.vegalite_to_svg(
        _printable(spec), vl_version=VERSION, config=_CONFIG, allowed_base_urls=[]
    )
    drawn = ElementTree.fromstring(text)
    size = {"viewBox": drawn.get("viewBox", ""), "style": f"max-width:{drawn.get('width')}px"}
    for mark in list(drawn.iter()):
        note = mark.attrib.pop("aria-label", "")
        if note and mark.tag != f"{_SVG}g":  # groups are axes and legends
            ElementTree.SubElement(mark, f"{_SVG}title").text = note
        for unread in ("class", "role", "aria-roledescription"):
            mark.attrib.pop(unread, None)
        if mark.tag == f"{_SVG}text":
            mark.set("font-size", _DRAWN)
    drawn.attrib = {**size, "role": "img", "aria-label": _printable(name)}
    ElementTree.register_namespace("", _SVG.strip("{}"))
    return Markup(ElementTree.tostring(drawn, encoding="unicode"))


def _printable(part: Any) -> Any:
    """The specification with bounded texts in which everything is printable.

    The compiler aborts the process at a control character, and measures long texts for minutes.
    """
    if isinstance(part, dict):
        return {key: _printable(value) for key, value in part.items()}
    if isinstance(part, list):
        return [_printable(value) for value in part]
    if isinstance(part, str):
        return "".join(char if char.isprintable() else " " for char in seen(part[:_LONGEST]))
    return part
