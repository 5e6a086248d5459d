"""A run is a directory; this module is its durability contract.

    run.toml          the configuration, versions, hashes: written once, compared on resume
    problems.jsonl    each problem once
    responses.jsonl   grades.jsonl   labels.jsonl     append-only, one record a line

* A record is written as one whole line, when it is finished (`judgekit.lines`): after `kill -9` at
  any instant at most a torn last line is lost, and its work is done again.
* One writer at a time: `Writer` holds an advisory lock on the directory until it is closed or dies.
* Nothing is rewritten. A key that stands twice (a failed response tried again) means its last row.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import tomllib
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from judgekit.errors import DataError, RunMismatch, UnknownName, UserError
from judgekit.lines import Lines, disk, read_lines
from judgekit.records import Grade, Key, Label, Problem, Response
from judgekit.rows import SCHEMA, from_row, in_bulk

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")

RUNS = Path("runs")
FILES: Mapping[type, str] = {
    Problem: "problems.jsonl",
    Response: "responses.jsonl",
    Grade: "grades.jsonl",
    Label: "labels.jsonl",
}


@dataclass
class Run:
    """A run as it stands on disk; each file is read when it is first asked for."""

    path: Path
    manifest: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def config(self) -> Mapping[str, Any]:
        """What was asked for: model, benchmark, strategy, options, seeds, limits."""
        config: Mapping[str, Any] = self.manifest.get("config", {})
        return config

    @cached_property
    def problems(self) -> list[Problem]:
        return read_records(self.path, Problem)

    @cached_property
    def responses(self) -> list[Response]:
        """The last row of each key, in the order of first appearance."""
        return list({response.key: response for response in self.each_response()}.values())

    def each_response(self, keys: Container[Key] | None = None) -> Iterator[Response]:
        """Every row as it stands in the file, one at a time; a key may come again, the last counts.

        For what need not hold all texts at once. With `keys` only the rows of these.
        """
        return each_record(self.path, Response, keys)

    @cached_property
    def all_grades(self) -> list[Grade]:
        return read_records(self.path, Grade)

    @cached_property
    def labels(self) -> list[Label]:
        """What each labeller says of each response: the last word, unless it was withdrawn."""
        return standing(read_records(self.path, Label))

    @property
    def gradings(self) -> list[str]:
        """Hashes of the gradings that stand in the run, oldest first."""
        return list(dict.fromkeys(grade.grading for grade in self.all_grades))

    @cached_property
    def grades(self) -> list[Grade]:
        """The newest grading that covers every response, else the newest."""
        gradings = self.gradings
        if len(gradings) < 2:
            return self.graded(gradings[0]) if gradings else []
        ended = {r.key: r.finish_reason for r in self.each_response()}
        wanted = {key for key, reason in ended.items() if reason != "error"}
        for grading in reversed(gradings):
            found = self.graded(grading)
            if {grade.key for grade in found} >= wanted:
                return found
        return self.graded(gradings[-1])

    def graded(self, grading: str) -> list[Grade]:
        """The grades of one grading, by its hash or the beginning of it."""
        matches = [known for known in self.gradings if known.startswith(grading)]
        if len(matches) != 1:
            raise UnknownName(f"grading in {self.path}", grading, self.gradings)
        wanted = matches[0]
        last = {grade.key: grade for grade in self.all_grades if grade.grading == wanted}
        return list(last.values())

    def frame(self, *, text: bool = True) -> pd.DataFrame:
        """One row a response: key, problem, response, grade, label, and what became of it.

        The columns: `judgekit.frames`. The functions of `judgekit.analysis` take such frames.
        """
        from judgekit.frames import frame

        return frame(
            *(self.problems, self.each_response(), self.grades, self.labels, self.config),
            text=text,
        )


def load(path: str | Path) -> Run:
    """The run in a directory. Raises `UserError` or `RunMismatch` where it is none of ours."""
    path = Path(path)
    manifest_path = path / "run.toml"
    if not path.is_dir():
        raise UserError(f"{path} is no run directory", hint="judgekit generate makes one")
    try:
        manifest = tomllib.loads(manifest_path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path} has no run.toml", hint="is it a run of judgekit?") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise DataError(f"{manifest_path}: {fault}") from None
    if manifest.get("schema") != SCHEMA:
        raise RunMismatch(
            f"{path} was made by judgekit {manifest.get('judgekit', '?')} with schema "
            f"{manifest.get('schema')!r}, this version reads schema {SCHEMA}",
            hint="use that version, or another --out",
        )
    return Run(path, manifest)


def newest(root: Path = RUNS) -> Run:
    """The run below `root` that was written to last."""
    found = [manifest.parent for manifest in root.glob("*/run.toml")]
    found = [path for path in found if (path / FILES[Response]).exists()] or found
    if not found:
        raise UserError(f"there is no run below ./{root}", hint="judgekit generate makes one")
    return load(max(found, key=_last_written))


def _last_written(path: Path) -> float:
    return max(file.stat().st_mtime for file in path.iterdir() if file.name != ".lock")


def read_records(folder: Path, cls: type[T]) -> list[T]:
    """All records of one file of a run; none where the file is absent."""
    with in_bulk():
        return list(each_record(folder, cls))


def each_record(folder: Path, cls: type[T], keys: Container[Key] | None = None) -> Iterator[T]:
    """The records of one file of a run, one at a time; with `keys` only those."""
    path = folder / FILES[cls]
    for number, row in read_lines(path):
        if keys is None or Key(row["id"], row.get("sample", 0), row.get("variant", "")) in keys:
            yield from_row(cls, row, where=f"{path} line {number}")


def standing(labels: Iterable[Label]) -> list[Label]:
    """The last label of each person on each response, without those that were withdrawn."""
    last: dict[tuple[Key, str], Label] = {}
    for label in labels:
        last.pop((label.key, label.by), None)
        last[label.key, label.by] = label
    return [label for label in last.values() if not label.withdrawn]


class Writer:
    """The one writer of a run directory; use it as a context manager.

    Raises `UserError` where another process is writing, `RunMismatch` where the directory holds
    another configuration, `EnvironmentFault` where the disk refuses.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._files: dict[type, Lines] = {}
        with disk(path):
            self._made = [each for each in (path, *path.parents) if not each.exists()]
            path.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(path / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise UserError(
                f"{path} is being written by another process", hint="wait for it, or use --out"
            ) from None

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the directory; where nothing was begun, what was made for it goes again."""
        for file in self._files.values():
            file.close()
        if {each.name for each in self.path.iterdir()} == {".lock"}:
            (self.path / ".lock").unlink()
            # Another run may have come into a folder above in the meantime.
            with contextlib.suppress(OSError):
                for folder in self._made or [self.path]:
                    folder.rmdir()
        os.close(self._lock)

    def existing(self, config: Mapping[str, Any]) -> Run | None:
        """The run that this configuration made here before, if any."""
        if not (self.path / "run.toml").exists():
            return None
        run = load(self.path)
        if difference := differences(run.config, without_none(config)):
            raise RunMismatch(
                f"{self.path} holds another configuration: {difference}",
                hint="use another --out, or the options it was made with",
            )
        return run

    def start(self, config: Mapping[str, Any], record: Mapping[str, Any]) -> Run:
        """Begin a new run.

        `config` decides whether a run is the same; `record` (versions, machine) is only written
        down.
        """
        import tomli_w

        from judgekit.version import __version__

        manifest_path = self.path / "run.toml"
        manifest = {
            "schema": SCHEMA,
            "judgekit": __version__,
            "config": without_none(config),
            **without_none(record),
        }
        with disk(manifest_path):
            draft = self.path / ".run.toml.new"
            draft.write_text(tomli_w.dumps(manifest), encoding="utf-8")
            draft.replace(manifest_path)
        return Run(self.path, manifest)

    def append(self, *records: Problem | Response | Grade | Label) -> None:
        """Write records of one class as whole lines, in one system call."""
        if not records:
            return
        cls = type(records[0])
        if cls not in self._files:
            self._files[cls] = Lines(self.path / FILES[cls], grouped=cls is Response)
        self._files[cls].append(*records)


def owed(
    problems: Sequence[Problem], samples: int, done: Iterable[Response]
) -> list[tuple[Problem, int]]:
    """The generations that a run still lacks; failed ones are owed again."""
    have = {(r.id, r.sample) for r in done if r.finish_reason != "error"}
    return [
        (problem, sample)
        for sample in range(samples)
        for problem in problems
        if (problem.id, sample) not in have
    ]


def digest(value: Any) -> str:
    """SHA-256 (hex) of a JSON-like value, whatever the order of its keys."""
    import orjson

    plain = orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str)
    return hashlib.sha256(plain).hexdigest()


def without_none(value: Any) -> Any:
    """TOML has no null: what is not set is not written."""
    if isinstance(value, Mapping):
        return {str(k): without_none(v) for k, v in value.items() if v is not None}
    if isinstance(value, (list, tuple)):
        return [without_none(item) for item in value]
    return value


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """What differs between two configurations, for a person to read; empty where nothing does."""
    return ", ".join(
        f"{key} was {_said(key, old)}, is {_said(key, new)}"
        for key in sorted({*old, *new})
        if old.get(key) != new.get(key)
    )


def _said(key: str, config: Mapping[str, Any]) -> str:
    """A value for a person; of a hash only what tells it from another."""
    value = config.get(key, "not set")
    return repr(value[:8] if key.endswith("_hash") and isinstance(value, str) else value)
