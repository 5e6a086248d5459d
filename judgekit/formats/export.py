"""A run as one table for other tools: CSV, JSON lines, Parquet, a dataset folder.

One row a response, with all that is known of it:

key            run, model, benchmark, strategy; id, sample, variant
problem        question, gold, kind, choices, meta
response       response (its text), segments, finish_reason, the token counts, usage, logprob, loop,
               seed, seconds, error
grade          outcome, stage, extracted, evidence, confidence, trail, grading; null where ungraded
people         labels (a list), label (its outcome where they agree)

`judgekit grade` reads each of the files back. What is no plain value is nested in JSON lines and
Parquet and left out of CSV; `meta` and `usage`, whose fields differ from row to row, are JSON text
in Parquet.
"""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from judgekit.errors import MissingExtra, UserError
from judgekit.formats.inspect_export import write_inspect
from judgekit.lines import disk
from judgekit.records import Grade, Key, Label, Problem, Response
from judgekit.rows import to_row
from judgekit.runs import Run

GROUP = 4096
"""Rows of one Parquet row group: what is held in memory at a time."""

_RUN = ("model", "benchmark", "strategy")
_PROBLEM = ("question", "gold", "kind", "choices", "meta")
_GRADE = ("outcome", "stage", "extracted", "evidence", "confidence", "trail", "grading")
_OPEN = ("meta", "usage")
"""Mappings whose keys are data."""


def rows(run: Run, grades: Iterable[Grade]) -> Iterator[dict[str, Any]]:
    """The rows in the order of the run."""
    problems = {problem.id: problem for problem in run.problems}
    grade_of = {grade.key: grade for grade in grades}
    labels: dict[Key, list[Label]] = {}
    for label in run.labels:
        labels.setdefault(label.key, []).append(label)
    of_run = {"run": run.name, **{name: run.config.get(name) for name in _RUN}}
    for response in run.responses:
        key = response.key
        problem, grade = problems.get(response.id), grade_of.get(key)
        yield {**of_run, **_row(response, problem, grade, labels.get(key, []))}


def _row(
    response: Response, problem: Problem | None, grade: Grade | None, labels: list[Label]
) -> dict[str, Any]:
    written, asked = to_row(response), to_row(problem) if problem else {}
    graded = to_row(grade) if grade else {}
    said = {label.outcome for label in labels}
    return {
        **{name: written[name] for name in ("id", "sample", "variant")},
        **{name: asked.get(name) for name in _PROBLEM},
        "response": written["text"],
        **{name: value for name, value in written.items() if name not in _APART},
        **{name: graded.get(name) for name in _GRADE},
        "labels": [to_row(label) for label in labels],
        "label": said.pop() if len(said) == 1 else None,
    }


_APART = ("schema", "id", "sample", "variant", "text", "token_ids")


def write_csv(run: Run, grades: Iterable[Grade], path: Path) -> int:
    """The plain columns; returns the number of rows, as all writers do."""
    count = 0
    with disk(path), path.open("w", encoding="utf-8", newline="") as file:
        sheet: csv.DictWriter[str] | None = None
        for row in rows(run, grades):
            loop = row["loop"]
            flat = {name: value for name, value in row.items() if name not in _NESTED}
            flat["loop"] = loop["kind"] if loop else None
            if sheet is None:
                sheet = csv.DictWriter(file, flat)
                sheet.writeheader()
            sheet.writerow(flat)
            count += 1
    return count


_NESTED = ("choices", "meta", "segments", "usage", "trail", "labels")


def write_jsonl(run: Run, grades: Iterable[Grade], path: Path) -> int:
    """Everything, a row a line."""
    import orjson

    count = 0
    with disk(path), path.open("wb") as file:
        for row in rows(run, grades):
            file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
            count += 1
    return count


def write_parquet(run: Run, grades: Iterable[Grade], path: Path) -> int:
    """Everything, nested columns as lists of structures. Raises `MissingExtra` without pyarrow."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise MissingExtra("pyarrow", "parquet") from None
    schema, count = _schema(pyarrow), 0
    with disk(path), pyarrow.parquet.ParquetWriter(path, schema, compression="zstd") as file:
        every = rows(run, grades)
        while group := list(itertools.islice(every, GROUP)):
            for row in group:
                row.update({name: json.dumps(row[name]) for name in _OPEN})
            file.write_table(pyarrow.Table.from_pylist(group, schema))
            count += len(group)
    return count


def _schema(pa: Any) -> Any:
    """The columns of `rows`, a type for columns that are null in all rows too."""
    text, whole, number = pa.string(), pa.int64(), pa.float64()
    cost = {"calls": whole, "prompt_tokens": whole, "completion_tokens": whole, "seconds": number}
    verdict: Mapping[str, Any] = {
        **dict.fromkeys(("stage", "outcome", "extracted", "evidence", "claim"), text),
        "confidence": number,
        "cost": pa.struct(cost),
        "flags": pa.list_(text),
    }
    segment = {"text": text, "role": text, "by": text, "tokens": whole}
    loop = {
        **{"kind": text, "onset": whole, "period": whole},
        **{"cycles": number, "wasted": whole, "unit": text},
    }
    label = {
        **dict.fromkeys(("id", "outcome", "by", "at", "variant", "note", "design"), text),
        **{"sample": whole, "blind": pa.bool_(), "probability": number},
    }
    columns: Mapping[str, Any] = {
        **dict.fromkeys(("run", *_RUN, "id"), text),
        **{"sample": whole, "variant": text},
        **dict.fromkeys(("question", "gold", "kind"), text),
        **{"choices": pa.list_(text), "meta": text, "response": text},
        **{"segments": pa.list_(pa.struct(segment)), "finish_reason": text},
        **dict.fromkeys(("prompt_tokens", "completion_tokens"), whole),
        **dict.fromkeys(("forced_tokens", "discarded_tokens"), whole),
        **{"usage": text, "logprob": number, "loop": pa.struct(loop), "seed": whole},
        **{"seconds": number, "error": text},
        **dict.fromkeys(("outcome", "stage", "extracted", "evidence"), text),
        **{"confidence": number, "trail": pa.list_(pa.struct(verdict)), "grading": text},
        **{"labels": pa.list_(pa.struct(label)), "label": text},
    }
    return pa.schema(columns)


CARD = """\
---
configs:
- config_name: default
  data_files:
  - split: test
    path: data/test-*.parquet
tags:
- judgekit
---
# {name}

Responses of `{model}` to `{benchmark}` with the strategy `{strategy}`, as graded by judgekit: one
row a response, the deciding stage and the whole trail of verdicts in it.

    from datasets import load_dataset
    rows = load_dataset("path/of/this/folder", split="test")
"""


def write_hf(run: Run, grades: Iterable[Grade], path: Path) -> int:
    """A folder that `datasets.load_dataset` reads, and that the hub shows when uploaded."""
    if path.exists() and not path.is_dir():
        raise UserError(f"{path} is a file", hint="--to hf writes a folder: name another --out")
    with disk(path):
        (path / "data").mkdir(parents=True, exist_ok=True)
        about = {name: run.config.get(name, "?") for name in _RUN}
        (path / "README.md").write_text(CARD.format(name=run.name, **about), encoding="utf-8")
    return write_parquet(run, grades, path / "data" / "test-00000-of-00001.parquet")


WRITERS: Mapping[str, tuple[str, Callable[[Run, Sequence[Grade], Path], int]]] = {
    "parquet": (".parquet", write_parquet),
    "csv": (".csv", write_csv),
    "jsonl": (".jsonl", write_jsonl),
    "hf": ("-hf", write_hf),
    "inspect": (".inspect.json", write_inspect),
}
"""Each form: how the name of its file ends, and its writer."""


def export(run: Run, to: str, path: Path, grading: str | None = None) -> int:
    """Write the run in the form `to` (a key of `WRITERS`) and return the number of responses.

    `grading` picks another than the newest complete one. Raises `UserError` for a run without
    responses, `UnknownName` for a grading that is not there, `MissingExtra` where Parquet is wanted
    without pyarrow, `EnvironmentFault` where the disk refuses.
    """
    if not run.responses:
        raise UserError(f"{run.path} has no responses to export", hint="judgekit generate")
    grades = run.graded(grading) if grading else run.grades
    return WRITERS[to][1](run, grades, path)
