"""The openai engine over `transformers serve`: a real model behind a real server of others.

Needs `transformers[serving]` in this environment, or in that of the Python which
JUDGEKIT_SERVE_PYTHON names.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from judgekit.backends.engine import Ask, Context
from judgekit.backends.openai.server import OpenAIEngine, connect
from judgekit.backends.turn import Sampling, Turn
from judgekit.config import ModelConfig
from judgekit.errors import UserError

pytestmark = [pytest.mark.engine, pytest.mark.model]

PYTHON = os.environ.get("JUDGEKIT_SERVE_PYTHON", sys.executable)
QUESTION = ({"role": "user", "content": "What is the capital of France?"},)


@pytest.fixture(scope="module")
def folder() -> Path:
    pytest.importorskip("transformers", reason="judgekit-slm[local] is not installed")
    from judgekit.backends.transformers import embedded

    if embedded.locate() is None:
        pytest.skip(f"the embedded model is not installed: {embedded.INSTALL}")
    return embedded.prepared()


@pytest.fixture(scope="module")
def url(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server's address, once it answers."""
    if subprocess.run([PYTHON, "-c", "import fastapi, uvicorn"], capture_output=True).returncode:
        pytest.skip("transformers[serving] is not installed (fastapi, uvicorn)")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [PYTHON, "-m", "transformers.cli.transformers", "serve", str(folder)]
    command += ["--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    log = tmp_path_factory.mktemp("serve") / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*command, "--dtype", "float32"],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "HF_HUB_OFFLINE": "1"},
        )
        try:
            _wait_for(f"http://127.0.0.1:{port}/health", server, log)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.kill()
            server.wait()


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        assert server.poll() is None, log.read_text(errors="replace")[-2000:]
        try:
            urllib.request.urlopen(address).close()
            return
        except OSError:
            time.sleep(0.2)
    pytest.fail("the server did not come up in two minutes")


@pytest.fixture(scope="module")
def engine(url: str) -> OpenAIEngine:
    return connect(ModelConfig(base_url=url))


@pytest.fixture(scope="module")
def generate(folder: Path) -> Any:
    """Greedy text after a rendered prompt, by the library itself."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype="float32")
    prompt = tokenizer.apply_chat_template(
        [dict(m) for m in QUESTION], tokenize=False, add_generation_prompt=True
    )

    def after(written: str, tokens: int) -> str:
        ids = tokenizer(prompt + written, return_tensors="pt")
        with torch.inference_mode():
            out = model.generate(**ids, max_new_tokens=tokens, do_sample=False)
        new = out[0][ids["input_ids"].shape[1] :]
        return str(tokenizer.decode(new, skip_special_tokens=True))

    return after


def test_what_it_can_do_is_found(engine: OpenAIEngine, folder: Path) -> None:
    assert engine.described["model"] == str(folder)
    assert engine.described["continuation"] == "text"
    assert engine.described["stop_strings"] == "kept"
    assert engine.described["token_counts"] == "server"
    assert engine.features == {"text", "fork"}


def test_a_turn_with_forced_text_is_what_the_library_generates(
    engine: OpenAIEngine, generate: Any
) -> None:
    async def play() -> Turn:
        turn = Turn(engine, Context(QUESTION), Sampling(200))
        await turn.write(max_tokens=6)
        turn.force(" Wait, the capital of Italy is")
        await turn.write(max_tokens=6)
        await turn.write(max_tokens=40, stop=(".",))
        await engine.aclose()
        return turn

    turn = asyncio.run(play())
    first, forced, second, third = (piece.text for piece in turn.context.pieces)
    assert first == generate("", 6)
    assert second == generate(first + forced, 6)
    assert third == generate(first + forced + second, 40).partition(".")[0]
    assert [piece.tokens for piece in turn.context.pieces[:3:2]] == [6, 6]
    assert turn.last is not None
    assert (turn.last.stopped, turn.last.matched) == ("stop", ".")


def test_requests_under_way_at_once_do_not_mix(engine: OpenAIEngine) -> None:
    async def both() -> list[str]:
        contexts = [
            Context(({"role": "user", "content": f"Say the word {word}."},))
            for word in ("apple", "river", "apple")
        ]
        got = await asyncio.gather(*(engine.extend(each, Ask(12)) for each in contexts))
        await engine.aclose()
        return [each.text for each in got]

    apple, river, again = asyncio.run(both())
    assert apple == again != river


def test_a_model_that_it_does_not_serve(url: str) -> None:
    with pytest.raises(UserError):
        connect(ModelConfig(model="no-such/model", base_url=url))
