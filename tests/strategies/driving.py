"""Drive a strategy on a script, and check what every transcript must keep."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from judgekit import strategies
from judgekit.backends.engine import Engine, Message
from judgekit.backends.scripted import ByteTokenizer, Reply, ScriptedEngine
from judgekit.backends.turn import Model, Sampling, Transcript
from judgekit.prompt import load_prompt
from judgekit.records import Problem

PROBLEM = Problem("p1", "What is 2 + 2?", "4")
LETTERS = Problem("p2", "Which is a planet?", "B", kind="choice", choices=("Sun", "Mars"))

Says = Callable[[Sequence[Message], str], Reply]


def saying(text: str) -> Says:
    """A model that wants to write exactly this, and goes on where it was cut off."""
    return lambda messages, written: text[len(written) :] if text.startswith(written) else ""


def after(*rules: tuple[str, str], default: str = "") -> Says:
    """A model that looks at the end of what was written: (ending, what it then writes)."""

    def script(messages: Sequence[Message], written: str) -> str:
        return next((text for ending, text in rules if written.endswith(ending)), default)

    return script


def model(
    says: Says,
    prompt: str = "cot",
    *,
    context_length: int | None = None,
    engine: Engine | None = None,
    name: str = "model",
    **sampling: Any,
) -> Model:
    return Model(
        engine or ScriptedEngine(says, context_length=context_length),
        load_prompt(prompt),
        Sampling(**{"max_tokens": 1000, **sampling}),
        name=name,
    )


def drive(strategy: str, subject: Model, problem: Problem = PROBLEM, **options: Any) -> Transcript:
    """The one transcript of a strategy, checked."""
    (only,) = drive_all(strategy, subject, problem, **options)
    return only


def drive_all(
    strategy: str, subject: Model, problem: Problem = PROBLEM, **options: Any
) -> list[Transcript]:
    """The transcripts of a strategy, checked."""
    result = asyncio.run(strategies.get(strategy).run(subject, problem, **options))
    found = [result] if isinstance(result, Transcript) else list(result)
    for transcript in found:
        check(transcript)
    return found


def check(transcript: Transcript) -> None:
    """What holds of every response, whatever the strategy."""
    ids = transcript.token_ids or ()
    assert ByteTokenizer().decode(ids) == transcript.text
    assert sum(segment.tokens for segment in transcript.segments) == len(ids)
    by: dict[str, int] = {}
    for segment in transcript.segments:
        by[segment.by] = by.get(segment.by, 0) + segment.tokens
    by.pop("forced", None)
    wrote = {name: usage.completion for name, usage in transcript.usage.items() if usage.completion}
    assert by == wrote
    assert all(usage.discarded >= 0 for usage in transcript.usage.values())


def pieces(transcript: Transcript) -> list[tuple[str, str, str]]:
    """The segments as (by, role, text)."""
    return [(s.by, s.role, s.text) for s in transcript.segments]
