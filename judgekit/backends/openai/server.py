"""Any OpenAI-compatible server as an engine: vLLM, SGLang, llama.cpp, Ollama, a hosted API.

What the server can do is found when it is opened (`judgekit.backends.openai.probe`). Where nothing
forced stands in a turn, one chat call does; to go on from forced text the strongest way is taken
that the server has:

* `token ids`: the rendered prompt and all that was written, as ids, to `/completions`; nothing is
  tokenised twice, and the server's prefix cache holds what came before;
* `text`: the same as text, rendered by the server's `/apply-template` or by the model's own
  tokenizer where that lies on this machine;
* `continue_final_message` or `assistant prefill`: what was written as a last assistant message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from judgekit.backends.engine import Ask, Context, Extension
from judgekit.backends.openai.calls import Refused, Server
from judgekit.backends.openai.continuation import CONTINUE
from judgekit.backends.openai.probe import Traits, explore, schema_format
from judgekit.backends.openai.replies import extension, read
from judgekit.backends.vllm.sampling import LOOP_DETECTION
from judgekit.config import ModelConfig
from judgekit.errors import RequestFailed

PROBE_RETRIES = 2
FURTHEST_BACK = 16
"""Tokens from the end among which a stop string is taken to begin."""


def connect(config: ModelConfig) -> OpenAIEngine:
    """Open the server that the configuration names and find out what it can do.

    Raises `UserError` for a wrong key, model or address, and `BackendError` for a server that is
    down or answers nothing sensible, all before anything is generated.
    """

    async def probe() -> Traits:
        server = Server(config, retries=PROBE_RETRIES)
        try:
            return await explore(server, config.model)
        finally:
            await server.aclose()

    server = Server(config)
    # A thread of its own: this may be called where an event loop is running already.
    with ThreadPoolExecutor(1) as pool:
        traits = pool.submit(asyncio.run, probe()).result()
    return OpenAIEngine(server, traits)


class OpenAIEngine:
    """An engine over one server, made by `connect`."""

    name = "openai"

    def __init__(self, server: Server, traits: Traits) -> None:
        self.features = traits.features
        self.tokenizer = traits.way.tokenizer
        self.told = traits.way.told
        self.concurrency = server.concurrency
        self.context_length = traits.context_length
        self.described: Mapping[str, Any] = {"server": server.shown, **traits.described}
        self._server = server
        self._traits = traits

    async def extend(self, context: Context, ask: Ask) -> Extension:
        """Go on by one request. Raises `RequestFailed` for this one, `UserError` for a key that is
        refused, and `BackendError` when the server stays down."""
        how = self._traits.way.continuation
        if ask.max_tokens <= 0:
            return Extension("", () if how == "token ids" else None, 0, "length")
        if how == "token ids":
            return await self._by_ids(context, ask)
        if not context.written:
            return await self._ask("/chat/completions", {"messages": _plain(context)}, ask)
        if how == "text":
            prompt = await self._rendered(context) + context.written
            return await self._ask("/completions", {"prompt": prompt}, ask)
        if how is None:
            raise RequestFailed(f"{self._server.shown} cannot go on from forced text")
        last = {"role": "assistant", "content": context.written}
        body: dict[str, Any] = {"messages": [*_plain(context), last]}
        if how == "continue_final_message":
            body |= CONTINUE
        return await self._ask("/chat/completions", body, ask)

    def fork(self, context: Context) -> Any:
        known = context.cache
        return replace(known, pieces=list(known.pieces)) if isinstance(known, _Known) else known

    def release(self, context: Context) -> None:
        context.cache = None

    async def aclose(self) -> None:
        """Close the connections."""
        await self._server.aclose()

    async def _ask(self, path: str, body: Mapping[str, Any], ask: Ask) -> Extension:
        """A request by messages or by text."""
        fields = self._fields(ask, chat="messages" in body)
        try:
            reply = read(await self._server.post(path, {**body, **fields}))
        except Refused:
            if (room := await self._room(path, body, fields)) is None:
                raise
            fields[self._limit(path)] = room
            reply = read(await self._server.post(path, {**body, **fields}))
        return extension(reply, ask, self._traits.stops)

    async def _room(
        self, path: str, body: Mapping[str, Any], fields: Mapping[str, Any]
    ) -> int | None:
        """What the context leaves, where a budget beyond it may be why a request was refused.

        Only the server knows the prompt's length: a reply of one token tells it.
        """
        limit, length = self._limit(path), self.context_length
        if length is None or fields[limit] <= 1:
            return None
        one = {**fields, limit: 1}
        one.pop("min_tokens", None)
        try:
            prompt_tokens = read(await self._server.post(path, {**body, **one})).prompt_tokens
        except Refused:
            return None
        room = length - prompt_tokens
        return room if prompt_tokens and 0 < room < fields[limit] else None

    def _limit(self, path: str) -> str:
        return self._traits.limit if path == "/chat/completions" else "max_tokens"

    def _fields(self, ask: Ask, *, chat: bool) -> dict[str, Any]:
        """The ask in the protocol's fields; those that this server does not know are left out."""
        features = self.features
        fields: dict[str, Any] = {
            "model": self._traits.model,
            self._traits.limit if chat else "max_tokens": ask.max_tokens,
            # Some servers keep a seed in a signed 32-bit number.
            "seed": ask.seed & 0x7FFFFFFF,
        }
        if not self._traits.own_temperature:
            fields["temperature"] = ask.temperature
            if ask.top_p < 1:
                fields["top_p"] = ask.top_p
        stop = [each for each in ask.stop if each]
        if stop and self._traits.stops != "refused":
            fields["stop"] = stop
        if ask.min_tokens and "min-tokens" in features:
            fields["min_tokens"] = min(ask.min_tokens, ask.max_tokens)
        if ask.logit_bias:
            fields["logit_bias"] = {str(id_): bias for id_, bias in ask.logit_bias.items()}
        if ask.logprobs and "logprobs" in features:
            fields["logprobs"] = True if chat else 1
        if ask.stop_on_loop and "loops" in features:
            fields["repetition_detection"] = LOOP_DETECTION
        if ask.schema is not None and "schema" in features:
            fields["response_format"] = schema_format(ask.schema)
        return fields

    async def _rendered(self, context: Context) -> str:
        """The prompt as text, rendered once for each context."""
        if context.cache is None:
            if render := self._traits.way.render:
                context.cache = render(context.messages)
            else:
                reply = await self._server.post(
                    f"{self._server.root}/apply-template", {"messages": _plain(context)}
                )
                context.cache = reply.get("prompt")
            if not isinstance(context.cache, str):
                raise RequestFailed(f"{self._server.shown}: /apply-template gave no prompt")
        return context.cache

    async def _by_ids(self, context: Context, ask: Ask) -> Extension:
        """A request by token ids; what comes back is cut so that ids and text agree."""
        prompt = await self._ids(context)
        if self.context_length is not None:
            if len(prompt) >= self.context_length:
                raise RequestFailed(
                    f"{len(prompt)} tokens fill the context of {self.context_length} tokens"
                )
            ask = replace(ask, max_tokens=min(ask.max_tokens, self.context_length - len(prompt)))
        body = {
            "prompt": prompt,
            "return_token_ids": True,
            "skip_special_tokens": False,
            "spaces_between_special_tokens": False,
            **self._fields(ask, chat=False),
        }
        reply = read(await self._server.post("/completions", body))
        if reply.ids is None:
            raise RequestFailed(f"{self._server.shown} gave no token ids")
        found = extension(reply, ask, "removed")
        count = len(reply.ids)
        rest: tuple[int, ...] = ()
        if found.stopped in ("end", "stop"):
            count, rest = await self._agreeing(reply.ids, found.text)
        ids = (*reply.ids[:count], *rest)
        numbers = [number for _, number in (reply.logprobs or ())[:count]]
        # The end of turn costs nothing; a stop string was generated and thrown away.
        discarded = len(reply.ids) - len(ids) - (found.stopped == "end")
        return replace(
            found,
            ids=ids,
            tokens=len(ids),
            prompt_tokens=len(prompt),
            cached_tokens=min(reply.cached_tokens, len(prompt)),
            discarded=max(0, discarded),
            logprob=sum(numbers) if ask.logprobs and reply.logprobs is not None else None,
        )

    async def _ids(self, context: Context) -> list[int]:
        """Prompt and pieces as ids; what has none yet is tokenised by the server, once."""
        if self.tokenizer is not None:
            return context.ids
        if context.cache is None:
            body = {"messages": _plain(context), "add_generation_prompt": True}
            context.cache = _Known(await self._tokenized(body))
        known: _Known = context.cache
        for piece in context.pieces[len(known.pieces) :]:
            ids = piece.ids if piece.ids is not None else await self._tokenize(piece.text)
            known.pieces.append(tuple(ids))
        return [*known.prompt, *(id_ for piece in known.pieces for id_ in piece)]

    async def _agreeing(self, ids: tuple[int, ...], text: str) -> tuple[int, tuple[int, ...]]:
        """How many ids make up the beginning of the text, and ids for the rest of it.

        The ids of an end of turn or a stop string stand at the end, and a stop string may begin
        within a token.
        """
        for count in range(len(ids) - 1, max(-1, len(ids) - 1 - FURTHEST_BACK), -1):
            beginning = await self._detokenize(ids[:count])
            if text.startswith(beginning):
                return count, await self._tokenize(text[len(beginning) :])
        return 0, await self._tokenize(text)

    async def _tokenize(self, text: str) -> tuple[int, ...]:
        if not text:
            return ()
        if self.tokenizer is not None:
            return tuple(self.tokenizer.encode(text))
        return await self._tokenized({"prompt": text, "add_special_tokens": False})

    async def _tokenized(self, body: Mapping[str, Any]) -> tuple[int, ...]:
        reply = await self._server.post(
            f"{self._server.root}/tokenize", {"model": self._traits.model, **body}
        )
        ids = reply.get("tokens")
        if not isinstance(ids, list):
            raise RequestFailed(f"{self._server.shown}: /tokenize gave no tokens")
        return tuple(ids)

    async def _detokenize(self, ids: tuple[int, ...]) -> str:
        if not ids:
            return ""
        if self.tokenizer is not None:
            return self.tokenizer.decode(ids)
        body = {"model": self._traits.model, "tokens": list(ids)}
        reply = await self._server.post(f"{self._server.root}/detokenize", body)
        return str(reply.get("prompt", ""))


@dataclass(slots=True)
class _Known:
    """A context's ids as far as they are known: the prompt's, and each piece's."""

    prompt: tuple[int, ...]
    pieces: list[tuple[int, ...]] = field(default_factory=list)


def _plain(context: Context) -> list[dict[str, str]]:
    return [dict(message) for message in context.messages]
