"""A report as Markdown, LaTeX, CSV or JSON."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from judgekit.report.card import flat_table
from judgekit.report.safe import seen
from judgekit.report.table import Cell, Report, Table

_OWN = frozenset(
    {"loops", "format", "slices", "differences", "cost", "confidence"}
    | {"answers", "cutoff", "votes", "scaling", "lengths"}
)
"""Tables that are a CSV file of their own; of the others the numbers stand in `card.flat_table`."""
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>|#~$])")
_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "–": "--",
    "·": r"$\cdot$",
    "→": r"$\to$",
    "−": "$-$",
    "…": r"\ldots{}",
    "“": "``",
    "”": "''",
    **{char: f"\\{char}" for char in "&%$#_{}"},
}


def markdown(report: Report) -> str:
    """Tables as GitHub renders them; the best of a column in bold."""
    parts = []
    for table in report.tables:
        heads = [_md(column.head) for column in table.columns]
        rule = ["---:" if column.align == "right" else ":---" for column in table.columns]
        rows = [heads, rule, *([_md_cell(cell) for cell in row] for row in table.rows)]
        lines = "\n".join(f"| {' | '.join(row)} |" for row in rows)
        notes = "".join(f"\n\n{_md(note)}" for note in table.notes)
        parts.append(f"**{_md(table.title)}**\n\n{lines}{notes}")
    parts += [_md(note) for note in report.notes]
    return "\n\n".join(parts) + "\n"


def latex(report: Report) -> str:
    r"""A `table` for each, with booktabs: `\usepackage{booktabs}`."""
    parts = []
    for table in report.tables:
        spec = "".join("r" if column.align == "right" else "l" for column in table.columns)
        rows = [" & ".join(_tex_cell(cell) for cell in row) + r" \\" for row in table.rows]
        heads = " & ".join(_tex(column.head) for column in table.columns) + r" \\"
        caption = _tex(table.title) + (": " if table.notes else "")
        caption += "; ".join(_tex(note) for note in table.notes)
        parts.append(
            "\n".join(
                [
                    r"\begin{table}",
                    r"\centering",
                    rf"\caption{{{caption}.}}",
                    rf"\begin{{tabular}}{{@{{}}{spec}@{{}}}}",
                    r"\toprule",
                    *([heads, r"\midrule"] if any(c.head for c in table.columns) else []),
                    *rows,
                    r"\bottomrule",
                    r"\end{tabular}",
                    r"\end{table}",
                ]
            )
        )
    return "\n\n".join(parts) + "\n"


def as_csv(report: Report) -> str:
    """The table that was asked for, values unrounded; without one, a row a run with everything."""
    tables = [table for table in report.tables if table.name in _OWN]
    table = tables[0] if tables else flat_table(report.lines)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.key for column in table.columns])
    writer.writerows([[_csv_value(cell) for cell in row] for row in table.rows])
    return out.getvalue()


def as_json(report: Report) -> dict[str, Any]:
    """The lines with all their numbers, and the tables as shown."""
    return {
        "runs": [_jsonable(asdict(line)) for line in report.lines],
        "tables": [_json_table(table) for table in report.tables],
        "notes": list(report.notes),
    }


def _json_table(table: Table) -> dict[str, Any]:
    keys = [column.key for column in table.columns]
    return {
        "name": table.name,
        "title": table.title,
        "rows": [
            {key: cell.text for key, cell in zip(keys, row, strict=True)} for row in table.rows
        ],
        "notes": list(table.notes),
    }


def _jsonable(value: Any) -> Any:
    """JSON has no NaN, and only strings as keys."""
    if isinstance(value, Mapping):
        return {str(key): _jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _csv_value(cell: Cell) -> Any:
    value = cell.text if cell.value is None and cell.text != "–" else cell.value
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"  # a spreadsheet would take it for a formula
    return value


def _md_cell(cell: Cell) -> str:
    text = _md(cell.text)
    if cell.mark == "best":
        return f"**{text}**"
    return f"{text}\\*" if cell.mark == "tie" else text


def _md(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", " ".join(seen(text).split()))


def _tex_cell(cell: Cell) -> str:
    text = _tex(cell.text)
    if cell.mark == "best":
        return rf"\textbf{{{text}}}"
    return rf"{text}\textsuperscript{{*}}" if cell.mark == "tie" else text


def _tex(text: str) -> str:
    return "".join(_LATEX.get(char, char) for char in " ".join(seen(text).split()))
