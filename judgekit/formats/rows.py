"""Rows of JSONL, JSON, CSV, TSV and Parquet files, each with its number.

The number is the line in JSONL, and counts from 1 after the header elsewhere. A row that cannot be
read is left out by number and reason where the caller collects those, and fatal where not.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from judgekit.errors import DataError, EnvironmentFault, MissingExtra

BOM = b"\xef\xbb\xbf"
MAX_FIELD = 2**31 - 1
"""Longest CSV field; the csv module's own limit, 131,072, is shorter than one long response."""

EXACT_FLOAT = 2**53
"""From here on a number read as a float may not be the one that was written."""

_Fields = dict[str, Any]
_Complain = Callable[[int, str], None]


class LeftOut(NamedTuple):
    """A row that was not read, and why."""

    number: int
    reason: str


def read_rows(
    path: Path | str, left_out: list[LeftOut] | None = None
) -> Iterator[tuple[int, _Fields]]:
    """The file's rows in order, with their numbers.

    With `left_out`, unreadable rows are appended to it and passed over. Raises `DataError` for an
    absent, empty or wholly unreadable file, an unknown suffix, and without `left_out` for the first
    row that cannot be read; `MissingExtra` for Parquet without pyarrow.
    """
    path = Path(path)
    if path.is_dir():
        raise DataError(f"{path} is a folder, not a file")
    if not path.exists():
        raise DataError(f"{path}: no such file")
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise DataError(
            f"{path}: a file of unknown kind {path.suffix!r}",
            hint=f"rename or convert it to one of {', '.join(READERS)}",
        )
    return _read(path, reader, left_out)


def cell_text(value: Any) -> str:
    """A cell as text, a number as it was written as far as that is known.

    Raises `ValueError` saying what stands there instead ("is missing").
    """
    if isinstance(value, str):
        if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
            raise ValueError("is not valid Unicode")
        return value
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        raise ValueError("is missing")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"should be text, is {_kind(value)}")
    if isinstance(value, float) and abs(value) >= EXACT_FLOAT:
        raise ValueError("is too large a number to be read exactly: write it as text")
    # Tables turn whole numbers into floats as soon as one cell of the column is empty.
    return str(int(value) if isinstance(value, float) and value.is_integer() else value)


def _read(
    path: Path, reader: _Reader, left_out: list[LeftOut] | None
) -> Iterator[tuple[int, _Fields]]:
    def complain(number: int, reason: str) -> None:
        if left_out is None:
            raise DataError(f"{path}, row {number}: {reason}")
        left_out.append(LeftOut(number, reason))

    already = len(left_out or ())
    found = False
    with _readable(path):
        for row in reader(path, complain):
            found = True
            yield row
    if not found:
        broken = (left_out or [])[already:]
        if broken:
            number, reason = broken[0]
            raise DataError(f"{path}: no row can be read; row {number}: {reason}")
        raise DataError(f"{path} holds no rows")


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError as fault:
        raise DataError(f"{path} is not UTF-8 text: {fault.reason}") from None
    except OSError as fault:
        raise EnvironmentFault(f"{path}: {fault.strerror}") from None


def _json_lines(path: Path, complain: _Complain) -> Iterator[tuple[int, _Fields]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            text = (line.removeprefix(BOM) if number == 1 else line).strip()
            if not text:
                continue
            try:
                value = loads(text)
            except ValueError as fault:
                complain(number, f"not JSON: {fault}")
                continue
            if isinstance(value, dict):
                yield number, value
            else:
                complain(number, f"a JSON object was expected, this is {_kind(value)}")


def _json(path: Path, complain: _Complain) -> Iterator[tuple[int, _Fields]]:
    """An array of objects; a file that begins otherwise is read as JSON lines."""
    text = path.read_bytes().removeprefix(BOM).strip()
    if not text.startswith(b"["):
        yield from _json_lines(path, complain)
        return
    try:
        values = loads(text)
    except ValueError as fault:
        raise DataError(f"{path}: not JSON: {fault}") from None
    for number, value in enumerate(values, 1):
        if isinstance(value, dict):
            yield number, value
        else:
            complain(number, f"a JSON object was expected, this is {_kind(value)}")


def loads(text: bytes) -> Any:
    """JSON, and the NaN and Infinity that Python's own writers put into it.

    Raises `ValueError` where the text is none.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        if b"NaN" not in text and b"Infinity" not in text:
            raise
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _kind(value: Any) -> str:
    names = {list: "a list", dict: "an object", str: "a text", int: "a number", float: "a number"}
    return names.get(type(value), str(value))


def _csv(path: Path, complain: _Complain) -> Iterator[tuple[int, _Fields]]:
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    csv.field_size_limit(MAX_FIELD)
    with path.open(encoding="utf-8-sig", newline="") as file:
        # Strict, since otherwise a quote that is never closed swallows the rest of the file.
        lines = csv.reader(file, delimiter=delimiter, strict=True)
        try:
            header = next(lines, [])
        except csv.Error as fault:
            raise DataError(f"{path}: the header cannot be read: {fault}") from None
        if len(set(header)) < len(header):
            twice = next(name for name in header if header.count(name) > 1)
            raise DataError(f"{path}: two columns are named {twice!r}")
        number = 0
        while True:
            number += 1
            try:
                cells = next(lines)
            except StopIteration:
                return
            except csv.Error as fault:
                complain(number, f"not CSV: {fault}")
                continue
            if not cells:
                number -= 1
            elif len(cells) != len(header):
                complain(number, f"{len(cells)} fields under {len(header)} columns")
            else:
                yield number, dict(zip(header, cells, strict=True))


def _parquet(path: Path, complain: _Complain) -> Iterator[tuple[int, _Fields]]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise MissingExtra("pyarrow", "parquet") from None
    try:
        number = 0
        with pyarrow.parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=1024):
                for row in batch.to_pylist():
                    number += 1
                    yield number, row
    except (pyarrow.ArrowException, OSError) as fault:
        # A page that cannot be decoded is an OSError to pyarrow, one without an error number.
        if isinstance(fault, OSError) and fault.errno is not None:
            raise
        cause = " ".join(str(fault).split())
        raise DataError(f"{path}: not Parquet, or damaged: {cause}") from None


_Reader = Callable[[Path, _Complain], Iterator[tuple[int, _Fields]]]

READERS: dict[str, _Reader] = {
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".json": _json,
    ".csv": _csv,
    ".tsv": _csv,
    ".parquet": _parquet,
}
