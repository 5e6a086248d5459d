"""Graded runs, made by the real `generate` and `grade` with a scripted model."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import orjson

from judgekit.backends.engine import Message
from judgekit.backends.scripted import Script, ScriptedEngine
from judgekit.config import Config, ModelConfig
from judgekit.generate import Job, generate, plan
from judgekit.grade import grade_run
from judgekit.runs import Run, load

BENCHMARK = """
file = "problems.jsonl"
max_tokens = 400

[fields]
kind = "auto"
meta = []
"""

Replies = Mapping[str, Sequence[str]]
"""For each question, what the model may reply; the seed of a sample chooses."""


def benchmark(folder: Path, golds: Mapping[str, str]) -> Path:
    """A benchmark file with these questions and their gold answers."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        {"id": f"p{i}", "question": question, "gold": gold}
        for i, (question, gold) in enumerate(golds.items())
    ]
    (folder / "problems.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    path = folder / "made.toml"
    path.write_text(BENCHMARK)
    return path


def saying(replies: Replies) -> Script:
    """A model that replies to the question whose text its prompt contains."""

    def script(messages: Sequence[Message], written: str) -> Sequence[str]:
        asked = messages[-1]["content"]
        found = next(texts for question, texts in replies.items() if question in asked)
        return ["" for _ in found] if written else found

    return script


def generated(
    folder: Path,
    golds: Mapping[str, str],
    script: Script,
    *,
    samples: int = 8,
    strategy: str = "reasoning",
    seed: int = 0,
) -> Run:
    """A run of the scripted model over these problems; not graded."""
    job = Job(
        model=ModelConfig(model="scripted.py:model", backend="scripted"),
        benchmark=str(benchmark(folder, golds)),
        strategy=strategy,
        samples=samples,
        temperature=0.7,
        seed=seed,
    )
    path, _ = asyncio.run(generate(plan(job), folder / "run", engine=ScriptedEngine(script)))
    return load(path)


def graded(run: Run) -> Run:
    """The run, graded by the verifier."""
    asyncio.run(grade_run(run, Config()))
    return load(run.path)
