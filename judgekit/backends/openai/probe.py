"""What a server can do, found by asking it: some twenty small requests, once, at the start.

Servers that speak the same protocol differ in all that strategies need, and few say so. Nothing is
concluded from a server's name; each trait is a request whose answer tells. A field that a server
does not know is often ignored in silence, so for such fields the probe is a value that must be
refused (`min_tokens` above `max_tokens`) beside one that must not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from judgekit.backends.engine import Feature
from judgekit.backends.openai.asking import PROBE, Asking
from judgekit.backends.openai.calls import Refused, Server
from judgekit.backends.openai.continuation import Way, strongest_way
from judgekit.backends.openai.replies import Reply, Stops
from judgekit.backends.vllm.sampling import LOOP_DETECTION
from judgekit.config import SERVED
from judgekit.errors import BackendError, RequestFailed, UserError

SCHEMA = {
    "type": "object",
    "properties": {"ok": {"type": "boolean"}},
    "required": ["ok"],
    "additionalProperties": False,
}


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
            "thinking_ends": dict(self.way.told.tokens) or "unknown",
            "features": sorted(self.features),
        }


async def explore(server: Server, model: str) -> Traits:
    """Ask the server what it can do.

    Raises `UserError` for a wrong key, model or address, and `BackendError` for a server that is
    down or answers nothing sensible.
    """
    try:
        entry, known = await _choose(server, model)
        ask = Asking(server, entry.get("id", model))
        first = await ask.open(known)
        stops = await _stops(ask)
        way = await strongest_way(ask, entry.get("root"), first.prompt_tokens)
        features = await _features(ask, way, first)
    except Refused as fault:
        raise UserError(fault.message, hint=_hint(server, fault.status)) from None
    except RequestFailed as fault:
        raise BackendError(
            fault.message, hint=f"is {server.shown} an OpenAI-compatible server?"
        ) from None
    length = entry.get("max_model_len")
    return Traits(
        model=ask.model,
        limit=ask.limit,
        own_temperature=not ask.greedy,
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


async def _stops(ask: Asking) -> Stops:
    """Stop at two characters from the middle of a greedy reply, and see what is left of it."""
    text = (await ask.chat(12)).text
    middle = text[len(text) // 2 : len(text) // 2 + 2]
    if len(middle) < 2:
        return "unknown"
    before = text[: text.find(middle)]
    try:
        stopped = (await ask.chat(12, stop=[middle])).text
    except Refused:
        return "refused"
    if stopped == before:
        return "removed"
    if stopped == text:
        return "ignored"
    return "kept" if stopped.startswith(before + middle) else "unknown"


async def _features(ask: Asking, way: Way, first: Reply) -> frozenset[Feature]:
    """The features that the engine may promise."""
    found: set[Feature] = set()
    if way.continuation is not None:
        found |= {"text", "fork"}
    if way.tokenizer is not None:
        found |= {"token-ids", "logit-bias"}
    if first.logprobs is not None:
        found.add("logprobs")
    if await _refuses_only(ask, {"min_tokens": 2}, {"min_tokens": 1}):
        found.add("min-tokens")
    bad = {**LOOP_DETECTION, "min_count": 1}
    if await _refuses_only(
        ask, {"repetition_detection": bad}, {"repetition_detection": LOOP_DETECTION}
    ):
        found.add("loops")
    if await _holds_to_schema(ask):
        found.add("schema")
    return frozenset(found)


async def _refuses_only(ask: Asking, wrong: Mapping[str, Any], right: Mapping[str, Any]) -> bool:
    """Whether a field is really read: a senseless value is refused, a sensible one is not."""
    body = {"model": ask.model, "messages": list(PROBE), ask.limit: 1, **ask.greedy}
    try:
        await ask.server.post("/chat/completions", {**body, **wrong})
    except Refused:
        return await ask.tried("/chat/completions", {**body, **right}) is not None
    except RequestFailed:
        return False
    return False


async def _holds_to_schema(ask: Asking) -> bool:
    """Whether a question that asks for no JSON is answered by JSON all the same."""
    try:
        reply = await ask.chat(8, response_format=schema_format(SCHEMA))
    except RequestFailed:
        return False
    return reply.text.lstrip().startswith("{")


def schema_format(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The `response_format` that holds a reply to a JSON schema."""
    return {
        "type": "json_schema",
        "json_schema": {"name": "reply", "schema": dict(schema), "strict": True},
    }
