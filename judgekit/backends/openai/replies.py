"""What a server replied -> an `Extension`. Nothing in a reply is trusted to be what it should be.

Servers differ: thinking stands in the text, in `reasoning_content` or in `reasoning`; a stop string
is removed, left standing, or not obeyed; the reason for stopping is one word with several meanings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from judgekit.backends.engine import Ask, Extension, Stopped
from judgekit.errors import RequestFailed

Stops = Literal["removed", "kept", "ignored", "refused", "unknown"]
"""What a server does with a stop string: ends before it, ends after it, goes on, or takes none."""

CHARACTERS_PER_TOKEN = 4
"""Where a server counts nothing: the usual rule of thumb for English text."""


Logprob = tuple[bytes, float]
"""A token's bytes and its log-probability."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One choice of a reply, checked. `tokens` is None where the server does not count them."""

    text: str
    thinking: str
    finish: str
    tokens: int | None
    prompt_tokens: int
    cached_tokens: int
    ids: tuple[int, ...] | None
    logprobs: tuple[Logprob, ...] | None
    matched: str | None
    tells_stop: bool

    @property
    def counted(self) -> int:
        """Tokens that the server generated, estimated where it does not say."""
        if self.tokens is not None:
            return self.tokens
        if self.logprobs is not None:
            return len(self.logprobs)
        length = len(self.text) + len(self.thinking)
        return -(-length // CHARACTERS_PER_TOKEN)


def read(body: Mapping[str, Any]) -> Reply:
    """The first choice of a chat or text completion. Raises `RequestFailed` where there is none."""
    choices = body.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        error = body.get("error")
        raise RequestFailed(
            f"the server's reply has no choices{f': {error!s:.200}' if error else ''}"
        )
    choice = choices[0]
    message = choice.get("message")
    source = message if isinstance(message, dict) else choice
    text = source.get("content" if source is message else "text")
    thinking = source.get("reasoning_content") or source.get("reasoning")
    thinking = thinking if isinstance(thinking, str) else ""
    finish = choice.get("finish_reason")
    if finish == "content_filter":
        raise RequestFailed("the server's content filter stopped the reply")
    if not isinstance(text, str) and not thinking and finish != "length":
        raise RequestFailed("the server's reply has no text")
    stop = choice.get("stop_reason", choice.get("matched_stop"))
    return Reply(
        text=_sound(text) if isinstance(text, str) else "",
        thinking=_sound(thinking),
        finish=finish if isinstance(finish, str) else "",
        tokens=_count(body, "completion_tokens"),
        prompt_tokens=_count(body, "prompt_tokens") or 0,
        cached_tokens=_cached(body),
        ids=_ids(choice.get("token_ids")),
        logprobs=_logprobs(choice.get("logprobs")),
        matched=stop if isinstance(stop, str) else None,
        tells_stop="stop_reason" in choice or "matched_stop" in choice,
    )


def extension(reply: Reply, ask: Ask, stops: Stops) -> Extension:
    """The reply to a request by messages or by text, as the contract of `Ask` wants it.

    Where a server says `stop` and removes stop strings without saying which, a reply with text is
    taken as stopped by one of them: a strategy then closes what is open, which an end of turn would
    not keep it from doing either.
    """
    text, stopped, matched = _stopped(reply, ask, stops)
    tokens = reply.counted
    discarded = 0
    if len(text) < len(reply.text) and reply.text:
        # The server's count is of all it wrote; what was cut off here takes its share along.
        kept = round(tokens * len(text) / len(reply.text))
        tokens, discarded = kept, tokens - kept
    logprob, token_logprobs = _kept_logprobs(reply, text) if ask.logprobs else (None, None)
    return Extension(
        text=_with_thinking(reply.thinking, text, open_=stopped == "length" or matched is not None),
        ids=None,
        tokens=tokens,
        stopped=stopped,
        matched=matched,
        prompt_tokens=reply.prompt_tokens,
        cached_tokens=min(reply.cached_tokens, reply.prompt_tokens),
        discarded=discarded,
        logprob=logprob,
        token_logprobs=token_logprobs,
    )


def first_stop(text: str, stop: tuple[str, ...]) -> tuple[int, str] | None:
    """Where the earliest stop string begins, and which it is (the longest, of several there)."""
    found = [(text.find(each), -len(each), each) for each in stop if each and each in text]
    return (min(found)[0], min(found)[2]) if found else None


def _stopped(reply: Reply, ask: Ask, stops: Stops) -> tuple[str, Stopped, str | None]:
    # A server that removes stop strings and tells which has looked; what it left does not count.
    looked = stops == "removed" and reply.tells_stop
    if not looked and (found := first_stop(reply.text, ask.stop)):
        return reply.text[: found[0]], "stop", found[1]
    if reply.finish in ("length", "max_tokens"):
        return reply.text, "length", None
    if reply.finish == "repetition":
        return reply.text, "loop", None
    if reply.matched in ask.stop:
        return reply.text, "stop", reply.matched
    silent = not reply.tells_stop and stops in ("removed", "unknown")
    if ask.stop and silent and (reply.text or reply.counted > 1):
        return reply.text, "stop", ask.stop[0] if len(ask.stop) == 1 else None
    return reply.text, "end", None


def _with_thinking(thinking: str, text: str, *, open_: bool) -> str:
    """Thinking back in its place before the text; `open_` where it may not have come to its end."""
    if not thinking:
        return text
    return f"<think>{thinking}" if open_ and not text else f"<think>{thinking}</think>{text}"


def _sound(text: str) -> str:
    """Without lone surrogates, which JSON can carry and UTF-8 cannot."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _count(body: Mapping[str, Any], name: str) -> int | None:
    usage = body.get("usage")
    value = usage.get(name) if isinstance(usage, dict) else None
    return value if isinstance(value, int) and value >= 0 else None


def _cached(body: Mapping[str, Any]) -> int:
    usage = body.get("usage")
    details = usage.get("prompt_tokens_details") if isinstance(usage, dict) else None
    value = details.get("cached_tokens") if isinstance(details, dict) else None
    return value if isinstance(value, int) and value >= 0 else 0


def _ids(value: Any) -> tuple[int, ...] | None:
    if isinstance(value, list) and all(isinstance(id_, int) for id_ in value):
        return tuple(value)
    return None


def _logprobs(value: Any) -> tuple[Logprob, ...] | None:
    """Of the chosen tokens: `token_logprobs` of completions, or `content` of chats."""
    if not isinstance(value, dict):
        return None
    content = value.get("content")
    if content is None:
        tokens, numbers = value.get("tokens"), value.get("token_logprobs")
        if not isinstance(numbers, list):
            return None
        named = tokens if isinstance(tokens, list) and len(tokens) == len(numbers) else []
        content = [
            {"token": token, "logprob": number}
            for token, number in zip(named or [""] * len(numbers), numbers, strict=True)
        ]
    if not isinstance(content, list):
        return None
    found = [_logprob(entry) for entry in content]
    return tuple(each for each in found if each) if all(found) else None


def _logprob(entry: Any) -> Logprob | None:
    if not isinstance(entry, dict) or not isinstance(entry.get("logprob"), int | float):
        return None
    token, data = entry.get("token"), entry.get("bytes")
    if isinstance(data, list) and all(isinstance(b, int) and 0 <= b < 256 for b in data):
        return bytes(data), float(entry["logprob"])
    return (_sound(token) if isinstance(token, str) else "").encode(), float(entry["logprob"])


def _kept_logprobs(
    reply: Reply, text: str
) -> tuple[float | None, tuple[tuple[str, float], ...] | None]:
    """The sum over the tokens that stand in the text, thinking included, and the text's own each.

    Before the text stand the tokens of thinking that is told apart, after it those of an end of
    turn or a stop string.
    """
    if reply.logprobs is None:
        return None, None
    joined = b"".join(token for token, _ in reply.logprobs)
    wanted = text.encode()
    begin = joined.rfind(wanted) if reply.thinking else joined.find(wanted)
    if begin < 0 or (reply.thinking and not text):
        return sum(number for _, number in reply.logprobs), None
    end, at, total = begin + len(wanted), 0, 0.0
    own = []
    for token, number in reply.logprobs:
        at += len(token)
        if at > end or (at == end and not token):
            break
        total += number
        if at > begin:
            own.append((token.decode(errors="replace"), number))
    return total, tuple(own)
