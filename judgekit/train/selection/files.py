"""Rows and the record of how they came about, on the disk.

Beside `NAME.jsonl` stands `NAME.record.json`: what they were drawn from (with hashes), how, with
which seed, and what came of it. The same command writes the same bytes again; a file without such a
record is somebody else's and is left alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from judgekit.errors import UserError
from judgekit.lines import disk


def record_of(out: Path) -> Path:
    """Where the record of a file of rows stands."""
    return out.with_suffix(".record.json")


def refuse_foreign(out: Path, *sources: Path) -> None:
    """Raises `UserError` where `out` is a folder, one of its own sources or not of our making."""
    if out.is_dir():
        raise UserError(f"{out} is a folder", hint="--out names a file")
    if out.exists() and any(source.exists() and out.samefile(source) for source in sources):
        raise UserError(f"{out} is what the rows are drawn from", hint="use another --out")
    if out.exists() and not record_of(out).exists():
        raise UserError(f"{out} exists and has no record beside it", hint="use another --out")


def write_rows(out: Path, rows: Iterable[Mapping[str, Any]]) -> str:
    """Put the rows in the file's place at once and whole; returns their SHA-256 (hex)."""
    import orjson

    hashed = hashlib.sha256()
    draft = out.with_name(f".{out.name}.new")
    with disk(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        try:
            with draft.open("wb") as file:
                for row in rows:
                    line = orjson.dumps(row) + b"\n"
                    hashed.update(line)
                    file.write(line)
            draft.replace(out)
        finally:
            draft.unlink(missing_ok=True)
    return hashed.hexdigest()


def write_record(out: Path, record: Mapping[str, Any]) -> None:
    """Write the record of a file of rows."""
    import orjson

    with disk(record_of(out)):
        option = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS
        record_of(out).write_bytes(orjson.dumps(record, option=option) + b"\n")


def file_hash(path: Path) -> str:
    """SHA-256 (hex) of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
