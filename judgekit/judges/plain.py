"""The plain judge: a model from the configuration, one prompt, one strict parser.

It is given the question, the gold answer and the response as fenced data, and asked for the answer
it read, a reason, and the verdict last. What cannot be read as exactly one verdict is asked once
more and then undecided; a request that fails is undecided; nothing ever becomes *incorrect* because
something went wrong. A backend that stays down is asked no further.
"""

from __future__ import annotations

import asyncio
import copy
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from judgekit.backends.engine import Engine, Message, require
from judgekit.backends.turn import derive
from judgekit.config import JudgeConfig
from judgekit.errors import BackendError, ConfigError, RequestFailed
from judgekit.judges.asking import CUT_OFF, Conversation, Spent, excess_tokens, tokens_of
from judgekit.judges.budget import NOTHING, Budget
from judgekit.judges.cache import Cache, Judgement
from judgekit.judges.engines import SharedEngine
from judgekit.judges.fence import MAX_RESPONSE, Fenced, between, fence, neutralise
from judgekit.judges.parse import Unparsed, parse
from judgekit.judges.tools import Toolbox
from judgekit.judges.votes import Tally, Vote, tally, verdict_probability
from judgekit.prompt import Prompt, fill, load_prompt, messages, options, prompt_hash
from judgekit.records import Cost, Problem, Verdict
from judgekit.runs import digest
from judgekit.verifier import Case

VERSION = 1
"""Of how a judge is asked and read; it enters the identity, so that no old verdict is reused."""

ATTEMPTS = 2
VARIABLES = ("gold", "response", "mark")
SEVERAL_VOTES_TEMPERATURE = 0.7
LEAST_RESPONSE = 200
"""Characters: less of a response than this is not worth judging."""

MAX_OPINIONS = 4_000
"""Characters of what other judges said."""

DELIBERATION = "judge/deliberation"

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
        self._engine = engine
        self._cache = cache
        self._temperature = temperature_of(name, config)
        self._closed = False
        self._prompt = prompt
        self._asked_as = self._identified()

    @property
    def identity(self) -> str:
        return digest([self._asked_as, self.config.decide_above])

    async def __call__(self, case: Case) -> Verdict:
        return await self._answer(case, "")

    async def reconsider(self, case: Case, others: Sequence[Verdict]) -> Verdict:
        """The judge's verdict once it was shown what other judges said, as fenced data."""
        said = [
            f"{number}. {other.outcome}"
            + (f", read “{other.extracted}”" if other.extracted else "")
            + f": {other.evidence}"
            for number, other in enumerate(others, start=1)
        ]
        return await self._answer(case, neutralise("\n".join(said))[:MAX_OPINIONS])

    async def _answer(self, case: Case, opinions: str) -> Verdict:
        if self.down is not None:
            return Verdict(self.name, "undecided", evidence=f"The judge is down: {self.down}.")
        fenced = self._fenced(case, MAX_RESPONSE)
        shown = [fenced.question, fenced.response, case.kind, opinions]
        if "gold" in self._prompt.variables:
            shown.append(fenced.gold)
        key = digest([self._asked_as, shown])
        verdict = await self._cache.ask(key, lambda: self._judge(case, fenced, opinions))
        return self._if_confident(replace(verdict, stage=self.name))

    def with_prompt(self, prompt: Prompt) -> PlainJudge:
        """The same judge asked with another prompt; it shares engine, budget and cache."""
        other = copy.copy(self)
        other._prompt = prompt
        other._asked_as = other._identified()
        return other

    def uncached(self) -> PlainJudge:
        """The same judge asked anew for everything."""
        other = copy.copy(self)
        other._cache = Cache()
        return other

    async def aclose(self) -> None:
        if not self._closed:
            self._closed = True
            await self._engine.release()

    def _identified(self) -> str:
        """A digest of all that can change a verdict."""
        config = self.config
        return digest(
            {
                "version": VERSION,
                "model": config.model,
                "backend": config.served_by.resolved_backend,
                "base_url": config.base_url,
                "dtype": config.dtype,
                "prompt": prompt_hash(self._prompt),
                "votes": config.votes,
                "temperature": self._temperature,
                "max_tokens": config.max_tokens,
                "max_thinking": config.max_thinking,
                "tool_steps": config.tool_steps,
            }
        )

    async def _judge(self, case: Case, fenced: Fenced, opinions: str) -> Judgement:
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
                *(
                    self._vote(engine, case, fenced, number, opinions)
                    for number in range(self.config.votes)
                )
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

    async def _vote(
        self, engine: Engine, case: Case, fenced: Fenced, number: int, opinions: str
    ) -> Vote:
        """Ask once, and once more where the reply cannot be read."""
        used, why = NOTHING, ""
        replies: list[str] = []
        for attempt in range(ATTEMPTS):
            seed = derive(0, self._asked_as, fenced.mark, number, attempt)
            asking = Conversation(engine, self.budget, self.config, self._temperature, seed)
            try:
                remark = _deliberation(opinions, fenced.mark) if opinions else ""
                remark += _AGAIN.format(why=why) if why else ""
                turns = self._turns(engine, case, fenced, remark)
                tools = Toolbox(case, self.config.tool_steps)
                if tools.steps:
                    reply, last = await asking.reply_with_tools(turns[0], tools)
                else:
                    reply, last = await asking.final_reply(turns, self._prompt.start)
            except (RequestFailed, Spent) as failed:
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
                opinion = parse(reply, response=case.response, cut_off=last.stopped in CUT_OFF)
            except Unparsed as unread:
                why = str(unread)
                continue
            sure = verdict_probability(reply, opinion.verdict, last.token_logprobs)
            if tools.trail:
                reason = " ".join(f"{opinion.reason} [{'; '.join(tools.trail)}]".split())
                opinion = replace(opinion, reason=reason)
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
            before_the_last = self.config.max_tokens * len(self._prompt.then)
            between = before_the_last + (self.config.max_thinking or 0)
            excess = excess_tokens(engine, chat, between)
            if excess <= 0:
                return chat, later
            # The note of what is left out takes room too; what is still too long is cut again.
            kept = len(fenced.response)
            limit = min(limit, kept) - excess * kept // tokens_of(engine, fenced.response) - 100
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


def _deliberation(opinions: str, mark: str) -> str:
    """What is added to a judge's prompt to show it what others said."""
    prompt = load_prompt(DELIBERATION)
    values = {"opinions": between("opinions", opinions, mark), "mark": mark}
    return "\n\n" + fill(prompt.user, values)


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
