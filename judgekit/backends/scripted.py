"""A model that follows a script, so that a strategy can be tried without a model.

The script is a Python function or a list of rules; the engine around it keeps the whole contract of
`Ask` to the letter: it has a tokenizer (one token a byte), a chat template and an end of turn, cuts
at the budget and at stop strings, is forced, forks and counts tokens as a real engine does, and is
the same on every machine. Only `logit_bias` and `schema` say nothing to a script.

    engine = ScriptedEngine(lambda messages, written: "" if "4" in written else "2 + 2 = 4")

A stop string counts when the token that completes it comes after `min_tokens`; the one completed
first wins. An end of turn before `min_tokens` is passed over: the script is asked again with what
it has written, and where it has nothing more to say it writes spaces. The end of turn costs no
token.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from judgekit.backends.engine import Ask, Context, Extension, Feature, Message, Piece, Stopped
from judgekit.config import read_toml, section
from judgekit.errors import ConfigError, RequestFailed, UserError
from judgekit.loops import LoopDetector
from judgekit.plugins import load_reference

Reply = str | Sequence[str]
Script = Callable[[Sequence[Message], str], Reply]
"""From the messages, and what was written after them, to all that the model would write next until
its end of turn; or to several such texts, among which the seed chooses when the temperature is
above 0 (at 0 it is the first). It may raise `RequestFailed`."""

_FILLER = ord(" ")


class ByteTokenizer:
    """One token a UTF-8 byte (ids 0 to 255), and four special ones for the chat.

    >>> ByteTokenizer().encode("é<|end|>")
    [195, 169, 256]
    """

    END = 256
    SPECIAL: Mapping[str, int] = {
        "<|end|>": END,
        "<|system|>": 257,
        "<|user|>": 258,
        "<|assistant|>": 259,
    }

    def __init__(self) -> None:
        self._special = re.compile("|".join(map(re.escape, self.SPECIAL)))
        self._texts = {id_: text.encode() for text, id_ in self.SPECIAL.items()}

    def encode(self, text: str) -> list[int]:
        """The ids of a text; a lone surrogate becomes a question mark."""
        ids: list[int] = []
        start = 0
        for special in self._special.finditer(text):
            ids += text[start : special.start()].encode(errors="replace")
            ids.append(self.SPECIAL[special[0]])
            start = special.end()
        ids += text[start:].encode(errors="replace")
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids; half a character is shown as U+FFFD."""
        data = b"".join(self._texts.get(id_) or bytes((id_,)) for id_ in ids)
        return data.decode(errors="replace")

    def render(self, messages: Sequence[Message]) -> str:
        """The messages as `<|role|>content<|end|>`, opened for the assistant."""
        turns = "".join(f"<|{m['role']}|>{m['content']}<|end|>" for m in messages)
        return turns + "<|assistant|>"


@dataclass(frozen=True, slots=True)
class Rule:
    """What the model writes where a condition holds.

    `match` must occur in the last user message and `written` in what was written after it (both
    hold when empty). `text` holds one text or several for the seed to choose from. It is written
    from its start, or goes on where it was cut off: after the last occurrence of `written`, after
    the last forced text, or at the very beginning. With `error` the request fails instead.
    """

    text: tuple[str, ...] = ("",)
    match: str = ""
    written: str = ""
    error: str | None = None


class ScriptedEngine:
    """An engine for a script: a function (see `Script`) or rules, the first that fits.

    `seconds_per_token` is slept for every token written. A rule list that has no fitting rule fails
    the request.
    """

    name = "scripted"
    features: frozenset[Feature] = frozenset(
        {"token-ids", "text", "fork", "logprobs", "min-tokens", "loops"}
    )

    def __init__(
        self,
        script: Script | Sequence[Rule],
        *,
        seconds_per_token: float = 0.0,
        context_length: int | None = None,
        concurrency: int = 16,
        described: Mapping[str, Any] | None = None,
    ) -> None:
        self.tokenizer = ByteTokenizer()
        self.context_length = context_length
        self.concurrency = concurrency
        self.described = dict(described or {"script": "python"})
        self._script = script
        self._seconds_per_token = seconds_per_token

    async def extend(self, context: Context, ask: Ask) -> Extension:
        """Go on as the script says; `cached_tokens` are those of the context's last extension."""
        before = context.ids
        budget = ask.max_tokens
        if self.context_length is not None:
            if len(before) >= self.context_length:
                raise RequestFailed(
                    f"{len(before)} tokens fill the context of {self.context_length} tokens"
                )
            budget = min(budget, self.context_length - len(before))
        extension = self._write(context, ask, max(0, budget))
        await asyncio.sleep(self._seconds_per_token * (extension.tokens + extension.discarded))
        cached = min(context.cache or 0, len(before))
        context.cache = len(before) + extension.tokens
        return replace(
            extension,
            prompt_tokens=len(before),
            cached_tokens=cached,
            logprob=0.0 if ask.logprobs else None,
            token_logprobs=self._certain(extension) if ask.logprobs else None,
        )

    def fork(self, context: Context) -> Any:
        return context.cache

    def release(self, context: Context) -> None:
        context.cache = None

    async def aclose(self) -> None:
        """Nothing is held."""

    def _certain(self, extension: Extension) -> tuple[tuple[str, float], ...]:
        """A script never hesitates: log-probability 0 for every token."""
        return tuple((self.tokenizer.decode((id_,)), 0.0) for id_ in extension.ids or ())

    def _write(self, context: Context, ask: Ask, budget: int) -> Extension:
        """One token after another until something stops it."""
        stops = [(stop, bytes(stop.encode(errors="replace"))) for stop in ask.stop if stop]
        detector = LoopDetector() if ask.stop_on_loop else None
        out: list[int] = []
        stopped: Stopped = "length"
        tokens = self._tokens(context, ask, out)
        while len(out) < budget:
            token = next(tokens)
            if token == ByteTokenizer.END:
                stopped = "end"
                break
            out.append(token)
            if len(out) > ask.min_tokens and (found := _completed(out, stops)):
                matched, length = found
                kept = out[:-length]
                return Extension(
                    self.tokenizer.decode(kept),
                    tuple(kept),
                    len(kept),
                    "stop",
                    matched,
                    discarded=length,
                )
            if detector is not None and detector.feed([token]):
                stopped = "loop"
                break
        return Extension(self.tokenizer.decode(out), tuple(out), len(out), stopped)

    def _tokens(self, context: Context, ask: Ask, out: list[int]) -> Iterator[int]:
        """The script's tokens without end; `out` is what the caller has taken of them."""
        while True:
            reply = self._reply(context, ask, out)
            for token in reply:
                if token == ByteTokenizer.END and len(out) < ask.min_tokens:
                    break
                yield token
            if not reply or reply[0] == ByteTokenizer.END:
                yield _FILLER

    def _reply(self, context: Context, ask: Ask, out: Sequence[int]) -> list[int]:
        """What the script says next, with its end of turn."""
        written = [id_ for piece in context.pieces for id_ in piece.ids or ()] + list(out)
        half = _half_character(written)
        whole = written[: len(written) - len(half)]
        if callable(self._script):
            reply = self._script(context.messages, self.tokenizer.decode(whole))
            texts = [reply] if isinstance(reply, str) else list(reply)
            ids = self.tokenizer.encode(_chosen(texts, ask))
        else:
            ids = self._by_rule(self._script, context, ask, whole)
        if half and ids[: len(half)] == half:
            ids = ids[len(half) :]
        return [*ids, ByteTokenizer.END]

    def _by_rule(
        self, rules: Sequence[Rule], context: Context, ask: Ask, written: Sequence[int]
    ) -> list[int]:
        question = next(
            (m["content"] for m in reversed(context.messages) if m["role"] == "user"), ""
        )
        text = self.tokenizer.decode(written)
        for rule in rules:
            if rule.match in question and rule.written in text:
                break
        else:
            raise RequestFailed("the script has no rule for this and no default")
        if rule.error is not None:
            raise RequestFailed(rule.error)
        forced = sum(len(p.ids or ()) for p in _up_to_last_forced(context))
        since = [written, written[forced:]]
        if rule.written:
            marker = text.rindex(rule.written) + len(rule.written)
            since.insert(0, self.tokenizer.encode(text[marker:]))
        candidates = [self.tokenizer.encode(each) for each in rule.text]
        for tail in since:
            for ids in candidates:
                if tail and ids[: len(tail)] == list(tail):
                    return ids[len(tail) :]
        return self.tokenizer.encode(_chosen(rule.text, ask))


def load(model: str) -> ScriptedEngine:
    """The engine that `--model` names: a TOML file of rules, or `file.py:function`.

    The file has `[[reply]]` tables with the fields of `Rule` (`text` a string or a list), and may
    have `default` (what is written where no rule fits), `seconds_per_token`, `context_length` and
    `concurrency`. Raises `UserError` where there is no such script, `ConfigError` where it says
    what it cannot say.
    """
    path, _, name = model.rpartition(":")
    if path.endswith(".py"):
        script = load_reference(model)
        if not callable(script):
            raise UserError(f"{name} in {path} is no function")
        return ScriptedEngine(script, described={"script": model})
    if not model.endswith(".toml"):
        raise UserError(
            f"{model!r} is no script",
            hint="--backend scripted takes --model FILE.toml or FILE.py:FUNCTION",
        )
    tables = read_toml(Path(model))
    replies = tables.pop("reply", [])
    if not isinstance(replies, list):
        raise ConfigError(f"{model}: reply should be [[reply]] tables")
    rules = [_rule(entry, f"{model}: reply[{i}]") for i, entry in enumerate(replies)]
    settings = section(_Settings, _listed(tables, "default"), model)
    if settings.default:
        rules.append(Rule(settings.default))
    return ScriptedEngine(
        rules,
        seconds_per_token=settings.seconds_per_token,
        context_length=settings.context_length,
        concurrency=settings.concurrency,
        described={"script": model},
    )


@dataclass(frozen=True, slots=True)
class _Settings:
    """The options of a script file beside its rules."""

    default: tuple[str, ...] = ()
    seconds_per_token: float = 0.0
    context_length: int | None = None
    concurrency: int = 16


def _rule(entry: Any, where: str) -> Rule:
    rule = section(Rule, _listed(entry, "text"), where)
    if not rule.text:
        raise ConfigError(f"{where}: text should be a string or a list of strings, not empty")
    return rule


def _listed(table: Any, key: str) -> Any:
    """The table, with the lone string at `key` as a list of one."""
    if isinstance(table, dict) and isinstance(table.get(key), str):
        return {**table, key: [table[key]]}
    return table


def _chosen(texts: Sequence[str], ask: Ask) -> str:
    if not texts:
        return ""
    return texts[ask.seed % len(texts) if ask.temperature > 0 else 0]


def _completed(out: Sequence[int], stops: Sequence[tuple[str, bytes]]) -> tuple[str, int] | None:
    """The longest stop string that the last token completes, and its tokens."""
    complete = [
        (stop, len(tail)) for stop, tail in stops if tuple(out[-len(tail) :]) == tuple(tail)
    ]
    return max(complete, key=lambda found: found[1], default=None)


def _half_character(ids: Sequence[int]) -> list[int]:
    """The bytes at the end that are the beginning of a UTF-8 character and not all of it."""
    for back in range(1, min(3, len(ids)) + 1):
        lead = ids[-back]
        if 0x80 <= lead < 0xC0:
            continue
        needed = 2 if 0xC2 <= lead < 0xE0 else 3 if 0xE0 <= lead < 0xF0 else 4
        return list(ids[-back:]) if 0xC2 <= lead < 0xF5 and back < needed else []
    return []


def _up_to_last_forced(context: Context) -> list[Piece]:
    """The pieces up to the last that the strategy wrote."""
    last = max((i for i, p in enumerate(context.pieces) if p.by == "forced"), default=-1)
    return context.pieces[: last + 1]
