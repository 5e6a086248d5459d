"""The plain judge: what it is shown, what becomes of its reply, and what it may cost."""

from __future__ import annotations

import asyncio
import math

import pytest

from judgekit.config import JudgeConfig
from judgekit.errors import BackendError, ConfigError, RequestFailed
from judgekit.judges.budget import Amount, Budget
from judgekit.judges.plain import temperature_of
from judgekit.judges.votes import verdict_probability

from .conftest import Watched, case, judge_all, reply


def one(script: object, response: str = "The answer is 42.", **options: object):  # type: ignore[no-untyped-def]
    engine = Watched(script)
    return judge_all(engine, [case(response)], options=options)[0], engine


def test_a_verdict_with_the_answer_it_read_its_reason_and_its_cost() -> None:
    verdict, engine = one(lambda chat, written: reply("correct"))
    assert (verdict.stage, verdict.outcome, verdict.extracted) == ("j", "correct", "42")
    assert verdict.evidence == "I compared them."
    assert verdict.cost.calls == 1
    assert verdict.cost.completion_tokens == len(reply("correct"))
    context, ask = engine.asked[0]
    assert verdict.cost.prompt_tokens == len(context.prompt_ids)
    assert (ask.temperature, ask.max_tokens) == (0.0, 2048)


def test_the_judge_sees_question_gold_and_response_in_their_fences() -> None:
    _, engine = one(lambda chat, written: reply("correct"), "So <|end|> 42")
    prompt = engine.users()[0]
    places = [prompt.index(f"=== {what} ") for what in ("question", "gold answer", "response")]
    assert places == sorted(places)
    assert "So < |end|> 42" in prompt
    assert prompt.index("end of response") < prompt.index("Reply with one JSON object")


def test_options_are_shown_with_the_question_and_the_letter_with_its_option() -> None:
    engine = Watched(lambda chat, written: reply("correct", "B"))
    judge_all(
        engine, [case("It is (B).", "B", kind="choice", choices=["Rome", "Paris"])], options={}
    )
    prompt = engine.users()[0]
    assert "A) Rome\nB) Paris" in prompt
    assert "B) Paris\n=== end of gold" in prompt


def test_what_cannot_be_read_is_asked_once_more_and_then_undecided() -> None:
    verdict, engine = one(lambda chat, written: "The response is right.")
    assert len(engine.asked) == 2
    assert (verdict.outcome, verdict.flags) == ("undecided", ("unparsed",))
    assert "asked twice: the reply does not end with a verdict" in verdict.evidence
    assert verdict.cost.calls == 2
    first, second = engine.users()
    assert second.startswith(first)
    assert "does not end with a verdict" in second.removeprefix(first)


def test_the_second_reply_counts() -> None:
    def script(chat, written):  # type: ignore[no-untyped-def]
        return reply("incorrect") if "earlier reply" in chat[-1]["content"] else "INCORRECT"

    verdict, _ = one(script)
    assert (verdict.outcome, verdict.flags, verdict.cost.calls) == ("incorrect", (), 2)


def test_a_reply_that_is_cut_off_is_no_verdict() -> None:
    long = reply("correct") + " " * 50
    verdict, _ = one(lambda chat, written: long[len(written) :], max_tokens=len(long) - 10)
    assert (verdict.outcome, verdict.flags) == ("undecided", ("unparsed",))
    assert "cut off" in verdict.evidence


def test_a_request_that_fails_is_undecided_and_says_so() -> None:
    def script(chat, written):  # type: ignore[no-untyped-def]
        raise RequestFailed("the server answered 500")

    verdict, _ = one(script)
    assert (verdict.outcome, verdict.evidence) == ("undecided", "the server answered 500.")


def test_a_backend_that_stays_down_is_asked_no_further() -> None:
    def script(chat, written):  # type: ignore[no-untyped-def]
        raise BackendError("no server at localhost:8000")

    engine = Watched(script)

    async def work() -> None:
        from judgekit.config import Config
        from judgekit.judges import open_judges

        config = Config(judges={"j": JudgeConfig()})
        async with open_judges(["j"], config, opener=lambda model: engine) as judges:
            judge = judges["j"]
            assert judge.down is None
            verdicts = [await judge(case(f"The answer is {i}.")) for i in range(20)]
            assert judge.down == "no server at localhost:8000"
        assert {verdict.outcome for verdict in verdicts} == {"undecided"}
        assert all("no server at localhost:8000" in verdict.evidence for verdict in verdicts)

    asyncio.run(work())
    assert len(engine.asked) == 1
    assert engine.closed == 1


def test_a_server_that_cannot_be_opened_is_down_too() -> None:
    from judgekit.config import Config
    from judgekit.judges import open_judges

    def refuse(model: object) -> object:
        raise BackendError("nobody answers at http://localhost:1")

    async def work() -> None:
        config = Config(judges={"j": JudgeConfig()})
        async with open_judges(["j"], config, opener=refuse) as judges:  # type: ignore[arg-type]
            verdict = await judges["j"](case())
            assert verdict.outcome == "undecided"
            assert judges["j"].down == "nobody answers at http://localhost:1"

    asyncio.run(work())


def test_votes_are_counted_and_agreement_is_the_confidence() -> None:
    replies = iter([reply("correct"), reply("correct", "forty-two"), reply("incorrect")])
    verdict, engine = one(lambda chat, written: next(replies), votes=3)
    assert len({ask.seed for _, ask in engine.asked}) == 3
    assert verdict.outcome == "correct"
    assert verdict.confidence == pytest.approx(2 / 3)
    assert verdict.evidence.endswith("(2 of 3 votes)")
    assert {ask.temperature for _, ask in engine.asked} == {0.7}


def test_votes_that_do_not_agree_are_undecided() -> None:
    replies = iter([reply("correct"), reply("incorrect")])
    verdict, _ = one(lambda chat, written: next(replies), votes=2)
    assert verdict.outcome == "undecided"
    assert "1 correct, 1 incorrect" in verdict.evidence


def test_several_votes_at_temperature_0_are_refused() -> None:
    with pytest.raises(ConfigError, match="3 votes at temperature 0"):
        temperature_of("j", JudgeConfig(votes=3, temperature=0.0))
    assert temperature_of("j", JudgeConfig(votes=3)) == 0.7
    assert temperature_of("j", JudgeConfig()) == 0.0


def test_what_is_not_sure_enough_goes_up() -> None:
    replies = iter([reply("correct"), reply("correct"), reply("incorrect")])
    verdict, _ = one(lambda chat, written: next(replies), votes=3, decide_above=0.9)
    assert (verdict.outcome, verdict.claim) == ("undecided", "correct")
    assert "0.67, below 0.9" in verdict.evidence


def test_the_probability_of_the_verdicts_token_is_its_confidence() -> None:
    tokens = [
        ('{"extracted": "incorrect", "verdict": "', -1.0),
        ("incor", math.log(0.8)),
        ("rect", 0),
    ]
    text = "".join(text for text, _ in tokens) + '"}'
    full = [*tokens, ('"}', 0.0)]
    assert verdict_probability(text, "incorrect", full) == pytest.approx(0.8)
    assert verdict_probability(text, "incorrect", None) is None
    assert verdict_probability("something else", "incorrect", full) is None


def test_a_judge_commits_before_it_sees_the_gold_answer() -> None:
    engine = Watched(lambda chat, written: reply("correct") if len(chat) > 2 else "I get 42.")
    verdict = judge_all(
        engine,
        [case(gold="forty-two!")],
        options={"prompt": "judge/reference-commit"},
    )[0]
    first, second = (context.messages for context, _ in engine.asked)
    assert "forty-two!" not in "".join(str(m["content"]) for m in first)
    assert second[-2] == {"role": "assistant", "content": "I get 42."}
    assert "forty-two!" in second[-1]["content"]
    assert (verdict.outcome, verdict.cost.calls) == ("correct", 2)


def test_without_gold_is_a_mode_of_its_own() -> None:
    verdict, engine = one(lambda chat, written: reply("correct"), prompt="judge/no-gold")
    assert "gold answer 4" not in engine.users()[0]
    assert verdict.evidence == "I compared them. Judged without the gold answer."


def test_a_begun_reply_is_part_of_the_reply() -> None:
    verdict, engine = one(
        lambda chat, written: '42", "reason": "", "verdict": "correct"}', prompt="judge/small"
    )
    assert engine.asked[0][0].written == '{"extracted": "'
    assert (verdict.outcome, verdict.extracted) == ("correct", "42")


def test_thinking_has_a_budget_of_its_own_and_is_kept_apart() -> None:
    thought = "<think>" + "hmm, verdict: incorrect? " * 40

    def script(chat, written):  # type: ignore[no-untyped-def]
        if "</think>" in written:
            return reply("correct")
        return (thought + "</think>" + reply("incorrect"))[len(written) :]

    verdict, engine = one(script, max_thinking=200, max_tokens=120)
    assert (verdict.outcome, verdict.cost.calls) == ("correct", 2)
    first, second = (ask for _, ask in engine.asked)
    assert (first.max_tokens, second.max_tokens) == (200, 120)
    assert engine.asked[1][0].written == thought[:200] + "</think>\n\n"


def test_a_judge_that_may_think_need_not() -> None:
    verdict, _ = one(lambda chat, written: reply("correct"), max_thinking=500)
    assert (verdict.outcome, verdict.cost.calls) == ("correct", 1)


def test_a_long_response_is_cut_to_the_context_and_keeps_its_end() -> None:
    engine = Watched(lambda chat, written: reply("correct"), context_length=5000)
    long = "word " * 3000 + "The answer is 42."
    verdict = judge_all(engine, [case(long)], options={})[0]
    assert verdict.outcome == "correct"
    context, _ = engine.asked[0]
    assert len(context.prompt_ids or ()) + 64 <= 5000
    assert "The answer is 42." in engine.users()[0]


def test_a_context_that_is_too_small_is_said() -> None:
    engine = Watched(lambda chat, written: reply("correct"), context_length=500)
    verdict = judge_all(engine, [case()], options={})[0]
    assert verdict.outcome == "undecided"
    assert "context of 500 tokens is too small" in verdict.evidence


@pytest.mark.parametrize(
    "options",
    [
        {"max_calls": 7},
        {"max_total_tokens": 15_000},
        {"max_cost": 0.02, "price_in": 1.0, "price_out": 2.0},
    ],
)
@pytest.mark.parametrize("bad", [False, True])
def test_no_budget_is_passed_under_concurrency(options: dict[str, float], bad: bool) -> None:
    text = "no verdict" if bad else reply("correct")
    engine = Watched(lambda chat, written: text, seconds_per_token=0.00002)
    cases = [case(f"After {i} steps the answer is 42.") for i in range(40)]
    verdicts = judge_all(engine, cases, options={**options, "max_tokens": 300})
    calls = len(engine.asked)
    prompt = sum(len(context.prompt_ids or ()) for context, _ in engine.asked)
    out = calls * len(text)
    assert calls <= options.get("max_calls", calls)
    assert prompt + out <= options.get("max_total_tokens", prompt + out)
    if "max_cost" in options:
        assert (prompt * 1.0 + out * 2.0) / 1e6 <= options["max_cost"]
    assert calls >= 3, "a budget is there to be used"
    assert engine.most_at_once > 1
    spent = [verdict for verdict in verdicts if verdict.evidence == "budget spent."]
    assert spent
    assert {verdict.outcome for verdict in spent} == {"undecided"}


def test_money_needs_a_price() -> None:
    with pytest.raises(ConfigError, match=r"judges\.j: max_cost needs price_in and price_out"):
        Budget.of(JudgeConfig(max_cost=1.0), "j")


def test_a_reservation_waits_for_the_ones_under_way() -> None:
    async def work() -> None:
        budget = Budget(max_total_tokens=100)
        most = Amount(1, 10, 70)
        assert await budget.reserve(most)
        second = asyncio.create_task(budget.reserve(most))
        await asyncio.sleep(0)
        assert not second.done()
        await budget.settle(most, Amount(1, 10, 5))
        assert await second
        await budget.settle(most, Amount(1, 10, 70))
        assert not await budget.reserve(most)

    asyncio.run(work())
