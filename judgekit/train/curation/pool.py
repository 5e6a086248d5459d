"""A pool of problems with traces: JSONL, CSV or Parquet, read twice rather than kept in memory.

The first reading keeps of each row what the filters need, not its trace; the second fetches the
rows that were chosen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from judgekit.errors import DataError, UnknownName, UserError
from judgekit.formats.rows import LeftOut, cell_text, read_rows
from judgekit.judges.recorded import read as read_verdict

GUESSES: Mapping[str, tuple[str, ...]] = {
    "question": ("question", "problem", "prompt"),
    "trace": ("trace", "thinking", "reasoning", "thinking_trajectories"),
    "answer": ("answer", "attempt", "response"),
    "id": ("id", "unique_id"),
    "domain": ("domain", "subject"),
    "source": ("source", "source_type"),
    "length": (),
    "gold": (),
}
"""Column names tried in this order where none is named; a role without any is used when named."""

NEEDED = ("question", "trace", "answer")


@dataclass(frozen=True, slots=True)
class Row:
    """What the filters see of a row.

    `number` counts rows from 0, `place` is the row's number in the file. `length` is that of the
    trace: the length column, else its words. `solved` says of each solver's column whether that
    model solved the problem, None where this is not known. `fault` says what is missing.
    """

    number: int
    place: int
    id: str
    question: str
    answer: str
    length: float
    domain: str
    source: str
    gold: str
    solved: tuple[bool | None, ...] = ()
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Pool:
    """The rows of a file, the columns that they were read from, and what could not be read."""

    path: Path
    columns: Mapping[str, str | None]
    solvers: tuple[str, ...]
    rows: tuple[Row, ...]
    left_out: list[LeftOut] = field(default_factory=list)


def read_pool(
    path: Path, columns: Mapping[str, str | None] | None = None, solvers: Sequence[str] = ()
) -> Pool:
    """Read a pool; `columns` names the column of a role (see `GUESSES`) where it is not guessed.

    `solvers` are columns that say whether a model solved the problem. Raises `DataError` where a
    needed column is absent, `UnknownName` where a named one is, `UserError` for a solver's value
    that is no verdict.
    """
    left_out: list[LeftOut] = []
    names = _names(path, dict(columns or {}), solvers)
    rows = []
    for number, (place, raw) in enumerate(read_rows(path, left_out)):
        texts, fault = _texts(raw, names)
        length, fault = _length(raw, names["length"], texts["trace"], fault)
        rows.append(
            Row(
                number,
                place,
                texts["id"] or str(place),
                texts["question"],
                texts["answer"],
                length,
                texts["domain"],
                texts["source"],
                texts["gold"],
                tuple(_solved(raw, solver, f"{path}, row {place}") for solver in solvers),
                fault,
            )
        )
    return Pool(path, names, tuple(solvers), tuple(rows), left_out)


def chosen_rows(pool: Pool, numbers: Collection[int]) -> Iterator[tuple[Row, dict[str, str]]]:
    """The chosen rows in the file's order, with the texts of all their roles."""
    for row, (_, raw) in zip(pool.rows, read_rows(pool.path, []), strict=True):
        if row.number in numbers:
            yield row, _texts(raw, pool.columns)[0]


def _names(
    path: Path, named: dict[str, str | None], solvers: Sequence[str]
) -> dict[str, str | None]:
    """The column of each role, from the names that the first rows have."""
    known: dict[str, None] = {}
    for count, (_, raw) in enumerate(read_rows(path, [])):
        known |= dict.fromkeys(raw)
        if count >= 100:
            break
    for name in (*named.values(), *solvers):
        if name is not None and name not in known:
            raise UnknownName(f"column in {path}:", name, known)
    found = {
        role: named.get(role) or next((guess for guess in guesses if guess in known), None)
        for role, guesses in GUESSES.items()
    }
    for role in NEEDED:
        if found[role] is None:
            raise DataError(
                f"{path} has no column that looks like the {role}",
                hint=f"name it with --{role}; columns: {', '.join(known)}",
            )
    return found


def _texts(raw: Mapping[str, Any], names: Mapping[str, str | None]) -> tuple[dict[str, str], str]:
    """The text of each role, and the first fault among those that are needed."""
    texts, fault = {}, ""
    for role, name in names.items():
        value = raw.get(name) if name else None
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            value = "\n\n".join(value)  # s1K keeps a trace as a list of one text
        try:
            texts[role] = cell_text(value).strip()
            problem = "" if texts[role] else "is empty"
        except ValueError as unreadable:
            texts[role], problem = "", str(unreadable)
        if problem and role in NEEDED and not fault:
            fault = f"{name} {problem}"
    return texts, fault


def _length(raw: Mapping[str, Any], name: str | None, trace: str, fault: str) -> tuple[float, str]:
    if name is None:
        return len(trace.split()), fault
    value = raw.get(name)
    try:
        return float(cell_text(value)), fault
    except ValueError:
        return 0.0, fault or f"{name} is no number"


def _solved(raw: Mapping[str, Any], column: str, where: str) -> bool | None:
    try:
        outcome, _ = read_verdict(raw.get(column))
    except (ValueError, TypeError):
        raise UserError(
            f"{where}: {column} is {raw.get(column)!r:.60}, which is no verdict",
            hint="true/false, correct/incorrect, or a score from 0 to 1",
        ) from None
    return None if outcome == "undecided" else outcome == "correct"
