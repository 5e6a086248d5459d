"""Objects that users bring: an import path, a file, or an installed package's entry point.

package.module:name      an importable module
mine.py:name             a file of the user's own
a bare name              an entry point of the given group ("judgekit.strategies", …)
"""

from __future__ import annotations

import importlib
import importlib.util
import sysconfig
import traceback
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from judgekit.errors import UnknownName, UserError


def is_reference(name: str) -> bool:
    """Whether the name is `module:attribute` or `file.py:attribute`."""
    module, _, attribute = name.rpartition(":")
    return bool(module) and attribute.isidentifier()


def load_reference(reference: str) -> Any:
    """The object behind `package.module:name` or `file.py:name`.

    Raises `UserError` where the module is not found or fails to import, `UnknownName` where it has
    no such attribute.
    """
    location, _, attribute = reference.rpartition(":")
    module = _load_file(Path(location)) if location.endswith(".py") else _load_module(location)
    try:
        return getattr(module, attribute)
    except AttributeError:
        public = [name for name in vars(module) if not name.startswith("_")]
        raise UnknownName(f"name in {location}:", attribute, public) from None


def installed(group: str) -> dict[str, EntryPoint]:
    """Entry points of a group by name, not yet imported; the first package by name wins."""
    found = sorted(entry_points(group=group), key=lambda entry: (entry.name, entry.value))
    return {entry.name: entry for entry in reversed(found)}


def load_installed(entry: EntryPoint) -> Any:
    """Import what an entry point names; `UserError` says which package is broken."""
    try:
        return entry.load()
    except (ImportError, AttributeError) as fault:
        package = entry.dist.name if entry.dist else "?"
        raise UserError(
            f"entry point {entry.name!r} of package {package} does not load: {fault}"
        ) from fault


def theirs(fault: BaseException) -> str | None:
    """Where in the user's own code an exception arose, in one line; None where it is ours.

    It is theirs where a file that is neither ours nor installed stands deeper in the traceback than
    any of ours; of several exceptions at once the first counts.
    """
    while isinstance(fault, BaseExceptionGroup):
        fault = fault.exceptions[0]
    ours = str(Path(__file__).parent)
    installed = tuple(sysconfig.get_paths()[name] for name in ("stdlib", "purelib", "platlib"))
    found = None
    for frame in traceback.extract_tb(fault.__traceback__):
        if frame.filename.startswith(ours):
            found = None
        elif not frame.filename.startswith((*installed, "<")):
            found = f"{frame.filename}, line {frame.lineno}: {type(fault).__name__}: {fault}"
    return found


def _load_module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as fault:
        raise UserError(f"cannot import {name!r}: {fault}") from fault


def _load_file(path: Path) -> Any:
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    spec = importlib.util.spec_from_file_location(f"judgekit_user_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise UserError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (ImportError, SyntaxError) as fault:
        raise UserError(f"{path} does not import: {fault}") from fault
    return module
