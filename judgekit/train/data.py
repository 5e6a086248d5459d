"""Training rows: read, checked and named, before any model is loaded.

method       columns
sft          question, trace (the thinking without tags), answer (the final text)
dpo          question, chosen, rejected (whole replies in the tag format)
grpo, rloo   question, gold; kind and choices where present; other columns go to the rewards

A recipe's `[columns]` says where a file calls them otherwise. For `grpo` and `rloo` the data may
also be a benchmark's name or `reasoning_gym:TASK`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_args

from judgekit import benchmark
from judgekit.errors import DataError
from judgekit.formats.rows import LeftOut, cell_text, read_rows
from judgekit.records import Problem
from judgekit.rewards import Tags
from judgekit.runs import digest
from judgekit.train.recipe import Columns, Method, Recipe

NEEDED: Mapping[Method, tuple[str, ...]] = {
    "sft": ("question", "trace", "answer"),
    "dpo": ("question", "chosen", "rejected"),
    "grpo": ("question", "gold"),
    "rloo": ("question", "gold"),
}
"""The columns without which a method has nothing to learn from."""

TAKEN = frozenset({"prompt", "prompts", "completion", "completions", "completion_ids", "finished"})
"""Names that belong to the trainer; a data set's columns of these names are dropped."""


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Rows under the names above; `hash` is the SHA-256 of all of them, `left_out` by row."""

    source: str
    rows: Sequence[Mapping[str, Any]]
    hash: str
    left_out: Sequence[LeftOut] = ()


def read(recipe: Recipe, data: str) -> TrainingData:
    """The rows that the recipe trains on.

    A row with an empty cell, or a pair of equal replies, is left out. Raises `DataError` where the
    file, a column or every row is missing, or where every chosen reply has the other tag pair.
    """
    left_out: list[LeftOut] = []
    if _is_benchmark(recipe.method, data):
        found = benchmark.load(data, seed=recipe.seed)
        rows = [_problem_row(problem) for problem in found.problems]
    else:
        rows = list(_checked(recipe, Path(data), left_out))
    if not rows:
        number, reason = left_out[0]
        raise DataError(f"{data}: no row can be trained on; row {number}: {reason}")
    if recipe.method == "dpo":
        _check_tags(recipe, data, rows)
    return TrainingData(data, rows, digest(rows), left_out)


def problem(row: Mapping[str, Any]) -> Problem:
    """The row as what a prompt asks."""
    return Problem(
        id=str(row.get("id", "")),
        question=row["question"],
        gold=str(row.get("gold", "")),
        kind="choice" if row.get("choices") else "math",
        choices=tuple(row.get("choices") or ()),
    )


def _is_benchmark(method: Method, data: str) -> bool:
    named = data.startswith(benchmark.GYM) or data in benchmark.names() or data.endswith(".toml")
    return method in ("grpo", "rloo") and named


def _problem_row(each: Problem) -> dict[str, Any]:
    row: dict[str, Any] = {"id": each.id, "question": each.question, "gold": each.gold}
    return {**row, "kind": each.kind, "choices": list(each.choices)}


def _checked(recipe: Recipe, path: Path, left_out: list[LeftOut]) -> Iterable[dict[str, Any]]:
    needed, columns = NEEDED[recipe.method], recipe.columns
    renamed = {getattr(columns, f.name): f.name for f in fields(Columns)}
    for number, row in read_rows(path, left_out):
        named = {renamed.get(name, name): cell for name, cell in row.items()}
        if missing := [name for name in needed if name not in named]:
            listed = ", ".join(getattr(columns, name) for name in missing)
            raise DataError(
                f"{path}, row {number}: no column {listed}; it has {', '.join(row)}",
                hint=f"{recipe.method} needs {', '.join(needed)}; "
                f"-o columns.{missing[0]}=NAME where it is called otherwise",
            )
        try:
            cells = {name: _text(named[name], name) for name in needed}
        except ValueError as fault:
            left_out.append(LeftOut(number, str(fault)))
            continue
        if recipe.method == "dpo" and cells["chosen"] == cells["rejected"]:
            left_out.append(LeftOut(number, "chosen and rejected are the same"))
            continue
        yield {
            "id": str(number),
            **{name: cell for name, cell in named.items() if name not in TAKEN},
            **cells,
        }


def _check_tags(recipe: Recipe, data: str, rows: Sequence[Mapping[str, Any]]) -> None:
    for tags in get_args(Tags):
        if tags != recipe.tags and all(f"</{tags}>" in row["chosen"] for row in rows):
            raise DataError(
                f"{data} is written with tags = {tags!r}, this recipe has {recipe.tags!r}",
                hint=f"-o tags={tags}",
            )


def _text(cell: Any, name: str) -> str:
    try:
        text = cell_text(cell)
    except ValueError as fault:
        raise ValueError(f"{name} {fault}") from None
    if not text.strip():
        raise ValueError(f"{name} is empty")
    return text
