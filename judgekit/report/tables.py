"""The tables of a report: accuracy, tokens, loops, what became of responses, who decided."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from judgekit.analysis.frame import REASONS
from judgekit.analysis.tokens import QUANTILES
from judgekit.report.summary import Line
from judgekit.report.table import Cell, Column, Span, Table, count, interval, number, percent, words

BOLD = "bold: best of its column; *: its interval reaches the best"
NONE = "none: no stage was certain, the response is undecided"
AT_LIMIT = "at limit: ended by the token limit; those without an answer are truncated, or looped"


def accuracy_table(lines: Sequence[Line]) -> Table:
    """Accuracy in per cent with its interval; rows are settings, columns benchmarks."""
    table, shown = pivot("accuracy", "Accuracy", lines, _accuracy_cell)
    notes = [accuracy_note(lines)]
    columns = [marked(each, _accuracy_cell, _span) for each in zip(*shown, strict=True)]
    rows = with_cells(table, columns)
    if any(cell.mark == "tie" for row in rows for cell in row):
        notes.append(BOLD)
    notes += _unfinished(lines)
    pictures = tuple(_span(row[0]) for row in shown) if len(columns) == 1 else ()
    return replace(table, rows=rows, notes=tuple(notes), pictures=pictures)


def corrected_table(lines: Sequence[Line]) -> Table:
    """Accuracy as graded and as labels correct it, for the lines that have labels."""
    found = [(line, line.corrected) for line in lines if line.corrected]
    columns = (
        *label_columns(lines),
        Column("n", "n"),
        Column("raw", "as graded"),
        Column("corrected", "corrected"),
        Column("interval", "interval"),
        Column("labels", "labels"),
    )
    rows, notes = [], dict[str, None]()
    for line, each in found:
        made = each.estimate
        rows.append(
            (
                *label_cells(lines, line),
                count(each.graded),
                Cell(percent(each.raw), each.raw),
                Cell(percent(made.value), made.value) if made else Cell("no number"),
                Cell(interval(made.low, made.high), [made.low, made.high]) if made else words(None),
                count(made.labels_used if made else each.labelled),
            )
        )
        for note in filter(None, (each.refused, *each.notes)):
            notes.setdefault(f"{line.setting} on {line.benchmark}: {note}")
    return Table(
        *("corrected", "Accuracy corrected by labels", columns, tuple(rows), tuple(notes)),
        labels=len(varying(lines)),
    )


def tokens_table(lines: Sequence[Line]) -> Table:
    """Mean completion tokens, the models' own, with the median."""
    table, _ = pivot("tokens", "Completion tokens", lines, _tokens_cell)
    notes = ["mean (median) of the tokens that the model wrote"]
    if any(line.cost.forced or line.cost.discarded for line in lines):
        notes[0] += "; forced and discarded ones are not among them"
    return replace(table, notes=tuple(notes))


def lengths_table(lines: Sequence[Line]) -> Table:
    """How long thinking, answer and both are: mean with interval, median, quantiles."""
    columns = (
        *label_columns(lines),
        Column("part", "tokens", "left"),
        Column("mean", "mean"),
        Column("interval", level_head(lines)),
        *(Column(f"q{100 * q:g}", f"{100 * q:g} %") for q in QUANTILES[:2]),
        Column("median", "median"),
        *(Column(f"q{100 * q:g}", f"{100 * q:g} %") for q in QUANTILES[2:]),
        Column("longest", "longest"),
    )
    rows = []
    for line in lines:
        parts = [("thinking", line.thought), ("answer", line.answered), ("all", line.completion)]
        for name, found in parts if line.thought.total else parts[2:]:
            quantiles = [number(found.quantiles[q], 0) for q in QUANTILES]
            rows.append(
                (
                    *label_cells(lines, line),
                    words(name),
                    number(found.mean, 1),
                    words(None)
                    if found.low != found.low
                    else Cell(f"{found.low:,.0f}–{found.high:,.0f}", [found.low, found.high]),
                    *quantiles[:2],
                    number(found.median, 0),
                    *quantiles[2:],
                    count(found.longest),
                )
            )
    notes = ("the models' own tokens: mean with interval clustered by problem, and quantiles",)
    return Table("lengths", "Lengths", columns, tuple(rows), notes, len(varying(lines)))


def outcomes_table(lines: Sequence[Line]) -> Table:
    """What became of the responses."""
    reasons = shown_reasons(lines)
    columns = (
        *label_columns(lines),
        Column("n", "n"),
        *(Column(name.replace(" ", "_"), name) for name in ("correct", *reasons)),
    )
    rows = tuple(
        (
            *label_cells(lines, line),
            count(line.accuracy.n),
            *(count(line.accuracy.reasons.get(name, 0)) for name in ("correct", *reasons)),
        )
        for line in lines
    )
    notes = []
    if failed := sum(line.accuracy.reasons.get("failed", 0) for line in lines):
        notes.append(f"failed: {failed}; the same judgekit generate tries them again")
    if ungraded := sum(line.accuracy.reasons.get("ungraded", 0) for line in lines):
        notes.append(f"ungraded: {ungraded}; judgekit grade does it")
    pictures = tuple(line.accuracy.reasons for line in lines)
    return Table(
        *("responses", "What became of the responses", columns, rows, tuple(notes)),
        labels=len(varying(lines)),
        pictures=pictures,
    )


def details_table(lines: Sequence[Line]) -> Table:
    """Who decided, and how the responses ended and were formed."""
    stages = list(dict.fromkeys(stage for line in lines for stage in line.stages))
    stages.sort(key=lambda stage: (stage == "none", stage == "no-answer"))
    columns = (
        *label_columns(lines),
        *(Column(stage, stage) for stage in stages),
        Column("at_limit", "at limit"),
        Column("loops", "loops"),
        Column("format_kept", "format kept"),
    )
    rows = tuple(
        (
            *label_cells(lines, line),
            *(count(line.stages.get(stage, 0)) for stage in stages),
            count(sum(line.at_limit.values())),
            count(sum(line.loops.values())),
            Cell(percent(line.format_kept.value, sign=True), line.format_kept.value),
        )
        for line in lines
    )
    notes = (NONE, AT_LIMIT) if "none" in stages else (AT_LIMIT,)
    return Table(
        *("details", "Who decided, how they ended", columns, rows, notes),
        labels=len(varying(lines)),
    )


# --- pieces -------------------------------------------------------------------------------------


def accuracy_note(lines: Sequence[Line]) -> str:
    """What an accuracy and its interval are."""
    note = f"accuracy in % [{level_head(lines)} interval]"
    if any(line.accuracy.open for line in lines):
        note += "; undecided and failed count as wrong, the interval allows that they are right"
    return note


def shown_reasons(lines: Sequence[Line]) -> list[str]:
    """What may become of a response but correct: the usual reasons, and the others that occur."""
    always = ("wrong", "truncated", "looped", "undecided")
    return [
        name
        for name in REASONS
        if name in always or any(name in line.accuracy.reasons for line in lines)
    ]


def pivot(
    name: str, title: str, lines: Sequence[Line], cell: Callable[[Line], Cell]
) -> tuple[Table, list[list[Line | None]]]:
    """The table, and the line behind each cell."""
    benchmarks = list(dict.fromkeys(line.benchmark for line in lines))
    categories = list(dict.fromkeys(line.category for line in lines))
    settings = list(dict.fromkeys(_place(line) for line in lines))
    # What belongs to one category stands together; within it the order is that of the runs.
    settings.sort(key=lambda setting: categories.index(setting[0]))
    found = {(*_place(line), line.benchmark): line for line in lines}
    places = [[found.get((*setting, each)) for each in benchmarks] for setting in settings]
    models = {model for _, model, _ in settings}
    heads = [Column("setting", "strategy", "left")]
    if len(models) > 1:
        heads.insert(0, Column("model", "model", "left"))
    if len(categories) > 1:
        heads.insert(0, Column("category", "category", "left"))
    labels = {"category": 0, "model": 1, "setting": 2}
    rows = tuple(
        (
            *(words(setting[labels[head.key]]) for head in heads),
            *(cell(line) if line else words(None) for line in row),
        )
        for setting, row in zip(settings, places, strict=True)
    )
    if len(models) == 1:
        title = f"{title} · {models.pop()}"
    columns = (*heads, *(Column(each, each) for each in benchmarks))
    table = Table(name, title, columns, rows, labels=len(heads))
    return table, places


def _place(line: Line) -> tuple[str, str, str]:
    return line.category, line.model, line.setting


def with_cells(table: Table, columns: Sequence[Sequence[Cell]]) -> tuple[tuple[Cell, ...], ...]:
    """The rows of a pivoted table with other cells, given column by column."""
    across = zip(*columns, strict=True)
    return tuple(
        (*row[: table.labels], *cells) for row, cells in zip(table.rows, across, strict=True)
    )


def marked(
    column: Sequence[Line | None],
    cell: Callable[[Line], Cell],
    span: Callable[[Line | None], Span | None],
    *,
    lowest: bool = False,
) -> list[Cell]:
    """The cells of a column, the best marked, and those whose interval reaches it.

    The highest is the best, or the lowest; where nobody has any, nobody is.
    """
    spans = [span(line) for line in column]
    values = [each[1] for each in spans if each]
    best = (min if lowest else max)(values, default=0.0)
    cells = []
    for line, each in zip(column, spans, strict=True):
        shown = cell(line) if line else words(None)
        if each and len(values) > 1 and max(values) > 0:
            if each[1] == best:
                shown = replace(shown, mark="best")
            elif (each[0] <= best) if lowest else (each[2] >= best):
                shown = replace(shown, mark="tie")
        cells.append(shown)
    return cells


def _accuracy_cell(line: Line) -> Cell:
    found = line.accuracy
    if found.value is None:
        return Cell("not graded")
    return Cell(f"{percent(found.value)} [{interval(found.low, found.high)}]", found.value)


def _span(line: Line | None) -> Span | None:
    if line is None or line.accuracy.value is None:
        return None
    return line.accuracy.low, line.accuracy.value, line.accuracy.high


def _tokens_cell(line: Line) -> Cell:
    spent = line.completion
    if not spent.n:
        return Cell("–")
    return Cell(f"{spent.mean:,.1f} ({spent.median:,.0f})", spent.mean)


def label_columns(lines: Sequence[Line]) -> tuple[Column, ...]:
    return tuple(Column(key, head, "left") for key, head in varying(lines))


def label_cells(lines: Sequence[Line], line: Line) -> tuple[Cell, ...]:
    return tuple(words(getattr(line, key)) for key, _ in varying(lines))


def _unfinished(lines: Sequence[Line]) -> list[str]:
    """Short responses finish first, so that half a run is no fair half."""
    missing = [f"{line.setting} on {line.benchmark} {line.owed:,}" for line in lines if line.owed]
    return [f"unfinished runs, responses missing: {', '.join(missing)}"] if missing else []


def varying(lines: Sequence[Line]) -> list[tuple[str, str]]:
    """The labels that tell the lines apart; the setting always."""
    wanted = [("model", "model"), ("benchmark", "benchmark"), ("setting", "strategy")]
    return [
        (key, head)
        for key, head in wanted
        if key == "setting" or len({getattr(line, key) for line in lines}) > 1
    ]


def label(line: Line, lines: Sequence[Line], setting: str | None = None) -> str:
    """What tells a line, or something at another setting of it, from the others, in words."""
    apart = [getattr(line, key) for key, _ in varying(lines) if key != "setting"]
    return " ".join([*apart, setting or line.setting])


def level_head(lines: Sequence[Line]) -> str:
    return f"{100 * lines[0].accuracy.level:g} %" if lines else "95 %"
