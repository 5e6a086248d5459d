"""A server that is down, fails, or talks nonsense, as the command line meets it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from judgekit import cli
from judgekit.runs import load

SERVER = Path(__file__).parents[1] / "backends" / "server.py"
MODEL = "scripted-model"


@contextmanager
def serving(dialect: str = "plain", **faults: object) -> Iterator[str]:
    """A real server process; its address."""
    with subprocess.Popen(
        [sys.executable, str(SERVER), json.dumps({"dialect": dialect})],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        address = f"http://127.0.0.1:{process.stdout.readline().strip()}"
        body = json.dumps(faults).encode()
        urllib.request.urlopen(urllib.request.Request(f"{address}/test/faults", body)).close()
        try:
            yield f"{address}/v1"
        finally:
            process.kill()


def generate(url: str, capfd: pytest.CaptureFixture[str], model: str = MODEL) -> tuple[int, str]:
    arguments = ["generate", "--base-url", url, "--model", model, "--limit", "5", "--out", "run"]
    code = cli.run([*arguments, "--config", "patience.toml"])
    err = capfd.readouterr().err
    assert "Traceback" not in err
    return code, err


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    Path("patience.toml").write_text(f'[models.{MODEL}]\nmodel = "{MODEL}"\ntimeout = 2\n')


def test_a_server_that_works(capfd: pytest.CaptureFixture[str]) -> None:
    with serving() as url:
        code, err = generate(url, capfd)
    assert code == 0
    assert "5 of 5 responses" in err
    assert load("run").responses[0].completion_tokens > 0


def test_what_a_strategy_cannot_tell_of_a_model_is_said_once_and_recorded(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with serving(dialect="prefill") as url:
        arguments = ["generate", "--base-url", url, "--limit", "2", "--strategy", "thinking-budget"]
        assert cli.run([*arguments, "--out", "auto"]) == 0
        assert capfd.readouterr().err.count("-o marks=think") == 1
        assert "marks=auto" in load("auto").manifest["note"]
        assert cli.run([*arguments, "--out", "named", "-o", "marks=none"]) == 0
        assert "marks" not in capfd.readouterr().err
        assert "note" not in load("named").manifest


def test_a_chat_only_server_serves_a_cut_off_but_forces_no_answer_after_it(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with serving() as url:
        arguments = ["generate", "--base-url", url, "--limit", "2", "--strategy", "cut-off"]
        assert cli.run([*arguments, "-o", "tokens=9", "--out", "run"]) == 0
        assert {r.finish_reason for r in load("run").responses} == {"length"}
        capfd.readouterr()
        assert cli.run([*arguments, "-o", "cue=Final Answer:", "--out", "cue"]) == 2
        assert "needs text" in capfd.readouterr().err
        assert not Path("cue").exists()


def test_a_server_that_is_down(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code, err = generate(f"http://127.0.0.1:{port}/v1", capfd)
    assert code == 4
    assert err.count("error ") == 1
    assert str(port) in err


def test_a_model_the_server_does_not_have(capfd: pytest.CaptureFixture[str]) -> None:
    with serving() as url:
        code, err = generate(url, capfd, model="scripted-modle")
    assert code == 2
    assert f"did you mean {MODEL}" in err


@pytest.mark.parametrize(
    "faults",
    [
        {"status": 500},
        {"body": "<html>gateway</html>"},
        {"body": '{"choices": []}'},
        {"cut": 40},
        {"stall": 5},
    ],
    ids=["500", "garbage", "empty choices", "cut body", "stall"],
)
def test_a_server_that_answers_nothing_of_use_is_one_line(
    faults: dict[str, object], capfd: pytest.CaptureFixture[str]
) -> None:
    with serving(**faults) as url:
        code, err = generate(url, capfd)
    assert code == 4
    assert err.count("error ") == 1
    with serving() as url:
        code, err = generate(url, capfd)
    assert code == 0, err


def test_some_requests_fail_and_are_tried_again(capfd: pytest.CaptureFixture[str]) -> None:
    with serving(status=400, share=0.4) as url:
        code, err = generate(url, capfd)
        assert code == 5, err
        failed = [r for r in load("run").responses if r.error]
        assert 0 < len(failed) < 5
        body = json.dumps({}).encode()
        address = url.removesuffix("/v1")
        urllib.request.urlopen(urllib.request.Request(f"{address}/test/faults", body)).close()
        code, err = generate(url, capfd)
    assert code == 0, err
    run = load("run")
    assert len(run.responses) == 5
    assert not [r for r in run.responses if r.error]


def test_the_only_model_of_a_server_need_not_be_named(capfd: pytest.CaptureFixture[str]) -> None:
    with serving() as url:
        login = url.replace("http://", "http://somebody:secret@")
        assert cli.run(["generate", "--base-url", login, "--limit", "1", "--out", "run"]) == 0
    capfd.readouterr()
    manifest = Path("run/run.toml").read_text()
    assert MODEL in manifest
    assert "secret" not in manifest
