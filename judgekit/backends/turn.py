"""What a strategy drives: a `Model` starts a `Turn`, the turn thinks, is forced, answers, forks.

A turn knows its tokens and who wrote each from the moment it is appended; nothing infers authorship
later. It runs on any engine (see `judgekit.backends.engine`).
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from judgekit.backends.engine import Ask, Context, Engine, Extension, Message, Piece
from judgekit.backends.segments import segments
from judgekit.backends.transcript import Ledger, Sampling, Transcript, counted, restored
from judgekit.errors import RequestFailed
from judgekit.prompt import Prompt, messages
from judgekit.records import FinishReason, Problem, Role, Usage

__all__ = ["Model", "Sampling", "Transcript", "Turn", "derive", "open_context"]


@dataclass(frozen=True, slots=True)
class Model:
    """A model bound to a prompt and to one sample's settings and seed; what a strategy is given.

    `name` is who is said to have written its words. All models of one generation share the
    `ledger`. Worked examples (`shots`) are shown with the strategy's own prompt only.
    """

    engine: Engine
    prompt: Prompt
    sampling: Sampling
    system: bool = True
    shots: int = 0
    name: str = "model"
    ledger: Ledger = field(default_factory=Ledger)

    def start(self, problem: Problem, prompt: Prompt | None = None, **variables: str) -> Turn:
        """Open a turn on the problem, with the strategy's prompt or another."""
        shots = self.shots if prompt is None else 0
        prompt = prompt or self.prompt
        chat = messages(prompt, problem, system=self.system, shots=shots, **variables)
        context = open_context(self.engine, chat)
        self.ledger.opened.append((self.engine, context))
        turn = Turn(self.engine, context, self.sampling, by=self.name, ledger=self.ledger)
        if prompt.start:
            turn.force(prompt.start)
        return turn

    def settings(self, **changes: Any) -> Model:
        """The same model with other fields of `Sampling`."""
        return replace(self, sampling=replace(self.sampling, **changes))

    def seeded(self, *parts: object) -> Model:
        """The same model with a seed of its own, derived from this one's and the parts."""
        return self.settings(seed=derive(self.sampling.seed, *parts))


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

    `last` is the model's last extension: why it stopped, and at which stop string. `looped` tells
    that it was ever stopped for repeating itself. `notes` is what other turns wrote for this one
    (see `include`).
    """

    engine: Engine
    context: Context
    sampling: Sampling
    last: Extension | None = None
    by: str = "model"
    ledger: Ledger = field(default_factory=Ledger)
    notes: list[Piece] = field(default_factory=list)
    prompt_tokens: int = 0
    looped: bool = False
    _logprob: float = 0.0
    _scored: int = 0
    _own: int = 0
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
        keep_stop: bool = False,
    ) -> Extension:
        """Let the model go on until its end of turn, a stop string or the budget.

        Without a `role` the tags in the text decide it. With `keep_stop` the stop string stays in
        the text, as the model's own. Raises `RequestFailed` when the prompt alone fills the
        context; where the response does, nothing is written and it has stopped by `length`.
        """
        if self.context.prompt_ids is not None and self.engine.context_length is not None:
            prompt = len(self.context.prompt_ids)
            if prompt >= self.engine.context_length:
                raise RequestFailed(
                    f"the prompt has {prompt} tokens, the model's context "
                    f"{self.engine.context_length}"
                )
        budget = self.available() if max_tokens is None else min(max_tokens, self.within())
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
                    stop_on_loop=stop_on_loop or self.sampling.stop_on_loop,
                ),
            )
        self._append(extension, role)
        if keep_stop:
            self.restore(role)
        return extension

    async def think(self, max_tokens: int | None = None, **options: Any) -> Extension:
        """Go on thinking; the caller names the delimiter as `stop`."""
        return await self.write(max_tokens=max_tokens, role="thinking", **options)

    async def answer(self, max_tokens: int | None = None, **options: Any) -> Extension:
        """Write the answer."""
        return await self.write(max_tokens=max_tokens, role="answer", **options)

    def force(self, text: str, role: Role | None = None) -> None:
        """Append text that the strategy writes; it is marked as forced from here on."""
        self.hear(text, "forced", role)

    def hear(self, text: str, by: str, role: Role | None = None) -> None:
        """Append what another author wrote; its tokens are counted as this model reads them."""
        if text:
            ids = tuple(self.engine.tokenizer.encode(text)) if self.engine.tokenizer else None
            tokens = len(ids) if ids is not None else max(1, len(text) // 4)
            self.context.pieces.append(Piece(text, ids, tokens, by, role))

    def restore(self, role: Role | None = None) -> None:
        """Let the stop string at which the model has just stopped stand, as the model's own."""
        if self.last is None or not self.last.matched:
            return
        stop = self.last.matched
        self.hear(stop, self.by, role)
        tokens = self.context.pieces[-1].tokens
        discarded = min(tokens, self.last.discarded)
        self._own += tokens
        self._usage[self.by] = restored(self._usage[self.by], tokens, discarded)
        self.ledger.spent[self.by] = restored(self.ledger.spent[self.by], tokens, discarded)

    def include(self, *others: Turn) -> None:
        """Let what other turns wrote stand at the head of this response, as thinking.

        The model of this turn has read it in its prompt, or not at all. It stands between forced
        `<think>` tags, so that nobody takes it for the answer.
        """
        scratch = Turn(self.engine, Context(()), self.sampling)
        for other in others:
            scratch.force("\n\n" if scratch.text else "<think>\n", "other")
            for piece in other.context.pieces:
                scratch.hear(piece.text, piece.by, "thinking")
            for by, usage in other._usage.items():
                self.credit(by, usage.completion)
        scratch.force("\n</think>\n\n", "other")
        self.notes += scratch.context.pieces

    def credit(self, by: str, tokens: int) -> None:
        """So many tokens that another model has written entered this response."""
        self._usage[by] = restored(self._usage.get(by, Usage()), tokens, 0)

    def fork(self, *parts: object) -> Turn:
        """An independent copy that shares the prefix, with a seed of its own where parts are given.

        Its tokens so far are counted in both.
        """
        context = replace(
            self.context, pieces=list(self.context.pieces), cache=self.engine.fork(self.context)
        )
        self.ledger.opened.append((self.engine, context))
        sampling = self.sampling
        if parts:
            sampling = replace(sampling, seed=derive(sampling.seed, self._extensions, *parts))
        return replace(
            self,
            context=context,
            sampling=sampling,
            notes=list(self.notes),
            _usage=dict(self._usage),
        )

    def close(self) -> None:
        """The turn will not be extended again; the engine may forget it."""
        self.engine.release(self.context)

    def mark(self, role: Role) -> None:
        """Give the role to all that was written so far and has none."""
        for piece in self.context.pieces:
            piece.role = piece.role or role

    def left(self, budget: int | None = None, role: Role | None = None) -> int:
        """How many of the models' own tokens the budget still allows (default: the run's)."""
        used = sum(
            piece.tokens
            for piece in (*self.notes, *self.context.pieces)
            if piece.by != "forced" and (role is None or piece.role == role)
        )
        return max(0, (self.sampling.max_tokens if budget is None else budget) - used)

    def room(self) -> int | None:
        """Tokens that the model's context still holds; None where that is unknown."""
        if self.engine.context_length is None or self.context.prompt_ids is None:
            return None
        written = sum(piece.tokens for piece in self.context.pieces)
        return self.engine.context_length - len(self.context.prompt_ids) - written

    def within(self, tokens: int | None = None) -> int:
        """So many tokens (default: any number) as far as the model's context still holds them."""
        room = self.room()
        known = [each for each in (tokens, room) if each is not None]
        return max(0, min(known)) if known else sys.maxsize

    def available(self) -> int:
        """How many tokens the run's budget and the context still allow."""
        return self.within(self.left())

    @property
    def spent(self) -> bool:
        """The run's token budget, or the context, is used up."""
        return self.available() == 0

    @property
    def ended(self) -> bool:
        """The model stopped otherwise than at a stop string: it ended, was cut off, or looped."""
        return self.last is not None and self.last.stopped != "stop"

    @property
    def text(self) -> str:
        """All that was written after the prompt so far."""
        return self.context.written

    @property
    def own(self) -> int:
        """How many tokens this turn's model has written."""
        return self._own

    @property
    def logprob(self) -> float | None:
        """Mean log-probability of the model's own tokens so far (nats), where it was asked for."""
        return self._logprob / self._scored if self._scored else None

    def transcript(self, variant: str = "", *, own: bool = False) -> Transcript:
        """The finished response; to be taken when nothing more is generated for it.

        Whatever the models wrote for this generation and did not enter the response is counted as
        discarded. With `own` only this turn's tokens are counted: for one of several variants.
        """
        pieces = [*self.notes, *self.context.pieces]
        ids = None
        if self.engine.tokenizer is not None:
            ids = tuple(id_ for piece in pieces for id_ in piece.ids or ())
        return Transcript(
            segments=segments(pieces, self.engine.tokenizer),
            finish_reason=self._finish_reason(),
            prompt_tokens=self.prompt_tokens,
            usage=dict(self._usage) if own else self.ledger.settle(self._usage),
            token_ids=ids,
            logprob=self.logprob,
            variant=variant,
        )

    def _append(self, extension: Extension, role: Role | None) -> None:
        if extension.text or extension.tokens:
            self.context.pieces.append(
                Piece(extension.text, extension.ids, extension.tokens, self.by, role)
            )
        self._extensions += 1
        self.last = extension
        self.looped = self.looped or extension.stopped == "loop"
        if self._extensions == 1:
            self.prompt_tokens = extension.prompt_tokens
        if extension.logprob is not None:
            self._logprob += extension.logprob
            self._scored += extension.tokens
        self._own += extension.tokens
        self._usage[self.by] = counted(self._usage.get(self.by, Usage()), extension)
        self.ledger.add(self.by, extension)

    def _finish_reason(self) -> FinishReason:
        if self.looped:
            return "loop"
        stopped = self.last.stopped if self.last else "end"
        return "stop" if stopped == "end" else stopped
