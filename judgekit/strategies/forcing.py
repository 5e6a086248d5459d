"""How long a model thinks: budget forcing, a cut-off, a budget, a bias on the end of thinking.

Budget forcing is s1's (Muennighoff et al., arXiv 2501.19393): whenever the model would stop
thinking, that is suppressed and "Wait" appended; at the budget thinking is closed and an answer
forced. Constants and readings of ours: docs/strategies.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from judgekit.backends.engine import Feature
from judgekit.backends.turn import Model, Transcript, Turn
from judgekit.errors import UserError
from judgekit.records import Problem, Role
from judgekit.strategies.answering import (
    CUE,
    Delimiters,
    Marks,
    answer_if_looping,
    budget_for_thinking,
    conclude,
    delimiters,
    open_delimiters,
    open_thinking,
    untold,
)
from judgekit.strategies.strategy import Strategy


async def budget_forcing(
    model: Model,
    problem: Problem,
    *,
    waits: int = 1,
    word: str = "Wait",
    min_thinking: int = 0,
    max_thinking: int | None = None,
    cue: str = CUE,
    marks: Marks = "auto",
) -> Transcript:
    """Suppress the end of thinking `waits` times, or until `min_thinking` tokens; then answer."""
    turn = model.start(problem)
    around = delimiters(turn, model.prompt, marks)
    open_thinking(turn, around)
    budget = budget_for_thinking(turn, max_thinking)
    await _think(turn, around, budget)
    waited = 0
    while _stopped_by_itself(turn) and (waited < waits or turn.own < min_thinking):
        turn.force(word, _role(around))
        added = await _think(turn, around, budget, min_tokens=1)
        waited += 1
        if not added and waited >= waits:
            break
    await conclude(turn, around, cue)
    turn.close()
    return turn.transcript()


async def thinking_budget(
    model: Model, problem: Problem, *, budget: int = 512, cue: str = CUE, marks: Marks = "auto"
) -> Transcript:
    """Think for at most `budget` tokens, then answer."""
    return await budget_forcing(model, problem, waits=0, max_thinking=budget, cue=cue, marks=marks)


async def cut_off(
    model: Model, problem: Problem, *, tokens: int = 256, cue: str = ""
) -> Transcript:
    """Stop the response after `tokens` tokens, wherever it is; with a `cue` force an answer."""
    turn = model.start(problem)
    budget = budget_for_thinking(turn, tokens) if cue else min(tokens, turn.available())
    written = await turn.write(max_tokens=budget)
    if cue and written.stopped == "length":
        await conclude(turn, open_delimiters(turn), cue)
    else:
        await answer_if_looping(turn)
    turn.close()
    return turn.transcript()


async def end_bias(
    model: Model,
    problem: Problem,
    *,
    bias: float = 2.0,
    token: str = "",
    cue: str = CUE,
    marks: Marks = "auto",
) -> Transcript:
    """Add `bias` to the logit of the end-of-thinking token (or of `token`): above 0 stops sooner.

    Raises `UserError` where that text is not one token of the model.
    """
    turn = model.start(problem)
    around = delimiters(turn, model.prompt, marks)
    id_ = _single_token(turn, token or around.end)
    open_thinking(turn, around)
    await _think(turn, around, budget_for_thinking(turn), logit_bias={id_: bias})
    await conclude(turn, around, cue)
    turn.close()
    return turn.transcript()


async def _think(turn: Turn, around: Delimiters, budget: int, **options: Any) -> int:
    """Go on thinking within the budget; how many tokens were added."""
    left = budget - turn.own
    added = await turn.write(max_tokens=left, stop=around.stop, role=_role(around), **options)
    return added.tokens


def _role(around: Delimiters) -> Role | None:
    # What an instruct model writes is its answer, until it turns out that one must be forced.
    return "thinking" if around.end else None


def _stopped_by_itself(turn: Turn) -> bool:
    return turn.last is not None and turn.last.stopped in ("end", "stop")


def _single_token(turn: Turn, text: str) -> int:
    tokenizer = turn.engine.tokenizer
    ids = tokenizer.encode(text) if tokenizer is not None and text else []
    if len(ids) == 1:
        return ids[0]
    raise UserError(
        f"end-bias: {text!r} is {len(ids)} tokens of this model, and a bias is on one"
        if text
        else "end-bias: no token ends this model's thinking but the end of its turn",
        hint="name the token that ends thinking or the turn: -o token='<|im_end|>'",
    )


def _marks_are_told(model: Model, problem: Problem, options: Mapping[str, Any]) -> str:
    return untold(model.start(problem), model.prompt, options["marks"])


def _is_one_token(model: Model, problem: Problem, options: Mapping[str, Any]) -> str:
    turn = model.start(problem)
    _single_token(turn, options["token"] or delimiters(turn, model.prompt, options["marks"]).end)
    return ""


_FORCES: frozenset[Feature] = frozenset({"text"})

STRATEGIES = (
    Strategy(
        "budget-forcing",
        budget_forcing,
        prompt="cot",
        needs=_FORCES,
        preflight=_marks_are_told,
        about="s1: replace the end of thinking by Wait, n times or up to a minimum; cap it",
        cost="one response, longer by its waits",
    ),
    Strategy(
        "thinking-budget",
        thinking_budget,
        prompt="cot",
        needs=_FORCES,
        preflight=_marks_are_told,
        about="close thinking at a number of tokens and force the answer",
        cost="at most one response",
    ),
    Strategy(
        "cut-off",
        cut_off,
        prompt="cot",
        needs_with={"cue": _FORCES},
        about="stop the whole response at a number of tokens",
        cost="at most one response",
    ),
    Strategy(
        "end-bias",
        end_bias,
        prompt="cot",
        needs=_FORCES | {"logit-bias"},
        preflight=_is_one_token,
        about="make the end-of-thinking token likelier, or less likely",
        cost="one response",
    ),
)
