"""What is installed here, what works, and what to do about the rest."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

State = Literal["ok", "missing", "broken"]

EXTRAS = {
    "torch": ("local", "runs models in this process"),
    "transformers": ("local", "runs models in this process"),
    "gguf": ("local", "reads GGUF files, the embedded model among them"),
    "vllm": ("vllm", "the vLLM engine"),
    "dspy": ("judge", "judges as DSPy programs"),
    "trl": ("train", "training through TRL"),
    "peft": ("train", "LoRA adapters"),
    "huggingface_hub": ("hub", "benchmarks and models from the hub"),
    "pyarrow": ("parquet", "Parquet files"),
    "zstandard": ("inspect", "inspect's .eval logs"),
    "reasoning_gym": ("gym", "--benchmark reasoning_gym:TASK"),
    "textual": ("audit", "judgekit audit --label"),
    "ray": ("ray", "more than one machine"),
}
"""Optional packages: the extra that brings each, and what it is for."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `todo` is what the user can do where it is not ok."""

    name: str
    state: State
    detail: str
    todo: str = ""


def examine() -> Iterator[Finding]:
    """Look at everything a command may need; imports torch where it is installed."""
    from judgekit.version import __version__

    yield Finding("judgekit", "ok", __version__)
    yield Finding("python", "ok", f"{platform.python_version()} on {platform.platform(terse=True)}")
    yield _machine()
    yield _runs_folder()
    for module, (extra, purpose) in EXTRAS.items():
        yield _package(module, extra, purpose)
    yield from _backends()
    yield _devices()
    yield _embedded()


def _machine() -> Finding:
    free = shutil.disk_usage(Path.cwd()).free / 2**30
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    detail = f"{os.cpu_count()} cores, {memory:.0f} GiB memory, {free:.0f} GiB disk free"
    if free < 1:
        return Finding("machine", "broken", detail, "free some disk space")
    return Finding("machine", "ok", detail)


def _runs_folder() -> Finding:
    if os.access(Path.cwd(), os.W_OK):
        return Finding("runs folder", "ok", "./runs can be written")
    return Finding("runs folder", "broken", "this folder cannot be written", "use --out")


def _package(module: str, extra: str, purpose: str) -> Finding:
    if importlib.util.find_spec(module) is None:
        return Finding(module, "missing", purpose, f"in the clone: pip install -e '.[{extra}]'")
    distributions = importlib.metadata.packages_distributions().get(module, [module])
    return Finding(module, "ok", f"{importlib.metadata.version(distributions[0])}, {purpose}")


def _backends() -> Iterator[Finding]:
    """What `--backend` can name here."""
    local = all(importlib.util.find_spec(name) for name in ("torch", "transformers"))
    todo = "" if local else "see torch and transformers above"
    detail = "hub ids, folders, GGUF files"
    yield Finding("backend transformers", "ok" if local else "missing", detail, todo)
    yield Finding("backend openai", "ok", "any OpenAI-compatible server: --base-url URL")
    yield Finding("backend scripted", "ok", "a script in place of a model: --model FILE")
    yield Finding("backend replay", "ok", "the responses of an earlier run: --model RUN")
    fast = importlib.util.find_spec("vllm") is not None
    todo = "" if fast else "see vllm above, or give --base-url URL of a server elsewhere"
    yield Finding("backend vllm", "ok" if fast else "missing", "hub ids, folders", todo)


def _devices() -> Finding:
    if importlib.util.find_spec("torch") is None:
        return Finding("devices", "missing", "no torch, no local models", "see torch above")
    try:
        import torch
    except (ImportError, OSError) as fault:
        return Finding("devices", "broken", f"torch does not import: {fault}", "reinstall torch")
    names = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        names.append("Apple MPS")
    return Finding("devices", "ok", ", ".join([*names, f"CPU ({torch.get_num_threads()} threads)"]))


def _embedded() -> Finding:
    from judgekit.backends.transformers.embedded import INSTALL, locate

    found = locate()
    if found is None:
        return Finding("embedded model", "missing", "SmolLM2-135M-Instruct", INSTALL)
    return Finding("embedded model", "ok", f"{found.name}, {found.stat().st_size / 1e6:.0f} MB")
