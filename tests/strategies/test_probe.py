"""The probe tells a model that obeys from one that does not, and says what the backend cannot."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from driving import PROBLEM

from judgekit.backends.engine import Message
from judgekit.backends.scripted import ScriptedEngine
from judgekit.cli import run
from judgekit.strategies.probe import Trait, delimiter_tokens, probe


def obedient(messages: Sequence[Message], written: str) -> str:
    asked = " ".join(message["content"] for message in messages)
    if written:
        return " 4</reasoning><answer>4</answer>" if written == "<reasoning>" else ""
    if "Heron" in asked:
        return "Heron. It is 4."
    if "<think>" in asked:
        return "<think>2 + 2</think> <answer>4</answer>"
    return "\\boxed{4}"


def stubborn(messages: Sequence[Message], written: str) -> str:
    if messages[-1]["content"].startswith("Begin"):
        return "Heron, as you say. " + "x" * 999
    return "I do as I like. " + "x" * 999


def probed(engine: ScriptedEngine) -> dict[str, Trait]:
    found = asyncio.run(probe(engine, [PROBLEM, PROBLEM], 100))
    return {trait.name: trait for trait in found}


def test_an_obedient_model_has_every_trait() -> None:
    found = probed(ScriptedEngine(obedient))
    assert {name: (t.held, t.of) for name, t in found.items()} == dict.fromkeys(found, (2, 2))
    assert all(trait.holds for trait in found.values())


def test_a_stubborn_one_is_seen_through_and_obeys_only_in_the_users_message() -> None:
    found = probed(ScriptedEngine(stubborn))
    assert [name for name, trait in found.items() if trait.holds] == ["instruction", "forced start"]
    assert found["stops"].fails == "x" * 100 or found["stops"].fails.endswith("x" * 84)
    assert "system=false" in found["system prompt"].otherwise


def test_what_a_backend_cannot_do_is_said() -> None:
    class Chat(ScriptedEngine):
        features = frozenset({"logprobs"})

    found = probed(Chat(obedient))
    assert (found["forced start"].of, found["forced start"].holds) == (0, False)
    assert found["box"].holds
    assert delimiter_tokens(Chat(obedient)) == len("</think>")


def test_the_command(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "script.toml"
    script.write_text("default = '\\boxed{4}'\n")
    arguments = ["probe", str(script), "--backend", "scripted", "--limit", "2", "--quiet"]
    assert run([*arguments, "--json"]) == 0
    found = json.loads(capfd.readouterr().out)
    traits = {trait["name"]: trait for trait in found["traits"]}
    assert (traits["box"]["held"], traits["box"]["of"]) == (2, 2)
    assert not traits["system prompt"]["holds"]
    assert run(arguments) == 0
    assert "2 of 2" in capfd.readouterr().out
