"""What a turn is written with, what it becomes, and what a generation has cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from judgekit.backends.engine import Context, Engine, Extension
from judgekit.records import FinishReason, Segment, Usage


@dataclass(frozen=True, slots=True)
class Sampling:
    """The run's settings: `max_tokens` bounds the models' own tokens in one response."""

    max_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    logprobs: bool = False
    stop_on_loop: bool = False


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


@dataclass(slots=True)
class Ledger:
    """All that the models read and wrote for one generation, whatever became of it.

    `opened` is every context of the generation, so that none is kept by its engine afterwards.
    """

    spent: dict[str, Usage] = field(default_factory=dict)
    opened: list[tuple[Engine, Context]] = field(default_factory=list)

    def add(self, by: str, extension: Extension) -> None:
        """Count an extension by the model of this name."""
        self.spent[by] = counted(self.spent.get(by, Usage()), extension)

    def close(self) -> None:
        """Nothing more is generated; the engines may forget every context."""
        for engine, context in self.opened:
            engine.release(context)
        self.opened.clear()

    def settle(self, kept: Mapping[str, Usage]) -> dict[str, Usage]:
        """The usage of a response: what was written and did not enter it is discarded."""
        settled = dict(kept)
        for by, spent in self.spent.items():
            entered = kept.get(by, Usage()).completion
            discarded = spent.completion + spent.discarded - entered
            settled[by] = Usage(spent.prompt, entered, discarded)
        return settled


def counted(usage: Usage, extension: Extension) -> Usage:
    """The usage with an extension added to it."""
    return Usage(
        usage.prompt + extension.prompt_tokens - extension.cached_tokens,
        usage.completion + extension.tokens,
        usage.discarded + extension.discarded,
    )


def restored(usage: Usage, tokens: int, discarded: int) -> Usage:
    """The usage with so many tokens entered, of which some had been counted as discarded."""
    return Usage(usage.prompt, usage.completion + tokens, usage.discarded - discarded)
