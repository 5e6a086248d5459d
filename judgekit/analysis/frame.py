"""The frame of a run (`judgekit.frames`) with what can be read off its texts.

format_ok           whether the form asked for was kept (None: none was asked for)
format_fault        the first rule that was broken
thinking_class      S1-Bench's class, for a model that thinks in <think> (None: it does not)
said_confidence     the confidence in [0, 1] that the response states, or None
declined            it says that it does not know
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from judgekit import frames
from judgekit.analysis.confidence import declines, said_confidence
from judgekit.analysis.format import expected, format_fault, thinking_class
from judgekit.frames import CORRECT, ENDLESS, REASONS, reason
from judgekit.records import Grade, Problem, Response

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CORRECT", "ENDLESS", "REASONS", "frame", "reason"]

COLUMNS = ("format_ok", "format_fault", "thinking_class", "said_confidence", "declined")


def frame(
    problems: Iterable[Problem],
    responses: Iterable[Response],
    grades: Iterable[Grade] = (),
    config: Mapping[str, Any] | None = None,
    *,
    text: bool = True,
) -> pd.DataFrame:
    """The frame of one run; arguments as `judgekit.frames.frame`, which it extends."""
    problems = list(problems)
    strategy = str((config or {}).get("strategy", ""))
    wanted = {each.id: expected(strategy, each.prompt) for each in problems}
    unasked = expected(strategy, "")

    def read(response: Response) -> tuple[Any, ...]:
        if response.error:
            return None, None, None, None, False
        form, said = wanted.get(response.id, unasked), response.text
        fault = format_fault(said, form) if form else None
        thinks = form.tags == "think" or "<think>" in said or "</think>" in said
        opened = form.opened and form.tags == "think"
        return (
            fault is None if form else None,
            fault,
            thinking_class(said, response.finish_reason, opened=opened) if thinks else None,
            said_confidence(said),
            declines(said),
        )

    return frames.frame(problems, responses, grades, config=config, text=text, more=(COLUMNS, read))
