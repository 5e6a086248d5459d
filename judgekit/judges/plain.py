"""The plain judge: a model from the configuration, one prompt, one strict parser.

It is given the question, the gold answer and the response as fenced data, and asked for the answer
it read, a reason, and the verdict last. What cannot be read as exactly one verdict is asked once
more and then undecided; a request that fails is undecided; nothing ever becomes *incorrect* because
something went wrong. A backend that stays down is asked no further.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from judgekit.backends.engine import Ask, Context, Engine, Extension, Message, Piece, require
from judgekit.backends.turn import derive, open_context
from judgekit.config import JudgeConfig
from judgekit.errors import BackendError, ConfigError, RequestFailed
from judgekit.judges.budget import NOTHING, Amount, Budget
from judgekit.judges.cache import Cache, Judgement
from judgekit.judges.contract import BUDGET_SPENT
from judgekit.judges.engines import SharedEngine
from judgekit.judges.fence import MAX_RESPONSE, Fenced, fence
from judgekit.judges.parse import SCHEMA, Unparsed, parse, without_thinking
from judgekit.judges.votes import Tally, Vote, tally, verdict_probability
from judgekit.prompt import Prompt, fill, messages, options, prompt_hash
from judgekit.records import Cost, Problem, Verdict
from judgekit.runs import digest
from judgekit.verifier import Case

VERSION = 1
"""Of how a judge is asked and read; it enters the identity, so that no old verdict is reused."""

ATTEMPTS = 2
VARIABLES = ("gold", "response", "mark")
SEVERAL_VOTES_TEMPERATURE = 0.7
LEAST_REPLY = 64
"""Tokens: a context that leaves less than this for the reply is too small."""

LEAST_RESPONSE = 200
"""Characters: less of a response than this is not worth judging."""

_AGAIN = (
    "\n\n(An earlier reply to this could not be read: {why}. Keep the reason to one sentence, and "
    "end the reply with the verdict exactly in the form asked for, once, with nothing after it.)"
)


class PlainJudge:
    """A judge from `[judges.NAME]`; see `judgekit.config.JudgeConfig` for its options."""

    def __init__(
        self, name: str, config: JudgeConfig, prompt: Prompt, engine: SharedEngine, cache: Cache
    ) -> None:
        self.name = name
        self.config = config
        self.budget = Budget.of(config, name)
        self.down: str | None = None
        self._prompt = prompt
        self._engine = engine
        self._cache = cache
        self._temperature = temperature_of(name, config)
        self._asked_as = digest(
            {
                "version": VERSION,
                "model": config.model,
                "backend": config.served_by.resolved_backend,
                "base_url": config.base_url,
                "dtype": config.dtype,
                "prompt": prompt_hash(prompt),
                "votes": config.votes,
                "temperature": self._temperature,
                "max_tokens": config.max_tokens,
            }
        )
        self.identity = digest([self._asked_as, config.decide_above])
        self._closed = False

    async def __call__(self, case: Case) -> Verdict:
        if self.down is not None:
            return Verdict(self.name, "undecided", evidence=f"The judge is down: {self.down}.")
        fenced = self._fenced(case, MAX_RESPONSE)
        shown = [fenced.question, fenced.response, case.kind]
        if "gold" in self._prompt.variables:
            shown.append(fenced.gold)
        key = digest([self._asked_as, shown])
        verdict = await self._cache.ask(key, lambda: self._judge(case, fenced))
        return self._if_confident(replace(verdict, stage=self.name))

    async def aclose(self) -> None:
        if not self._closed:
            self._closed = True
            await self._engine.release()

    async def _judge(self, case: Case, fenced: Fenced) -> Judgement:
        began = time.monotonic()
        try:
            engine = await self._engine.get()
        except RequestFailed as fault:
            votes = [Vote(None, str(fault), lasting=False)]
        except BackendError as fault:
            votes = [self._out_of_order(fault)]
        else:
            if self._prompt.start:
                require(engine, frozenset({"text"}), f"prompt {self._prompt.name}")
            votes = await asyncio.gather(
                *(self._vote(engine, case, fenced, number) for number in range(self.config.votes))
            )
        used = sum((vote.used for vote in votes), NOTHING)
        found = tally(votes)
        verdict = Verdict(
            self.name,
            found.outcome,
            found.extracted,
            self._evidence(found, fenced),
            found.confidence,
            Cost(
                used.calls,
                used.prompt_tokens,
                used.completion_tokens,
                round(time.monotonic() - began, 3),
            ),
            found.flags,
        )
        replies = tuple(reply for vote in votes for reply in vote.replies)
        return Judgement(verdict, replies, lasting=all(vote.lasting for vote in votes))

    async def _vote(self, engine: Engine, case: Case, fenced: Fenced, number: int) -> Vote:
        """Ask once, and once more where the reply cannot be read."""
        used, why = NOTHING, ""
        replies: list[str] = []
        for attempt in range(ATTEMPTS):
            seed = derive(0, self._asked_as, fenced.mark, number, attempt)
            asking = _Asking(engine, self.budget, self.config.max_tokens, self._temperature, seed)
            try:
                turns = self._turns(engine, case, fenced, _AGAIN.format(why=why) if why else "")
                reply, last = await asking.converse(turns, self._prompt.start)
            except (RequestFailed, _Spent) as failed:
                return Vote(
                    None,
                    str(failed),
                    lasting=False,
                    used=used + asking.used,
                    replies=tuple(replies),
                )
            except BackendError as failed:
                return replace(self._out_of_order(failed), used=used + asking.used)
            used += asking.used
            replies.append(reply)
            try:
                opinion = parse(reply, response=case.response, cut_off=last.stopped != "end")
            except Unparsed as unread:
                why = str(unread)
                continue
            sure = verdict_probability(reply, opinion.verdict, last.token_logprobs)
            return Vote(opinion, confidence=sure, used=used, replies=tuple(replies))
        return Vote(
            None,
            f"The judge's reply could not be read, asked twice: {why}",
            unparsed=True,
            used=used,
            replies=tuple(replies),
        )

    def _turns(
        self, engine: Engine, case: Case, fenced: Fenced, remark: str
    ) -> tuple[list[Message], tuple[str, ...]]:
        """The opening messages and the later turns of the user, fitted to the model's context."""
        limit = MAX_RESPONSE
        while True:
            chat, later = self._rendered(case, fenced, remark)
            excess = _excess(engine, chat, self.config.max_tokens * len(self._prompt.then))
            if excess <= 0:
                return chat, later
            # The note of what is left out takes room too; what is still too long is cut again.
            kept = len(fenced.response)
            limit = min(limit, kept) - excess * kept // _tokens(engine, fenced.response) - 100
            if limit < LEAST_RESPONSE:
                raise RequestFailed(
                    f"the model's context of {engine.context_length} tokens is too small for "
                    "the question, the response and a reply"
                )
            fenced = self._fenced(case, limit)

    def _rendered(
        self, case: Case, fenced: Fenced, remark: str
    ) -> tuple[list[Message], tuple[str, ...]]:
        given = {"gold": fenced.gold, "response": fenced.response, "mark": fenced.mark}
        values: dict[str, Any] = {name: given[name] for name in self._prompt.variables}
        problem = Problem("", fenced.question, "", kind=case.kind)
        chat: list[Message] = [*messages(self._prompt, problem, **values)]
        later = [fill(text, {"question": fenced.question, **values}) for text in self._prompt.then]
        if later:
            later[-1] += remark
        else:
            chat[-1] = {**chat[-1], "content": chat[-1]["content"] + remark}
        return chat, tuple(later)

    def _fenced(self, case: Case, limit: int) -> Fenced:
        question = case.question or "(The question is not known.)"
        gold = case.gold
        if case.choices:
            if not all(choice in question for choice in case.choices):
                question = f"{question}\n\n{options(case.choices)}"
            letter = gold.strip()
            if len(letter) == 1 and 0 <= ord(letter) - ord("A") < len(case.choices):
                gold = f"{letter}) {case.choices[ord(letter) - ord('A')]}"
        return fence(question, gold, case.response, limit=limit, salt=self._asked_as)

    def _evidence(self, found: Tally, fenced: Fenced) -> str:
        notes = []
        if "gold" not in self._prompt.variables:
            notes.append("Judged without the gold answer.")
        if fenced.addressed:
            notes.append("The response speaks to its grader.")
        return " ".join([found.evidence, *notes])

    def _if_confident(self, verdict: Verdict) -> Verdict:
        """What stays below `decide_above` goes up to the next stage."""
        bound = self.config.decide_above
        if bound is None or verdict.outcome == "undecided":
            return verdict
        if verdict.confidence is not None and verdict.confidence >= bound:
            return verdict
        known = "unknown" if verdict.confidence is None else f"{verdict.confidence:.2f}"
        return replace(
            verdict,
            outcome="undecided",
            claim=verdict.outcome,
            evidence=f"Its confidence in {verdict.outcome} is {known}, below {bound:g}: "
            f"{verdict.evidence}",
        )

    def _out_of_order(self, fault: BackendError) -> Vote:
        self.down = str(fault)
        return Vote(None, f"The judge is down: {fault}", lasting=False)


class _Spent(Exception):
    """The next call does not fit the judge's budget."""


class _Asking:
    """One conversation with the model, every call of it paid from the budget."""

    def __init__(
        self, engine: Engine, budget: Budget, max_tokens: int, temperature: float, seed: int
    ) -> None:
        self.used = NOTHING
        self._engine = engine
        self._budget = budget
        self._max_tokens = max_tokens
        self._temperature = temperature
        self._seed = seed

    async def converse(
        self, turns: tuple[list[Message], tuple[str, ...]], start: str | None
    ) -> tuple[str, Extension]:
        """The last reply and how it ended.

        Raises `RequestFailed`, `BackendError`, or `_Spent` before a call that does not fit.
        """
        chat, later = turns
        for number, user in enumerate(later):
            said = await self._reply(chat, None, number, final=False)
            chat = [
                *chat,
                {"role": "assistant", "content": _kept(said.text)},
                {"role": "user", "content": user},
            ]
        last = await self._reply(chat, start, len(later), final=True)
        return (start or "") + last.text, last

    async def _reply(
        self, chat: Sequence[Message], start: str | None, number: int, *, final: bool
    ) -> Extension:
        engine = self._engine
        context = open_context(engine, chat)
        if start:
            ids = tuple(engine.tokenizer.encode(start)) if engine.tokenizer else None
            context.pieces.append(Piece(start, ids, len(ids or start), "forced"))
        prompt_tokens = most_tokens(context)
        room = self._max_tokens
        if engine.context_length is not None and context.prompt_ids is not None:
            room = min(room, engine.context_length - len(context.ids))
        if room < 1:
            raise RequestFailed("what was said so far fills the model's context")
        most = Amount(1, prompt_tokens, room)
        if not await self._budget.reserve(most):
            raise _Spent(BUDGET_SPENT)
        # What a failed request has cost nobody knows: it counts as the most it can.
        used = most
        try:
            said = await engine.extend(
                context,
                Ask(
                    max_tokens=room,
                    temperature=self._temperature,
                    seed=derive(self._seed, number),
                    logprobs=final and "logprobs" in engine.features,
                    schema=SCHEMA if final and not start and "schema" in engine.features else None,
                ),
            )
            used = Amount(1, said.prompt_tokens or prompt_tokens, said.tokens + said.discarded)
            return said
        finally:
            engine.release(context)
            self.used += used
            await self._budget.settle(most, used)


def temperature_of(name: str, config: JudgeConfig) -> float:
    """The temperature a judge is asked at. Raises `ConfigError` for votes that could not differ."""
    if config.votes < 1:
        raise ConfigError(f"judges.{name}: votes = {config.votes}: at least one")
    if config.temperature is None:
        return 0.0 if config.votes == 1 else SEVERAL_VOTES_TEMPERATURE
    if config.temperature < 0:
        raise ConfigError(f"judges.{name}: temperature = {config.temperature:g}: at least 0")
    if config.temperature == 0 and config.votes > 1:
        raise ConfigError(
            f"judges.{name}: {config.votes} votes at temperature 0 would all be the same",
            hint="leave temperature out (0.7), or ask for one vote",
        )
    return config.temperature


def most_tokens(context: Context) -> int:
    """How many tokens a context has: exactly where the tokenizer is here, else at most.

    No tokenizer makes more tokens than a text has bytes; a chat template adds a few a message.
    """
    if context.prompt_ids is not None:
        return len(context.ids)
    text = sum(len(message["content"].encode()) + 16 for message in context.messages)
    return text + len(context.written.encode()) + 64


def _excess(engine: Engine, chat: Sequence[Message], between: int) -> int:
    """By how many tokens a chat overfills the context; `between`: replies before the last."""
    if engine.context_length is None or engine.tokenizer is None:
        return 0
    context = open_context(engine, chat)
    return most_tokens(context) + between + LEAST_REPLY - engine.context_length


def _tokens(engine: Engine, text: str) -> int:
    return max(1, len(engine.tokenizer.encode(text))) if engine.tokenizer else 1


def _kept(reply: str) -> str:
    """An earlier reply as the next turn shows it: without its thinking."""
    try:
        return without_thinking(reply).strip()
    except Unparsed:
        return ""
