"""Calls to an OpenAI-compatible server that survive what servers do.

Each call has a place among `concurrency`, a limit on its whole time (a reply that drips is cut off
as well) and a few retries: on 408, 409, 429, 5xx, a lost connection and a time-out, after a pause
that doubles, with jitter, or after what `Retry-After` asks for. What cannot succeed on a second try
is not tried again. When the server is down for everybody, waiting calls stop at once instead of
each trying for itself.
"""

from __future__ import annotations

import asyncio
import email.utils
import os
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit, urlunsplit

from judgekit.config import ModelConfig
from judgekit.errors import BackendError, RequestFailed, UserError

if TYPE_CHECKING:
    import openai

RETRIES = 4
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 8.0
LONGEST_RETRY_AFTER = 60.0
"""Seconds. A server that asks for more is asked again after this."""
TIMEOUTS = 2
"""Attempts that may run into the time limit; each costs the whole of it."""
CONNECT_TIMEOUT = 10.0
FAILURES_IN_A_ROW = 10
"""Requests that failed for good with no success between, after which the server counts as down."""
REST = 30.0
"""Seconds for which a server that is down is not asked again."""
OPENAI = "https://api.openai.com/v1"


class Refused(RequestFailed):
    """The server understood and said no (a 4xx that no retry mends)."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class _Failure:
    """One attempt that failed: `down` is a server that does not accept connections."""

    kind: Literal["down", "timeout", "busy", "garbled"]
    message: str
    retry_after: float | None = None


class Server:
    """One server and the key to it. The key stands in no representation, message or log of ours.

    Raises `UserError` where `api_key_env` names a variable that is not set.
    """

    def __init__(self, config: ModelConfig, *, retries: int = RETRIES) -> None:
        self.base_url = (config.base_url or OPENAI).rstrip("/")
        self.shown = without_login(self.base_url)
        self.root = self.base_url.removesuffix("/v1")
        self.key_variable = config.api_key_env or (None if config.base_url else "OPENAI_API_KEY")
        self.timeout = config.timeout
        self.concurrency = config.concurrency
        self.retries = retries
        self._key = _key(self.key_variable)
        self._client: openai.AsyncOpenAI | None = None
        self._slots = asyncio.Semaphore(config.concurrency)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._failures = 0
        self._answered = 0.0
        self._down: str | None = None
        self._down_until = 0.0

    async def get(self, path: str) -> Any:
        """The JSON at a path."""
        return await self._call("get", path, None)

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The JSON that a path answers a body with.

        `path` stands below the base URL, or is a whole URL. Raises `Refused`, `RequestFailed`,
        `UserError` for a wrong key, and `BackendError` when the server stays down.
        """
        return await self._call("post", path, body)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None and self._loop is asyncio.get_running_loop():
            await self._client.close()
        self._client = None

    async def _call(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        client = self._connected()
        async with self._slots:
            began = time.monotonic()
            timeouts = 0
            for attempt in range(self.retries + 1):
                self._raise_if_down()
                outcome = await self._attempt(client, method, path, body)
                if not isinstance(outcome, _Failure):
                    self._failures = 0
                    return outcome
                timeouts += outcome.kind == "timeout"
                if outcome.kind == "garbled" or timeouts >= TIMEOUTS or attempt == self.retries:
                    break
                await asyncio.sleep(_pause(attempt, outcome.retry_after))
            raise self._given_up(outcome, began)

    async def _attempt(
        self, client: openai.AsyncOpenAI, method: str, path: str, body: Mapping[str, Any] | None
    ) -> Any:
        """The server's JSON, or the failure where trying again may help."""
        import openai

        try:
            async with asyncio.timeout(self.timeout):
                if method == "get":
                    reply = await client.get(path, cast_to=object)
                else:
                    reply = await client.post(path, cast_to=object, body=dict(body or {}))
        except (TimeoutError, openai.APITimeoutError) as fault:
            kind: Literal["down", "timeout"] = "down" if _never_connected(fault) else "timeout"
            return _Failure(kind, f"no whole reply within {self.timeout:g} s")
        except openai.APIStatusError as fault:
            self._answered = time.monotonic()
            return self._status(fault)
        except openai.APIConnectionError as fault:
            if _never_connected(fault):
                return _Failure("down", "it does not accept connections")
            return _Failure("busy", "the connection broke before the reply was whole")
        except (openai.APIError, ValueError, RecursionError):
            self._answered = time.monotonic()
            return _Failure("garbled", "its reply is no JSON")
        self._answered = time.monotonic()
        if not isinstance(reply, dict):
            return _Failure("garbled", f"its reply is no JSON object: {self._clean(reply)}")
        return reply

    def _status(self, fault: openai.APIStatusError) -> _Failure:
        """A failure that a retry may mend; anything else is raised."""
        status = fault.status_code
        said = f"{status}: {self._clean(_said(fault))}"
        if status == 401:
            raise self._wrong_key(said)
        if "insufficient_quota" in str(fault.body):
            raise BackendError(f"{self.shown}: {said}")
        if status in (408, 409, 429) or status >= 500:
            return _Failure("busy", f"it answers {said}", _retry_after(fault.response.headers))
        raise Refused(f"{self.shown} answers {said}", status)

    def _wrong_key(self, said: str) -> UserError:
        if self.key_variable is None:
            return UserError(
                f"{self.shown} wants a key ({said})",
                hint="put it into an environment variable and name that with --api-key-env",
            )
        return UserError(
            f"{self.shown} refuses the key ({said})", hint=f"it is read from ${self.key_variable}"
        )

    def _given_up(self, last: _Failure, began: float) -> BackendError:
        """The error of a call whose attempts are used up; decides whether the server is down."""
        message = f"{self.shown}: {last.message}"
        if last.kind == "down" and self._answered <= began:
            return self._trip(message)
        self._failures += 1
        if self._failures >= FAILURES_IN_A_ROW:
            return self._trip(f"{message} ({self._failures} requests failed in a row)")
        return RequestFailed(message)

    def _trip(self, message: str) -> BackendError:
        self._failures = 0
        self._down, self._down_until = message, time.monotonic() + REST
        return BackendError(message, hint="start the server, then run the same command again")

    def _raise_if_down(self) -> None:
        if self._down is not None and time.monotonic() < self._down_until:
            raise BackendError(self._down, hint="start the server, then run the same command again")
        self._down = None

    def _connected(self) -> openai.AsyncOpenAI:
        """The client of the running event loop; connections do not outlive theirs."""
        import openai

        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            self._loop = loop
            self._slots = asyncio.Semaphore(self.concurrency)
            self._client = openai.AsyncOpenAI(
                api_key=self._key or "none",
                base_url=self.base_url,
                max_retries=0,
                timeout=openai.Timeout(self.timeout, connect=min(CONNECT_TIMEOUT, self.timeout)),
            )
        return self._client

    def _clean(self, said: object) -> str:
        """What a server said, on one short line and without the key."""
        text = " ".join(str(said).split())
        if self._key:
            text = text.replace(self._key, "***")
        return text if len(text) <= 200 else f"{text[:200]}…"


def _key(variable: str | None) -> str | None:
    if variable is None:
        return None
    key = os.environ.get(variable, "").strip()
    if not key:
        raise UserError(
            f"the environment variable {variable} is not set",
            hint=f"export {variable}=… holds the server's key",
        )
    return key


def without_login(url: str) -> str:
    """The address as it may be shown and written down: without a user, a password or a query."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=""))


def _never_connected(fault: BaseException) -> bool:
    """Whether the connection itself failed, by the HTTP client's exception behind it."""
    return type(fault.__cause__).__name__ in ("ConnectError", "ConnectTimeout")


def _said(fault: openai.APIStatusError) -> object:
    """The message in an error body; servers disagree on where it stands."""
    body = fault.body
    for name in ("message", "detail", "error"):
        if isinstance(body, Mapping) and body.get(name):
            return body[name]
    return body or "no message"


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks to wait, as a number or a date (RFC 9110, 10.2.3)."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        value = headers.get(name, "")
        try:
            return min(max(0.0, float(value) / unit), LONGEST_RETRY_AFTER)
        except ValueError:
            date = email.utils.parsedate_tz(value)
            if date is not None:
                seconds = email.utils.mktime_tz(date) - time.time()
                return min(max(0.0, seconds), LONGEST_RETRY_AFTER)
    return None


def _pause(attempt: int, retry_after: float | None) -> float:
    """Exponential with jitter, so that callers that failed together do not return together."""
    if retry_after is not None:
        return retry_after * (1 + 0.1 * random.random())
    return float(min(FIRST_PAUSE * 2**attempt, LONGEST_PAUSE) * random.uniform(0.5, 1.0))
