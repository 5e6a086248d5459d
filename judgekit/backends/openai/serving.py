"""The command that serves a model of this machine to the `openai` backend, and running it."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from judgekit.backends.transformers import embedded
from judgekit.backends.transformers.loading import dtype_of, source_of
from judgekit.backends.vllm.starting import environment, model_source, settings
from judgekit.config import ModelConfig
from judgekit.errors import BackendError, EnvironmentFault, UserError

_PATIENCE = 20.0
"""Seconds for a server to end by itself after it was asked to."""

_TELLING = ("--enable-prompt-tokens-details",)
"""So that vLLM tells how much of a prompt came from its cache."""

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Command:
    """What to run, with what beside the environment that there is, and where it will answer."""

    arguments: tuple[str, ...]
    base_url: str
    variables: Mapping[str, str] = field(default_factory=dict)


def command(config: ModelConfig, port: int, more: Sequence[str] = ()) -> Command:
    """The command of vLLM's server where vLLM is installed, else of `transformers serve`.

    It answers on this machine only, unless `more` (handed to the server as it is) says otherwise.
    Raises `UserError` for a name that is no model, and `EnvironmentFault` where neither is
    installed.
    """
    address, url = _address(port)
    if _installed("vllm"):
        from vllm.platforms import current_platform

        cpu = bool(current_platform.is_cpu())
        flags = _flags(settings(config, model_source(config), cpu=cpu))
        # A module and not `vllm serve`, which some builds for CPUs lack.
        words = (sys.executable, "-m", "vllm.entrypoints.openai.api_server", *flags, *address)
        return Command((*words, *_TELLING, *more), url, environment(cpu=cpu))
    if not _installed("transformers"):
        raise EnvironmentFault(
            "neither vLLM nor transformers is installed",
            hint="in the clone: pip install -e '.[vllm]'",
        )
    if not _installed("fastapi", "uvicorn"):
        raise EnvironmentFault(
            "transformers has no server here", hint="pip install 'transformers[serving]'"
        )
    source, options = source_of(config.model)
    if options:
        raise UserError(
            "`transformers serve` reads no GGUF file", hint="serve it with llama.cpp's llama-server"
        )
    device = () if config.device == "auto" else ("--device", config.device)
    dtype = () if config.dtype == "auto" else ("--dtype", dtype_of(config.dtype, "cpu"))
    module = (sys.executable, "-m", "transformers.cli.transformers", "serve", source)
    return Command((*module, *address, *device, *dtype, *more), url)


def elsewhere(config: ModelConfig, port: int, more: Sequence[str] = ()) -> Command:
    """The command of vLLM's server for a machine with a GPU, whatever is installed on this one.

    A folder is named as it was given. Raises `UserError` for a name that can be no model of vLLM's.
    """
    address, url = _address(port)
    chosen = settings(config, _named(config.model), cpu=False)
    source = str(chosen.pop("model"))
    words = ("vllm", "serve", source, *_flags(chosen), *address, *_TELLING, *more)
    return Command(words, url, environment(cpu=False))


def _named(model: str) -> str:
    """What a model is called on any machine."""
    if model == embedded.NAME:
        return embedded.HUB_ID
    if model.endswith(".gguf"):
        raise UserError(
            f"vLLM does not read GGUF files such as {model}",
            hint="serve it with llama.cpp's llama-server",
        )
    is_folder = model.startswith(("/", ".", "~")) or Path(model).is_dir()
    return model if is_folder else source_of(model)[0]


def _address(port: int) -> tuple[tuple[str, ...], str]:
    """The options of both servers that say where to answer, and the address that this is."""
    return ("--host", "127.0.0.1", "--port", str(port)), f"http://127.0.0.1:{port}/v1"


def serve(chosen: Command) -> None:
    """Run the server in the foreground until Ctrl-C, a closed terminal or a SIGTERM ends it.

    Raises `KeyboardInterrupt` once it has ended so, and `BackendError` where it ended by itself.
    """
    # A group of its own: Ctrl-C in the terminal comes here alone, and the server is told once.
    server = subprocess.Popen(
        chosen.arguments,
        env={**os.environ, **chosen.variables},
        stdin=subprocess.DEVNULL,
        process_group=0,
    )
    before = {number: signal.signal(number, _interrupt) for number in _ENDING}
    try:
        code = server.wait()
    finally:
        _end(server)
        for number, handler in before.items():
            signal.signal(number, handler)
    raise BackendError(
        f"the server ended by itself with exit code {code}", hint="its own lines above say why"
    )


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _end(server: subprocess.Popen[bytes]) -> None:
    """End the server and what it has started; a second Ctrl-C does not wait for it."""
    server.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
        server.wait(_PATIENCE)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()


def _installed(*modules: str) -> bool:
    return all(importlib.util.find_spec(module) is not None for module in modules)


def _flags(chosen: Mapping[str, object]) -> list[str]:
    """Fields of vLLM's `EngineArgs` as its server's options."""
    words = []
    for name, value in chosen.items():
        words.append(f"--{name.replace('_', '-')}")
        if value is not True:
            words.append(str(value))
    return words
