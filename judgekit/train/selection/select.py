"""From a selection to its files: the rows, their record, and what is told about both."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judgekit.errors import UserError
from judgekit.records import Response
from judgekit.rows import SCHEMA, to_row
from judgekit.runs import FILES
from judgekit.train.selection.candidates import Candidates
from judgekit.train.selection.files import file_hash, refuse_foreign, write_record, write_rows
from judgekit.train.selection.rows import Drawn, Pair, Trace
from judgekit.version import __version__


@dataclass(frozen=True, slots=True)
class Selected:
    """A selection on the disk. `record` is what stands in the record file."""

    out: Path
    record: Mapping[str, Any]


def default_out(found: Candidates, method: str) -> Path:
    """Rows stand in the run that they are drawn from."""
    return found.run.path / f"{method}.jsonl"


def write(
    method: str,
    drawn: Drawn,
    sources: Sequence[Candidates],
    out: Path | None = None,
    options: Mapping[str, Any] | None = None,
) -> Selected:
    """Write the rows and their record. Raises `UserError` where nothing was selected."""
    if not drawn.rows:
        why = ", ".join(f"{reason}: {n}" for reason, n in drawn.nothing.most_common())
        raise UserError(
            f"{sources[0].run.path} gives no row for select {method}",
            hint=f"problems by reason: {why}" if why else "it has no problems",
        )
    out = out or default_out(sources[0], method)
    inputs = [found.run.path / name for found in sources for name in FILES.values()]
    refuse_foreign(out, *inputs)
    digest = write_rows(out, map(to_row, drawn.rows))
    record = {
        "schema": SCHEMA,
        "judgekit": __version__,
        "method": method,
        "options": dict(options or {}),
        "sources": [_source(found) for found in sources],
        "rows": len(drawn.rows),
        "problems": len({(row.id, row.question) for row in drawn.rows}),
        "nothing": dict(drawn.nothing.most_common()),
        "counts": {**drawn.counts, **_lengths(drawn.rows)},
        "sha256": digest,
    }
    write_record(out, record)
    return Selected(out, record)


def _source(found: Candidates) -> dict[str, Any]:
    config = found.run.config
    return {
        "run": str(found.run.path),
        "model": config.get("model"),
        "benchmark": config.get("benchmark"),
        "strategy": config.get("strategy"),
        "grading": found.grading,
        "responses_sha256": file_hash(found.run.path / FILES[Response]),
        "responses": dict(found.counts),
        "problems": len(found.groups),
    }


def _lengths(rows: Sequence[Trace] | Sequence[Pair]) -> dict[str, int]:
    """Median lengths in tokens, where the rows carry them."""
    pairs = [row for row in rows if isinstance(row, Pair)]
    if not pairs:
        return {}
    return {
        "median_chosen_tokens": round(statistics.median(row.chosen_tokens for row in pairs)),
        "median_rejected_tokens": round(statistics.median(row.rejected_tokens for row in pairs)),
    }
