"""A report as one HTML file: no network, no script but ours, whatever a model wrote stays text.

Everything that runs wrote travels as compressed JSON and is put on the page as text nodes; the
content security policy allows this file's own script, by its hash, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from judgekit.analysis.intervals import LEVEL
from judgekit.loops import detect_loop, searched_text, unit_span
from judgekit.records import Grade, Key, Label, Problem, Response
from judgekit.report.scaling import scaling_curves
from judgekit.report.summary import Line, RunLike, summarise
from judgekit.report.table import Report, Table
from judgekit.report.tables import label

if TYPE_CHECKING:
    import pandas as pd
    from markupsafe import Markup

    from judgekit.report.vega import Spec

MAX_BYTES = 3_600_000
"""Compressed data of the responses; a file stays below 5 MB."""
MAX_TEXTS = (200_000, 40_000, 16_000, 8_000, 4_000, 2_000, 1_000, 400)
"""Characters kept of a response where all of them are too many; the first that fits is taken."""


def page(runs: Sequence[RunLike], found: Report, level: float = LEVEL) -> str:
    """The file. `found` is the report of the same runs, whose tables stand at its top.

    Raises `UserError` where the runs have no responses.
    """
    from jinja2 import Environment, PackageLoader, select_autoescape

    counted = summarise(runs, level)
    data, kept = _packed(_Pages(runs, [line for line, _ in counted]))
    script, style = _asset("mathematics.js") + _asset("report.js"), _asset("report.css")
    environment = Environment(
        loader=PackageLoader("judgekit.report"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return environment.get_template("report.html").render(
        title=_title([line for line, _ in counted]),
        tables=[_shown(table) for table in found.tables],
        charts=_charts(counted, level),
        data=data,
        cut=kept,
        script=script,
        style=style,
        script_hash=digest,
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


def _asset(name: str) -> str:
    return files("judgekit.report").joinpath("templates", name).read_text(encoding="utf-8")


def _packed(pages: _Pages) -> tuple[str, int | None]:
    """The data compressed, and the length to which texts were cut to make it fit, if they were."""
    import orjson

    packed = b""
    for longest in (pages.longest, *(each for each in MAX_TEXTS if each < pages.longest)):
        raw = orjson.dumps(pages.data(longest), option=orjson.OPT_NON_STR_KEYS)
        packed = zlib.compress(raw, 6)
        if len(packed) <= MAX_BYTES:
            break
    return base64.b64encode(packed).decode(), longest if longest < pages.longest else None


class _Pages:
    """What the script needs to show every response of every line."""

    def __init__(self, runs: Sequence[RunLike], lines: Sequence[Line]) -> None:
        self.runs = runs
        self.lines = [{"name": label(line, lines), "run": line.run} for line in lines]
        texts = [len(r.text) for run in runs for r in run.responses]
        questions = [len(p.question) + len(p.gold) for run in runs for p in run.problems]
        self.longest = max((*texts, *questions), default=0)

    def data(self, longest: int) -> dict[str, Any]:
        problems: dict[tuple[str, str], Problem] = {}
        rows: dict[tuple[str, str], dict[int, list[Any]]] = {}
        offset = 0
        for run in self.runs:
            benchmark = str(run.config.get("benchmark", "")) or run.path.name
            for problem in run.problems:
                problems.setdefault((benchmark, problem.id), problem)
            grades = {grade.key: grade for grade in run.grades}
            labels = _labels(run)
            variants = list(dict.fromkeys(r.variant for r in run.responses)) or [""]
            # Responses stand in the file as they were finished.
            for response in sorted(run.responses, key=lambda response: response.sample):
                place = (benchmark, response.id)
                problems.setdefault(place, Problem(response.id, "", ""))
                line = offset + variants.index(response.variant)
                shown = _response(
                    response, grades.get(response.key), labels.get(response.key, []), longest
                )
                rows.setdefault(place, {}).setdefault(line, []).append(shown)
            offset += len(variants)
        return {
            "lines": self.lines,
            "problems": [
                {
                    "benchmark": benchmark,
                    "id": problem.id,
                    "question": _cut(problem.question, longest),
                    "gold": _cut(problem.gold, longest),
                    "choices": list(problem.choices),
                    "answers": rows[benchmark, key],
                }
                for (benchmark, key), problem in problems.items()
                if (benchmark, key) in rows
            ],
        }


def _labels(run: RunLike) -> dict[Key, list[Label]]:
    found: dict[Key, list[Label]] = {}
    for each in getattr(run, "labels", ()):
        found.setdefault(each.key, []).append(each)
    return found


def _response(
    response: Response, grade: Grade | None, labels: Sequence[Label], longest: int
) -> dict[str, Any]:
    from judgekit.analysis.frame import reason

    loop = response.loop
    shown: dict[str, Any] = {
        "sample": response.sample,
        "reason": reason(response, grade),
        "segments": _pieces(response, longest),
        "facts": {
            "finish": response.finish_reason,
            "tokens": response.completion_tokens,
            "forced": response.forced_tokens,
            "discarded": response.discarded_tokens,
            "seconds": round(response.seconds, 2),
            "seed": response.seed,
            "error": response.error,
        },
    }
    if loop:
        shown["loop"] = (
            f"{loop.kind} loop: period {loop.period} {loop.unit}s, {loop.cycles:.1f} cycles, "
            f"{loop.wasted} wasted"
        )
    if grade:
        shown["stage"], shown["extracted"] = grade.stage, _cut(grade.extracted or "", 400)
        shown["trail"] = [
            [v.stage, v.outcome, _cut(v.extracted or "", 400), _cut(v.evidence, 1000), v.confidence]
            for v in grade.trail
        ]
    if labels:
        shown["labels"] = [[each.outcome, each.by, each.at, each.note] for each in labels]
    return shown


def _pieces(response: Response, longest: int) -> list[list[Any]]:
    """The text cut where author or loop change: [author, role, looped, text]."""
    span = loop_span(response)
    segments = [(s.by, s.role, s.text) for s in response.segments]
    if not segments:
        segments = [("model", "other", response.text)]
    pieces: list[list[Any]] = []
    at = 0
    for by, role, text in segments:
        for low, high, looped in _split(at, at + len(text), span):
            if low < high:
                pieces.append([by, role, looped, text[low - at : high - at]])
        at += len(text)
    return _shortened(pieces, longest)


def _split(start: int, end: int, span: tuple[int, int] | None) -> list[tuple[int, int, int]]:
    if span is None:
        return [(start, end, 0)]
    low, high = max(start, min(span[0], end)), max(start, min(span[1], end))
    return [(start, low, 0), (low, high, 1), (high, end, 0)]


def _shortened(pieces: list[list[Any]], longest: int) -> list[list[Any]]:
    """At most `longest` characters: each piece loses its middle in proportion."""
    total = sum(len(piece[3]) for piece in pieces)
    if total <= longest:
        return pieces
    return [
        [*piece[:3], _cut(piece[3], max(20, longest * len(piece[3]) // total))] for piece in pieces
    ]


def _cut(text: str, longest: int) -> str:
    """The text without its middle where it is too long."""
    if len(text) <= longest:
        return text
    half = longest // 2
    return f"{text[:half]}\n[… {len(text) - 2 * half:,} characters …]\n{text[len(text) - half :]}"


def loop_span(response: Response) -> tuple[int, int] | None:
    """Where in the text the loop stands after its first cycle, as character offsets.

    Token ids say nothing of characters, so that the loop is found again by words; where words do
    not show it, its place is estimated from the token counts.
    """
    if response.loop is None:
        return None
    part = searched_text(response)
    start = response.text.find(part)
    if start < 0 or not part:
        return None
    by_words = response.loop if response.loop.unit == "word" else detect_loop(part)
    if by_words is not None:
        low, high = unit_span(part, by_words)
        low += round((high - low) / max(by_words.cycles, 1.0))
        return start + low, start + high
    tokens = max(sum(s.tokens for s in response.segments), 1)
    onset = (response.loop.onset + response.loop.period) / tokens
    return start + min(int(onset * len(part)), len(part)), start + len(part)
