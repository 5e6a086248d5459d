"""Responses that another tool has written: any table with a response and a gold column."""

from __future__ import annotations

import typing
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from judgekit.errors import DataError, UnknownName
from judgekit.formats.logs import read_table
from judgekit.formats.rows import LeftOut, cell_text
from judgekit.records import FinishReason, Kind, Problem, Response

GUESSES: Mapping[str, tuple[str, ...]] = {
    "question": ("question", "problem", "prompt"),
    "gold": ("gold", "answer", "target", "solution"),
    "response": ("response", "completion", "output", "generation", "prediction"),
    "id": ("id", "unique_id"),
}
"""Column names tried in this order where the caller names none."""

KINDS = ("auto", *typing.get_args(Kind))


@dataclass(frozen=True, slots=True)
class ForeignRows:
    """What a file held: `problems`, `responses` and `columns` (the rows as read) are parallel.

    `kind` is what the caller asked for; where that is `auto`, the problems say `math` and the
    verifier is to look at each gold itself.
    """

    problems: list[Problem] = field(default_factory=list)
    responses: list[Response] = field(default_factory=list)
    columns: list[dict[str, Any]] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    kind: str = "auto"


def read_responses(
    path: Path | str,
    *,
    question: str | None = None,
    gold: str | None = None,
    response: str | None = None,
    id: str | None = None,
    kind: str = "auto",
) -> ForeignRows:
    """Read a JSONL, JSON, CSV or Parquet file of responses, or a log of another harness.

    The four options name columns and override the guesses. Rows are keyed by the id column, else by
    their number; equal ids become sample 0, 1, ... in the file's order. Raises `DataError` for a
    file that cannot be read or lacks a column, `UnknownName` for a named column or kind that is not
    there.
    """
    if kind not in KINDS:
        raise UnknownName("kind", kind, KINDS)
    found = ForeignRows(kind=kind)
    rows = read_table(path, found.left_out)
    columns = list(dict.fromkeys(name for _, row in rows for name in row))
    named = {"question": question, "gold": gold, "response": response, "id": id}
    names = {role: _column(path, role, name, columns) for role, name in named.items()}
    samples: Counter[str] = Counter()
    for number, row in rows:
        try:
            problem, answer = _pair(number, row, names, kind, samples)
        except _Unreadable as fault:
            found.left_out.append(LeftOut(number, str(fault)))
            continue
        samples[problem.id] += 1
        found.problems.append(problem)
        found.responses.append(answer)
        found.columns.append(row)
    found.left_out.sort()
    return found


class _Unreadable(Exception):
    """Why a row is left out."""


def _column(path: Path | str, role: str, named: str | None, columns: Sequence[str]) -> str | None:
    if named is not None:
        if named not in columns:
            hint = f"columns: {', '.join(columns)}"
            raise UnknownName(f"column in {path}:", named, columns, hint=hint)
        return named
    for guess in GUESSES[role]:
        if guess in columns:
            return guess
    if role in ("gold", "response"):
        raise DataError(
            f"{path} has no column that looks like the {role}",
            hint=f"name it with --{role}; columns: {', '.join(columns)}",
        )
    return None


def _pair(
    number: int,
    row: Mapping[str, Any],
    names: Mapping[str, str | None],
    kind: str,
    samples: Mapping[str, int],
) -> tuple[Problem, Response]:
    gold = _text(row, names["gold"])
    if not gold.strip():
        raise _Unreadable(f"{names['gold']} is empty")
    response = _text(row, names["response"])
    id_ = str(number) if names["id"] is None else _text(row, names["id"])
    if not id_:
        raise _Unreadable(f"{names['id']} is empty")
    question = names["question"]
    asked = _text(row, question) if question and row.get(question) is not None else ""
    problem = Problem(
        id=id_,
        question=asked,
        gold=gold,
        kind=typing.cast(Kind, "math" if kind == "auto" else kind),
        choices=_choices(row.get("choices")),
    )
    reason = row.get("finish_reason")
    if reason == "error":
        raise _Unreadable("the response failed (finish_reason error)")
    finish: FinishReason = reason if reason in ("length", "loop") else "stop"
    return problem, Response(id_, response, sample=samples[id_], finish_reason=finish)


def _text(row: Mapping[str, Any], name: str | None) -> str:
    try:
        return cell_text(row.get(name or ""))
    except ValueError as fault:
        raise _Unreadable(f"{name} {fault}") from None


def _choices(value: Any) -> tuple[str, ...]:
    """The options, where the row carries them as a list of texts."""
    listed = isinstance(value, list) and all(isinstance(item, str) for item in value)
    return tuple(value) if listed else ()
