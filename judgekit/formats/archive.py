"""Members of a zip archive, those compressed by Zstandard too (Python reads them from 3.14 on)."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

from judgekit.errors import DataError, MissingExtra

ZSTANDARD = 93
"""Method number (APPNOTE 6.3.10, section 4.4.5)."""

HEADER = struct.Struct("<26x2H")
"""Local file header: lengths of name and extra field at its end (section 4.3.7)."""

MAX_BYTES = 2**28
"""Longest member that is unpacked; a sample with a megabyte of text is far below."""


def members(path: Path, folder: str) -> Iterator[bytes]:
    """The members below a folder of the archive, in its order.

    Raises `DataError` where the file is absent, damaged or a member too long, `MissingExtra` where
    Zstandard is needed and not installed.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if info.filename.startswith(folder) and not info.is_dir():
                    yield _unpacked(path, archive, info)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (zipfile.BadZipFile, struct.error, OSError) as fault:
        raise DataError(f"{path}: not a zip archive, or damaged: {fault}") from None


def _unpacked(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    if info.file_size > MAX_BYTES:
        raise DataError(f"{path}: {info.filename} is {info.file_size:,} bytes long when unpacked")
    if info.compress_type != ZSTANDARD:
        return archive.read(info)
    try:
        import zstandard
    except ImportError:
        raise MissingExtra("zstandard", "inspect") from None
    with path.open("rb") as file:
        file.seek(info.header_offset)
        name, extra = HEADER.unpack(file.read(HEADER.size))
        file.seek(name + extra, 1)
        packed = file.read(info.compress_size)
    try:
        # The size comes from the archive's directory: a bomb that claims less stops there.
        return zstandard.ZstdDecompressor().stream_reader(packed).read(info.file_size)
    except zstandard.ZstdError as fault:
        raise DataError(f"{path}: {info.filename} is damaged: {fault}") from None
