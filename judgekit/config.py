"""`judgekit.toml`: the user's own models, judges, juries and cascade.

Find, load and check are separate steps; the dataclasses below hold the defaults. An unknown key is
refused with the nearest known one, and an error names the option by its dotted path.
"""

from __future__ import annotations

import dataclasses
import tomllib
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from judgekit.errors import ConfigError, DataError, UnknownName
from judgekit.rows import from_row

FILE_NAME = "judgekit.toml"

SERVED = "served"
"""The model name that means the only model of the server at `base_url`."""

Backend = Literal["auto", "transformers", "vllm", "openai", "scripted", "replay"]
EscalateReason = Literal["unparsed", "weak-cue", "conflict", "prose", "undecided"]


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """Who runs which model.

    `model` is a hub id, a folder, a GGUF file, `embedded`, or a server's model name. `backend` auto
    means `openai` where a `base_url` is given, else `transformers`. `api_key_env` names the
    variable that holds the key; the key itself stands nowhere. `concurrency` is the number of
    responses under way at once (rows of the batch, or open requests). `timeout` is in seconds.
    Prices are money per million tokens; they do not make another model of it.
    """

    model: str = "embedded"
    backend: Backend = "auto"
    base_url: str | None = None
    api_key_env: str | None = None
    concurrency: int = 16
    device: str = "auto"
    dtype: str = "auto"
    timeout: float = 600.0
    price_in: float | None = field(default=None, compare=False)
    price_out: float | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if self.base_url is not None and not self.base_url.startswith(("http://", "https://")):
            raise ConfigError(
                f"base_url {self.base_url!r} is no address of a server",
                hint="such as http://localhost:8000/v1",
            )

    @property
    def resolved_backend(self) -> Backend:
        if self.backend != "auto":
            return self.backend
        return "openai" if self.base_url else "transformers"


@dataclass(frozen=True, slots=True)
class JudgeConfig(ModelConfig):
    """A judge: a model, a prompt, how often it is asked and what it may cost.

    `temperature` None is 0 for one vote and 0.7 for several, which 0 would make the same.
    `tool_steps` is how often the judge may use a tool (`prompt = "judge/agent"` explains them).
    `max_tokens` bounds one reply; a judge that thinks first has `max_thinking` more for that.
    `decide_above`: a confidence below this leaves the row undecided.
    `program`, in place of a prompt: a form (`predict`, `chain-of-thought`, `agent`) or the JSON
    file of a tuned one (`judgekit.judges.programs`).
    """

    prompt: str = "judge/reference"
    program: str | None = None
    votes: int = 1
    temperature: float | None = None
    decide_above: float | None = None
    max_tokens: int = 2048
    max_thinking: int | None = None
    tool_steps: int = 0
    max_calls: int | None = None
    max_total_tokens: int | None = None
    max_cost: float | None = None

    @property
    def served_by(self) -> ModelConfig:
        names = [f.name for f in dataclasses.fields(ModelConfig)]
        return ModelConfig(**{name: getattr(self, name) for name in names})


@dataclass(frozen=True, slots=True)
class JuryConfig:
    """Several judges and the rule that makes one verdict of theirs.

    `weights`, for the rule `weighted`: one a member, the log-odds of its balanced accuracy.
    `rounds`, for `deliberation`: how often members may revise after they saw the others' reasons.
    """

    members: tuple[str, ...]
    rule: Literal["majority", "unanimity", "weighted", "deliberation"] = "majority"
    weights: tuple[float, ...] = ()
    rounds: int = 2


@dataclass(frozen=True, slots=True)
class CascadeConfig:
    """The policy of the cascade: data, not code (see `judgekit.cascade`)."""

    stages: tuple[str, ...] = ("exact", "symbolic")
    no_answer: Literal["incorrect", "undecided", "judge"] = "incorrect"
    escalate: tuple[EscalateReason, ...] = (
        "unparsed",
        "weak-cue",
        "conflict",
        "prose",
        "undecided",
    )


@dataclass(frozen=True, slots=True)
class Config:
    """The whole file. `path` is where it was read, None for the defaults."""

    models: Mapping[str, ModelConfig] = field(default_factory=dict)
    judges: Mapping[str, JudgeConfig] = field(default_factory=dict)
    juries: Mapping[str, JuryConfig] = field(default_factory=dict)
    cascade: CascadeConfig = CascadeConfig()
    path: str | None = None


def find(start: Path | None = None) -> Path | None:
    """The `judgekit.toml` in the working directory, if there is one."""
    path = (start or Path.cwd()) / FILE_NAME
    return path if path.is_file() else None


def load(path: Path | None = None) -> Config:
    """The configuration in `path`, else in ./judgekit.toml, else the defaults.

    Raises `ConfigError` or `UnknownName` naming the file and the option.
    """
    path = path or find()
    if path is None:
        return Config()
    return parse(read_toml(path), where=str(path))


def read_toml(path: Path) -> dict[str, Any]:
    """The file's tables. Raises `ConfigError` where it is absent or no TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise ConfigError(f"{path}: {fault}") from None


def parse(tables: Mapping[str, Any], where: str) -> Config:
    """Check the tables and build the configuration."""
    known = {"models": ModelConfig, "judges": JudgeConfig, "juries": JuryConfig}
    for name in tables:
        if name not in known and name != "cascade":
            raise UnknownName(f"table in {where}:", name, [*known, "cascade"])
    named: dict[str, dict[str, Any]] = {}
    for table, cls in known.items():
        entries = tables.get(table, {})
        if not isinstance(entries, dict):
            raise ConfigError(f"{where}: {table} should be a table of named tables")
        named[table] = {
            name: section(cls, entry, f"{where}: {table}.{name}") for name, entry in entries.items()
        }
    cascade = section(CascadeConfig, tables.get("cascade", {}), f"{where}: cascade")
    return Config(**named, cascade=cascade, path=where)


T = TypeVar("T")


def section(cls: type[T], entry: Any, where: str) -> T:
    """One table as the dataclass `cls`; unknown keys are refused with the nearest known one."""
    if not isinstance(entry, dict):
        raise ConfigError(f"{where} should be a table")
    known = [f.name for f in dataclasses.fields(typing.cast(Any, cls))]
    for key in entry:
        if key not in known:
            raise UnknownName(f"option in {where}:", key, known)
    try:
        return from_row(cls, entry, where=where)
    except DataError as fault:
        raise ConfigError(fault.message, hint=fault.hint) from None
