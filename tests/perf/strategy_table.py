"""Every strategy with the embedded model, graded: accuracy, tokens by author, seconds.

    python -m tests.perf.strategy_table --backend transformers --data FOLDER --out FOLDER

128 new tokens, n = 4, seed 0. Prompting, forcing and parallel strategies answer 20 starter and 5
GSM8K problems, searches and strategies of two models 5 and 3. The second model is a second copy of
the same model with another seed; process scores come from a classifier with random weights, so that
accuracy says nothing about the strategies and everything about the wiring. One engine serves all.
Runs stand in the folder: what is there is not generated again, but its seconds are lost.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from judgekit import strategies
from judgekit.backends import open_engine
from judgekit.backends.engine import Engine
from judgekit.config import Config, ModelConfig
from judgekit.generate import Job, Plan, generate, plan
from judgekit.grade import grade_run
from judgekit.runs import load
from tests.strategies.classifying import random_classifier

TOKENS = 128
LONG = (("starter", 20), ("gsm8k", 5))
SHORT = (("starter", 5), ("gsm8k", 3))
SECOND = "second"
SCORER = "random"
N = ("majority-vote", "weighted-vote", "best-of-n", "self-consistency-universal")
SEARCHES = ("beam-search", "rebase", "dvts")
OPTIONS: dict[str, dict[str, str]] = {
    **{name: {"n": "4"} for name in (*N, *SEARCHES, "mutual-consistency")},
    "budget-forcing": {"waits": "3"},
    "progressive-expansion": {"waits": "3"},
    "thinking-budget": {"budget": "64"},
    "cut-off": {"tokens": "64"},
    "end-bias": {"token": "<|im_end|>"},
}


class Shared:
    """An engine that the next strategy goes on using."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    async def aclose(self) -> None:
        """Left open."""


def plans(model: ModelConfig, data: Path, out: Path) -> Iterator[tuple[str, list[Plan]]]:
    scorer = random_classifier(out / "random-classifier", context=1024)
    config = Config(models={SECOND: model, SCORER: scorer})
    for name in strategies.BUILT_IN:
        strategy = strategies.get(name)
        options = dict(OPTIONS.get(name, {}))
        options |= dict.fromkeys(strategy.required, SECOND)
        if name in SEARCHES:
            options["scorer"] = SCORER
        short = name in SEARCHES or bool(strategy.models)
        yield (
            name,
            [
                plan(
                    Job(
                        model,
                        benchmark,
                        data=data / "gsm8k_test.jsonl" if benchmark == "gsm8k" else None,
                        strategy=name,
                        options=options,
                        limit=limit,
                        max_tokens=TOKENS,
                        config=config,
                    )
                )
                for benchmark, limit in (SHORT if short else LONG)
            ],
        )


async def measure(name: str, todo: list[Plan], engine: Engine, out: Path) -> dict[str, Any]:
    """One row of the table; a strategy's variants are counted as responses."""
    row: dict[str, Any] = {"strategy": name, "seconds": 0.0, "n": 0, "correct": 0}
    row |= dict.fromkeys(("own", "forced", "discarded", "failed"), 0)
    for each in todo:
        started = time.perf_counter()
        path, _ = await generate(each, out / f"{each.out.name}", engine=engine)
        row["seconds"] += time.perf_counter() - started
        await grade_run(load(path), Config())
        run = load(path)
        row["n"] += len(run.responses)
        row["correct"] += sum(grade.outcome == "correct" for grade in run.grades)
        row["failed"] += sum(response.finish_reason == "error" for response in run.responses)
        for response in run.responses:
            row["own"] += response.completion_tokens
            row["forced"] += response.forced_tokens
            row["discarded"] += response.discarded_tokens
    return row


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backend", default="transformers", choices=("transformers", "vllm"))
    parser.add_argument("--data", type=Path, required=True, help="folder with gsm8k_test.jsonl")
    parser.add_argument("--out", type=Path, required=True, help="folder of the runs")
    parser.add_argument("--only", nargs="*", help="strategies, all by default")
    given = parser.parse_args()
    out: Path = given.out / given.backend
    out.mkdir(parents=True, exist_ok=True)
    model = ModelConfig(backend=given.backend, dtype="float32")
    engine = open_engine(model)
    print("| strategy | correct / responses | own | forced | discarded | seconds |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, todo in list(plans(model, given.data, out)):
        if given.only and name not in given.only:
            continue
        row = await measure(name, todo, Shared(engine), out)
        with (out / "table.jsonl").open("a") as file:
            file.write(json.dumps(row) + "\n")
        failed = f" ({row['failed']} failed)" if row["failed"] else ""
        print(
            f"| {name} | {row['correct']} / {row['n']}{failed} | {row['own']:,} "
            f"| {row['forced']:,} | {row['discarded']:,} | {row['seconds']:.0f} |",
            flush=True,
        )
    await engine.aclose()


if __name__ == "__main__":
    asyncio.run(main())
