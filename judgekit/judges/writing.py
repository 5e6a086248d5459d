"""Writing one option of a judge into the user's judgekit.toml, everything else left as it is."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from judgekit.errors import ConfigError
from judgekit.lines import disk


def set_option(path: Path, table: str, option: str, value: float | list[float]) -> None:
    """Set `option` of `[table]` in the file; comments, order and all else stay.

    Raises `ConfigError`, and leaves the file alone, where the table does not stand there under its
    own header.
    """
    text = path.read_text(encoding="utf-8")
    header = re.search(rf"(?m)^[ \t]*\[[ \t]*{_header(table)}[ \t]*\][ \t]*(?:#.*)?$", text)
    if header is None:
        raise ConfigError(f"{path} has no line [{table}] to write {option} under")
    following = re.compile(r"(?m)^[ \t]*\[").search(text, header.end())
    end = following.start() if following else len(text)
    body = text[header.end() : end]
    line = f"{option} = {_toml(value)}"
    known = re.compile(rf"(?m)^[ \t]*{re.escape(option)}[ \t]*=[^\n#]*")
    if found := known.search(body):
        gap = " " if body[found.end() : found.end() + 1] == "#" else ""
        body = body[: found.start()] + line + gap + body[found.end() :]
    else:
        stripped = body.rstrip()
        body = f"{stripped}\n{line}{body[len(stripped) :] or chr(10)}"
    written = text[: header.end()] + body + text[end:]
    _check(path, text, written, table.split("."), option, value)
    with disk(path):
        draft = path.with_name(f".{path.name}.new")
        draft.write_text(written, encoding="utf-8")
        draft.replace(path)


def _header(table: str) -> str:
    parts = [rf"(?:{re.escape(part)}|\"{re.escape(part)}\")" for part in table.split(".")]
    return r"[ \t]*\.[ \t]*".join(parts)


def _toml(value: float | list[float]) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_toml(each) for each in value)}]"
    return repr(round(float(value), 6))


def _check(path: Path, old: str, new: str, table: list[str], option: str, value: Any) -> None:
    """The new text means the old one with this option, and nothing else."""
    wanted: Any = tomllib.loads(old)
    place = wanted
    for part in table:
        place = place[part]
    place[option] = tomllib.loads(f"x = {_toml(value)}")["x"]
    try:
        found = tomllib.loads(new)
    except tomllib.TOMLDecodeError:
        found = None
    if found != wanted:
        raise ConfigError(
            f"{path}: {option} cannot be written under [{'.'.join(table)}]",
            hint=f"add {option} = {_toml(value)} by hand",
        )
