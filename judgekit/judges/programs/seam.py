"""The one seam between DSPy and our engines: a request of DSPy's becomes a call of ours.

DSPy 3.4 hands an engine one canonical request (`dspy.lm15.Request`) and takes one response. Ours
pays every call from the judge's budget first, and its seed depends on nothing but what is asked.
DSPy's own cache and retries are off (its cache's key leaves the server out): what judges said is
kept by `judgekit.judges.cache`, and servers are asked again by our backends.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import os
from collections.abc import Mapping, Sequence
from typing import Any

# LiteLLM, which DSPy may import, would otherwise ask the network for a price map.
os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")

import dspy
from dspy import lm15

from judgekit.backends.engine import Engine, Extension, Message
from judgekit.backends.turn import derive
from judgekit.config import JudgeConfig
from judgekit.errors import BackendError, RequestFailed
from judgekit.judges.asking import CUT_OFF, Conversation, Spent
from judgekit.judges.budget import NOTHING, Amount, Budget
from judgekit.runs import digest

# A reply that is cut off is told by our adapter, as a reply that cannot be read.
logging.getLogger("dspy.clients.lm").setLevel(logging.ERROR)

MODEL = "judge"
"""What DSPy calls the model; the engine behind it knows which it is."""


class Stopped(BaseException):
    """Ends a search from inside. No `Exception`, which DSPy would take for one failed row."""


class Calls:
    """DSPy's asynchronous engine over one of ours.

    `used` and `replies` are what the calls so far have cost and brought, `token_logprobs` those of
    the last reply where the engine knows them. Threads are refused more calls once `stopped`, and
    `fault` is why, where that is so because the backend went down.
    """

    def __init__(
        self, engine: Engine, budget: Budget, config: JudgeConfig, temperature: float, seed: int
    ) -> None:
        self.used: Amount = NOTHING
        self.replies: list[str] = []
        self.token_logprobs: Sequence[tuple[str, float]] | None = None
        self.fault: BackendError | None = None
        self.stopped = False
        self._asked: dict[str, concurrent.futures.Future[Any]] = {}
        self._engine = engine
        self._budget = budget
        self._config = config
        self._temperature = temperature
        self._seed = seed

    async def complete(self, request: Any) -> Any:
        """One call. Raises `RequestFailed`, `BackendError`, or `Spent` before one that does not
        fit."""
        chat, schema = chat_of(request), (request.config.response_format or {}).get("schema")
        asked = request.config.temperature
        temperature = self._temperature if asked is None else asked
        seed = derive(self._seed, digest(chat))
        asking = Conversation(self._engine, self._budget, self._config, temperature, seed)
        try:
            said = await asking.reply(chat, schema=schema)
        finally:
            self.used += asking.used
        self.replies.append(said.text)
        self.token_logprobs = said.token_logprobs
        return response_of(said)

    def from_thread(self, request: Any, loop: asyncio.AbstractEventLoop) -> Any:
        """One call, made in the loop for a thread that waits; the same is asked once.

        DSPy asks again what takes longer than two minutes, and a candidate's rows several times.
        Raises `Stopped` where there can be no more calls, `RequestFailed` where this one failed.
        """
        if self.stopped:
            raise Stopped
        key = digest([chat_of(request), request.config.temperature])
        future = self._asked.get(key)
        if future is None:
            future = asyncio.run_coroutine_threadsafe(self.complete(request), loop)
            self._asked[key] = future
        try:
            return future.result()
        except RequestFailed:
            self._asked.pop(key, None)
            raise
        except BackendError as fault:
            self.fault = fault
        except (Spent, concurrent.futures.CancelledError):
            pass
        self.stop()
        raise Stopped

    def stop(self) -> None:
        """No more calls from threads; those under way are given up."""
        self.stopped = True
        for future in list(self._asked.values()):
            future.cancel()

    def lm(self) -> Any:
        """The language model that DSPy is given; to be used in the event loop and in threads."""
        threads = _FromThreads(self, asyncio.get_running_loop())
        return dspy.LM(MODEL, engine=threads, async_engine=self, cache=False, num_retries=0)


class _FromThreads:
    """DSPy's synchronous engine: optimisers work in threads."""

    def __init__(self, calls: Calls, loop: asyncio.AbstractEventLoop) -> None:
        self._calls = calls
        self._loop = loop

    def complete(self, request: Any) -> Any:
        """See `Calls.from_thread`."""
        return self._calls.from_thread(request, self._loop)


def request_of(
    chat: Sequence[Message], temperature: float | None, schema: Mapping[str, Any] | None
) -> Any:
    """A chat, which may open with a system message, as DSPy's request."""
    system = next((each["content"] for each in chat if each["role"] == "system"), None)
    said = {"user": lm15.Message.user, "assistant": lm15.Message.assistant}
    held = {"type": "json_schema", "schema": dict(schema)} if schema else None
    return lm15.Request(
        model=MODEL,
        system=system,
        messages=tuple(said[m["role"]](m["content"]) for m in chat if m["role"] in said),
        config=lm15.Config(temperature=temperature, response_format=held),
    )


def chat_of(request: Any) -> list[Message]:
    """A request of DSPy's as our messages; only text is known here."""
    system = request.system
    opening = [{"role": "system", "content": _text(system)}] if system else []
    return opening + [{"role": m.role, "content": _text(m.parts)} for m in request.messages]


def response_of(said: Extension) -> Any:
    """What the model said, as DSPy's response; `length` where it was cut off."""
    return lm15.Response(
        id=None,
        model=MODEL,
        message=lm15.Message.assistant(said.text),
        finish_reason="length" if said.stopped in CUT_OFF else "stop",
        usage=lm15.Usage(input_tokens=said.prompt_tokens, output_tokens=said.tokens),
    )


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part.text for part in content)
