"""Searches: which paths live on, what a step is, who wins, and what all of it costs."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from driving import PROBLEM, Says, drive, model, pieces

from judgekit import strategies
from judgekit.backends.engine import Context, Message
from judgekit.backends.scripted import ScriptedEngine
from judgekit.backends.turn import Turn
from judgekit.errors import ConfigError
from judgekit.records import Problem
from judgekit.strategies.search import shared_out

SEARCHES = ("beam-search", "rebase", "dvts")


def stepping(depth: int, *steps: str) -> Says:
    """A model that writes `depth` steps, each one of these by its seed, and then a box."""

    def script(messages: Sequence[Message], written: str) -> Sequence[str]:
        left = depth - written.count("\n\n")
        value = "4" if "good" in written else "5"
        if left <= 0:
            return [f"\\boxed{{{value}}}"]
        return [f"{step}\n\n" * left + f"\\boxed{{{value}}}" for step in steps]

    return script


async def good_steps(problem: Problem, turn: Turn) -> float:
    """The share of good steps."""
    steps = turn.text.split("\n\n")[:-1] or [""]
    return sum("good" in step for step in steps) / len(steps)


@pytest.mark.parametrize("name", SEARCHES)
def test_the_search_finds_what_its_scorer_likes(name: str) -> None:
    subject = model(stepping(3, "good", "bad", "bad"), temperature=0.7, seed=5)
    found = drive(
        name, subject, n=6, scorer=good_steps, **({} if name == "rebase" else {"width": 3})
    )
    assert found.text.count("good") >= 2
    assert found.text.endswith("\\boxed{4}")
    assert found.finish_reason == "stop"


@pytest.mark.parametrize("name", SEARCHES)
def test_blank_lines_stay_as_the_models_own_and_every_lost_step_is_counted(name: str) -> None:
    subject = model(stepping(2, "good"), temperature=0.7)
    found = (
        drive(name, subject, n=2, scorer=good_steps)
        if name == "rebase"
        else drive(name, subject, n=2, width=2, scorer=good_steps)
    )
    assert pieces(found) == [("model", "answer", "good\n\ngood\n\n\\boxed{4}")]
    spent = subject.ledger.spent["model"]
    usage = found.usage["model"]
    assert usage.completion == len(found.text)
    assert usage.completion + usage.discarded == spent.completion + spent.discarded
    assert usage.discarded >= len("good\n\ngood\n\n")


def test_beam_search_keeps_the_best_and_finished_paths_take_their_places() -> None:
    subject = model(stepping(1, "good", "bad"), temperature=0.7, seed=1)
    found = drive("beam-search", subject, n=4, width=2, scorer=good_steps)
    spent = subject.ledger.spent["model"]
    # 4 first steps, then 4 continuations of the best 2, and nothing after these have ended.
    assert spent.completion <= 4 * len("good\n\n") + 4 * len("\\boxed{4}")
    assert spent.completion > 4 * len("bad\n\n") + 3 * len("\\boxed{4}")
    assert found.text == "good\n\n\\boxed{4}"


@pytest.mark.parametrize("name", SEARCHES)
def test_the_token_budget_ends_the_search_and_the_best_path_is_written_out(name: str) -> None:
    subject = model(stepping(50, "good", "bad"), temperature=0.7, max_tokens=2000)
    options = {} if name == "rebase" else {"width": 2}
    found = drive(name, subject, n=2, budget=30, scorer=good_steps, **options)
    searched = found.usage["model"].discarded
    assert searched < 60
    assert found.text.endswith("}")
    few = drive(name, subject, n=2, steps=3, scorer=good_steps, **options)
    assert few.text.endswith("}")


@pytest.mark.parametrize("name", SEARCHES)
def test_a_path_cut_off_by_the_runs_budget_is_finished(name: str) -> None:
    subject = model(stepping(99, "good"), temperature=0.7, max_tokens=20)
    options = {} if name == "rebase" else {"width": 2}
    found = drive(name, subject, n=2, scorer=good_steps, **options)
    assert found.finish_reason == "length"
    assert found.usage["model"].completion <= 20


@pytest.mark.parametrize("name", SEARCHES)
def test_by_log_probability_no_second_model_is_needed(name: str) -> None:
    subject = model(stepping(2, "good"), temperature=0.7, logprobs=True)
    assert drive(name, subject).text == "good\n\ngood\n\n\\boxed{4}"


def test_the_winner_is_the_heaviest_answer_or_the_best_path() -> None:
    def script(messages: Sequence[Message], written: str) -> Sequence[str]:
        return ["\\boxed{4} ", "\\boxed{5}!!!"]

    async def longer(problem: Problem, turn: Turn) -> float:
        return {"4": 0.6, "5": 0.8}[turn.text[7]]

    seed = next(
        s
        for s in range(200)
        if drive(
            "beam-search",
            model(script, temperature=0.7, seed=s),
            n=4,
            width=4,
            scorer=longer,
        ).text.startswith("\\boxed{4}")
    )
    subject = model(script, temperature=0.7, seed=seed)
    voted = drive("beam-search", subject, n=4, width=4, scorer=longer)
    best = drive("beam-search", subject, n=4, width=4, scorer=longer, choose="score")
    assert voted.text.startswith("\\boxed{4}")
    assert best.text.startswith("\\boxed{5}") or "5" not in voted.text + best.text


@pytest.mark.parametrize(
    ("places", "scores", "shares"),
    [
        (4, [0.5, 0.5], [2, 2]),
        (4, [1.0, 0.0], [4, 0]),
        (5, [0.6, 0.5, 0.4], [3, 2, 0]),
        (3, [0.9], [3]),
        (0, [0.9, 0.1], [0, 0]),
        (16, [0.8, 0.6, 0.4, 0.2], [11, 4, 1, 0]),
    ],
)
def test_shares_follow_the_scores_and_leave_nothing(
    places: int, scores: list[float], shares: list[int]
) -> None:
    assert shared_out(places, scores, 0.2) == shares
    assert sum(shares) == places


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("beam-search", {"n": "5", "width": "2"}),
        ("dvts", {"n": "0"}),
        ("beam-search", {"width": "0"}),
        ("rebase", {"balance": "0"}),
        ("rebase", {"step": ""}),
        ("rebase", {"steps": "0"}),
    ],
)
def test_sizes_that_do_not_go_together_are_refused(name: str, options: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        strategies.get(name).options(options)
    assert PROBLEM.id


@pytest.mark.parametrize("name", SEARCHES)
def test_the_engine_is_told_of_every_path_that_ended(name: str) -> None:
    class Watched(ScriptedEngine):
        def release(self, context: Context) -> None:
            released.append(id(context))
            super().release(context)

    released: list[int] = []
    says = stepping(2, "good", "bad")
    subject = model(says, temperature=0.7, engine=Watched(says))
    drive(name, subject, n=4, scorer=good_steps, **({} if name == "rebase" else {"width": 2}))
    opened = [context for _, context in subject.ledger.opened]
    kept = [context for context in opened if context.cache]
    # Continuations beyond the places that were left are never begun, and hold nothing.
    assert not kept
    assert len(set(released)) > 4
    subject.ledger.close()
    assert {id(context) for context in opened} <= set(released)
