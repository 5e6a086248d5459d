"""Every example of docs/selection.md is run, or read as a command."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from judgekit import cli
from judgekit.cli import build

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "selection.md").read_text()
SHOWN = re.findall(r"^    (judgekit [^\n#]*)", PAGE, re.MULTILINE)


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_example_runs_and_gives_the_row_that_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    *files, shown = (*blocks("toml"), *blocks("json"))
    for block in files:
        first, _, text = block.partition("\n")
        (tmp_path / first.split()[1]).write_text(text)
    commands = re.findall(r"^\$ judgekit (.*)$", "".join(blocks("console")), re.MULTILINE)
    for command in commands:
        assert cli.run(shlex.split(command)) == 0, command
    assert (tmp_path / "runs/example/pairs.jsonl").read_text() == shown
    selections = {command.split()[1] for command in commands if command.startswith("select")}
    assert selections == {"pairs", "shortest", "rollouts", "mix", "revised"}


@pytest.mark.parametrize("line", SHOWN)
def test_every_command_that_is_shown_exists(line: str) -> None:
    words = [word for word in shlex.split(line)[1:] if word != "[RUN]"]
    group = get_command(build(None))
    context = group.make_context("judgekit", words, resilient_parsing=True)
    name, command, rest = group.resolve_command(context, words)
    if name == "select":
        _, command, rest = command.resolve_command(context, rest)
    command.make_context(name, list(rest), resilient_parsing=True)


def test_every_option_is_described() -> None:
    group = get_command(build(None))
    commands = [group.commands["curate"], *group.commands["select"].commands.values()]
    options = {
        option
        for command in commands
        for parameter in command.params
        for option in parameter.opts
        if option.startswith("--")
    }
    general = {"--json", "--quiet", "--config", "--help"}
    assert {option for option in options - general if option not in PAGE} == set()
