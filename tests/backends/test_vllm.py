"""The embedded model in vLLM's own engine: the contract, and what vLLM does by its own features.

Needs an environment in which vLLM is installed: `make test-vllm` makes one.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from contract import *  # noqa: F403
from contract import QUESTIONS, Greedy, ask, gather, grown

from judgekit.backends.engine import Ask
from judgekit.backends.transformers import embedded
from judgekit.backends.transformers.engine import TransformersEngine
from judgekit.backends.transformers.loading import Loaded
from judgekit.backends.turn import open_context
from judgekit.backends.vllm.engine import VLLMEngine
from judgekit.benchmark import load as load_benchmark
from judgekit.config import ModelConfig
from judgekit.errors import BackendError, EnvironmentFault, UnknownName, UserError
from judgekit.loops import detect_loop
from judgekit.prompt import load_prompt, messages

pytestmark = [
    pytest.mark.engine,
    pytest.mark.model,
    pytest.mark.skipif(
        importlib.util.find_spec("vllm") is None, reason="vLLM is not installed: make test-vllm"
    ),
]


@pytest.fixture(scope="module")
def engine() -> Iterator[VLLMEngine]:
    """The embedded model in vLLM, eight sequences at once."""
    if not embedded.prepared_folder().is_dir() and embedded.locate() is None:
        pytest.skip(f"the embedded model is not installed: {embedded.INSTALL}")
    engine = VLLMEngine(ModelConfig(backend="vllm", concurrency=8))
    yield engine
    asyncio.run(engine.aclose())


@pytest.fixture(scope="module")
def block(engine: VLLMEngine) -> int:
    """vLLM reuses whole blocks, and computes at least the last token."""
    return int(engine.described["block_size"]) + 1


def test_what_runs_is_recorded(engine: VLLMEngine) -> None:
    assert engine.described["backend"] == "vllm"
    assert engine.described["vllm"]
    assert engine.described["prefix_caching"] is True
    assert engine.described["dtype"] == "float32"
    assert engine.context_length == 8192


def test_a_forced_turn_goes_on_from_ids_and_computes_only_what_is_new(
    engine: VLLMEngine, block: int, generate: Greedy
) -> None:
    context = ask(engine, QUESTIONS[5])
    (first,) = gather(engine, (context, Ask(max_tokens=10)))
    forced = grown(context, first, " Wait, no:", engine=engine)
    before = engine.counters.cached
    (second,) = gather(engine, (forced, Ask(max_tokens=10)))
    assert list(second.ids or ()) == generate(forced.ids, 10)
    known = len(context.ids) + 10
    assert known - block <= second.cached_tokens <= known
    assert engine.counters.cached - before == second.cached_tokens


def test_a_loop_is_stopped_when_asked(engine: VLLMEngine) -> None:
    context = ask(engine, QUESTIONS[10])
    looping = Ask(max_tokens=300, logit_bias={7: 1000.0})
    stopped, unasked = gather(
        engine,
        (context, replace(looping, stop_on_loop=True)),
        (context, replace(looping, max_tokens=160)),
    )
    assert (stopped.stopped, unasked.stopped) == ("loop", "length")
    assert 128 <= stopped.tokens < 140
    assert detect_loop(stopped.ids or ()) is not None


def test_a_reply_is_held_to_a_schema(engine: VLLMEngine) -> None:
    schema = {
        "type": "object",
        "properties": {"capital": {"type": "string", "maxLength": 20}},
        "required": ["capital"],
        "additionalProperties": False,
    }
    context = ask(engine, QUESTIONS[4])
    (reply,) = gather(engine, (context, Ask(max_tokens=60, schema=schema)))
    assert reply.stopped == "end"
    assert reply.text.lstrip().startswith('{"capital"') or '"capital"' in reply.text


def test_a_special_token_may_be_a_stop_string(engine: VLLMEngine) -> None:
    (marker,) = engine.tokenizer.encode("<|im_start|>")
    context = ask(engine, QUESTIONS[0])
    asked = Ask(max_tokens=4, logit_bias={marker: 1000.0}, stop=("<|im_start|>",))
    (extension,) = gather(engine, (context, asked))
    assert (extension.text, extension.ids, extension.matched) == ("", (), "<|im_start|>")
    assert extension.discarded == 1


def test_it_serves_several_event_loops(engine: VLLMEngine) -> None:
    context = ask(engine, QUESTIONS[1])
    asked = (context, Ask(max_tokens=4))
    assert gather(engine, asked)[0].ids == gather(engine, asked)[0].ids


@pytest.mark.parametrize(
    ("config", "fault", "said"),
    [
        (ModelConfig("embeded"), UnknownName, "did you mean embedded"),
        (ModelConfig("/no/such/model"), UserError, "no such model folder"),
        (ModelConfig(concurrency=0), UserError, "at least 1"),
        (ModelConfig(dtype="float12"), UnknownName, "data type"),
        (ModelConfig(device="cuda:1"), EnvironmentFault, "runs on cpu here"),
    ],
)
def test_a_wrong_name_is_one_line_at_once(
    config: ModelConfig, fault: type[Exception], said: str
) -> None:
    with pytest.raises(fault, match=said) as caught:
        VLLMEngine(config)
    assert "\n" not in str(caught.value)


def test_a_gguf_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    with pytest.raises(UserError, match="does not read GGUF"):
        VLLMEngine(ModelConfig(str(tmp_path)))


def test_memory_that_is_not_there_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault is raised two processes away, at the end of three traces."""
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "100000")
    with pytest.raises(EnvironmentFault, match="memory") as caught:
        VLLMEngine(ModelConfig(concurrency=1))
    assert "\n" not in str(caught.value)


WAITING = """
import asyncio
from judgekit.backends.engine import Ask, Context
from judgekit.backends.vllm.engine import VLLMEngine
from judgekit.config import ModelConfig

async def main():
    engine = await asyncio.to_thread(VLLMEngine, ModelConfig(concurrency=2))
    endless = Ask(max_tokens=8000, min_tokens=8000)
    other = asyncio.create_task(engine.extend(Context((), "", (1, 2)), endless))
    await asyncio.sleep(1)
    print("ready", flush=True)
    try:
        await engine.extend(Context((), "", (1, 2, 3)), endless)
    finally:
        await engine.aclose()
        late = engine.extend(Context((), "", (1,)), Ask(max_tokens=1))
        print(*await asyncio.gather(other, late, return_exceptions=True), sep=chr(10))

if __name__ == "__main__":
    asyncio.run(main())
"""


def started(script: Path) -> subprocess.Popen[str]:
    """The script in a group of its own, as a terminal would run it."""
    script.write_text(WAITING)
    return subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        process_group=0,
    )


def ready(process: subprocess.Popen[str]) -> None:
    """Wait until the script's engine is at work."""
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"


def members(group: int) -> list[str]:
    """The processes of the group that still run."""
    listed = subprocess.run(
        ["ps", "-eo", "pgid=,stat=,args="], capture_output=True, text=True, check=True
    )
    lines = [line.split(None, 2) for line in listed.stdout.splitlines()]
    return [" ".join(line) for line in lines if line[0] == str(group) and line[1][0] != "Z"]


def left_behind(group: int) -> list[str]:
    """Processes of the group that still run, after at most ten seconds."""
    for _ in range(100):
        if not (alive := members(group)):
            return []
        time.sleep(0.1)
    return alive


def test_ctrl_c_closes_it_in_order_and_leaves_nothing_behind(tmp_path: Path) -> None:
    process = started(tmp_path / "waiting.py")
    ready(process)
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=120)
    lines = said.splitlines()
    assert lines[:2] == ["the model was closed"] * 2
    assert "ERROR" not in said
    assert lines[-1] == "KeyboardInterrupt"
    assert left_behind(process.pid) == []


@pytest.mark.parametrize("when", ["at work", "starting"])
def test_a_killed_process_leaves_nothing_behind(when: str, tmp_path: Path) -> None:
    process = started(tmp_path / "waiting.py")
    if when == "at work":
        ready(process)
    else:
        # The tracker of multiprocessing's resources is there before.
        while not any(re.search("spawn_main|EngineCore", each) for each in members(process.pid)):
            assert process.poll() is None
            time.sleep(0.1)
    process.kill()
    process.communicate(timeout=60)
    assert left_behind(process.pid) == []


def test_greedy_answers_are_those_of_transformers_or_hang_on_a_hair(
    engine: VLLMEngine, embedded_engine: TransformersEngine, embedded_model: Loaded
) -> None:
    """40 short answers; where one differs, the two best tokens there are within rounding."""
    prompt = load_prompt("cot")
    contexts = [
        open_context(engine, messages(prompt, problem))
        for problem in load_benchmark("starter", limit=40).problems
    ]
    asked = Ask(max_tokens=64)
    ours, theirs = (
        gather(each, *((replace(context), asked) for context in contexts))
        for each in (embedded_engine, engine)
    )
    margins = []
    for context, one, other in zip(contexts, ours, theirs, strict=True):
        embedded_engine.release(context)
        if one.ids != other.ids:
            common = shared(one.ids or (), other.ids or ())
            margins.append(margin(embedded_model, [*context.ids, *(one.ids or ())[:common]]))
    print(f"{len(contexts) - len(margins)} of {len(contexts)} texts agree; margins {margins}")
    assert len(margins) <= 0.1 * len(contexts)
    assert all(each < HAIR for each in margins)


HAIR = 1e-3
"""Difference of two logits (of some 20) that another order of summing in float32 may turn over."""


def shared(one: Sequence[int], other: Sequence[int]) -> int:
    """How many ids two sequences have in common at the beginning."""
    return next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )


def margin(loaded: Loaded, ids: list[int]) -> float:
    """By how much the best next token beats the second, in logits."""
    import torch

    with torch.inference_mode():
        best, second = loaded.model(torch.tensor([ids])).logits[0, -1].topk(2).values
    return float(best - second)


def test_a_death_of_vllm_is_one_line(tmp_path: Path, engine: VLLMEngine) -> None:
    """Last: the engine is gone afterwards."""
    (core,) = (each for each in engine._vllm.engine_core.resources.engine_manager.processes)

    async def run() -> None:
        endless = asyncio.create_task(
            engine.extend(ask(engine, QUESTIONS[8]), Ask(max_tokens=4000, min_tokens=4000))
        )
        await asyncio.sleep(1)
        os.kill(core.pid, signal.SIGKILL)
        with pytest.raises(BackendError, match="vLLM stopped") as caught:
            await endless
        assert "\n" not in str(caught.value)
        with pytest.raises(BackendError, match="vLLM stopped"):
            await engine.extend(ask(engine, QUESTIONS[0]), Ask(max_tokens=1))

    asyncio.run(run())
