"""A report as one HTML file: no network, no script but ours, whatever a model wrote stays text.

Everything that runs wrote travels as compressed JSON and is put on the page as text nodes; the
content security policy allows this file's own script, by its hash, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from judgekit.analysis.intervals import LEVEL
from judgekit.report.packing import packed
from judgekit.report.safe import asset, render
from judgekit.report.scaling import scaling_curves
from judgekit.report.summary import Line, RunLike
from judgekit.report.table import Report, Table
from judgekit.report.tables import label

if TYPE_CHECKING:
    import pandas as pd
    from markupsafe import Markup

    from judgekit.report.vega import Spec


def page(runs: Sequence[RunLike], found: Report, level: float = LEVEL) -> str:
    """The file. `found` is the report of the same runs, whose tables stand at its top."""
    from markupsafe import Markup

    script = asset("mathematics.js") + asset("report.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    responses = packed(runs, found.lines, found.frames)
    return render(
        "report.html",
        kind="report",
        title=_title(found.lines),
        tables=[_shown(table) for table in found.tables],
        charts=_charts(list(zip(found.lines, found.frames, strict=True)), level),
        data=Markup(responses.data),
        responses=responses,
        script=Markup(script),
        style=Markup(asset("report.css")),
        script_hash=Markup(digest),
    )


def _charts(counted: Sequence[tuple[Line, pd.DataFrame]], level: float) -> Mapping[str, Any]:
    """Each chart as SVG; of those that there may be several of, pairs of a name and the chart."""
    from judgekit.report import charts
    from judgekit.report.vega import svg

    lines = [line for line, _ in counted]
    groups = {
        name: [each for each in counted if each[0].benchmark == name]
        for name in dict.fromkeys(line.benchmark for line in lines)
    }

    def drawn(specs: Iterable[tuple[str, Spec | None]], what: str) -> list[tuple[str, Markup]]:
        return [(name, svg(spec, f"{what}, {name}")) for name, spec in specs if spec]

    return {
        "accuracy": svg(charts.accuracy_chart(lines), "Accuracy with intervals"),
        "outcomes": svg(charts.outcomes_chart(lines), "What became of the responses"),
        "scatters": drawn(
            ((name, charts.tokens_chart([x for x, _ in group])) for name, group in groups.items()),
            "Accuracy against tokens",
        ),
        "curves": drawn(
            (
                (name, charts.table_chart(_sequential_and_parallel(group, level)))
                for name, group in groups.items()
            ),
            "Sequential and parallel",
        ),
        "reliability": drawn(
            ((label(x, lines), charts.reliability_chart(x.confidence.said)) for x in lines),
            "Reliability",
        ),
        "lengths": drawn(
            ((label(line, lines), charts.lengths_chart(rows)) for line, rows in counted),
            "Tokens",
        ),
    }


MOST_VOTED = 20_000
"""Rows of a benchmark up to which the curve of votes is drawn unasked."""


def _sequential_and_parallel(counted: Sequence[tuple[Line, pd.DataFrame]], level: float) -> Table:
    """Families of runs and votes over samples as curves; none where there is neither."""
    graded = [(line, rows) for line, rows in counted if line.accuracy.graded]
    few = sum(len(rows) for _, rows in graded) <= MOST_VOTED
    curves = scaling_curves(graded, level) if few else ()
    axis = "tokens generated for a problem"
    return Table("scaling", "Test-time scaling", (), (), curves=curves, axis=axis)


def _title(lines: Sequence[Line]) -> str:
    parts = [sorted({getattr(line, name) for line in lines}) for name in ("benchmark", "model")]
    return " · ".join(", ".join(part[:4]) for part in parts if any(part))


def _shown(table: Table) -> Mapping[str, Any]:
    from judgekit.report.charts import table_chart
    from judgekit.report.vega import svg

    return {
        "title": table.title,
        "chart": svg(table_chart(table), table.title),
        "columns": table.columns,
        "rows": table.rows,
        "notes": table.notes,
    }
