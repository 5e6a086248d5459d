"""The seam between strategies and whoever runs the model: one method, `Engine.extend`.

An engine is given a `Context` (a prompt and all that was written after it, with its author) and an
`Ask` (how far to go on), and answers with an `Extension`. Everything else, turns, forced text,
roles, forks and token counts, is built on that once, in `judgekit.backends.turn`, for all engines.

Three ways to know a context, strongest first, named in `Engine.features`:

* `token-ids`: the engine is driven by ids; nothing is ever re-tokenised, and forced text is exact.
* `text`: the engine continues raw text (`/v1/completions`) or a last assistant message.
* neither: one chat call per prompt and no continuation; strategies that force text are refused.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from judgekit.errors import RequestFailed, UserError
from judgekit.records import Role

Feature = Literal[
    "token-ids", "text", "fork", "logit-bias", "logprobs", "min-tokens", "loops", "schema"
]
Stopped = Literal["end", "stop", "length", "loop"]
Message = Mapping[str, str]


class Tokenizer(Protocol):
    """Text to ids and back, and the chat template."""

    def encode(self, text: str) -> list[int]:
        """Ids of a stretch of text, without adding a beginning or an end."""

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids, special tokens included, spaces untouched."""

    def render(self, messages: Sequence[Message]) -> str:
        """The chat template over the messages, opened for the assistant's turn."""


@dataclass(slots=True)
class Piece:
    """What one author wrote in one go. `role` is None where the tags in the text decide it."""

    text: str
    ids: tuple[int, ...] | None
    tokens: int
    by: str
    role: Role | None = None


@dataclass(slots=True)
class Context:
    """A prompt and all that was written after it.

    `prompt` and `prompt_ids` are the rendered chat template, empty and None where only a server
    renders. `cache` belongs to the engine: its own handle on keys and values already computed.
    """

    messages: tuple[Message, ...]
    prompt: str = ""
    prompt_ids: tuple[int, ...] | None = None
    pieces: list[Piece] = field(default_factory=list)
    cache: Any = None

    @property
    def ids(self) -> list[int]:
        """Prompt and pieces as one sequence of ids; needs an engine with `token-ids`."""
        if self.prompt_ids is None:
            raise RequestFailed("this backend gives no token ids")
        ids = list(self.prompt_ids)
        for piece in self.pieces:
            ids.extend(piece.ids or ())
        return ids

    @property
    def written(self) -> str:
        """All that was written after the prompt."""
        return "".join(piece.text for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Ask:
    """How to go on: at most `max_tokens`, at least `min_tokens` before an end or a stop counts.

    The text of a `stop` string is not part of the extension. `temperature` 0 is greedy. `seed`
    fixes the sampling of this extension whatever else is in the batch. `logit_bias` is added to
    the logits of token ids. With `logprobs` the extension carries the sum of log-probabilities.
    `schema` is a JSON schema that an engine with that feature holds the reply to.
    """

    max_tokens: int
    min_tokens: int = 0
    stop: tuple[str, ...] = ()
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    logit_bias: Mapping[int, float] = field(default_factory=dict)
    logprobs: bool = False
    stop_on_loop: bool = False
    schema: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Extension:
    """What the model wrote, without the end-of-turn token and without the stop string.

    `stopped` is `end` (the model's own end of turn), `stop` (a stop string, in `matched`),
    `length` or `loop`. `prompt_tokens` were handed to the model, `cached_tokens` of them were not
    computed again. `discarded` tokens were generated but are not in `text`. `logprob` is the sum
    over the kept tokens in nats, `token_logprobs` each kept token's text and log-probability, where
    the engine knows them. Thinking that a server returns apart from the content stands in `text`
    between `<think>` and `</think>`; it has no entry in `token_logprobs`.
    """

    text: str
    ids: tuple[int, ...] | None
    tokens: int
    stopped: Stopped
    matched: str | None = None
    prompt_tokens: int = 0
    cached_tokens: int = 0
    discarded: int = 0
    logprob: float | None = None
    token_logprobs: tuple[tuple[str, float], ...] | None = None


class Engine(Protocol):
    """Who runs the model.

    `concurrency` is how many contexts are worth having under way at once; `context_length` is the
    model's window in tokens, None where unknown; `described` goes into the run's record (versions,
    device, data type, server). `tokenizer` is None where only a server knows it.
    """

    @property
    def name(self) -> str: ...
    @property
    def features(self) -> frozenset[Feature]: ...
    @property
    def concurrency(self) -> int: ...
    @property
    def context_length(self) -> int | None: ...
    @property
    def tokenizer(self) -> Tokenizer | None: ...
    @property
    def described(self) -> Mapping[str, Any]: ...

    async def extend(self, context: Context, ask: Ask) -> Extension:
        """Go on from the context. Raises `RequestFailed` for this request alone, and
        `BackendError` when the backend stays down."""

    def fork(self, context: Context) -> Any:
        """A `cache` for a copy of the context, or None."""

    def release(self, context: Context) -> None:
        """The context will not be extended again."""

    async def aclose(self) -> None:
        """Free the model or the connections."""


THINKING_ENDS = ("</think>", "</reasoning>")
"""What ends thinking in models that were trained to end it by a token of their own."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of how a model thinks.

    `tokens` is how many tokens each of `THINKING_ENDS` is, empty where nobody can tell. `opening`
    is the end of a rendered prompt, where only a server renders and shows it.
    """

    tokens: Mapping[str, int] = field(default_factory=dict)
    opening: str = ""


@runtime_checkable
class Telling(Protocol):
    """An engine without a tokenizer, whose server tells something of its model all the same."""

    @property
    def told(self) -> Told: ...


def told(engine: Engine) -> Told:
    """What the model's tokenizer says of how it thinks, or the server that has the tokenizer."""
    if engine.tokenizer is not None:
        return told_by(engine.tokenizer)
    return engine.told if isinstance(engine, Telling) else Told()


def told_by(tokenizer: Tokenizer) -> Told:
    """What a tokenizer says of how its model thinks."""
    return Told({end: len(tokenizer.encode(end)) for end in THINKING_ENDS})


def require(engine: Engine, needs: frozenset[Feature], wanted_by: str) -> None:
    """Refuse before anything is generated what the engine cannot do."""
    if missing := sorted(needs - engine.features):
        raise UserError(
            f"{wanted_by} needs {', '.join(missing)}, which this backend does not have",
            hint="use --backend transformers"
            + (", or a server that continues text" if missing == ["text"] else ""),
        )


def check(ids: Sequence[int], ask: Ask, window: int | None, vocabulary: int) -> None:
    """Refuse, before the model is asked, a request by token ids that it cannot serve.

    `window` is the context in tokens, `vocabulary` the number of ids. Raises `RequestFailed` where
    the context is empty or does not fit, an id is unknown, or the sampling makes no sense.
    """
    if not ids:
        raise RequestFailed("the prompt is empty")
    if window is not None and len(ids) + max(1, ask.max_tokens) > window:
        raise RequestFailed(
            f"{len(ids)} tokens and {ask.max_tokens} more do not fit the context of {window} tokens"
        )
    for id_ in (*ids, *ask.logit_bias):
        if not 0 <= id_ < vocabulary:
            raise RequestFailed(f"token id {id_} is not in the model's vocabulary")
    if len(ask.logit_bias) == vocabulary and max(ask.logit_bias.values()) == -math.inf:
        raise RequestFailed("the biases leave no token to choose")
    if ask.temperature < 0 or not 0 < ask.top_p <= 1:
        raise RequestFailed(
            f"temperature should be at least 0 and top_p in (0, 1], "
            f"are {ask.temperature} and {ask.top_p}"
        )
