"""Options are typed and checked, models and scorers found by name, before anything is loaded."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Literal

import pytest
from driving import PROBLEM, model, saying

from judgekit import cli, strategies
from judgekit import config as configuration
from judgekit.backends.turn import Model, Transcript
from judgekit.errors import ConfigError, UnknownName, UserError
from judgekit.generate import Job, generate, plan
from judgekit.records import Problem, Response
from judgekit.runs import load
from judgekit.strategies.scoring import (
    LOGPROB,
    JudgeScorer,
    ModelScorer,
    RewardScorer,
    Scorer,
    by_logprob,
)
from judgekit.strategies.strategy import ON_EVERY_STRATEGY, Strategy


async def example(
    model: Model,
    problem: Problem,
    *,
    second: Model,
    scorer: Scorer = by_logprob,
    waits: int = 1,
    share: float = 0.5,
    limit: int | None = None,
    often: bool = False,
    word: Literal["Wait", "Hmm"] = "Wait",
) -> Transcript:
    raise NotImplementedError


EXAMPLE = Strategy("example", example, prompt="cot")


def test_options_take_their_type_from_the_signature() -> None:
    given = {"second": "t", "waits": "3", "share": "1e-1", "limit": "7", "often": "yes"}
    found = EXAMPLE.options({**given, "word": "Hmm", "system": "no", "shots": "2"})
    assert {key: found[key] for key in (*given, "word", "scorer")} == {
        "second": "t",
        "waits": 3,
        "share": 0.1,
        "limit": 7,
        "often": True,
        "word": "Hmm",
        "scorer": LOGPROB,
    }
    assert (found["system"], found["shots"], found["stop_loops"]) == (False, 2, False)
    assert EXAMPLE.options({"second": "t", "limit": "none"})["limit"] is None


def test_options_of_a_few_words_and_defaults_are_shown_as_they_are_typed(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert EXAMPLE.choices == {"word": ("Wait", "Hmm")}
    assert cli.run(["strategies", "show", "beam-search"]) == 0
    shown = capfd.readouterr().out
    assert r"-o step=        '\n\n' by default" in shown
    assert "'vote' by default; one of vote, score" in shown


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"wait": "1"}, "did you mean waits"),
        ({"waits": "many"}, "no int"),
        ({"waits": "-1"}, "below 0"),
        ({"share": "nan"}, "no number"),
        ({"often": "perhaps"}, "neither true nor false"),
        ({"word": "Hm"}, "did you mean Hmm"),
        ({}, "needs -o second=NAME"),
    ],
)
def test_options_that_cannot_be_are_refused(given: dict[str, str], says: str) -> None:
    with pytest.raises((ConfigError, UnknownName), match=says):
        EXAMPLE.options(given if not given else {"second": "t", **given})


def test_what_is_needed_depends_on_the_options() -> None:
    usual = EXAMPLE.options({"second": "t"})
    assert EXAMPLE.needed(usual) == {"logprobs"}
    assert EXAMPLE.needed({**usual, "scorer": "t"}) == set()
    assert EXAMPLE.needed({**usual, "scorer": "t", "stop_loops": True}) == {"loops", "text"}
    assert EXAMPLE.needed({**usual, "scorer": "t", "logprobs": True}) == {"logprobs"}
    assert EXAMPLE.wants == ["logprobs", "a second model"]


def test_a_cut_off_forces_text_only_with_a_cue() -> None:
    cut_off = strategies.get("cut-off")
    assert cut_off.wants == []
    assert cut_off.needed(cut_off.options({"cue": "Final Answer:"})) == {"text"}
    assert cut_off.needed(cut_off.options({"stop_loops": "true"})) == {"loops", "text"}


def test_every_strategy_of_the_documentation_is_there_and_documented() -> None:
    names = (
        "standard zero-shot cot cod reasoning budget-forcing progressive-expansion cut-off "
        "thinking-budget end-bias majority-vote weighted-vote best-of-n "
        "self-consistency-universal beam-search rebase dvts speculative-thinking ssr "
        "follow-the-leader lm-guided hawkeye mutual-consistency plan-and-solve decompose "
        "equation-only self-refine score"
    )
    assert sorted(strategies.BUILT_IN) == sorted(names.split())
    page = (Path(__file__).parents[2] / "docs" / "strategies.md").read_text()
    for name, strategy in strategies.BUILT_IN.items():
        assert f"`{name}`" in page, name
        assert strategy.about
        assert strategy.cost
        for option in (*strategy.required, *strategy.defaults):
            assert f"`{option}" in page or f"-o {option}=" in page, (name, option)
        assert not set(strategy.defaults) & set(ON_EVERY_STRATEGY)


def configured(folder: Path, **extra: str) -> configuration.Config:
    """A configuration whose teacher and judge follow a script."""
    script = folder / "teacher.toml"
    script.write_text(
        'default = "Add the numbers."\n'
        '[[reply]]\nmatch = "Answer with one word"\ntext = "Yes"\n'
        '[[reply]]\nmatch = "End your reply with one JSON"\n'
        'text = \'{"extracted": "4", "reason": "right", "verdict": "correct"}\'\n'
    )
    served = {"model": str(script), "backend": "scripted"}
    tables = {
        "models": {"teacher": served},
        "judges": {
            "open": {**served, "prompt": "judge/no-gold"},
            "golden": {**served, "prompt": "judge/reference"},
        },
        "juries": {"panel": {"members": ["open", "golden"]}},
    }
    return configuration.parse(tables, "judgekit.toml")


@pytest.mark.parametrize(
    ("strategy", "options", "says"),
    [
        ("hawkeye", {"second": "techer"}, "did you mean teacher"),
        ("hawkeye", {"second": "model"}, "taken"),
        ("best-of-n", {"scorer": "techer"}, "did you mean teacher"),
        ("best-of-n", {"scorer": "judge:opne"}, "did you mean open"),
        ("best-of-n", {"scorer": "judge:golden"}, "shown the gold answer"),
        ("best-of-n", {"scorer": "judge:panel"}, "shown the gold answer"),
        ("best-of-n", {"scorer": "judge:recorded:label"}, "recorded"),
        ("score", {"scorer": "judge:golden"}, "shown the gold answer"),
    ],
)
def test_names_are_found_before_anything_is_loaded(
    strategy: str, options: dict[str, str], says: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=says):
        plan(Job(strategy=strategy, options=options, config=configured(tmp_path)))


def run(folder: Path, strategy: str, says: str, **options: str) -> list[Response]:
    script = folder / "small.toml"
    script.write_text(f"default = '{says}'\n")
    job = Job(
        model=configuration.ModelConfig(model=str(script), backend="scripted"),
        benchmark="starter",
        limit=2,
        strategy=strategy,
        options=options,
        config=configured(folder),
        max_tokens=2000,
    )
    path, progress = asyncio.run(generate(plan(job), folder / "run"))
    assert progress.failed == 0
    return list(load(path).responses)


def test_a_run_opens_its_second_model_and_counts_it_by_name(tmp_path: Path) -> None:
    for response in run(tmp_path, "hawkeye", "\\boxed{4}", second="teacher"):
        assert [s.by for s in response.segments] == ["forced", "teacher", "forced", "model"]
        assert response.usage["teacher"].completion == len("Add the numbers.")
        assert response.completion_tokens == len("Add the numbers.") + len("\\boxed{4}")


@pytest.mark.parametrize("scorer", ["logprob", "teacher", "judge:open"])
def test_a_run_scores_with_probabilities_a_model_or_a_judge(scorer: str, tmp_path: Path) -> None:
    for response in run(tmp_path, "best-of-n", "\\boxed{4}", scorer=scorer, n="2"):
        assert response.text == "\\boxed{4}"
        expected = len("\\boxed{4}") + (len("Yes") if scorer == "teacher" else 0) * 2
        assert response.discarded_tokens == expected


def test_a_looping_run_is_stopped_and_made_to_answer(tmp_path: Path) -> None:
    for response in run(tmp_path, "cot", "again and " * 90, stop_loops="true"):
        assert response.finish_reason == "loop"
        assert response.loop is not None
        assert response.segments[0].role == "thinking"
        assert response.segments[1].text == "\nFinal Answer:"
        assert response.completion_tokens < 900


def test_another_prompt_can_be_given_to_any_strategy() -> None:
    assert plan(Job(strategy="majority-vote", options={"prompt": "cod"})).prompt.name == "cod"
    with pytest.raises(UnknownName, match="did you mean cod"):
        plan(Job(options={"prompt": "codd"}))


def test_models_prompts_and_options_are_part_of_what_a_run_is(tmp_path: Path) -> None:
    def of(**options: str) -> dict[str, object]:
        return plan(Job(strategy="hawkeye", options=options, config=configured(tmp_path))).config

    assert of(second="teacher")["others"] == {"teacher": str(tmp_path / "teacher.toml")}
    assert "strategy/from-notes" in of(second="teacher")["helpers"]  # type: ignore[operator]
    assert of(second="teacher") != of(second="embedded")
    assert "helpers" not in plan(Job()).config


def scored(scorer: Scorer, text: str) -> float:
    async def drive() -> float:
        turn = model(saying(text), logprobs=True).start(PROBLEM)
        await turn.write()
        return await scorer(PROBLEM, turn)

    return asyncio.run(drive())


@pytest.mark.parametrize(
    ("word", "score"), [("Yes", 1.0), ("No", 0.0), ("Perhaps", 0.5), ("", 0.5)]
)
def test_a_language_model_scores_by_its_first_word(word: str, score: float) -> None:
    from judgekit.prompt import load_prompt
    from judgekit.strategies.scoring import YES_OR_NO

    scorer = ModelScorer(model(saying(word)), load_prompt(YES_OR_NO))
    assert scored(scorer, "4") == score


def test_a_judge_scores_without_the_gold_answer() -> None:
    from judgekit.records import Verdict
    from judgekit.verifier import Case

    class Lenient:
        name = identity = "lenient"
        down = None

        async def __call__(self, case: Case) -> Verdict:
            assert case.gold == ""
            outcome = "correct" if "4" in case.response else "undecided"
            return Verdict("lenient", outcome, confidence=0.8)  # type: ignore[arg-type]

        async def aclose(self) -> None: ...

    assert scored(JudgeScorer(Lenient()), "4") == 0.8
    assert scored(JudgeScorer(Lenient()), "5") == 0.5


def test_probability_and_reward_are_scores_as_they_are() -> None:
    async def reward(question: str, response: str) -> float:
        assert question == PROBLEM.question
        return len(response) / 10

    assert scored(RewardScorer(reward), "four") == 0.4
    assert scored(by_logprob, "4") == 1.0
    assert scored(by_logprob, "") == 0.0


def test_a_generation_that_fails_leaves_nothing_with_the_engine(tmp_path: Path) -> None:
    from judgekit.backends.engine import Ask, Context, Extension
    from judgekit.backends.scripted import ScriptedEngine
    from judgekit.errors import RequestFailed
    from judgekit.generate import respond

    class Failing(ScriptedEngine):
        async def extend(self, context: Context, ask: Ask) -> Extension:
            extension = await super().extend(context, ask)
            contexts.append(context)
            if len(contexts) == 3:
                raise RequestFailed("the third request failed")
            return extension

    contexts: list[Context] = []
    planned = plan(Job(strategy="majority-vote", options={"n": "4"}, limit=1))
    problem = planned.benchmark.problems[0]
    engine = Failing(saying("\\boxed{4}"))
    (response,) = asyncio.run(respond(planned, engine, problem, 0))
    assert (response.finish_reason, response.error) == ("error", "the third request failed")
    assert contexts
    assert not any(context.cache for context in contexts)
