"""The openai engine over vLLM's own server, as `judgekit serve` runs it.

Needs an environment in which vLLM is installed: `make test-vllm` makes one.
"""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from contract import *  # noqa: F403
from contract import QUESTIONS, Greedy, ask, gather, grown

from judgekit.backends.engine import Ask, told
from judgekit.backends.openai import continuation
from judgekit.backends.openai.server import OpenAIEngine, connect
from judgekit.backends.transformers import embedded
from judgekit.config import ModelConfig

# A budget beyond the context is cut to it: only servers know how long most prompts are.
del test_a_budget_beyond_the_context_is_refused  # noqa: F821

pytestmark = [
    pytest.mark.engine,
    pytest.mark.model,
    pytest.mark.skipif(
        importlib.util.find_spec("vllm") is None, reason="vLLM is not installed: make test-vllm"
    ),
]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server's address once it answers; at the end Ctrl-C, and nothing is left behind."""
    if not embedded.prepared_folder().is_dir() and embedded.locate() is None:
        pytest.skip(f"the embedded model is not installed: {embedded.INSTALL}")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("serve") / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "judgekit", "serve", "embedded", "--port", str(port)],
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/health", server, log)
        assert f"judgekit generate --base-url http://127.0.0.1:{port}/v1" in log.read_text()
        yield f"http://127.0.0.1:{port}"
        os.killpg(server.pid, signal.SIGINT)
        assert server.wait(60) == 130
        assert not answers(f"http://127.0.0.1:{port}/health")
    finally:
        server.kill()
        server.wait()


def wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(1200):
        assert server.poll() is None, log.read_text(errors="replace")[-2000:]
        if answers(address):
            return
        time.sleep(0.25)
    pytest.fail("the server did not come up in five minutes")


def answers(address: str) -> bool:
    try:
        urllib.request.urlopen(address).close()
    except OSError:
        return False
    return True


@pytest.fixture(scope="module")
def engine(served: str) -> OpenAIEngine:
    """What the contract is tried on."""
    return connect(ModelConfig(base_url=f"{served}/v1", concurrency=8))


@pytest.fixture(scope="module")
def block() -> int:
    """Tokens of a block as `judgekit serve` sets it on a CPU, and the last token."""
    return 33


def test_what_it_can_do_is_found(engine: OpenAIEngine) -> None:
    assert engine.described["continuation"] == "token ids"
    assert engine.described["stop_strings"] == "removed"
    assert engine.described["token_counts"] == "server"
    assert engine.context_length == 8192
    assert engine.features == {
        "token-ids", "text", "fork", "logit-bias", "logprobs", "min-tokens", "loops", "schema"
    }  # fmt: skip


def test_without_its_tokenizer_here_the_server_tells_how_the_model_thinks(
    served: str, engine: OpenAIEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(continuation, "local_tokenizer", lambda name: None)
    remote = connect(ModelConfig(base_url=f"{served}/v1"))
    assert remote.tokenizer is None
    assert dict(told(remote).tokens) == dict(told(engine).tokens)
    assert all(count > 1 for count in told(remote).tokens.values())
    assert told(remote).opening.endswith("<|im_start|>assistant\n")


def test_its_own_counter_tells_that_a_continuation_was_in_its_cache(
    served: str, engine: OpenAIEngine, block: int, generate: Greedy
) -> None:
    context = ask(engine, QUESTIONS[5])
    (first,) = gather(engine, (context, Ask(max_tokens=40, min_tokens=40)))
    forced = grown(context, first, " Wait, no:", engine=engine)
    before = hits(served)
    (second,) = gather(engine, (forced, Ask(max_tokens=8)))
    assert list(second.ids or ()) == generate(forced.ids, 8)
    known = len(context.ids) + 40
    assert known - block <= second.cached_tokens <= known
    assert hits(served) - before == second.cached_tokens


def hits(served: str) -> float:
    """Tokens that the server has found in its cache of prefixes so far."""
    with urllib.request.urlopen(f"{served}/metrics") as reply:
        text = reply.read().decode()
    return sum(map(float, re.findall(r"^vllm:prefix_cache_hits_total\S* (\S+)$", text, re.M)))


def test_a_loop_is_stopped_when_asked(engine: OpenAIEngine) -> None:
    context = ask(engine, QUESTIONS[10])
    asked = Ask(max_tokens=300, logit_bias={7: 100.0}, stop_on_loop=True)
    (stopped,) = gather(engine, (context, asked))
    assert stopped.stopped == "loop"
    assert 128 <= stopped.tokens < 140
