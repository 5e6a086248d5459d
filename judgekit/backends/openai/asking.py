"""The small requests that explore a server, in the fields that it takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from judgekit.backends.openai.calls import Refused, Server
from judgekit.backends.openai.replies import Reply, read
from judgekit.errors import RequestFailed, UnknownName

PROBE = ({"role": "user", "content": "Count from one to ten in words."},)


class Asking:
    """One model of a server. `limit` is the name of the field that bounds the reply's tokens;
    `greedy` is empty where the server lets nobody set a temperature."""

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
                return await self.chat(1, **fields)
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

    async def chat(self, tokens: int, **fields: Any) -> Reply:
        body = {"model": self.model, "messages": list(PROBE), self.limit: tokens, **self.greedy}
        return read(await self.server.post("/chat/completions", {**body, **fields}))

    async def tried(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The reply, or None from a server that does not know the request."""
        try:
            reply: Mapping[str, Any] = await self.server.post(path, body)
        except RequestFailed:
            return None
        return reply

    async def completed(self, fields: Mapping[str, Any]) -> Reply | None:
        body = {"model": self.model, "max_tokens": 1, "temperature": 0, **fields}
        reply = await self.tried("/completions", body)
        try:
            return read(reply) if reply is not None else None
        except RequestFailed:
            return None
