"""One conversation with a judge's model, every call of it paid from the budget first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from judgekit.backends.engine import Ask, Context, Engine, Extension, Message, Piece
from judgekit.backends.turn import derive, open_context
from judgekit.config import JudgeConfig
from judgekit.errors import RequestFailed
from judgekit.judges.budget import NOTHING, Amount, Budget
from judgekit.judges.contract import BUDGET_SPENT
from judgekit.judges.parse import SCHEMA, Unparsed, without_thinking
from judgekit.judges.tools import Toolbox, tool_call

CLOSE = "</think>"
CUT_OFF = ("length", "loop")
LEAST_REPLY = 64
"""Tokens: a context that leaves less than this for the reply is too small."""


class Spent(Exception):
    """The next call does not fit the judge's budget."""


class Turns(NamedTuple):
    """The opening messages, and the later turns of the user, each sent after a reply."""

    chat: Sequence[Message]
    later: tuple[str, ...] = ()


class Conversation:
    """One conversation with the model, every call of it paid from the budget."""

    def __init__(
        self, engine: Engine, budget: Budget, config: JudgeConfig, temperature: float, seed: int
    ) -> None:
        self.used = NOTHING
        self._engine = engine
        self._budget = budget
        self._config = config
        self._temperature = temperature
        self._seed = seed

    async def final_reply(self, turns: Turns, start: str | None) -> tuple[str, Extension]:
        """The last reply and how it ended; one that was begun for the model ends with its line.

        Raises `RequestFailed`, `BackendError`, or `Spent` before a call that does not fit.
        """
        chat = turns.chat
        for number, user in enumerate(turns.later):
            said = await self.reply(chat, number, final=False)
            chat = [
                *chat,
                {"role": "assistant", "content": _kept(said.text)},
                {"role": "user", "content": user},
            ]
        last = await self.reply(chat, len(turns.later), start=start, schema=SCHEMA)
        return (start or "") + last.text, last

    async def reply_with_tools(
        self, chat: Sequence[Message], tools: Toolbox
    ) -> tuple[str, Extension]:
        """The first reply that asks for no tool; at most `tools.steps` are answered.

        Raises as `final_reply` does.
        """
        for step in range(tools.steps + 1):
            said = await self.reply(chat, step)
            call = None if said.stopped in CUT_OFF else tool_call(said.text)
            if call is None or step == tools.steps:
                break
            answer = tools.use(*call)
            left = tools.steps - step - 1
            remark = f"({left} more tools)" if left else "(No more tools: give the verdict now.)"
            chat = [
                *chat,
                {"role": "assistant", "content": _kept(said.text)},
                {"role": "user", "content": f"The tool answers:\n{answer}\n\n{remark}"},
            ]
        return said.text, said

    async def reply(
        self,
        chat: Sequence[Message],
        number: int = 0,
        *,
        start: str | None = None,
        final: bool = True,
        schema: Mapping[str, Any] | None = None,
    ) -> Extension:
        """One turn of the judge: its thinking, where that has a budget, then what it says.

        It is held to the schema where the engine can and the turn is not begun for it; a turn that
        may be the `final` one brings log-probabilities. `number` makes its seed. Raises as
        `final_reply` does.
        """
        engine, limit = self._engine, self._config.max_tokens
        context = open_context(engine, chat)
        try:
            if start:
                _force(engine, context, start)
            elif self._config.max_thinking and "text" in engine.features:
                thought = await self._extend(
                    context, self._config.max_thinking, (number, "thinking"), stop=(CLOSE,)
                )
                if thought.stopped == "end":
                    return thought
                piece = Piece(thought.text, thought.ids, thought.tokens, "model", "thinking")
                context.pieces.append(piece)
                _force(engine, context, f"{CLOSE}\n\n")
            elif self._config.max_thinking:
                limit += self._config.max_thinking
            held = schema if not start and "schema" in engine.features else None
            stop = ("\n",) if start else ()
            return await self._extend(
                context, limit, (number,), stop=stop, logprobs=final, schema=held
            )
        finally:
            engine.release(context)

    async def _extend(
        self,
        context: Context,
        limit: int,
        seed: tuple[object, ...],
        *,
        stop: tuple[str, ...] = (),
        logprobs: bool = False,
        schema: Mapping[str, Any] | None = None,
    ) -> Extension:
        """One call, paid at the most it can cost before, and at what it did cost after."""
        engine = self._engine
        prompt_tokens = most_tokens(context)
        if engine.context_length is not None and context.prompt_ids is not None:
            limit = min(limit, engine.context_length - prompt_tokens)
        if limit < 1:
            raise RequestFailed("what was said so far fills the model's context")
        most = Amount(1, prompt_tokens, limit)
        if not await self._budget.reserve(most):
            raise Spent(BUDGET_SPENT)
        # What a failed request has cost nobody knows: it counts as the most it can.
        used = most
        try:
            said = await engine.extend(
                context,
                Ask(
                    max_tokens=limit,
                    stop=stop,
                    temperature=self._temperature,
                    seed=derive(self._seed, *seed),
                    logprobs=logprobs and "logprobs" in engine.features,
                    schema=schema,
                ),
            )
            used = Amount(1, said.prompt_tokens or prompt_tokens, said.tokens + said.discarded)
            return said
        finally:
            self.used += used
            await self._budget.settle(most, used)


def _force(engine: Engine, context: Context, text: str) -> None:
    ids = tuple(engine.tokenizer.encode(text)) if engine.tokenizer else None
    context.pieces.append(Piece(text, ids, len(ids or text), "forced"))


def most_tokens(context: Context) -> int:
    """How many tokens a context has: exactly where the tokenizer is here, else at most.

    No tokenizer makes more tokens than a text has bytes; a chat template adds a few a message.
    """
    if context.prompt_ids is not None:
        return len(context.ids)
    text = sum(len(message["content"].encode()) + 16 for message in context.messages)
    return text + len(context.written.encode()) + 64


def excess_tokens(engine: Engine, chat: Sequence[Message], between: int) -> int:
    """By how many tokens a chat overfills the context; `between`: replies before the last."""
    if engine.context_length is None or engine.tokenizer is None:
        return 0
    context = open_context(engine, chat)
    return most_tokens(context) + between + LEAST_REPLY - engine.context_length


def tokens_of(engine: Engine, text: str) -> int:
    return max(1, len(engine.tokenizer.encode(text))) if engine.tokenizer else 1


def _kept(reply: str) -> str:
    """An earlier reply as the next turn shows it: without its thinking."""
    try:
        return without_thinking(reply).strip()
    except Unparsed:
        return ""
