"""The rows to label as one HTML file: no network, keys as in the terminal, a CSV at the end.

What models and files wrote travels as JSON and is put on the page as text nodes; the content
security policy allows this file's own script, by its hash, and nothing else. Labels are kept in the
browser until the CSV is downloaded, which `judgekit audit --import` reads.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from judgekit.audit.queue import Task
from judgekit.audit.reading import pieces, visible
from judgekit.audit.sheet import verdict_lines
from judgekit.runs import digest


def page(tasks: Sequence[Task], title: str, *, blind: bool, by: str = "") -> str:
    """The file."""
    import orjson
    from jinja2 import Environment, PackageLoader, select_autoescape

    rows = [_row(task, blind) for task in tasks]
    data = {"rows": rows, "by": by, "blind": blind, "name": digest(rows)[:16]}
    script, style = _asset("label.js"), _asset("label.css")
    environment = Environment(
        loader=PackageLoader("judgekit.audit"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("label.html").render(
        title=title,
        data=base64.b64encode(orjson.dumps(data)).decode(),
        script=script,
        style=style,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _row(task: Task, blind: bool) -> dict[str, Any]:
    row = task.row
    folded, whole = pieces(row), pieces(row, unfolded=True)
    return {
        "id": row.key.id,
        "sample": row.key.sample,
        "variant": row.key.variant,
        "question": visible(row.problem.question),
        "choices": [visible(choice) for choice in row.problem.choices],
        "gold": visible(row.problem.gold),
        "response": [[piece.look, piece.text] for piece in folded],
        "whole": [[piece.look, piece.text] for piece in whole] if whole != folded else None,
        "verdicts": [] if blind else [visible(line) for line in verdict_lines(task)],
        "why": [] if blind else list(task.why),
        "design": task.design,
        "probability": task.probability,
    }


def _asset(name: str) -> str:
    return files("judgekit.audit").joinpath("templates", name).read_text(encoding="utf-8")
