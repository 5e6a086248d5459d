"""Two models write one response: who wrote what, what was thrown away, and at whose cost."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from driving import PROBLEM, Says, after, drive, model, pieces, saying

from judgekit import strategies
from judgekit.backends.engine import Message
from judgekit.backends.turn import Model
from judgekit.errors import ConfigError
from judgekit.strategies.leading import RECAP, mood
from judgekit.strategies.mutual import beginning


def pair(small: Says, large: Says, **sampling: object) -> tuple[Model, Model]:
    """A small and a large model of one generation."""
    first = model(small, **sampling)
    return first, replace(model(large, name="teacher", **sampling), ledger=first.ledger)


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("The next step is", 0),
        ("Yes, that is the final answer", 1),
        ("Wait, no", -1),
        ("Yes, but wait", -1),
        ("I am confident, yes. Let me check", 1),
        ("LET ME VERIFY", -1),
    ],
)
def test_the_mood_of_a_thought(text: str, sign: int) -> None:
    assert mood(text) == sign


def test_the_large_model_takes_over_where_the_small_one_doubts() -> None:
    small, large = pair(
        after(
            ("2 + 2.\n\n", "Wait, is that right? I am not sure at all.\n\n"),
            ("is 4, so t", "hat is the answer."),
            default="First I add 2 + 2.\n\n",
        ),
        after(("2 + 2.\n\n", "It surely is 4, so that is that."), default="?"),
    )
    found = drive("speculative-thinking", small, second=large)
    assert pieces(found) == [
        ("model", "answer", "First I add 2 + 2.\n\n"),
        ("teacher", "answer", "It surely is 4, so t"),
        ("model", "answer", "hat is the answer."),
    ]
    assert found.usage["teacher"].completion == 20
    # The small model's own proposal of 20 tokens was thrown away.
    assert found.usage["model"].discarded == 20
    assert found.usage["teacher"].discarded == 0


def test_a_proposal_in_no_mood_is_dropped_and_the_small_model_goes_on() -> None:
    text = "First I add two and two.\n\nThen I have got four in all."
    small, large = pair(saying(text), saying(""))
    found = drive("speculative-thinking", small, second=large)
    assert found.text == text
    assert found.usage["model"].discarded == 20
    assert "teacher" not in found.usage


def test_a_verifying_cue_lets_the_large_model_go_on() -> None:
    small, large = pair(
        after(("add.\n\n", "yes yes yes yes yes."), default="I add.\n\n"),
        after(("add.\n\n", "Let me check this no"), ("this no", "w: it is 4.")),
    )
    found = drive("speculative-thinking", small, second=large)
    assert found.text == "I add.\n\nLet me check this now: it is 4."
    assert [s.by for s in found.segments] == ["model", "teacher"]


def test_only_a_difference_of_mood_counts_where_the_large_is_not_preferred() -> None:
    script = after(("add.\n\n", "Yes, yes it is four."), default="I add.\n\n")
    agreeing = after(("add.\n\n", "Yes! I am sure of it"), default="")
    small, large = pair(script, agreeing)
    found = drive("speculative-thinking", small, second=large, choose_large=False)
    assert found.text.startswith("I add.\n\nYes, yes it is four.")
    opposed = after(("add.\n\n", "Hold on, that is bad"), default="")
    small, large = pair(script, opposed)
    found = drive("speculative-thinking", small, second=large, choose_large=False)
    assert found.text.startswith("I add.\n\nHold on, that is bad")


def test_many_doubts_force_a_recap() -> None:
    small, large = pair(
        after((RECAP, ""), default="Wait, another one.\n\n"),
        after((RECAP, " none."), default="Wait, hold on there."),
        max_tokens=3000,
    )
    found = drive("speculative-thinking", small, second=large)
    assert ("forced", "answer", RECAP) in pieces(found)
    before = found.text[: found.text.index(RECAP)]
    assert before.count("Wait, hold on there.") == 15
    assert found.text[found.text.index(RECAP) + len(RECAP) :].startswith(" none.")


def test_the_large_model_can_begin_and_be_asked_every_time() -> None:
    small, large = pair(after(default="Add.\n\n"), after(("\n\n", "x" * 20), default="y" * 100))
    found = drive("speculative-thinking", small, second=large, begin=True, not_reasoning=True)
    assert pieces(found)[0] == ("teacher", "answer", "y" * 100)
    assert "x" * 20 in found.text
    assert found.finish_reason == "length"
    assert sum(usage.completion for usage in found.usage.values()) <= 1000


def test_the_leader_begins_each_sentence() -> None:
    small, large = pair(
        after(("So w", "e add two. And more"), ("The ", "sum is 4. x"), default=""),
        after(("two. ", "The sum is 4."), default="So we add."),
    )
    found = drive("follow-the-leader", small, second=large, lead=4)
    assert pieces(found) == [
        ("teacher", "answer", "So w"),
        ("model", "answer", "e add two. "),
        ("teacher", "answer", "The "),
        ("model", "answer", "sum is 4. "),
        ("teacher", "answer", "So w"),
        *pieces(found)[5:],
    ]


def test_a_leader_with_share_zero_never_speaks() -> None:
    small, large = pair(saying("One. Two. Three."), saying("never"))
    found = drive("follow-the-leader", small, second=large, share=0.0)
    assert pieces(found) == [("model", "answer", "One. Two. Three.")]
    with pytest.raises(ConfigError, match="probability"):
        strategies.get("follow-the-leader").options({"second": "embedded", "share": "2"})


def ssr_small(messages: Sequence[Message], written: str) -> str:
    if "backwards" in messages[-1]["content"]:
        return "Weak step.\n\n" if not written else "So \\boxed{5}"
    return "Good step.\n\n" if not written else "So \\boxed{4}"


def ssr_large(messages: Sequence[Message], written: str) -> str:
    if written.endswith("methods are: "):
        return "B,A,Q"
    if written.endswith("score is: "):
        return "2" if "Weak" in written.rsplit("\n\n", 2)[-2] + written[-60:] else "8"
    return "Better step.\n\n"


def test_ssr_keeps_good_steps_and_rewrites_weak_ones() -> None:
    small, large = pair(ssr_small, ssr_large, temperature=0.7)
    found = drive("ssr", small, second=large)
    # Methods B, A and, in order, C: two tracks that end in 4 outvote the one that ends in 5.
    assert found.text == "Good step.\n\nSo \\boxed{4}"
    assert {s.by for s in found.segments} == {"model"}
    assert found.usage["model"].discarded >= len("Good step.\n\nSo \\boxed{4}")
    assert found.usage["teacher"].completion == 0
    assert found.usage["teacher"].discarded >= len("B,A,Q") + 6

    small, large = pair(ssr_small, ssr_large, temperature=0.7)
    alone = drive("ssr", small, second=large, tracks=1)
    assert pieces(alone) == [
        ("teacher", "answer", "Better step.\n\n"),
        ("model", "answer", "So \\boxed{5}"),
    ]


def test_a_track_that_repeats_itself_ends() -> None:
    small, large = pair(
        lambda messages, written: "Same.\n\n", after(("score is: ", "9")), temperature=0.7
    )
    found = drive("ssr", small, second=large, tracks=1)
    assert found.text == "Same.\n\nSame.\n\n"


@pytest.mark.parametrize("quality", ["9", "1"])
def test_a_step_of_a_track_is_held_to_what_the_run_may_still_write(quality: str) -> None:
    large = after(("score is: ", quality), ("are: ", "A"), default="y" * 99)
    small, large = pair(lambda m, w: "x" * 99, large, max_tokens=40, temperature=0.7)
    found = drive("ssr", small, second=large)
    assert sum(usage.completion for usage in found.usage.values()) == 40
    assert found.finish_reason == "length"


def test_without_a_majority_the_longest_track_is_returned_whoever_wrote_it() -> None:
    def script(messages: Sequence[Message], written: str) -> str:
        if "backwards" in messages[-1]["content"]:
            return "A step that the large model rewrites.\n\n" if not written else ""
        return "Short: \\boxed{4}"

    def rewrites(messages: Sequence[Message], written: str) -> str:
        if written.endswith("score is: "):
            return "1" if "rewrites" in written else "9"
        return "A,B" if written.endswith("are: ") else "This track is the longer one.\n\n"

    small, large = pair(script, rewrites, temperature=0.7)
    found = drive("ssr", small, second=large, tracks=2)
    assert found.text.startswith("This track is the longer one.")


def test_words_of_a_beginning_are_rounded_up() -> None:
    assert beginning("a b c d e", 0.2) == "a"
    assert beginning("a b c d e", 0.5) == "a b c"
    assert beginning("", 0.5) == ""


def test_a_sample_that_the_second_model_cannot_finish_alike_is_filtered_out() -> None:
    texts = ["wrong way: it is \\boxed{5}", "right way: it is \\boxed{4}"]

    def small(messages: Sequence[Message], written: str) -> Sequence[str]:
        return texts

    def large(messages: Sequence[Message], written: str) -> str:
        return " so \\boxed{4}"

    seed = next(s for s in range(100) if _drawn(s, texts).count(0) > _drawn(s, texts).count(1) > 0)
    first, second = pair(small, large, temperature=0.7, seed=seed)
    found = drive("mutual-consistency", first, second=second)
    assert found.text == texts[1]
    completions = len(" so \\boxed{4}") * 4 * 4
    assert found.usage["teacher"].discarded == completions


def _drawn(seed: int, texts: Sequence[str]) -> list[int]:
    from test_voting import order

    return order(4, len(texts), seed)


def test_without_survivors_the_likeliest_sample_wins() -> None:
    first, second = pair(
        lambda messages, written: ["\\boxed{4}"], saying("no idea"), temperature=0.7
    )
    assert drive("mutual-consistency", first, second=second).text == "\\boxed{4}"
    silent, second = pair(lambda m, w: ["Hm"], saying(""), temperature=0.7)
    assert drive("mutual-consistency", silent, second=second).text == "Hm"
    assert re.match("p", PROBLEM.id)
