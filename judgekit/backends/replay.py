"""Answers from an earlier run, so that a strategy can be driven again without a model.

The text that the run's model wrote for a problem is played back under the contract of `Ask`: up to
the budget, a stop string, or the place where the model had stopped then, which is where the run's
own strategy forced text. Forced text of then is not played; forced text of now stands between the
stretches. A recorded text that is used up ends, whatever `min_tokens` asks.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judgekit import runs
from judgekit.backends.engine import Ask, Context, Extension, Feature, Stopped
from judgekit.backends.turn import derive
from judgekit.errors import RequestFailed, UserError
from judgekit.records import Problem, Response, Segment

_CHARACTERS_PER_TOKEN = 4
"""For rows that do not say how many tokens they have."""


@dataclass(frozen=True, slots=True)
class Tape:
    """What the model wrote in one response.

    `ends` are the characters where its tokens end (a segment's tokens are taken as equally long),
    `breaks` where it had stopped, each with the text that was forced there.
    """

    response: Response
    text: str
    ends: tuple[int, ...]
    breaks: tuple[tuple[int, str], ...]

    @classmethod
    def of(cls, response: Response) -> Tape:
        """The tape of a response."""
        text, ends = "", list[int]()
        breaks: list[tuple[int, str]] = []
        for segment in response.segments or (_whole(response),):
            if segment.by == "forced":
                breaks.append((len(text), segment.text))
                continue
            count, length = max(1, segment.tokens), len(segment.text)
            ends += [len(text) - (-length * (i + 1) // count) for i in range(count)]
            text += segment.text
        return cls(response, text, tuple(ends), tuple(breaks))

    def tokens(self, start: int, end: int) -> int:
        """How many tokens the stretch touches."""
        if end <= start:
            return 0
        whole = bisect_right(self.ends, end)
        begun = self.ends[whole - 1] != end if whole else True
        return whole - bisect_right(self.ends, start) + begun

    def after(self, start: int, tokens: int) -> int:
        """Where so many tokens from `start` on end."""
        last = bisect_right(self.ends, start) + tokens - 1
        return self.ends[last] if last < len(self.ends) else len(self.text)


@dataclass(frozen=True, slots=True)
class _Place:
    """How far a context has played its tape, and what it had handed over by then."""

    tape: Tape
    at: int = 0
    computed: int = 0


class ReplayEngine:
    """An engine over the responses of a run.

    A prompt is recognised by the problem's rendered prompt in the run, or by its question. Of
    several samples a context gets the one that the run made with the same seed; where the seeds are
    others, each new seed for a problem gets the next sample.

    Raises `UserError` where the run has no responses.
    """

    name = "replay"
    tokenizer = None
    context_length = None

    def __init__(self, run: runs.Run, *, concurrency: int = 16) -> None:
        tapes: dict[str, list[Tape]] = {}
        for response in sorted(run.responses, key=lambda r: (r.sample, r.variant)):
            if response.finish_reason != "error":
                tapes.setdefault(response.id, []).append(Tape.of(response))
        if not tapes:
            raise UserError(f"{run.path} has no responses to replay")
        self.concurrency = concurrency
        self.described = {"run": str(run.path), "model": run.config.get("model", "")}
        scored = all(t.response.logprob is not None for each in tapes.values() for t in each)
        features: set[Feature] = {"text", "fork", "min-tokens"}
        self.features: frozenset[Feature] = frozenset(
            features | ({"logprobs"} if scored else set())
        )
        self._run = run
        self._tapes = tapes
        self._recognised: dict[str, list[Tape]] = {}
        self._seeds: dict[str, dict[int, int]] = {}

    async def extend(self, context: Context, ask: Ask) -> Extension:
        """Play on. Raises `RequestFailed` where the run has no response to this prompt."""
        await asyncio.sleep(0)
        place = context.cache if isinstance(context.cache, _Place) else self._start(context, ask)
        tape, start = place.tape, place.at
        end, upto, stopped, matched = _stretch(tape, start, ask)
        tokens = min(tape.tokens(start, end), ask.max_tokens)
        handed = tape.response.prompt_tokens + sum(piece.tokens for piece in context.pieces)
        context.cache = _Place(tape, upto, handed + tokens)
        logprob = tape.response.logprob
        return Extension(
            text=tape.text[start:end],
            ids=None,
            tokens=tokens,
            stopped=stopped,
            matched=matched,
            prompt_tokens=handed,
            cached_tokens=min(place.computed, handed),
            discarded=tape.tokens(start, upto) - tokens,
            logprob=logprob * tokens if ask.logprobs and logprob is not None else None,
        )

    def fork(self, context: Context) -> Any:
        return context.cache

    def release(self, context: Context) -> None:
        context.cache = None

    async def aclose(self) -> None:
        """Nothing is held."""

    def _start(self, context: Context, ask: Ask) -> _Place:
        asked = next((m["content"] for m in reversed(context.messages) if m["role"] == "user"), "")
        if asked not in self._recognised:
            ids = {problem.id for problem in recognised(asked, self._run.problems)}
            self._recognised[asked] = [
                tape for id_ in sorted(ids) for tape in self._tapes.get(id_, [])
            ]
        tapes = self._recognised[asked]
        if not tapes:
            raise RequestFailed(f"{self._run.path} has no response to this prompt")
        for tape in tapes:
            if tape.response.seed is not None and derive(tape.response.seed, 0) == ask.seed:
                return _Place(tape)
        order = self._seeds.setdefault(asked, {})
        return _Place(tapes[order.setdefault(ask.seed, len(order)) % len(tapes)])


def load(run: str, *, concurrency: int = 16) -> ReplayEngine:
    """The engine for `--model RUN`. Raises `UserError` where that is no run, or has no response."""
    return ReplayEngine(runs.load(Path(run)), concurrency=concurrency)


def recognised(asked: str, problems: Sequence[Problem]) -> list[Problem]:
    """The problems that a user's message asks: by the prompt of then, else by the question in it.

    Where one contains another, the tightest fit counts; options must stand in the message too.
    """
    asked = asked.strip()
    if not asked:
        return []
    if same := [problem for problem in problems if asked in problem.prompt]:
        shortest = min(len(problem.prompt) for problem in same)
        return [problem for problem in same if len(problem.prompt) == shortest]
    inside = [
        problem
        for problem in problems
        if problem.question.strip()
        and all(part.strip() in asked for part in (problem.question, *problem.choices))
    ]
    longest = max((len(problem.question.strip()) for problem in inside), default=0)
    return [problem for problem in inside if len(problem.question.strip()) == longest]


def _stretch(tape: Tape, start: int, ask: Ask) -> tuple[int, int, Stopped, str | None]:
    """What is played from `start`: where the text ends, where the tape stands then, and why."""
    limit = tape.after(start, ask.max_tokens) if ask.max_tokens > 0 else start
    stop_at, forced = next(
        ((at, text) for at, text in tape.breaks if at > start), (len(tape.text), None)
    )
    found = [
        (at + len(stop), at, stop)
        for stop in ask.stop
        if stop and (at := _first(tape, start, min(limit, stop_at), stop, ask.min_tokens)) >= 0
    ]
    if found:
        upto, at, stop = min(found)
        return at, upto, "stop", stop
    if ask.max_tokens <= 0 or tape.tokens(start, min(limit, stop_at)) >= ask.max_tokens:
        return min(limit, stop_at), min(limit, stop_at), "length", None
    if forced is not None:
        for stop in ask.stop:
            if stop and forced.startswith(stop):
                return stop_at, stop_at, "stop", stop
        return stop_at, stop_at, "end", None
    reason = tape.response.finish_reason
    if reason == "loop" and ask.stop_on_loop:
        return stop_at, stop_at, "loop", None
    return stop_at, stop_at, "length" if reason in ("length", "loop") else "end", None


def _first(tape: Tape, start: int, end: int, stop: str, min_tokens: int) -> int:
    """The first occurrence that is complete after `min_tokens`, or -1."""
    at = tape.text.find(stop, start, end)
    while at >= 0 and tape.tokens(start, at + len(stop)) <= min_tokens:
        at = tape.text.find(stop, at + 1, end)
    return at


def _whole(response: Response) -> Segment:
    guess = -(-len(response.text) // _CHARACTERS_PER_TOKEN)
    return Segment(response.text, "answer", "model", response.completion_tokens or guess)
