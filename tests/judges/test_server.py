"""A judge behind a real server process that fails in every way servers do.

No row is lost, none is incorrect by accident, no budget is passed.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from judgekit.config import Config, JudgeConfig
from judgekit.judges import open_judges
from judgekit.records import Verdict

from .conftest import case

ROOT = Path(__file__).resolve().parents[2]
ROWS = 30


class Server:
    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def faults(self, **faults: Any) -> None:
        request = urllib.request.Request(
            f"{self.url}/test/faults", json.dumps(faults).encode(), method="POST"
        )
        urllib.request.urlopen(request).read()

    def generations(self) -> list[dict[str, Any]]:
        """The requests for a verdict since this was last asked (probing aside)."""
        with urllib.request.urlopen(f"{self.url}/test/seen") as answer:
            seen = json.loads(answer.read())["requests"]
        return [each for each in seen if "=== response" in str(each["body"])]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    script = Path(__file__).with_name("judge_server.py")
    process = subprocess.Popen(
        [sys.executable, str(script), '{"dialect": "plain"}'],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        assert process.stdout is not None
        yield Server(int(process.stdout.readline()))
    finally:
        process.kill()
        process.wait()


def judged(server: Server, **options: Any) -> tuple[list[Verdict], list[bool], str | None]:
    """Verdicts on rows half of which are right, which those are, and whether the judge is down."""
    truth = [number % 2 == 0 for number in range(ROWS)]
    cases = [
        case(f"After {number} steps I get {100 + (not right)}.", "100")
        for number, right in enumerate(truth)
    ]
    options = {"model": "scripted-model", "base_url": f"{server.url}/v1", "timeout": 2.0, **options}
    config = Config(judges={"j": JudgeConfig(**options)})

    async def work() -> tuple[list[Verdict], str | None]:
        async with open_judges(["j"], config) as judges:
            verdicts = await asyncio.gather(*(judges["j"](each) for each in cases))
            return list(verdicts), judges["j"].down

    server.generations()
    verdicts, down = asyncio.run(work())
    return verdicts, truth, down


def check(verdicts: list[Verdict], truth: list[bool]) -> int:
    """Every row has a verdict, none a wrong one; how many are decided."""
    assert len(verdicts) == ROWS
    for verdict, right in zip(verdicts, truth, strict=True):
        assert verdict.outcome in ("undecided", "correct" if right else "incorrect"), verdict
        assert verdict.evidence
    return sum(verdict.outcome != "undecided" for verdict in verdicts)


def chat(content: str, finish: str = "stop") -> str:
    message = {"role": "assistant", "content": content}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    usage = {"prompt_tokens": 500, "completion_tokens": 20}
    return json.dumps({"object": "chat.completion", "choices": [choice], "usage": usage})


def test_a_server_in_order(server: Server) -> None:
    server.faults()
    verdicts, truth, down = judged(server)
    assert check(verdicts, truth) == ROWS
    assert down is None
    assert all(verdict.cost.prompt_tokens > 500 for verdict in verdicts)


def test_thirty_per_cent_of_calls_fail(server: Server) -> None:
    server.faults(share=0.3, status=500, headers={"retry-after-ms": "10"})
    verdicts, truth, _ = judged(server)
    assert check(verdicts, truth) >= ROWS - 2


@pytest.mark.parametrize(
    "body",
    [
        chat('{"extracted": "100", "reason": "The same num'),
        chat('{"extracted": "100", "reason": "x", "verdict": "incorrect"}', "length"),
        chat("答案是正确的。"),
        chat("Die Antwort ist falsch, also: INCORRECT"),
        chat(""),
        chat('{"verdict": "correct"}'),
        '{"object": "chat.completion", "choices": []}',
        "<html>502 Bad Gateway</html>",
        "null",
    ],
)
def test_replies_that_say_nothing_become_no_verdict(server: Server, body: str) -> None:
    server.faults(body=body)
    verdicts, _, _ = judged(server)
    assert {verdict.outcome for verdict in verdicts} == {"undecided"}
    server.faults(share=0.3, body=body)
    verdicts, truth, _ = judged(server)
    assert check(verdicts, truth) >= ROWS // 2


def test_a_stall_is_undecided(server: Server) -> None:
    server.faults(share=0.2, stall=1.5)
    verdicts, truth, _ = judged(server, timeout=0.5)
    assert check(verdicts, truth) >= ROWS // 2


def test_a_reply_that_is_torn_off(server: Server) -> None:
    server.faults(share=0.3, cut=60)
    verdicts, truth, _ = judged(server)
    assert check(verdicts, truth) >= ROWS // 2


@pytest.mark.parametrize("faulty", [False, True])
def test_no_budget_is_passed(server: Server, faulty: bool) -> None:
    server.faults(**({"share": 0.3, "body": chat("Ich weiß nicht.")} if faulty else {}))
    verdicts, truth, _ = judged(server, max_calls=15)
    decided = check(verdicts, truth)
    assert len(server.generations()) <= 15
    assert 0 < decided <= 15
    assert sum(verdict.cost.calls for verdict in verdicts) == 15

    verdicts, truth, _ = judged(server, max_total_tokens=25_000, max_tokens=100)
    assert check(verdicts, truth) > 0
    used = sum(v.cost.prompt_tokens + v.cost.completion_tokens for v in verdicts)
    assert used <= 25_000


def test_a_server_that_is_not_there(server: Server) -> None:
    verdicts, _, down = judged(server, base_url="http://127.0.0.1:9/v1", timeout=0.5)
    assert {verdict.outcome for verdict in verdicts} == {"undecided"}
    assert down is not None
    assert "127.0.0.1:9" in down
