"""Notes first, then the answer: plans, rationales, hints and sub-questions, by one model or two.

Plan-and-solve (arXiv 2305.04091), least-to-most (arXiv 2205.10625), LM-guided chain of thought
(arXiv 2404.03414), Hawkeye (arXiv 2504.00424). The methods are prompts: `prompts/`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from judgekit.backends.turn import Model, Transcript, Turn
from judgekit.errors import ConfigError
from judgekit.prompt import load_prompt
from judgekit.records import Problem
from judgekit.strategies.answering import answer_if_looping, solve
from judgekit.strategies.strategy import Strategy

FROM_PLAN = "strategy/from-plan"
FROM_RATIONALE = "strategy/from-rationale"
FROM_NOTES = "strategy/from-notes"
FROM_PARTS = "strategy/from-parts"
PART = "strategy/part"


async def plan_and_solve(
    model: Model, problem: Problem, *, second: Model | None = None
) -> Transcript:
    """Guidance on how to solve the problem, and then the solution along it."""
    return await _noted(second or model, model, problem, FROM_PLAN)


async def lm_guided(model: Model, problem: Problem, *, second: Model) -> Transcript:
    """The model writes a rationale, a second one answers given it."""
    return await _noted(model, second, problem, FROM_RATIONALE)


async def hawkeye(model: Model, problem: Problem, *, second: Model) -> Transcript:
    """A second model writes concise notes, the model answers from them."""
    return await _noted(second, model, problem, FROM_NOTES)


async def decompose(
    model: Model, problem: Problem, *, second: Model | None = None, parts: int = 4
) -> Transcript:
    """Sub-questions, each answered with the earlier ones in view, and then the question itself."""
    share = max(1, model.sampling.max_tokens // (parts + 2))
    parts = max(0, min(parts, model.sampling.max_tokens // share - 2))
    listed = await solve(model.settings(max_tokens=share), problem)
    solved, turns = "", [listed]
    solver = (second or model).settings(max_tokens=share)
    for number, part in enumerate(_lines(_said(listed))[:parts]):
        known = solved or "Nothing yet."
        reply = await solve(
            solver.seeded("part", number), problem, load_prompt(PART), known=known, part=part
        )
        turns.append(reply)
        solved += f"Question: {part}\nAnswer: {_said(reply)}\n\n"
    return await _answered(model, problem, FROM_PARTS, turns, solved.strip() or _said(listed))


async def _noted(writer: Model, reader: Model, problem: Problem, prompt: str) -> Transcript:
    """Notes by one model, with the strategy's prompt, and the answer by another from them."""
    half = max(1, writer.sampling.max_tokens // 2)
    notes = await solve(writer.settings(max_tokens=half), problem)
    return await _answered(reader, problem, prompt, [notes], _said(notes))


async def _answered(
    model: Model, problem: Problem, prompt: str, notes: list[Turn], shown: str
) -> Transcript:
    """The answer to the problem, given what is shown; the notes stand before it."""
    turn = model.seeded("answer").start(problem, load_prompt(prompt), notes=shown)
    turn.include(*notes)
    await turn.write()
    await answer_if_looping(turn)
    turn.close()
    return turn.transcript()


def _said(turn: Turn) -> str:
    """What a turn says after its thinking, or all of it where nothing follows."""
    after = re.split(r"</(?:think|reasoning)>", turn.text)[-1].strip()
    return after or turn.text.strip()


_NUMBERED = re.compile(r"^\s*(?:[-*•]|\(?\d{1,2}[.):])\s*")


def _lines(text: str) -> list[str]:
    """The numbered or bulleted lines, without their numbers; all lines where none is."""
    lines = [line for line in text.splitlines() if line.strip()]
    items = [line for line in lines if _NUMBERED.match(line)] or lines
    return [found for line in items if (found := _NUMBERED.sub("", line).strip())]


def _check(options: Mapping[str, Any]) -> None:
    if options["parts"] < 1:
        raise ConfigError("-o parts=0: at least one")


STRATEGIES = (
    Strategy(
        "plan-and-solve",
        plan_and_solve,
        prompt="plan-and-solve",
        about="guidance first, the solution along it",
        cost="one response in two calls",
        helpers=(FROM_PLAN,),
    ),
    Strategy(
        "decompose",
        decompose,
        prompt="decompose",
        about="sub-questions, answered in turn, and then the question",
        cost="one response in up to six calls",
        helpers=(PART, FROM_PARTS),
        check=_check,
    ),
    Strategy(
        "lm-guided",
        lm_guided,
        prompt="lm-guided",
        about="the model writes a rationale, a second model answers given it",
        cost="one response in two calls, by two models",
        helpers=(FROM_RATIONALE,),
    ),
    Strategy(
        "hawkeye",
        hawkeye,
        prompt="hawkeye",
        about="a second model writes concise notes, the model answers from them",
        cost="one response in two calls, by two models",
        helpers=(FROM_NOTES,),
    ),
)
