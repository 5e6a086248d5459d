"""A JUDGE by any of its names, and what is said of a name that is none."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from judgekit import config as configuration
from judgekit.config import Config, JudgeConfig, JuryConfig
from judgekit.errors import ConfigError, UnknownName, UserError
from judgekit.judges import known_judges, open_judges
from judgekit.judges.custom import CustomJudge
from judgekit.judges.jury import Jury
from judgekit.judges.plain import PlainJudge

from .conftest import Watched, case, reply

TOML = """
[judges.small]
model = "embedded"
backend = "transformers"

[judges.large]
model = "Qwen/Qwen2.5-72B-Instruct"
base_url = "http://localhost:8000/v1"
votes = 3

[juries.panel]
members = ["small", "large"]
rule = "unanimity"
"""


def opened(names: list[str], config: Config, **options: Any) -> dict[str, Any]:
    async def work() -> dict[str, Any]:
        async with open_judges(names, config, **options) as judges:
            return dict(judges)

    return asyncio.run(work())


def parsed(text: str = TOML) -> Config:
    import tomllib

    return configuration.parse(tomllib.loads(text), "judgekit.toml")


def test_judges_and_juries_of_the_configuration() -> None:
    judges = opened(["small", "panel"], parsed())
    assert isinstance(judges["small"], PlainJudge)
    assert isinstance(judges["panel"], Jury)
    assert [member.name for member in judges["panel"].members] == ["small", "large"]


def test_a_name_that_is_nearly_right() -> None:
    with pytest.raises(UnknownName, match=r"unknown judge 'smal' .did you mean small"):
        opened(["smal"], parsed())
    with pytest.raises(UserError, match=r"juries\.panel: unknown judge 'larg'"):
        opened(["panel"], parsed(TOML.replace('["small", "large"]', '["small", "larg"]')))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('[judges.small]\nprompt = "judge/referenc"', "did you mean judge/reference"),
        ('[judges.small]\nprompt = "cot"', "does not show the response"),
        ("[judges.small]\nvotes = 3\ntemperature = 0.0", "would all be the same"),
        ("[judges.small]\nvotes = 0", "at least one"),
        ("[judges.small]\nmax_cost = 1.0", "needs price_in and price_out"),
        ("[judges.small]\ndecide_above = 90.0", "0 to 1"),
        ("[judges.small]\nmax_token = 3", "did you mean max_tokens"),
        ("[juries.small]\nmembers = []", "members is empty"),
        ('[juries.small]\nmembers = ["small"]', "is a member of itself"),
        ('[juries.small]\nmembers = ["j", "j"]\n[judges.j]', "would say the same twice"),
        ('[juries.small]\nmembers = ["j"]\nrule = "weighted"\n[judges.j]', "one weight a member"),
        ('[juries.small]\nmembers = ["j"]\nrule = "majorty"\n[judges.j]', "majority, unanimity"),
    ],
)
def test_what_a_configuration_cannot_say(table: str, message: str) -> None:
    with pytest.raises((ConfigError, UnknownName), match=message):
        opened(["small"], parsed(table))


def test_the_users_own_prompt_is_a_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('variables = ["gold", "response"]\nuser = "{question} {gold} {response}"')
    assert opened(["small"], parsed(f'[judges.small]\nprompt = "{path}"'))


def test_one_engine_a_model_opened_when_needed_and_closed_once() -> None:
    opened_models: list[str] = []
    engine = Watched(lambda chat, written: reply("correct"))

    def opener(model: Any) -> Any:
        opened_models.append(model.model)
        return engine

    config = Config(
        judges={
            "a": JudgeConfig(prompt="judge/reference"),
            "b": JudgeConfig(prompt="judge/reference-swapped"),
        },
        juries={"both": JuryConfig(("a", "b"))},
    )

    async def work() -> None:
        async with open_judges(["a", "b", "both"], config, opener=opener) as judges:
            assert opened_models == []
            await asyncio.gather(*(judge(case()) for judge in judges.values()))
            assert opened_models == ["embedded"]
            assert engine.closed == 0

    asyncio.run(work())
    assert engine.closed == 1
    assert len(engine.asked) == 2


def test_a_judge_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("async def strict(case):\n    return case.response == case.gold\n")
    judge = opened([f"{path}:strict"], Config())[f"{path}:strict"]
    assert isinstance(judge, CustomJudge)
    verdict = asyncio.run(judge(case("42", "42")))
    assert (verdict.outcome, verdict.stage) == ("correct", f"{path}:strict")
    with pytest.raises(UnknownName, match="did you mean strict"):
        opened([f"{path}:stric"], Config())
    with pytest.raises(UserError, match="no such file"):
        opened([f"{tmp_path}/other.py:strict"], Config())


def test_every_name_is_listed() -> None:
    known = known_judges(parsed())
    assert known["small"] == "model embedded"
    assert known["panel"] == "jury: small, large"
