"""A judge that is a program, under the contract of every judge.

DSPy drives the steps; the verdict is read from the last reply by the parser of all judges, held
against the response like theirs, and everything else (votes, confidence, budget, cache, what is
undecided and why) is that of `judgekit.judges.plain`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import dspy
from dspy.utils.exceptions import AdapterParseError, LMError

from judgekit.backends.engine import Engine
from judgekit.backends.turn import derive
from judgekit.config import JudgeConfig
from judgekit.errors import BackendError, ConfigError, RequestFailed
from judgekit.judges.asking import Spent
from judgekit.judges.cache import Cache
from judgekit.judges.engines import SharedEngine
from judgekit.judges.fence import Fenced
from judgekit.judges.parse import parse
from judgekit.judges.plain import ASKED_TWICE, PlainJudge, with_trail
from judgekit.judges.programs.adapter import PROMPT, FencedAdapter
from judgekit.judges.programs.program import Program, inputs_of, read_program
from judgekit.judges.programs.seam import Calls
from judgekit.judges.votes import Vote, verdict_probability
from judgekit.prompt import load_prompt
from judgekit.runs import digest
from judgekit.verifier import Case


def open_program_judge(
    name: str, config: JudgeConfig, engine: SharedEngine, cache: Cache
) -> ProgramJudge:
    """The judge of a table with `program`. Raises `ConfigError` for what cannot go with it."""
    where = f"judges.{name}"
    if config.prompt != JudgeConfig().prompt:
        raise ConfigError(f"{where}: a judge has a prompt or a program, not both")
    program = read_program(config.program or "")
    if (program.form == "agent") != bool(config.tool_steps):
        raise ConfigError(
            f"{where}: tool_steps goes with an agent, and an agent with tool_steps",
            hint='program = "agent" and tool_steps = 6',
        )
    return ProgramJudge(name, config, program, engine, cache)


class ProgramJudge(PlainJudge):
    """A judge from `[judges.NAME]` with `program = …`."""

    def __init__(
        self,
        name: str,
        config: JudgeConfig,
        program: Program,
        engine: SharedEngine,
        cache: Cache,
    ) -> None:
        self._program = program
        super().__init__(name, replace(config, prompt=PROMPT), load_prompt(PROMPT), engine, cache)

    def _identified(self) -> str:
        return digest([super()._identified(), self._program.identity, dspy.__version__])

    async def _vote(
        self, engine: Engine, case: Case, fenced: Fenced, number: int, opinions: str
    ) -> Vote:
        """Run the program once; its adapter asks once more where a reply cannot be read."""
        seed = derive(0, self._asked_as, number)
        calls = Calls(engine, self.budget, self.config, self._temperature, seed)
        adapter = FencedAdapter(engine, self._asked_as, self._between, opinions)
        program = self._program.module(self.config.tool_steps)
        try:
            with dspy.context(lm=calls.lm(), adapter=adapter, disable_history=True):
                said = await program.acall(**inputs_of(case))
        except AdapterParseError as unread:
            why = str(unread).partition("\n")[0]
            vote = Vote(None, ASKED_TWICE.format(why=why), unparsed=True)
        except (LMError, RequestFailed) as failed:
            vote = self._failed(failed)
        else:
            vote = self._voted(calls, case, said.trail)
        return replace(vote, used=calls.used, replies=tuple(calls.replies))

    def _voted(self, calls: Calls, case: Case, trail: Sequence[str]) -> Vote:
        """The opinion in the last reply itself, not what DSPy has made of it."""
        reply = calls.replies[-1]
        opinion = parse(reply, response=case.response)
        sure = verdict_probability(reply, opinion.verdict, calls.token_logprobs)
        return Vote(with_trail(opinion, trail), confidence=sure)

    def _failed(self, failed: Exception) -> Vote:
        """What our engine had raised, as DSPy hands it on."""
        cause = failed.__cause__ if isinstance(failed, LMError) else failed
        if isinstance(cause, RequestFailed | Spent):
            return Vote(None, str(cause), lasting=False)
        if isinstance(cause, BackendError):
            return self._out_of_order(cause)
        raise failed
