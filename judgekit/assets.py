"""Where the data that ships with judgekit lies: `prompts/` and `benchmarks/`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from judgekit.errors import EnvironmentFault


def folder(name: Literal["prompts", "benchmarks"]) -> Path:
    """The folder in an installed wheel, else the clone's (an editable install has no copy).

    Raises `EnvironmentFault` where neither is there.
    """
    package = Path(__file__).resolve().parent
    for candidate in (package / f"_{name}", package.parent / name):
        if candidate.is_dir():
            return candidate
    raise EnvironmentFault(
        f"the folder {name}/ of judgekit is missing from {package}",
        hint="install judgekit-slm again",
    )


def names(kind: Literal["prompts", "benchmarks"]) -> list[str]:
    """What is shipped, as users name it: the path below the folder without `.toml`, sorted."""
    root = folder(kind)
    return sorted(
        path.relative_to(root).with_suffix("").as_posix() for path in root.rglob("*.toml")
    )
