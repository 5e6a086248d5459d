"""Generate on the scripted engine: what is written, resumed, refused, and kept after `kill -9`."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from judgekit.backends.scripted import Rule, ScriptedEngine
from judgekit.config import ModelConfig
from judgekit.errors import BackendError, RequestFailed, RunMismatch, UnknownName, UserError
from judgekit.generate import Job, Progress, generate, plan
from judgekit.runs import load

SCRIPT = """
default = "Let me think about it for a while. The answer is \\\\boxed{4}."
seconds_per_token = 0.0002
concurrency = 4
"""


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    monkeypatch.chdir(tmp_path)
    script = tmp_path / "script.toml"
    script.write_text(SCRIPT)
    return Job(model=ModelConfig(model=str(script), backend="scripted"), limit=12)


def made(job: Job, out: Path | None = None) -> tuple[Path, Progress]:
    return asyncio.run(generate(plan(job), out))


def test_a_run_holds_everything_needed_to_repeat_it(job: Job) -> None:
    path, progress = made(job)
    run = load(path)
    assert progress.done == progress.total == len(run.responses) == 12
    first = run.responses[0]
    assert first.text == "".join(segment.text for segment in first.segments)
    assert first.completion_tokens == len(first.text.encode())
    assert first.finish_reason == "stop"
    assert run.problems[0].prompt.endswith("<|assistant|>")
    assert run.problems[0].question in run.problems[0].prompt
    assert {"prompt_hash", "benchmark_hash", "seed", "max_tokens"} <= set(run.config)
    assert run.manifest["versions"]["python"]
    assert run.manifest["engine"]["script"].endswith("script.toml")


def test_the_same_command_finds_its_own_run_and_has_nothing_to_do(job: Job) -> None:
    path, _ = made(job)
    before = (path / "responses.jsonl").read_bytes()
    again, progress = made(job)
    assert again == path
    assert progress.resumed == progress.done == 12
    assert (path / "responses.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    "change", [{"seed": 1}, {"limit": 11}, {"strategy": "cod"}, {"max_tokens": 9}, {"top_p": 0.5}]
)
def test_another_configuration_is_another_run(job: Job, change: dict[str, object]) -> None:
    assert plan(job).out != plan(replace(job, **change)).out


def test_a_changed_configuration_in_the_same_directory_is_refused(job: Job, tmp_path: Path) -> None:
    made(job, tmp_path / "run")
    with pytest.raises(RunMismatch, match="seed was 0, is 5"):
        made(replace(job, seed=5), tmp_path / "run")


def test_one_failed_response_is_data_and_is_tried_again(job: Job, tmp_path: Path) -> None:
    wanted = plan(job)
    bad = wanted.benchmark.problems[3]
    failing = ScriptedEngine(
        [Rule(match=bad.question, error="the server said 500"), Rule(("\\boxed{1}",))]
    )
    _, progress = asyncio.run(generate(wanted, tmp_path / "run", engine=failing))
    assert progress.failed == 1
    (failed,) = [r for r in load(tmp_path / "run").responses if r.finish_reason == "error"]
    assert (failed.id, failed.error) == (bad.id, "the server said 500")
    _, progress = made(job, tmp_path / "run")
    assert (progress.resumed, progress.done, progress.failed) == (11, 12, 0)
    run = load(tmp_path / "run")
    assert len(run.responses) == 12
    assert not [r for r in run.responses if r.error]


def test_a_backend_that_stays_down_ends_the_run_and_what_is_done_is_kept(
    job: Job, tmp_path: Path
) -> None:
    asked = 0

    def script(messages: object, written: str) -> str:
        nonlocal asked
        asked += 1
        if asked > 5:
            raise BackendError("the server is down")
        return "\\boxed{1}"

    engine = ScriptedEngine(script, concurrency=1)
    with pytest.raises(BackendError, match="down") as caught:
        asyncio.run(generate(plan(job), tmp_path / "run", engine=engine))
    assert not isinstance(caught.value, RequestFailed)
    assert len(load(tmp_path / "run").responses) == 5
    _, progress = made(job, tmp_path / "run")
    assert (progress.resumed, progress.done) == (5, 12)


def test_samples_have_seeds_of_their_own_that_do_not_depend_on_the_limit(
    job: Job, tmp_path: Path
) -> None:
    more = replace(job, samples=3, temperature=0.7)
    made(more, tmp_path / "a")
    made(replace(more, limit=5), tmp_path / "b")
    seeds = {r.key: r.seed for r in load(tmp_path / "a").responses}
    assert len(set(seeds.values())) == 36
    assert all(seeds[r.key] == r.seed for r in load(tmp_path / "b").responses)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"strategy": "cto"}, "unknown strategy 'cto' \\(did you mean co"),
        ({"benchmark": "math50"}, "did you mean math500"),
        ({"options": {"shot": "2"}}, "unknown option of cot: 'shot' \\(did you mean shots"),
        ({"options": {"shots": "two"}}, "'two' is no int"),
        ({"samples": 2}, "add --temperature"),
        ({"temperature": -1.0}, "--temperature must be"),
        ({"max_tokens": 0}, "--max-tokens 0"),
    ],
)
def test_bad_input_is_refused_before_anything_is_loaded(
    job: Job, change: dict[str, object], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        plan(replace(job, **change))


def test_a_strategy_that_cannot_drive_this_model_is_refused_and_leaves_nothing(
    job: Job, tmp_path: Path
) -> None:
    """No token ends this model's thinking, and a bias must be on one."""

    class Biased(ScriptedEngine):
        features = ScriptedEngine.features | {"logit-bias"}

    planned = plan(replace(job, strategy="end-bias"))
    with pytest.raises(UserError, match="end of its turn"):
        asyncio.run(generate(planned, engine=Biased([Rule(("4",))])))
    assert not Path("runs").exists()
    named = plan(replace(job, strategy="end-bias", options={"token": "<|end|>"}))
    _, progress = asyncio.run(generate(named, tmp_path / "run", engine=Biased([Rule(("4",))])))
    assert (progress.done, progress.failed) == (12, 0)


def test_unknown_names_are_the_users_fault() -> None:
    with pytest.raises(UnknownName) as caught:
        plan(Job(strategy="nonsense"))
    assert caught.value.exit_code == 2


COMMAND = "from judgekit.cli import main; main()"


def _rows(path: Path) -> dict[tuple[str, int], str]:
    lines = (path / "responses.jsonl").read_bytes().splitlines()
    rows = [orjson.loads(line) for line in lines]
    keys = [(row["id"], row["sample"]) for row in rows]
    assert len(keys) == len(set(keys)), "a response stands twice"
    return {key: row["text"] for key, row in zip(keys, rows, strict=True)}


def test_killed_at_twenty_random_moments_nothing_is_lost_and_nothing_is_twice(
    tmp_path: Path,
) -> None:
    script = tmp_path / "script.toml"
    script.write_text(SCRIPT.replace("0.0002", "0.004"))
    arguments = ["generate", "--backend", "scripted", "--model", str(script), "--quiet"]
    arguments += ["--samples", "6", "--temperature", "0.7"]

    def start(out: Path) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-c", COMMAND, *arguments, "--out", str(out)],
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )

    whole, killed = tmp_path / "whole", tmp_path / "killed"
    reference = start(whole)
    moments = random.Random(7)
    kills = 0
    while kills < 20:
        victim = start(killed)
        file = killed / "responses.jsonl"
        size = file.stat().st_size if file.exists() else 0
        until = time.monotonic() + 30
        while victim.poll() is None and time.monotonic() < until:
            if file.exists() and file.stat().st_size > size:
                break
            time.sleep(0.01)
        time.sleep(moments.uniform(0, 0.3))
        assert victim.poll() is None, "the run ended before it could be killed twenty times"
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        kills += 1
    assert start(killed).wait(120) == 0
    assert reference.wait(120) == 0
    assert _rows(killed) == _rows(whole)
