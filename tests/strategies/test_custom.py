"""A user's own strategy: a function in a file, or of an installed package."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from driving import drive, model, saying

from judgekit import strategies
from judgekit.errors import ConfigError, UnknownName, UserError

MINE = '''
async def twice(model, problem, *, word: str = "Again"):
    """Answer twice."""
    turn = model.start(problem)
    await turn.write()
    turn.force(word)
    await turn.write(min_tokens=1)
    return turn.transcript()

twice.prompt = "zero-shot"
twice.needs = {"text"}

def no_coroutine(model, problem):
    return None
'''


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(MINE)
    return path


def test_a_function_in_a_file_is_a_strategy(mine: Path) -> None:
    name = f"{mine}:twice"
    found = strategies.get(name)
    assert (found.prompt, found.about, found.needs) == ("zero-shot", "Answer twice.", {"text"})
    assert found.options({"word": "Once more"})["word"] == "Once more"
    assert drive(name, model(saying("4"))).text.startswith("4Again")


def test_what_is_no_strategy_is_refused_with_the_reason(mine: Path) -> None:
    with pytest.raises(ConfigError, match="no async function"):
        strategies.get(f"{mine}:no_coroutine")
    with pytest.raises(UnknownName, match="did you mean twice"):
        strategies.get(f"{mine}:twise")
    with pytest.raises(UserError, match="no such file"):
        strategies.get("nowhere.py:twice")
    with pytest.raises(UnknownName, match="did you mean budget-forcing"):
        strategies.get("budget-forceing")


def test_an_installed_package_offers_strategies_by_name(tmp_path: Path, mine: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "twicepackage.py").write_text(MINE)
    (project / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "judgekit-twice"\nversion = "1.0"\n'
        '[project.entry-points."judgekit.strategies"]\ntwice = "twicepackage:twice"\n'
        '[tool.hatch.build.targets.wheel]\ninclude = ["twicepackage.py"]\n'
    )
    site = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation"]
    done = subprocess.run(
        [*install, "--no-index", "--target", str(site), str(project)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"pip cannot build a wheel here: {done.stderr[-200:]}")
    script = (
        "from judgekit import strategies\n"
        "assert 'twice' in strategies.names()\n"
        "found = strategies.get('twice')\n"
        "print(found.name, found.prompt, found.options({})['word'])\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(site)},
    )
    assert shown.stdout.split() == ["twice", "zero-shot", "Again"]
