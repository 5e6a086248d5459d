"""The pages on judges: every example runs."""

from __future__ import annotations

import asyncio
import re
import tomllib
from pathlib import Path

import pytest

from judgekit import config as configuration
from judgekit.config import Config
from judgekit.judges import open_judges
from judgekit.judges.opening import check_prompt
from judgekit.prompt import load_prompt, prompt_names

from .conftest import case

DOCS = Path(__file__).resolve().parents[2] / "docs"
CUSTOM = (DOCS / "custom-judge.md").read_text()
JUDGING = (DOCS / "judging.md").read_text()


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_the_judges_in_python_judge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    names = ["mine.py:last_line", "graders:Careful"]
    for block in blocks(CUSTOM, "python"):
        assert len([line for line in block.splitlines() if line.strip()]) <= 12
        (tmp_path / block.split()[1]).write_text(block)

    async def work() -> list[str]:
        async with open_judges(names, Config()) as judges:
            return [(await judges[name](case("So it is\n42"))).outcome for name in names]

    assert asyncio.run(work()) == ["correct", "correct"]


@pytest.mark.parametrize("block", blocks(CUSTOM + JUDGING, "toml"))
def test_the_configurations_are_read(block: str, tmp_path: Path) -> None:
    if "user =" in block:
        path = tmp_path / "strict.toml"
        path.write_text(block)
        check_prompt("strict", load_prompt(path))
    elif "entry-points" in block:
        assert "judgekit.judges" in tomllib.loads(block)["project"]["entry-points"]
    else:
        configuration.parse(tomllib.loads(block), "judgekit.toml")


def test_every_option_and_every_shipped_prompt_is_described() -> None:
    import dataclasses

    from judgekit.config import JudgeConfig, ModelConfig

    own = {f.name for f in dataclasses.fields(JudgeConfig)}
    own -= {f.name for f in dataclasses.fields(ModelConfig)}
    assert {name for name in own if f"`{name}`" not in JUDGING} == set()
    for name in prompt_names():
        if name.startswith("judge/") and name != "judge/deliberation":
            check_prompt("any", load_prompt(name))
            assert name in JUDGING or name.startswith("judge/profile-")


def test_every_command_that_is_shown_exists() -> None:
    from judgekit.cli.judge import judge

    known = {command.name for command in judge.registered_commands}
    shown = set(re.findall(r"judgekit judge (\w+)", CUSTOM + JUDGING))
    assert shown <= known
