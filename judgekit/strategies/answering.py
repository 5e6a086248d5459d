"""What every strategy shares: where thinking begins and ends, and how an answer is forced."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from judgekit.backends.engine import told
from judgekit.backends.turn import Model, Turn
from judgekit.prompt import Prompt
from judgekit.records import Problem

CUE = "Final Answer:"
"""What the answer is made to begin with where thinking was cut off (s1, arXiv 2501.19393)."""

MOST_ANSWER = 256
"""Tokens that are kept back for the answer, or a quarter of the budget where that is less. Ours."""

Marks = Literal["auto", "think", "reasoning", "s1", "none"]


@dataclass(frozen=True, slots=True)
class Delimiters:
    """The text that opens a model's thinking, and the text that ends it.

    Both are empty for instruct models, whose thinking ends with their turn.
    """

    start: str
    end: str

    @property
    def stop(self) -> tuple[str, ...]:
        return (self.end,) if self.end else ()


DELIMITERS: Mapping[Marks, Delimiters] = {
    "think": Delimiters("<think>\n", "</think>"),
    "reasoning": Delimiters("<reasoning>\n", "</reasoning>"),
    "s1": Delimiters("<|im_start|>think", "<|im_start|>answer"),
    "none": Delimiters("", ""),
}


def delimiters(turn: Turn, prompt: Prompt, marks: Marks) -> Delimiters:
    """What encloses the thinking.

    `auto`: what the chat template has opened already, else what the prompt asks for, else the pair
    whose end is a single token of the model, as it is for reasoning models, else `none`.
    """
    return DELIMITERS[(_seen(turn, prompt) or "none") if marks == "auto" else marks]


def untold(turn: Turn, prompt: Prompt, marks: Marks) -> str:
    """What to say where `auto` is `none` only because nobody can see what the model does."""
    if marks != "auto" or _seen(turn, prompt) is not None:
        return ""
    return (
        "marks=auto cannot tell here whether the model thinks between marks of its own, and takes "
        "it for an instruct model: -o marks=think for a reasoning model, -o marks=none for this"
    )


def _seen(turn: Turn, prompt: Prompt) -> Marks | None:
    """The marks that template, prompt or tokens show; None where nobody can tell."""
    if _opening(turn).endswith("<think>"):
        return "think"
    if prompt.tags:
        return prompt.tags
    tokens = told(turn.engine).tokens
    own: tuple[Marks, ...] = ("think", "reasoning")
    found = next((name for name in own if tokens.get(DELIMITERS[name].end) == 1), None)
    return found or ("none" if tokens else None)


def _opening(turn: Turn) -> str:
    """The end of the prompt as the model reads it, as far as it can be seen."""
    return (turn.context.prompt or told(turn.engine).opening)[-_TAIL:].rstrip()


def open_thinking(turn: Turn, marks: Delimiters) -> None:
    """Make the turn begin with thinking, unless the template or the prompt has done so."""
    begun = (_opening(turn) + turn.text).rstrip()
    if marks.start and not begun.endswith(marks.start.rstrip()):
        turn.force(marks.start)


def budget_for_thinking(turn: Turn, asked: int | None = None) -> int:
    """How many tokens may be thought, so that an answer still fits."""
    available = turn.available()
    left = max(0, available - reserve(available))
    return left if asked is None else min(asked, left)


def reserve(available: int) -> int:
    """Tokens kept back for the answer."""
    return max(1, min(MOST_ANSWER, available // 4))


async def conclude(turn: Turn, marks: Delimiters, cue: str = CUE) -> None:
    """Close the thinking and let the model answer; where it was cut off, begin the answer for it.

    An instruct model that ended its turn by itself has answered already.
    """
    cut = turn.last is None or turn.last.stopped in ("length", "loop")
    if not marks.end:
        if cut:
            turn.mark("thinking")
            turn.force(_fresh_line(turn) + cue, "answer")
            await turn.answer()
        return
    if turn.last is not None and turn.last.matched == marks.end:
        turn.restore("other")
    else:
        turn.force((_fresh_line(turn) if cut else "") + marks.end, "other")
    if cut and cue:
        turn.force(f"\n{cue}", "answer")
    await turn.answer()


async def solve(
    model: Model, problem: Problem, prompt: Prompt | None = None, **variables: str
) -> Turn:
    """One whole response; one that was stopped for looping is still made to answer."""
    turn = model.start(problem, prompt, **variables)
    await turn.write()
    await answer_if_looping(turn)
    turn.close()
    return turn


async def answer_if_looping(turn: Turn) -> None:
    """End the thinking of a response that was stopped for repeating itself, and force an answer."""
    if turn.last is not None and turn.last.stopped == "loop":
        await conclude(turn, open_delimiters(turn))


def open_delimiters(turn: Turn) -> Delimiters:
    """The tags that stand open at the end of what was written."""
    tags = _TAG.findall(_opening(turn) + turn.text)
    if tags and not tags[-1][0]:
        return DELIMITERS[tags[-1][1]]
    return DELIMITERS["none"]


_TAG = re.compile(r"<(/?)(think|reasoning)>")
_TAIL = 32
"""Characters at the end of a rendered prompt in which its template may have opened thinking."""


def _fresh_line(turn: Turn) -> str:
    return "" if not turn.text or turn.text.endswith("\n") else "\n"
