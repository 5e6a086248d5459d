"""What a server can do, found by asking it: some ten requests of a few tokens, once, at the start.

Servers that speak the same protocol differ in all that strategies need, and few say so. Nothing is
concluded from a server's name; each trait is a request whose answer tells. A field that a server
does not know is often ignored in silence, so for such fields the probe is a value that must be
refused (`min_tokens` above `max_tokens`) beside one that must not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from judgekit.backends.engine import Feature, Message, Tokenizer
from judgekit.backends.openai.calls import Refused, Server
from judgekit.backends.openai.local_tokenizer import local_tokenizer, without_begin
from judgekit.backends.openai.replies import Reply, Stops, read
from judgekit.backends.vllm.sampling import LOOP_DETECTION
from judgekit.config import SERVED
from judgekit.errors import BackendError, RequestFailed, UnknownName, UserError

Continuation = Literal["token ids", "text", "continue_final_message", "assistant prefill"]
Render = Callable[[Sequence[Message]], str]

PROBE = ({"role": "user", "content": "Count from one to ten in words."},)
CONTINUE = {"continue_final_message": True, "add_generation_prompt": False}
SCHEMA = {
    "type": "object",
    "properties": {"ok": {"type": "boolean"}},
    "required": ["ok"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Way:
    """How forced text is gone on from.

    `render` makes messages into text where the server has no template of its own to give;
    `tokenizer` is the model's where it lies on this machine and agrees with the server.
    """

    continuation: Continuation | None = None
    render: Render | None = None
    tokenizer: Tokenizer | None = None


@dataclass(frozen=True, slots=True)
class Traits:
    """What was found. `limit` is the name of the field that bounds the reply's tokens; with
    `own_temperature` the server lets nobody set one."""

    model: str
    limit: str
    own_temperature: bool
    stops: Stops
    counts: bool
    way: Way
    context_length: int | None
    features: frozenset[Feature]

    @property
    def described(self) -> dict[str, Any]:
        """For the run's record."""
        return {
            "model": self.model,
            "continuation": self.way.continuation or "none",
            "stop_strings": self.stops,
            "temperature": "the server's own" if self.own_temperature else "as asked",
            "token_counts": "server" if self.counts else "estimated",
            "features": sorted(self.features),
        }


async def explore(server: Server, model: str) -> Traits:
    """Ask the server what it can do.

    Raises `UserError` for a wrong key, model or address, and `BackendError` for a server that is
    down or answers nothing sensible.
    """
    try:
        entry, known = await _choose(server, model)
        probe = _Probe(server, entry.get("id", model))
        first = await probe.open(known)
        stops = await probe.stops()
        way = await probe.way(entry.get("root"), first.prompt_tokens)
        features = await probe.features(way, first)
    except Refused as fault:
        raise UserError(fault.message, hint=_hint(server, fault.status)) from None
    except RequestFailed as fault:
        raise BackendError(
            fault.message, hint=f"is {server.shown} an OpenAI-compatible server?"
        ) from None
    length = entry.get("max_model_len")
    return Traits(
        model=probe.model,
        limit=probe.limit,
        own_temperature=not probe.greedy,
        stops=stops,
        counts=first.tokens is not None,
        way=way,
        context_length=length if isinstance(length, int) and length > 0 else None,
        features=features,
    )


async def _choose(server: Server, model: str) -> tuple[Mapping[str, Any], list[str]]:
    """The server's entry for the model, and the names of all that it lists.

    A server's only model serves the default name. A name that is not listed is still tried: not
    every server lists what it serves.
    """
    try:
        body = await server.get("/models")
    except Refused as fault:
        if fault.status not in (404, 405, 501):
            raise
        body = {}
    data = body.get("data")
    entries = [
        entry
        for entry in (data if isinstance(data, list) else [])
        if isinstance(entry, dict) and isinstance(entry.get("id"), str)
    ]
    known = [entry["id"] for entry in entries]
    if model in ("embedded", SERVED) and model not in known:
        if len(known) != 1:
            raise UserError(
                f"which model of {server.shown}?",
                hint=f"--model NAME, one of: {', '.join(known[:20])}" if known else "--model NAME",
            )
        return entries[0], known
    for entry in entries:
        if entry["id"] == model:
            return entry, known
    return {}, known


def _hint(server: Server, status: int) -> str | None:
    if status == 403:
        return f"the key is read from ${server.key_variable}" if server.key_variable else None
    if status in (404, 405) and not server.base_url.endswith("/v1"):
        return "the address of most servers ends in /v1"
    return None


class _Probe:
    """The questions, each a method."""

    def __init__(self, server: Server, model: str) -> None:
        self.server = server
        self.model = model
        self.limit = "max_tokens"
        self.greedy: Mapping[str, Any] = {"temperature": 0}

    async def open(self, known: list[str]) -> Reply:
        """The first reply: does the model exist, is usage counted, are log-probabilities given.

        Hosted reasoning models bound their reply by another field and fix their temperature.
        """
        fields: dict[str, Any] = {"logprobs": True}
        while True:
            try:
                return await self._chat(1, **fields)
            except Refused as fault:
                if fault.status in (401, 403):
                    raise
                if self.limit == "max_tokens" and "max_completion_tokens" in fault.message:
                    self.limit = "max_completion_tokens"
                elif self.greedy and "temperature" in fault.message:
                    self.greedy = {}
                elif fields:
                    fields = {}
                elif known and self.model not in known and fault.status in (400, 404):
                    raise UnknownName(f"model of {self.server.shown}:", self.model, known) from None
                else:
                    raise

    async def stops(self) -> Stops:
        """Stop at two characters from the middle of a greedy reply, and see what is left of it."""
        text = (await self._chat(12)).text
        middle = text[len(text) // 2 : len(text) // 2 + 2]
        if len(middle) < 2:
            return "unknown"
        before = text[: text.find(middle)]
        try:
            stopped = (await self._chat(12, stop=[middle])).text
        except Refused:
            return "refused"
        if stopped == before:
            return "removed"
        if stopped == text:
            return "ignored"
        return "kept" if stopped.startswith(before + middle) else "unknown"

    async def way(self, root: object, counted: int) -> Way:
        """The strongest way to go on from what was written.

        `root` is where the server read the model, if it says; `counted` the tokens that it counted
        in the probe's messages.
        """
        if ids := await self._ids():
            tokenizer = local_tokenizer(root if isinstance(root, str) else self.model)
            agrees = tokenizer is not None and tokenizer.encode(tokenizer.render(PROBE)) == ids
            return Way("token ids", tokenizer=tokenizer if agrees else None)
        if await self._is_whole(await self._applied(), counted):
            return Way("text")
        if tokenizer := local_tokenizer(self.model):
            render = without_begin(tokenizer)
            if await self._is_whole(render(PROBE), counted):
                return Way("text", render)
        if await self._goes_on({}):
            return Way("assistant prefill")
        if await self._goes_on(CONTINUE):
            return Way("continue_final_message")
        return Way()

    async def features(self, way: Way, first: Reply) -> frozenset[Feature]:
        """The features that the engine may promise."""
        found: set[Feature] = set()
        if way.continuation is not None:
            found |= {"text", "fork"}
        if way.tokenizer is not None:
            found |= {"token-ids", "logit-bias"}
        if first.logprobs is not None:
            found.add("logprobs")
        if await self._refuses_only({"min_tokens": 2}, {"min_tokens": 1}):
            found.add("min-tokens")
        bad = {**LOOP_DETECTION, "min_count": 1}
        if await self._refuses_only(
            {"repetition_detection": bad}, {"repetition_detection": LOOP_DETECTION}
        ):
            found.add("loops")
        if await self._holds_to_schema():
            found.add("schema")
        return frozenset(found)

    async def _chat(self, tokens: int, **fields: Any) -> Reply:
        body = {"model": self.model, "messages": list(PROBE), self.limit: tokens, **self.greedy}
        return read(await self.server.post("/chat/completions", {**body, **fields}))

    async def _tried(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The reply, or None from a server that does not know the request."""
        try:
            reply: Mapping[str, Any] = await self.server.post(path, body)
        except RequestFailed:
            return None
        return reply

    async def _ids(self) -> list[int] | None:
        """vLLM: `/tokenize` renders messages to ids, `/completions` takes ids and returns ids."""
        rendered = await self._tried(
            f"{self.server.root}/tokenize",
            {"model": self.model, "messages": list(PROBE), "add_generation_prompt": True},
        )
        ids = rendered.get("tokens") if rendered else None
        if not isinstance(ids, list) or not ids:
            return None
        reply = await self._completed({"prompt": ids, "return_token_ids": True})
        return ids if reply is not None and reply.ids is not None else None

    async def _applied(self) -> str | None:
        """llama.cpp: `/apply-template` renders messages to text."""
        reply = await self._tried(f"{self.server.root}/apply-template", {"messages": list(PROBE)})
        prompt = reply.get("prompt") if reply else None
        return prompt if isinstance(prompt, str) else None

    async def _is_whole(self, prompt: str | None, counted: int) -> bool:
        """Whether `/completions` takes a rendered prompt as it stands.

        Some servers put a text into the chat template once more, or a second beginning before it:
        then the count differs from that of the same messages in a chat.
        """
        if prompt is None:
            return False
        reply = await self._completed({"prompt": prompt})
        return reply is not None and reply.prompt_tokens == counted

    async def _completed(self, fields: Mapping[str, Any]) -> Reply | None:
        body = {"model": self.model, "max_tokens": 1, "temperature": 0, **fields}
        reply = await self._tried("/completions", body)
        try:
            return read(reply) if reply is not None else None
        except RequestFailed:
            return None

    async def _goes_on(self, fields: Mapping[str, Any]) -> bool:
        """Whether a last assistant message is gone on from, by the server's own token counts.

        A turn that is closed and opened again costs the end of turn and the next header; a second
        word costs only itself.
        """
        counts = []
        for said in ((), ("one",), ("one one",)):
            messages = [*PROBE, *({"role": "assistant", "content": text} for text in said)]
            body = {"model": self.model, "messages": messages, self.limit: 1, **self.greedy}
            reply = await self._tried("/chat/completions", {**body, **(fields if said else {})})
            usage = reply.get("usage") if reply else None
            count = usage.get("prompt_tokens") if isinstance(usage, dict) else None
            if not isinstance(count, int) or count <= 0:
                return False
            counts.append(count)
        opened, one, two = counts
        return 0 < one - opened <= two - one

    async def _refuses_only(self, wrong: Mapping[str, Any], right: Mapping[str, Any]) -> bool:
        """Whether a field is really read: a senseless value is refused, a sensible one is not."""
        body = {"model": self.model, "messages": list(PROBE), self.limit: 1, **self.greedy}
        try:
            await self.server.post("/chat/completions", {**body, **wrong})
        except Refused:
            return await self._tried("/chat/completions", {**body, **right}) is not None
        except RequestFailed:
            return False
        return False

    async def _holds_to_schema(self) -> bool:
        """Whether a question that asks for no JSON is answered by JSON all the same."""
        try:
            reply = await self._chat(8, response_format=schema_format(SCHEMA))
        except RequestFailed:
            return False
        return reply.text.lstrip().startswith("{")


def schema_format(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The `response_format` that holds a reply to a JSON schema."""
    return {
        "type": "json_schema",
        "json_schema": {"name": "reply", "schema": dict(schema), "strict": True},
    }
