"""Laws of a turn, whatever a strategy does: no token without an author, none counted twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from driving import PROBLEM, check, drive_all, model
from hypothesis import given, settings
from hypothesis import strategies as st

from judgekit import strategies
from judgekit.backends.scripted import ByteTokenizer
from judgekit.backends.turn import Model, Turn
from judgekit.errors import RequestFailed

TEXT = st.text(alphabet="ab é→\n<>/think", max_size=12)
MOVE = st.one_of(
    st.tuples(st.just("write"), st.integers(0, 9), st.sampled_from(["", "a", "\n", "</think>"])),
    st.tuples(st.just("keep"), st.integers(0, 9), st.sampled_from(["a", "\n", "é"])),
    st.tuples(st.just("force"), TEXT, st.sampled_from([None, "thinking", "answer"])),
    st.tuples(st.just("hear"), TEXT, st.just("teacher")),
    st.tuples(st.just("fork"), st.integers(0, 3), st.integers(0, 5)),
)


async def play(turn: Turn, moves: list[tuple[object, ...]]) -> Turn:
    for move in moves:
        match move:
            case ("write", int(tokens), str(stop)):
                await turn.write(max_tokens=tokens, stop=(stop,) if stop else ())
            case ("keep", int(tokens), str(stop)):
                await turn.write(max_tokens=tokens, stop=(stop,), keep_stop=True)
            case ("force", str(text), role):
                turn.force(text, role)  # type: ignore[arg-type]
            case ("hear", str(text), str(by)):
                turn.hear(text, by)
                turn.credit(by, len(ByteTokenizer().encode(text)))
            case ("fork", int(number), int(tokens)):
                branch = turn.fork(number)
                await branch.write(max_tokens=tokens)
                if number % 2:
                    turn = branch
    return turn


@settings(max_examples=100, deadline=None)
@given(st.lists(MOVE, max_size=12), TEXT, st.integers(0, 60))
def test_random_scripts_of_turns(moves: list[tuple[object, ...]], said: str, budget: int) -> None:
    subject = model(lambda messages, written: said, max_tokens=budget)

    async def drive() -> Turn:
        return await play(subject.start(PROBLEM), moves)

    turn = asyncio.run(drive())
    whole, own = turn.transcript(), turn.transcript(own=True)
    for transcript in (whole, own):
        check(transcript)
        assert transcript.token_ids == tuple(
            id_ for piece in turn.context.pieces for id_ in piece.ids or ()
        )
    spent = subject.ledger.spent
    if "model" in spent:
        usage = whole.usage["model"]
        total = spent["model"].completion + spent["model"].discarded
        assert usage.completion + usage.discarded == total
        if "model" in own.usage:
            assert own.usage["model"].discarded <= usage.discarded


def test_the_property_can_fail() -> None:
    """A turn whose forced tokens were not marked would break `check`."""
    turn = model(lambda messages, written: "").start(PROBLEM)
    turn.hear("smuggled", "model")
    broken: Callable[[], None] = lambda: check(turn.transcript())  # noqa: E731
    try:
        broken()
    except AssertionError:
        return
    raise AssertionError("an unmarked token went unnoticed")


@pytest.mark.parametrize("name", [name for name in strategies.BUILT_IN if name != "end-bias"])
@pytest.mark.parametrize("budget", [1, 2, 5, 48])
def test_no_strategy_passes_the_budget_of_the_run(name: str, budget: int) -> None:
    """Whatever the models say, and however little their context holds beyond the prompt."""
    strategy = strategies.get(name)

    def pair(text: str, room: int | None) -> tuple[Model, Model]:
        def says(messages: object, written: str) -> str:
            return text[len(written) :] if text.startswith(written) else text

        prompt = len(model(says, strategy.prompt).start(PROBLEM).context.prompt_ids or ())
        first, second = (
            model(
                says,
                strategy.prompt,
                context_length=None if room is None else prompt + room,
                name=who,
                max_tokens=budget,
                temperature=0.7 if strategy.samples else 0.0,
                logprobs=True,
            )
            for who in ("model", "teacher")
        )
        return first, replace(second, ledger=first.ledger)

    for text in ("", "x" * 900, "ab\n\n" * 80, "hm</reasoning></think>ok</answer>", "Wait. " * 90):
        for room in (None, 0, 9):
            first, second = pair(text, room)
            options: dict[str, Any] = dict.fromkeys(strategy.required, second)
            try:
                found = drive_all(name, first, **options)
            except RequestFailed:  # a prompt that the context does not hold
                assert room is not None
                continue
            for each in found:
                assert sum(usage.completion for usage in each.usage.values()) <= budget
