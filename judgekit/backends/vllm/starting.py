"""vLLM's engine, started: how it is set, and what goes wrong while it starts as one line.

vLLM runs the model in processes of its own, which say on standard output what they do and, at the
end of long traces, what went wrong. Here they write into a log, from which the cause is read.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator, Mapping
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

from judgekit.backends.transformers.loading import dtype_of, source_of
from judgekit.config import ModelConfig
from judgekit.errors import BackendError, EnvironmentFault, JudgekitError, UserError

_CPU_CACHE = 2 * 2**30
"""Bytes for keys and values on a CPU, where vLLM by itself would take nearly all memory. They are
used only as they fill. VLLM_CPU_KVCACHE_SPACE, in GiB, goes before."""

_CPU_BLOCK = 32
"""Tokens a block on a CPU, where only whole blocks are reused (vLLM's own choice there is 128; its
kernels want a multiple of 32). Elsewhere vLLM's own is 16."""

_MARK = "JUDGEKIT_VLLM"
"""In the environment of vLLM's processes, and of nobody else."""
_AFTER_US = """cat
for each in $(grep -slzxF "$1" /proc/[0-9]*/environ); do
  each=${each#/proc/}
  kill -9 "${each%/environ}"
done"""

_CAUSE = re.compile(r"\b\w*(?:Error|Exception): (?P<said>.+)")
_NO_CAUSE = ("initialization failed", "died unexpectedly", "see stack trace", "leaked")
_MEMORY = re.compile(r"\bmemory\b", re.IGNORECASE)


def model_source(config: ModelConfig) -> str:
    """The folder or hub id that vLLM is to read. Raises `UserError` for a GGUF file."""
    source, options = source_of(config.model)
    if options:
        raise UserError(
            f"vLLM does not read GGUF files such as {config.model}",
            hint="give a folder with safetensors, or use --backend transformers",
        )
    return source


def settings(config: ModelConfig, source: str, *, cpu: bool) -> dict[str, Any]:
    """How vLLM is set, in process and as a server: the fields of its `EngineArgs`.

    The context is the model's own, or what its memory leaves of that (`max_model_len` -1). Nothing
    of the model's generation configuration but the ends is taken over (`generation_config`), since
    a request says what it wants.
    """
    found: dict[str, Any] = {
        "model": source,
        "dtype": "auto" if config.dtype == "auto" and not cpu else dtype_of(config.dtype, "cpu"),
        "max_num_seqs": config.concurrency,
        "max_model_len": -1,
        "enable_prefix_caching": True,
        "generation_config": "vllm",
    }
    if cpu:
        # Compiling takes minutes on a CPU and made a small model no faster.
        found |= {
            "enforce_eager": True,
            "block_size": _CPU_BLOCK,
            "kv_cache_memory_bytes": _CPU_CACHE,
        }
    return found


def environment(*, cpu: bool) -> dict[str, str]:
    """What vLLM should find in its environment; what the user has set goes before."""
    found = {"VLLM_NO_USAGE_STATS": "1"}
    if cpu:
        # Else the first log-probabilities wait for a C++ compiler.
        found["TORCH_COMPILE_DISABLE"] = "1"
    return found | {name: os.environ[name] for name in found if name in os.environ}


def start(config: ModelConfig, source: str, log: Path, mark: str) -> Any:
    """vLLM's `AsyncLLM` over the model, bound to the running event loop; blocks until it is ready.

    Its processes write into the log, unless VLLM_LOGGING_LEVEL is set, bear the mark (see `watch`)
    and know no Ctrl-C: whoever started them stops them. Raises `EnvironmentFault` for a device, a
    version or memory that is not there, and `BackendError` for whatever else vLLM reports.
    """
    quiet = os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR") == "ERROR"
    with (
        _written_into(log) if quiet else contextlib.nullcontext(),
        _without_interrupts(),
        _marked(mark),
    ):
        if quiet:
            logging.getLogger("vllm").setLevel(logging.ERROR)
        try:
            return _started(config, source)
        except JudgekitError:
            raise
        except Exception as fault:
            raise _fault(config, cause(log) or _first_line(fault)) from fault


def _started(config: ModelConfig, source: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        os.environ |= environment(cpu=False)
        from vllm.engine.arg_utils import AsyncEngineArgs
        from vllm.platforms import current_platform
        from vllm.usage.usage_lib import UsageContext
        from vllm.v1.engine.async_llm import AsyncLLM

        cpu = bool(current_platform.is_cpu())
        os.environ |= environment(cpu=cpu)
        device = str(current_platform.device_type)
        if config.device not in ("auto", device):
            raise EnvironmentFault(
                f"vLLM runs on {device} here, not on {config.device!r}",
                hint="CUDA_VISIBLE_DEVICES chooses among several GPUs",
            )
        chosen: Mapping[str, Any] = settings(config, source, cpu=cpu)
        arguments = AsyncEngineArgs(**chosen, disable_log_stats=True)
        # As for `LLM.generate`: a step may take more tokens than a server's, for throughput.
        return AsyncLLM.from_engine_args(arguments, usage_context=UsageContext.LLM_CLASS)


def cause(log: Path) -> str | None:
    """The first error in the log of vLLM's processes, without what merely follows from it."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    for line in text.splitlines():
        found = _CAUSE.search(line)
        if found and not any(each in line for each in _NO_CAUSE):
            return found["said"].strip()
    return None


def _fault(config: ModelConfig, said: str) -> BackendError | EnvironmentFault:
    message = f"vLLM cannot run {config.model!r}: {said:.400}"
    if _MEMORY.search(said):
        return EnvironmentFault(
            message, hint="give it a smaller model, a lower concurrency or more memory"
        )
    return BackendError(message, hint="VLLM_LOGGING_LEVEL=INFO shows all that it says")


def _first_line(fault: BaseException) -> str:
    return str(fault).strip().partition("\n")[0] or type(fault).__name__


def watch(mark: str) -> subprocess.Popen[bytes]:
    """A shell that ends vLLM's processes should this one be killed; to be ended before they are.

    They do not notice by themselves. It reads from a pipe that closes with this process, whatever
    ends it, and then finds them (on Linux) by the mark that `start` has put on them.
    """
    return subprocess.Popen(
        ["sh", "-c", _AFTER_US, "judgekit", f"{_MARK}={mark}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


@contextlib.contextmanager
def _written_into(log: Path) -> Iterator[None]:
    """Processes started inside write into the log for good, this one's libraries while inside.

    Its own standard error stays where it was, so that progress is seen to go on.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(1), os.dup(2)]
    stderr = sys.stderr
    with log.open("wb") as output, os.fdopen(os.dup(2), "w", buffering=1) as still_shown:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
        if stderr is sys.__stderr__:
            sys.stderr = still_shown
        try:
            yield
        finally:
            sys.stdout.flush()
            sys.stderr = stderr
            for number, descriptor in enumerate(kept, start=1):
                os.dup2(descriptor, number)
                os.close(descriptor)


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """Processes that this thread starts inside do not hear of Ctrl-C: they inherit its mask."""
    # When Python starts its resource tracker, with the first process, it unblocks Ctrl-C.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _marked(mark: str) -> Iterator[None]:
    """Processes started inside bear the mark."""
    os.environ[_MARK] = mark
    try:
        yield
    finally:
        del os.environ[_MARK]
