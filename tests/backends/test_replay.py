"""A run played back: the same strategy gets the same words, another gets the same model."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from judgekit.backends.engine import Ask, Context, Engine, Extension, require
from judgekit.backends.replay import ReplayEngine, load, recognised
from judgekit.backends.scripted import Rule, ScriptedEngine
from judgekit.backends.turn import Sampling, Transcript, Turn, open_context
from judgekit.errors import RequestFailed, UserError
from judgekit.records import Problem, Response, Segment
from judgekit.runs import Run, Writer

Strategy = Callable[[Turn], Awaitable[None]]

PROBLEMS = [
    Problem("add", "What is 2 + 2?", "4"),
    Problem("add-more", "What is 2 + 2? And 3 + 3?", "4, 6"),
    Problem("prime", "Name a prime.", "2"),
]
RULES = [
    Rule(("Let me see. Still 4.",), match="2 + 2", written="Wait"),
    Rule(("<think>It must be 4.</think>\n\n**4**",), match="2 + 2"),
    Rule(("<think>Two or three…</think>3", "<think>Any.</think>5"), match="prime"),
]


async def free(turn: Turn) -> None:
    await turn.write()


async def waiting(turn: Turn) -> None:
    await turn.think(max_tokens=9, stop=("</think>",))
    turn.force("Wait", role="thinking")
    await turn.think(max_tokens=12, stop=("</think>",))
    turn.force("</think>", role="other")
    await turn.answer()


async def closing(turn: Turn) -> None:
    await turn.think(stop=("</think>",))
    turn.force("</think>Final Answer:")
    await turn.answer()


def drive(
    engine: Engine, problem: Problem, strategy: Strategy, seed: int = 0, temperature: float = 0.0
) -> Transcript:
    chat = ({"role": "user", "content": problem.question},)
    turn = Turn(engine, open_context(engine, chat), Sampling(500, temperature, seed=seed))
    asyncio.run(strategy(turn))
    return turn.transcript()


def record(
    folder: Path, strategy: Strategy, seeds: Sequence[int] = (0,), temperature: float = 0.0
) -> Path:
    """A run of the strategy over all problems, by the scripted engine."""
    engine = ScriptedEngine(RULES)
    with Writer(folder) as writer:
        writer.start({"model": "script"}, {})
        for problem in PROBLEMS:
            prompt = engine.tokenizer.render([{"role": "user", "content": problem.question}])
            writer.append(replace(problem, prompt=prompt))
            for sample, seed in enumerate(seeds):
                got = drive(engine, problem, strategy, seed, temperature)
                writer.append(
                    Response(
                        problem.id,
                        got.text,
                        sample,
                        segments=got.segments,
                        finish_reason=got.finish_reason,
                        prompt_tokens=got.prompt_tokens,
                        completion_tokens=sum(s.tokens for s in got.segments),
                        seed=seed,
                    )
                )
    return folder


@pytest.mark.parametrize("strategy", [free, waiting, closing])
def test_the_same_strategy_gets_the_same_response(tmp_path: Path, strategy: Strategy) -> None:
    engine = load(str(record(tmp_path / "run", strategy)))
    for problem in PROBLEMS:
        before, again = (
            drive(ScriptedEngine(RULES), problem, strategy),
            drive(engine, problem, strategy),
        )
        assert again.text == before.text
        assert again.finish_reason == before.finish_reason
        assert again.prompt_tokens == before.prompt_tokens
        assert [(s.text, s.role) for s in again.segments] == [
            (s.text, s.role) for s in before.segments
        ]
        own = [sum(s.tokens for s in each.segments if s.by == "model") for each in (again, before)]
        # A character of several bytes may be counted with the token before or after it.
        assert abs(own[0] - own[1]) <= 2


def test_another_strategy_is_driven_by_the_same_words(tmp_path: Path) -> None:
    engine = load(str(record(tmp_path / "run", free)))
    got = drive(engine, PROBLEMS[0], closing)
    assert got.text == "<think>It must be 4.</think>Final Answer:\n\n**4**"
    assert [s.text for s in got.segments if s.by == "forced"] == ["</think>", "Final Answer:"]


def ask(engine: ReplayEngine, context: Context, **options: object) -> Extension:
    return asyncio.run(
        engine.extend(context, Ask(**{"max_tokens": 100, **options}))  # type: ignore[arg-type]
    )


def question(text: str) -> Context:
    return Context(({"role": "user", "content": text},))


def test_budgets_stops_and_forks(tmp_path: Path) -> None:
    engine = load(str(record(tmp_path / "run", free)))
    context = question("What is 2 + 2?")
    assert ask(engine, context, max_tokens=0).stopped == "length"
    first = ask(engine, context, max_tokens=7)
    assert (first.text, first.tokens, first.stopped) == ("<think>", 7, "length")
    fork = Context(context.messages, cache=engine.fork(context))
    stopped = ask(engine, context, stop=("4", "must be"))
    assert (stopped.text, stopped.matched, stopped.discarded) == ("It ", "must be", 7)
    assert ask(engine, context, stop=("4",), min_tokens=3).text == " 4.</think>\n\n**"
    assert ask(engine, fork).text == "It must be 4.</think>\n\n**4**"
    used_up = ask(engine, fork)
    assert (used_up.text, used_up.tokens, used_up.stopped) == ("", 0, "end")


def test_a_response_that_was_cut_off_is_cut_off_again(tmp_path: Path) -> None:
    response = Response("add", "on and on", finish_reason="length", completion_tokens=3)
    engine = ReplayEngine(_run(tmp_path, response))
    got = ask(engine, question("What is 2 + 2?"))
    assert (got.text, got.tokens, got.stopped) == ("on and on", 3, "length")


def test_the_seed_of_then_gets_its_sample_and_new_seeds_get_one_after_another(
    tmp_path: Path,
) -> None:
    seeds = (11, 12, 13)
    engine = load(str(record(tmp_path / "run", free, seeds, temperature=1.0)))
    scripted = ScriptedEngine(RULES)
    before = [drive(scripted, PROBLEMS[2], free, seed, 1.0).text for seed in seeds]
    assert len(set(before)) == 2
    for i in (2, 0, 1):
        assert drive(engine, PROBLEMS[2], free, seeds[i], 1.0).text == before[i]
    fresh = [drive(engine, PROBLEMS[2], free, seed, 1.0).text for seed in (70, 71, 72, 73, 70)]
    assert fresh == [*before, before[0], before[0]]


def test_a_problem_is_recognised_by_prompt_or_question() -> None:
    problems = [replace(p, prompt=f"<|user|>{p.question}<|end|>") for p in PROBLEMS]
    assert [p.id for p in recognised("What is 2 + 2?", problems)] == ["add"]
    other = "Think step by step.\n\nWhat is 2 + 2? And 3 + 3?"
    assert [p.id for p in recognised(other, problems)] == ["add-more"]
    options = [
        Problem("a", "Which?", "A", "choice", ("one", "two")),
        Problem("b", "Which?", "A", "choice", ("one", "three")),
    ]
    assert [p.id for p in recognised("Which?\n\nA) one\nB) three", options)] == ["b"]
    assert recognised("", problems) == []


def test_what_the_run_does_not_hold_fails_that_request_alone(tmp_path: Path) -> None:
    engine = load(str(record(tmp_path / "run", free)))
    with pytest.raises(RequestFailed, match="no response to this prompt"):
        ask(engine, question("Who are you?"))
    assert ask(engine, question("Name a prime.")).stopped == "end"


def test_what_cannot_be_replayed_is_said_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no run"):
        load(str(tmp_path / "nowhere"))
    failed = Response("add", "", finish_reason="error", error="500")
    with pytest.raises(UserError, match="no responses"):
        ReplayEngine(_run(tmp_path, failed))
    engine = load(str(record(tmp_path / "run", free)))
    with pytest.raises(UserError, match="token-ids"):
        require(engine, frozenset({"token-ids"}), "strategy end-bias")


def test_a_torn_last_line_is_not_played(tmp_path: Path) -> None:
    folder = record(tmp_path / "run", free)
    with (folder / "responses.jsonl").open("ab") as file:
        file.write(b'{"id": "add", "te')
    assert ask(load(str(folder)), question("Name a prime.")).stopped == "end"


def test_forced_text_of_then_is_a_place_to_stop_and_not_played(tmp_path: Path) -> None:
    response = Response(
        "add",
        "<think>a bWaitc d</think>4",
        segments=(
            Segment("<think>", "other", "forced", 3),
            Segment("a b", "thinking", "model", 2),
            Segment("Wait", "thinking", "forced", 1),
            Segment("c d", "thinking", "model", 2),
            Segment("</think>", "other", "forced", 1),
            Segment("4", "answer", "model", 1),
        ),
    )
    engine = ReplayEngine(_run(tmp_path, response))
    context = question("What is 2 + 2?")
    assert [ask(engine, context).text for _ in range(4)] == ["a b", "c d", "4", ""]
    context = question("What is 2 + 2?")
    got = [ask(engine, context, stop=("</think>",)) for _ in range(2)]
    assert [(each.stopped, each.matched) for each in got] == [("end", None), ("stop", "</think>")]
    assert ask(engine, question("What is 2 + 2?"), max_tokens=2).stopped == "length"


def test_the_mean_log_probability_of_then(tmp_path: Path) -> None:
    scored = Response("add", "a b", completion_tokens=2, logprob=-0.25)
    engine = ReplayEngine(_run(tmp_path, scored))
    assert "logprobs" in engine.features
    assert ask(engine, question("What is 2 + 2?"), logprobs=True).logprob == -0.5


def _run(folder: Path, *responses: Response) -> Run:
    with Writer(folder / "made") as writer:
        run = writer.start({"model": "made"}, {})
        writer.append(*PROBLEMS)
        writer.append(*responses)
    return run
