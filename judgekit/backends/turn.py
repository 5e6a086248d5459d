"""What a strategy drives: a `Model` starts a `Turn`, the turn thinks, is forced, answers, forks.

A turn knows its tokens and who wrote each from the moment it is appended; nothing infers authorship
later. It runs on any engine (see `judgekit.backends.engine`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from judgekit.backends.engine import Ask, Context, Engine, Extension, Message, Piece
from judgekit.backends.segments import segments
from judgekit.errors import RequestFailed
from judgekit.prompt import Prompt, messages
from judgekit.records import FinishReason, Problem, Role, Segment, Usage


@dataclass(frozen=True, slots=True)
class Sampling:
    """The run's settings: `max_tokens` bounds a model's own tokens in one response."""

    max_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    logprobs: bool = False


@dataclass(frozen=True, slots=True)
class Transcript:
    """One finished response before it is keyed: what was written, by whom, and what it cost."""

    segments: tuple[Segment, ...]
    finish_reason: FinishReason
    prompt_tokens: int
    usage: Mapping[str, Usage]
    token_ids: tuple[int, ...] | None = None
    logprob: float | None = None
    variant: str = ""

    @property
    def text(self) -> str:
        return "".join(segment.text for segment in self.segments)


@dataclass(frozen=True, slots=True)
class Model:
    """A model bound to a prompt and to one sample's settings and seed; what a strategy is given."""

    engine: Engine
    prompt: Prompt
    sampling: Sampling
    system: bool = True
    shots: int = 0

    def start(self, problem: Problem, prompt: Prompt | None = None, **variables: str) -> Turn:
        """Open a turn on the problem, with the strategy's prompt or another."""
        prompt = prompt or self.prompt
        chat = messages(prompt, problem, system=self.system, shots=self.shots, **variables)
        turn = Turn(self.engine, open_context(self.engine, chat), self.sampling)
        if prompt.start:
            turn.force(prompt.start)
        return turn

    def seeded(self, *parts: object) -> Model:
        """The same model with a seed of its own, derived from this one's and the parts."""
        return replace(self, sampling=replace(self.sampling, seed=derive(self.sampling.seed, *parts)))


def derive(seed: int, *parts: object) -> int:
    """A seed that depends on nothing but its arguments: the same on every machine and run."""
    digest = hashlib.sha256(repr((seed, *map(str, parts))).encode()).digest()
    return int.from_bytes(digest[:4], "big")


def open_context(engine: Engine, chat: Sequence[Message]) -> Context:
    """The messages as this engine wants them: rendered to ids where it has the tokenizer."""
    if engine.tokenizer is None:
        return Context(tuple(chat))
    rendered = engine.tokenizer.render(chat)
    return Context(tuple(chat), rendered, tuple(engine.tokenizer.encode(rendered)))


@dataclass(slots=True)
class Turn:
    """One assistant turn under way.

    `stopped` tells why the model last stopped and `matched` at which stop string.
    """

    engine: Engine
    context: Context
    sampling: Sampling
    last: Extension | None = None
    by: str = "model"
    discarded: int = 0
    prompt_tokens: int = 0
    _logprob: float = 0.0
    _extensions: int = 0
    _usage: dict[str, Usage] = field(default_factory=dict)

    async def write(
        self,
        *,
        max_tokens: int | None = None,
        min_tokens: int = 0,
        stop: Sequence[str] = (),
        role: Role | None = None,
        logit_bias: Mapping[int, float] | None = None,
        stop_on_loop: bool = False,
    ) -> Extension:
        """Let the model go on until its end of turn, a stop string or the budget.

        Without a `role` the tags in the text decide it. Raises `RequestFailed` when the prompt
        alone fills the context.
        """
        room = self.room()
        wanted = self.left() if max_tokens is None else max_tokens
        if room is not None and room <= 0:
            raise RequestFailed(
                f"the prompt and what was written fill the context of "
                f"{self.engine.context_length} tokens"
            )
        budget = wanted if room is None else min(wanted, room)
        if budget <= 0:
            extension = Extension("", () if self.engine.tokenizer else None, 0, "length")
        else:
            extension = await self.engine.extend(
                self.context,
                Ask(
                    max_tokens=budget,
                    min_tokens=min_tokens,
                    stop=tuple(stop),
                    temperature=self.sampling.temperature,
                    top_p=self.sampling.top_p,
                    seed=derive(self.sampling.seed, self._extensions),
                    logit_bias=logit_bias or {},
                    logprobs=self.sampling.logprobs,
                    stop_on_loop=stop_on_loop,
                ),
            )
        self._append(extension, role)
        return extension

    async def think(self, max_tokens: int | None = None, **options: Any) -> Extension:
        """Go on thinking; the caller names the delimiter as `stop`."""
        return await self.write(max_tokens=max_tokens, role="thinking", **options)

    async def answer(self, max_tokens: int | None = None, **options: Any) -> Extension:
        """Write the answer."""
        return await self.write(max_tokens=max_tokens, role="answer", **options)

    def force(self, text: str, role: Role | None = None) -> None:
        """Append text that the strategy writes; it is marked as forced from here on."""
        ids = tuple(self.engine.tokenizer.encode(text)) if self.engine.tokenizer else None
        tokens = len(ids) if ids is not None else max(1, len(text) // 4)
        self.context.pieces.append(Piece(text, ids, tokens, "forced", role))

    def fork(self) -> Turn:
        """An independent copy that shares the prefix; its tokens so far are counted in both."""
        context = replace(
            self.context, pieces=list(self.context.pieces), cache=self.engine.fork(self.context)
        )
        return replace(self, context=context, _usage=dict(self._usage))

    def close(self) -> None:
        """The turn will not be extended again; the engine may forget it."""
        self.engine.release(self.context)

    def left(self, budget: int | None = None, role: Role | None = None) -> int:
        """How many of the model's own tokens the budget still allows (default: the run's)."""
        used = sum(
            piece.tokens
            for piece in self.context.pieces
            if piece.by != "forced" and (role is None or piece.role == role)
        )
        return max(0, (self.sampling.max_tokens if budget is None else budget) - used)

    def room(self) -> int | None:
        """Tokens that the model's context still holds; None where that is unknown."""
        if self.engine.context_length is None or self.context.prompt_ids is None:
            return None
        written = sum(piece.tokens for piece in self.context.pieces)
        return self.engine.context_length - len(self.context.prompt_ids) - written

    @property
    def spent(self) -> bool:
        """The run's token budget, or the context, is used up."""
        room = self.room()
        return self.left() == 0 or (room is not None and room <= 0)

    @property
    def text(self) -> str:
        """All that was written after the prompt so far."""
        return self.context.written

    def transcript(self, variant: str = "") -> Transcript:
        """The finished response."""
        pieces = self.context.pieces
        own = sum(piece.tokens for piece in pieces if piece.by != "forced")
        ids = None
        if self.engine.tokenizer is not None:
            ids = tuple(id_ for piece in pieces for id_ in piece.ids or ())
        return Transcript(
            segments=segments(pieces, self.engine.tokenizer),
            finish_reason=self._finish_reason(),
            prompt_tokens=self.prompt_tokens,
            usage=self._usage,
            token_ids=ids,
            logprob=self._logprob / own if self.sampling.logprobs and own else None,
            variant=variant,
        )

    def _append(self, extension: Extension, role: Role | None) -> None:
        if extension.text or extension.tokens:
            self.context.pieces.append(
                Piece(extension.text, extension.ids, extension.tokens, self.by, role)
            )
        self._extensions += 1
        self.last = extension
        self.discarded += extension.discarded
        if self._extensions == 1:
            self.prompt_tokens = extension.prompt_tokens
        self._logprob += extension.logprob or 0.0
        usage = self._usage.get(self.by, Usage())
        self._usage[self.by] = Usage(
            usage.prompt + extension.prompt_tokens - extension.cached_tokens,
            usage.completion + extension.tokens,
            usage.discarded + extension.discarded,
        )

    def _finish_reason(self) -> FinishReason:
        if self.last is None or self.last.stopped in ("end", "stop"):
            return "stop"
        return self.last.stopped
