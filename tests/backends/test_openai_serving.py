"""The command that serves a model, and a server's life: real processes, no model."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from judgekit import cli
from judgekit.backends.openai import serving
from judgekit.config import ModelConfig
from judgekit.errors import BackendError, EnvironmentFault, UserError


def only(monkeypatch: pytest.MonkeyPatch, *installed: str) -> None:
    """Pretend that of all that can serve only these are installed."""
    monkeypatch.setattr(serving, "_installed", lambda *each: set(each) <= set(installed))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config.json").write_text("{}")
    return tmp_path


def test_without_vllm_transformers_serves(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    only(monkeypatch, "transformers", "fastapi", "uvicorn")
    chosen = serving.command(ModelConfig(str(folder)), 8123, ["--trust-remote-code"])
    assert chosen.arguments == (
        sys.executable, "-m", "transformers.cli.transformers", "serve", str(folder),
        "--host", "127.0.0.1", "--port", "8123", "--trust-remote-code",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("model", "named"),
    [
        ("Qwen/Qwen2.5-7B-Instruct", "Qwen/Qwen2.5-7B-Instruct"),
        ("/models/of/another machine", "'/models/of/another machine'"),
        ("embedded", "HuggingFaceTB/SmolLM2-135M-Instruct"),
    ],
)
def test_what_is_printed_is_for_any_machine_and_needs_nothing_here(
    model: str, named: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    only(monkeypatch)
    monkeypatch.delenv("VLLM_NO_USAGE_STATS", raising=False)
    arguments = ["serve", model, "--port", "8123", "--print", "--", "--tensor-parallel-size", "4"]
    assert cli.run(arguments) == 0
    assert capfd.readouterr().out == (
        f"VLLM_NO_USAGE_STATS=1 vllm serve {named} --dtype auto --max-num-seqs 16 "
        "--max-model-len -1 --enable-prefix-caching --generation-config vllm --host 127.0.0.1 "
        "--port 8123 --enable-prompt-tokens-details --tensor-parallel-size 4\n"
    )


@pytest.mark.parametrize(
    ("model", "says"), [("embeded", "did you mean embedded"), ("/models/x.gguf", "llama-server")]
)
def test_what_vllm_cannot_serve_is_not_printed(
    model: str, says: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["serve", model, "--print"]) == 2
    assert says in capfd.readouterr().err


def test_what_cannot_be_served_is_one_line(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    config = ModelConfig(str(folder))
    only(monkeypatch)
    with pytest.raises(EnvironmentFault, match="neither vLLM nor transformers"):
        serving.command(config, 8000)
    only(monkeypatch, "transformers")
    with pytest.raises(EnvironmentFault, match=r"transformers\[serving\]"):
        serving.command(config, 8000)
    only(monkeypatch, "transformers", "fastapi", "uvicorn")
    with pytest.raises(UserError, match="no such model folder"):
        serving.command(ModelConfig("/no/such/model"), 8000)


SERVER = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)" + SERVER

RUN = """
import sys
from judgekit.backends.openai import serving
serving._PATIENCE = 1.0
try:
    serving.serve(serving.Command((sys.executable, "-c", sys.argv[1]), "url"))
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize("server", [SERVER, STUBBORN])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_server_ends_with_all_it_has_started(
    server: str, how: signal.Signals
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", RUN, server], stdout=subprocess.PIPE, text=True, process_group=0
    ) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        os.killpg(process.pid, how)
        said, _ = process.communicate(timeout=30)
    assert (said, process.returncode) == ("interrupted\n", 0)
    assert not runs(child)


def runs(process: int) -> bool:
    """Whether the process still runs, a moment later; who was killed may not be buried yet."""
    for _ in range(50):
        shown = subprocess.run(
            ["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True
        )
        if shown.stdout.strip()[:1] in ("", "Z"):
            return False
        time.sleep(0.1)
    return True


def test_a_server_that_ends_by_itself_is_said_to_have() -> None:
    ended = serving.Command((sys.executable, "-c", "raise SystemExit(7)"), "url")
    with pytest.raises(BackendError, match="exit code 7"):
        serving.serve(ended)
