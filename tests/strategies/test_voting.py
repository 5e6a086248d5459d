"""Votes count answers that are equal by proof; the winner is returned, the rest is discarded."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from driving import LETTERS, Says, drive, model

from judgekit import strategies
from judgekit.backends.engine import Message
from judgekit.backends.turn import Turn, derive
from judgekit.errors import ConfigError, UserError
from judgekit.generate import Job, plan
from judgekit.records import Problem

SEED = 7


def drawing(*texts: str) -> Says:
    """A model whose i-th sample says the i-th text: found by the seed that the sample has."""

    def script(messages: Sequence[Message], written: str) -> Sequence[str]:
        return [""] if written else texts

    return script


def order(count: int, texts: int, seed: int = SEED) -> list[int]:
    """Which text each of `count` samples says, where the seed chooses among them."""
    return [derive(derive(seed, "sample", i), 0) % texts for i in range(count)]


def sampled(texts: Sequence[str], prompt: str = "cot", seed: int = SEED) -> list[str]:
    return [texts[i] for i in order(8, len(texts), seed)]


def answered(text: str) -> str:
    return f"So it is \\boxed{{{text}}}."


def test_answers_that_are_equal_by_proof_are_one_class() -> None:
    texts = [answered("\\frac{1}{2}"), answered("0.5"), answered("3"), answered("3")]
    problem = Problem("h", "How much is half of one?", "1/2")
    # The seed is chosen so that each of 1/2 and 0.5 is drawn once or more, and they outvote 3.
    seed = next(
        s
        for s in range(500)
        if (drawn := order(5, 4, s)).count(0)
        and drawn.count(1)
        and drawn.count(0) + drawn.count(1) > 2 > drawn.count(0)
    )
    found = drive("majority-vote", model(drawing(*texts), temperature=0.7, seed=seed), problem, n=5)
    assert found.text in texts[:2]
    first = next(i for i in order(5, 4, seed) if i in (0, 1))
    assert found.text == texts[first]


def test_the_losers_are_what_was_discarded() -> None:
    texts = [answered("4"), answered("55")]
    found = drive("majority-vote", model(drawing(*texts), temperature=0.7, seed=SEED), n=6)
    total = sum(len(texts[i]) for i in order(6, 2))
    usage = found.usage["model"]
    assert usage.completion == len(found.text)
    assert usage.completion + usage.discarded == total


def test_letters_are_voted_on_as_letters() -> None:
    texts = ["The answer is B.", "The answer is (B) Mars.", "The answer is A."]
    drawn = order(7, 3)
    assert drawn.count(0) + drawn.count(1) > drawn.count(2)
    found = drive("majority-vote", model(drawing(*texts), temperature=0.7, seed=SEED), LETTERS, n=7)
    assert found.text in texts[:2]


def test_of_equal_classes_the_earlier_wins_and_without_answers_the_first_sample() -> None:
    texts = [answered("4"), answered("5")]
    seed = next(s for s in range(99) if order(2, 2, s) == [1, 0])
    tied = drive("majority-vote", model(drawing(*texts), temperature=0.7, seed=seed), n=2)
    assert tied.text == answered("5")
    silent = drive("majority-vote", model(drawing("Hm", "Well"), temperature=0.7, seed=seed), n=2)
    assert silent.text == "Well"


def test_a_window_that_agrees_ends_the_sampling() -> None:
    sure = drive("majority-vote", model(drawing(answered("4")), temperature=0.7), n=8, window=2)
    assert sure.usage["model"].discarded == len(answered("4"))
    torn = model(drawing(answered("4"), answered("5")), temperature=0.7, seed=SEED)
    found = drive("majority-vote", torn, n=8, window=8)
    assert found.usage["model"].discarded == 7 * len(answered("4"))


async def by_length(problem: Problem, turn: Turn) -> float:
    return len(turn.text) / 100


def test_best_of_n_is_the_highest_score() -> None:
    texts = ["It is 4.", "It is surely 5.", "4"]
    assert 1 in order(6, 3)
    found = drive(
        "best-of-n", model(drawing(*texts), temperature=0.7, seed=SEED), n=6, scorer=by_length
    )
    assert found.text == "It is surely 5."


def test_a_weighted_vote_sums_scores_within_a_class() -> None:
    texts = [answered("4"), answered("4.0"), answered("5") + " " * 25]
    drawn = order(6, 3)
    light = sum(len(texts[i]) for i in drawn if i < 2)
    heavy = sum(len(texts[i]) for i in drawn if i == 2)
    assert heavy
    found = drive(
        "weighted-vote", model(drawing(*texts), temperature=0.7, seed=SEED), n=6, scorer=by_length
    )
    winners = texts[:2] if light > heavy else texts[2:]
    expected = max((texts[i] for i in drawn if texts[i] in winners), key=len)
    assert found.text == expected


@pytest.mark.parametrize(
    ("reply", "chosen"),
    [("Response 2", 1), ("The most consistent is response 3.", 2), ("none", 0), ("Response 99", 0)],
)
def test_universal_self_consistency_takes_the_response_that_the_model_names(
    reply: str, chosen: int
) -> None:
    texts = ["first", "second", "third"]

    def script(messages: Sequence[Message], written: str) -> Sequence[str]:
        if "Response 1:" in messages[-1]["content"]:
            return [reply]
        return texts

    found = drive("self-consistency-universal", model(script, temperature=0.7, seed=SEED), n=3)
    assert found.text == texts[order(3, 3)[chosen]]
    discarded = sum(len(texts[i]) for i in order(3, 3)) - len(found.text) + len(reply)
    assert found.usage["model"].discarded == discarded


def test_responses_are_shortened_until_the_question_about_them_fits() -> None:
    asked: list[str] = []

    def script(messages: Sequence[Message], written: str) -> str:
        if "Response 1:" not in messages[-1]["content"]:
            return "x" * 500 + "end"
        asked.append(messages[-1]["content"])
        return "Response 2"

    subject = model(script, temperature=0.7, context_length=1500)
    found = drive("self-consistency-universal", subject, n=4)
    assert found.text.endswith("end")
    assert asked[0].count("[...]") == 4
    assert len(asked[0]) < 1500


@pytest.mark.parametrize("name", [n for n, each in strategies.BUILT_IN.items() if each.samples])
def test_who_samples_refuses_temperature_zero_and_defaults_to_more(name: str) -> None:
    given = dict.fromkeys(strategies.get(name).required, "embedded")
    assert plan(Job(strategy=name, options=given)).temperature == 0.7
    with pytest.raises(UserError, match="temperature 0"):
        plan(Job(strategy=name, options=given, temperature=0.0))


@pytest.mark.parametrize(
    ("option", "value", "says"), [("n", "0", "at least one"), ("window", "1", "always agrees")]
)
def test_no_samples_and_a_window_of_one_are_refused(option: str, value: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        strategies.get("majority-vote").options({option: value})
