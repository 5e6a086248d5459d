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

from judgekit.backends.engine import Engine, require
from judgekit.backends.turn import derive
from judgekit.config import JudgeConfig
from judgekit.errors import BackendError, ConfigError, RequestFailed
from judgekit.judges.asking import CUT_OFF, Conversation, Spent
from judgekit.judges.budget import NOTHING, Budget
from judgekit.judges.cache import Cache, Judgement
from judgekit.judges.contract import DOWN
from judgekit.judges.engines import SharedEngine
from judgekit.judges.fence import Fenced
from judgekit.judges.parse import Opinion, Unparsed, parse
from judgekit.judges.sheet import Sheet, fence_case, opinions_of
from judgekit.judges.tools import Toolbox
from judgekit.judges.votes import Tally, Vote, tally, verdict_probability
from judgekit.prompt import Prompt, prompt_hash
from judgekit.records import Cost, Verdict
from judgekit.runs import digest
from judgekit.verifier import Case

VERSION = 1
"""Of how a judge is asked and read; it enters the identity, so that no old verdict is reused."""

ATTEMPTS = 2
SEVERAL_VOTES_TEMPERATURE = 0.7
ASKED_TWICE = "The judge's reply could not be read, asked twice: {why}"


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
        return await self._answer(case, opinions_of(others))

    async def _answer(self, case: Case, opinions: str) -> Verdict:
        if self.down is not None:
            return Verdict(self.name, "undecided", evidence=f"{DOWN}: {self.down}.")
        fenced = fence_case(case, salt=self._asked_as)
        shown = [fenced.question, fenced.response, case.kind, opinions]
        if self.config.tool_steps:
            # Its tools show it more of the response than its prompt does.
            shown.append(case.response)
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

    @property
    def _between(self) -> int:
        """Tokens that may be written before the last reply."""
        earlier = self.config.max_tokens * len(self._prompt.then)
        return earlier + (self.config.max_thinking or 0)

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
                sheet = Sheet(self._prompt, case, fenced, self._asked_as, opinions, why)
                turns = sheet.fitted(engine, self._between)
                tools = Toolbox(case, self.config.tool_steps)
                if tools.steps:
                    reply, last = await asking.reply_with_tools(turns.chat, tools)
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
            opinion = with_trail(opinion, tools.trail)
            return Vote(opinion, confidence=sure, used=used, replies=tuple(replies))
        return Vote(
            None,
            ASKED_TWICE.format(why=why),
            unparsed=True,
            used=used,
            replies=tuple(replies),
        )

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
        return Vote(None, f"{DOWN}: {fault}", lasting=False)


def with_trail(opinion: Opinion, trail: Sequence[str]) -> Opinion:
    """The opinion with what its tools answered as part of its reason."""
    if not trail:
        return opinion
    return replace(opinion, reason=" ".join(f"{opinion.reason} [{'; '.join(trail)}]".split()))


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
