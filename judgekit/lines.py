"""Append-only files of JSON lines: how they are read, written, and mended after a crash.

A record is one whole line, written by one system call. After `kill -9` at any instant a file holds
whole lines and at most one torn last one, which readers ignore and the next writer cuts off.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from judgekit.errors import DataError, EnvironmentFault, UserError
from judgekit.rows import to_row


def read_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Numbered rows of a JSON-lines file; a torn last line is left out.

    Raises `DataError` for a whole line that is no JSON object.
    """
    import orjson

    if not path.exists():
        return
    if not path.is_file():
        raise DataError(f"{path} is no file")
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.endswith(b"\n"):
                return
            try:
                row = orjson.loads(line)
            except orjson.JSONDecodeError as fault:
                raise DataError(
                    f"{path} line {number} is no JSON: {fault}",
                    hint="delete the line; what it held is done again on resume",
                ) from None
            if not isinstance(row, dict):
                raise DataError(f"{path} line {number} is no JSON object")
            yield number, row


class Lines:
    """A file that records are appended to; nothing is touched before the first of them.

    `grouped` says that the variants of one generation stand in consecutive lines and are done again
    together. `locked` refuses a second process, where no lock on a folder does.
    """

    def __init__(self, path: Path, *, grouped: bool = False, locked: bool = False) -> None:
        self.path = path
        self._grouped = grouped
        self._locked = locked
        self._descriptor: int | None = None

    def append(self, *records: Any) -> None:
        """Write records as whole lines, in one system call.

        Raises `EnvironmentFault` where the disk refuses, `UserError` where another process writes.
        """
        import orjson

        lines = b"".join(orjson.dumps(to_row(each)) + b"\n" for each in records)
        with disk(self.path):
            if self._descriptor is None:
                self._descriptor = self._open()
            try:
                if os.write(self._descriptor, lines) != len(lines):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            except OSError:
                # Opened again, the torn end is cut off before anything is written after it.
                os.close(self._descriptor)
                self._descriptor = None
                raise

    def close(self) -> None:
        """Have what was written on the disk itself, and let go of the file."""
        if self._descriptor is not None:
            if self.path.is_file():  # a pipe or device has no disk to be on
                os.fsync(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> int:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        if self._locked:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                raise UserError(
                    f"{self.path} is being written by another process", hint="use another --out"
                ) from None
        mend(self.path, grouped=self._grouped)
        return descriptor


def mend(path: Path, *, grouped: bool = False) -> None:
    """Cut a torn last line off; where lines are `grouped`, with those of the same generation."""
    import orjson

    # A device or pipe in a file's place has no torn end, and may never end at all.
    if not path.is_file() or not path.stat().st_size:
        return
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        if file.read(1) == b"\n":
            return
        file.seek(0)
        data = file.read()
        whole = data.rfind(b"\n") + 1
        lines = data[:whole].splitlines(keepends=True)
        if lines and grouped:
            last = orjson.loads(lines[-1])
            while lines and last.get("variant"):
                row = orjson.loads(lines[-1])
                if (row.get("id"), row.get("sample")) != (last.get("id"), last.get("sample")):
                    break
                whole -= len(lines.pop())
        file.truncate(whole)


class disk:
    """Turns what the operating system says about a path into one line for the user."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, fault: BaseException | None, trace: object) -> None:
        if isinstance(fault, OSError):
            hint = "free some space and run the same command again; what is written is kept"
            raise EnvironmentFault(
                f"cannot write {self.path}: {fault.strerror or fault}",
                hint=hint if fault.errno in (errno.ENOSPC, errno.EDQUOT) else None,
            ) from fault
