"""One response that two models write by turns, each reading the other's words as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from judgekit.backends.engine import Extension
from judgekit.backends.turn import Model, Turn
from judgekit.prompt import Prompt
from judgekit.records import Problem
from judgekit.strategies.answering import answer_if_looping


@dataclass(slots=True)
class Relay:
    """The same response in the eyes of two models; the small one's turn is the record of it."""

    small: Turn
    large: Turn

    @classmethod
    def start(
        cls,
        small: Model,
        large: Model,
        problem: Problem,
        prompt: Prompt | None = None,
        **variables: str,
    ) -> Relay:
        """Open the response with both models."""
        turns = [model.start(problem, prompt, **variables) for model in (small, large)]
        return cls(turns[0], turns[1])

    async def by_small(self, **options: Any) -> Extension:
        """The small model goes on."""
        before = len(self.small.text)
        extension = await self.small.write(**options)
        self.large.hear(self.small.text[before:], self.small.by)
        return extension

    async def by_large(self, **options: Any) -> Extension:
        """The large model goes on."""
        before, own = len(self.large.text), self.large.own
        extension = await self.large.write(**options)
        self._record(self.large.text[before:], self.large.own - own)
        return extension

    async def draft(self, turn: Turn, **options: Any) -> Turn:
        """What one of the two would write next; it enters the response only if it is taken."""
        draft = turn.fork()
        await draft.write(**options)
        return draft

    def take(self, draft: Turn) -> None:
        """Let a draft enter the response."""
        if draft.by == self.large.by:
            before, own = len(self.large.text), self.large.own
            self.large.close()
            self.large = draft
            self._record(draft.text[before:], draft.own - own)
        else:
            self.large.hear(draft.text[len(self.small.text) :], draft.by)
            self.small.close()
            self.small = draft

    def _record(self, text: str, tokens: int) -> None:
        """Put what the large model has just written into the record."""
        self.small.hear(text, self.large.by)
        self.small.credit(self.large.by, tokens)
        self.small.last = self.large.last
        self.small.looped = self.small.looped or self.large.looped

    def force(self, text: str) -> None:
        """Append text that the strategy writes."""
        self.small.force(text)
        self.large.force(text)

    def at_most(self, tokens: int) -> int:
        """So many tokens, as far as the budget of the response and both contexts allow them."""
        return min(tokens, self.small.available(), self.large.available())

    @property
    def ended(self) -> bool:
        """A model ended its turn or was stopped for looping."""
        return self.small.last is not None and self.small.last.stopped in ("end", "loop")

    @property
    def spent(self) -> bool:
        """The budget of the response, or one of the contexts, is used up."""
        return self.small.spent or self.large.spent

    def close(self) -> Turn:
        """Nothing more is written; the whole response."""
        self.small.close()
        self.large.close()
        return self.small

    async def finish(self) -> Turn:
        """Let the small model write what may still be written; the whole response."""
        if not self.ended:
            await self.small.write()
        await answer_if_looping(self.small)
        return self.close()
