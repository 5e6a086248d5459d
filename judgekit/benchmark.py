"""What is measured: a benchmark by name or file, as problems.

A benchmark is one TOML file that says where its rows are (a file on the hub, or one beside it) and
which column is what: data, no code. `reasoning_gym:TASK` is generated. The options of a
multiple-choice problem are shuffled by seed and problem id alone, so that neither the order of the
rows nor a limit changes what a model is asked.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from judgekit import assets
from judgekit.config import read_toml, section
from judgekit.errors import ConfigError, EnvironmentFault, MissingExtra, UnknownName, UserError
from judgekit.formats.problems import Fields, kind_of, read_problems
from judgekit.formats.rows import read_rows
from judgekit.records import Problem
from judgekit.rows import to_row

GYM = "reasoning_gym:"
GYM_SIZE = 100
GYM_MAX_TOKENS = 2048


@dataclass(frozen=True, slots=True)
class Hub:
    """A file of a data set on the Hugging Face hub."""

    repo: str
    file: str
    revision: str = "main"
    gated: bool = False


@dataclass(frozen=True, slots=True)
class Definition:
    """A benchmark file. The rows are in `file`, beside it, or on the `hub`; `max_tokens` is how
    long a response may be by default."""

    description: str = ""
    source: str = ""
    max_tokens: int = 1024
    file: str | None = None
    hub: Hub | None = None
    fields: Fields = field(default_factory=Fields)


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Problems, and where they came from.

    `hash` is the SHA-256 of all problems before any limit, options as shuffled; `seed` shuffled or
    generated them.
    """

    name: str
    problems: tuple[Problem, ...]
    source: str
    hash: str
    max_tokens: int
    description: str = ""
    seed: int = 0


def names() -> list[str]:
    """The benchmarks that ship with judgekit."""
    return assets.names("benchmarks")


def describe(name: str | Path) -> dict[str, Any]:
    """Where a benchmark comes from and how its rows are read; loads nothing."""
    if str(name).startswith(GYM):
        about = _gym_description(str(name).removeprefix(GYM))
        source = "github.com/open-thought/reasoning-gym (Apache-2.0); arXiv 2505.24760"
        return {
            "name": str(name),
            "description": about,
            "source": source,
            "max_tokens": GYM_MAX_TOKENS,
        }
    label, definition, _ = _define(name)
    return {"name": label, **dataclasses.asdict(definition)}


def load(
    name: str | Path,
    *,
    data: Path | None = None,
    limit: int | None = None,
    seed: int = 0,
    fetch: bool = True,
) -> Benchmark:
    """A benchmark by name, by the path of its TOML file, or `reasoning_gym:TASK`.

    `data` is a local JSONL, CSV or Parquet file with the rows, instead of the hub. `limit` keeps
    the first problems. Without `fetch` only what is on this machine already is had. Raises
    `UnknownName`, `ConfigError`, `DataError`, or `EnvironmentFault` where the hub cannot be
    reached.
    """
    if limit is not None and limit < 1:
        raise UserError(f"a limit of {limit} leaves no problems")
    if str(name).startswith(GYM):
        if data is not None:
            raise UserError(f"{name} is generated: it takes no --data")
        return _generate(str(name).removeprefix(GYM), limit or GYM_SIZE, seed)
    label, definition, folder = _define(name)
    path, source = _locate(label, definition, folder, data, fetch)
    problems = tuple(read_problems(read_rows(path), definition.fields, seed, str(path)))
    return Benchmark(
        name=label,
        problems=problems[:limit],
        source=source,
        hash=_hash(problems),
        max_tokens=definition.max_tokens,
        description=definition.description,
        seed=seed,
    )


def _define(name: str | Path) -> tuple[str, Definition, Path]:
    """The benchmark's name, what its file says, and the folder that paths in it start from."""
    if str(name).endswith(".toml"):
        path = Path(name)
    else:
        known = names()
        if name not in known:
            hint = f"or {GYM}TASK, or the path of a .toml file"
            raise UnknownName("benchmark", str(name), known, hint=hint)
        path = assets.folder("benchmarks") / f"{name}.toml"
    table = read_toml(path)
    for key, cls in (("hub", Hub), ("fields", Fields)):
        if key in table:
            section(cls, table[key], f"{path}: {key}")
    definition = section(Definition, table, str(path))
    if (definition.file is None) == (definition.hub is None):
        raise ConfigError(f"{path}: give either file = or [hub], and not both")
    return path.stem, definition, path.parent


def _locate(
    name: str, definition: Definition, folder: Path, data: Path | None, fetch: bool
) -> tuple[Path, str]:
    """The file with the rows, and how a run's record names it."""
    if data is not None:
        return Path(data), str(data)
    if definition.hub is not None:
        hub = definition.hub
        path = _download(name, hub, definition.fields, fetch)
        return path, f"hub:{hub.repo}/{hub.file}@{hub.revision}"
    file = definition.file or ""
    return folder / file, file


PATIENCE = 10.0
"""Seconds in which the hub has to answer at all."""


def _download(name: str, hub: Hub, fields: Fields, allowed: bool) -> Path:
    """The hub's file, from the local cache if it is there; else fetched, where that is allowed."""
    try:
        from huggingface_hub import HfApi, hf_hub_download
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
    except ImportError:
        raise MissingExtra("huggingface_hub", "hub") from None

    get = partial(hf_hub_download, hub.repo, hub.file, repo_type="dataset", revision=hub.revision)
    # The HTTP library under the hub's changes with its version: its errors are known by descent.
    unreachable: tuple[type[Any], ...] = (OSError, *HfHubHTTPError.__bases__)
    try:
        try:
            return Path(get(local_files_only=True))
        except LocalEntryNotFoundError:
            if not allowed:
                raise
            # Asked first, since a download retries a dead line for half a minute, aloud.
            HfApi().dataset_info(hub.repo, timeout=PATIENCE)
            return Path(get())
    except unreachable as fault:
        # The hub's own messages run over many lines; the first names the cause.
        cause = next(iter(str(fault).strip().splitlines()), type(fault).__name__)
        terms = f"accept the terms at huggingface.co/datasets/{hub.repo} and log in, or "
        raise EnvironmentFault(
            f"{name} cannot be had from the hub ({hub.repo}): {cause.rstrip('.')}",
            hint=f"{terms if hub.gated else ''}use --data PATH, a JSONL, CSV or Parquet file with "
            f"the columns {', '.join(fields.needed)}",
        ) from None


def _generate(task: str, size: int, seed: int) -> Benchmark:
    """Problems of a reasoning-gym task (arXiv 2505.24760); problem i depends on seed and i only."""
    try:
        import reasoning_gym
        from reasoning_gym.factory import DATASETS
    except ImportError:
        raise MissingExtra("reasoning-gym", "gym") from None
    from importlib.metadata import version

    if task not in DATASETS:
        raise UnknownName("reasoning-gym task", task, DATASETS)
    try:
        entries = [*reasoning_gym.create_dataset(task, size=size, seed=seed)]
    except AssertionError as fault:
        raise UserError(f"{GYM}{task} cannot be generated as it stands: {fault}") from None
    if not all(isinstance(entry["answer"], str) and entry["answer"].strip() for entry in entries):
        raise UserError(f"{GYM}{task} has no single reference answer: only its own scorer can tell")
    problems = tuple(
        Problem(
            id=f"{task}-{i}",
            question=entry["question"],
            gold=entry["answer"],
            kind=kind_of(entry["answer"]),
            meta={"subject": task, "seed": seed},
        )
        for i, entry in enumerate(entries)
    )
    return Benchmark(
        name=f"{GYM}{task}",
        problems=problems,
        source=f"reasoning-gym {version('reasoning-gym')}, seed {seed}",
        hash=_hash(problems),
        max_tokens=GYM_MAX_TOKENS,
        description=_gym_description(task),
        seed=seed,
    )


def _gym_description(task: str) -> str:
    return f"The task {task} of reasoning-gym, generated from the seed."


def _hash(problems: Iterable[Problem]) -> str:
    digest = hashlib.sha256()
    for problem in problems:
        digest.update(orjson.dumps(to_row(problem), option=orjson.OPT_SORT_KEYS) + b"\n")
    return digest.hexdigest()
