"""A report over 100,000 responses, and loops in 25 million tokens: time, memory, growth."""

from __future__ import annotations

import random
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from judgekit.loops import detect_loop
from judgekit.records import Cost, Grade, Problem, Response, Segment, Usage, Verdict
from judgekit.runs import Writer

pytestmark = pytest.mark.perf

PROBLEMS, SAMPLES = 500, 200
REPORT = """
import resource, sys, time
from judgekit import cli
began = time.perf_counter()
code = cli.run(["report", *sys.argv[1:]])
seconds = time.perf_counter() - began
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(seconds, time.process_time(), peak, file=sys.stderr)
sys.exit(code)
"""


def large_run(folder: Path) -> None:
    """500 problems with 200 samples of 200 words each, half of them right."""
    rng = random.Random(0)
    words = re.findall(r"\S+|\n", "so we add the two numbers and take half then 12 + 7 = 19 .\n")
    with Writer(folder) as writer:
        config = {"model": "small", "benchmark": "sums", "strategy": "cot", "samples": SAMPLES}
        writer.start(config, {})
        writer.append(
            *(Problem(f"p{i}", "2 + 2?", "4", prompt="in \\boxed{}") for i in range(PROBLEMS))
        )
        for sample in range(SAMPLES):
            responses, grades = [], []
            for i in range(PROBLEMS):
                text = " ".join(rng.choices(words, k=200)) + " \\boxed{4}"
                tokens = rng.randrange(100, 900)
                responses.append(
                    Response(
                        *(f"p{i}", text, sample),
                        segments=(
                            Segment(text[:400], "thinking", "model", tokens // 2),
                            Segment(text[400:], "answer", "model", tokens - tokens // 2),
                        ),
                        prompt_tokens=90,
                        completion_tokens=tokens,
                        usage={"model": Usage(90, tokens)},
                        seconds=1.5,
                    )
                )
                verdict = Verdict("exact", "undecided", "5", "Not written so.", cost=Cost())
                proof = Verdict("symbolic", rng.choice(["correct", "incorrect"]), "5", "4 or 5.")  # type: ignore[arg-type]
                grades.append(
                    Grade(
                        *(f"p{i}", proof.outcome, "symbolic", sample),
                        extracted="5",
                        trail=(verdict, proof),
                        grading="a" * 64,
                    )
                )
            writer.append(*responses)
            writer.append(*grades)


def test_a_report_over_100_000_responses(tmp_path: Path) -> None:
    large_run(tmp_path / "run")
    page = tmp_path / "page.html"
    for more in ([], ["--html", str(page), "--quiet"]):
        done = subprocess.run(
            [sys.executable, "-c", REPORT, str(tmp_path / "run"), *more],
            capture_output=True,
            text=True,
            check=True,
        )
        assert "100,000, 500 problems" in done.stdout
        seconds, used, megabytes = map(float, done.stderr.split())
        what = "page" if more else "terminal"
        print(f"\n{what}: {seconds:.1f} s ({used:.1f} s of one core), {megabytes:.0f} MB", end="")
        assert used < 10
        assert megabytes < 1000
    assert page.stat().st_size < 5_000_000


def test_loops_in_25_million_tokens() -> None:
    rng = np.random.default_rng(0)
    tokens = (rng.zipf(1.2, 25_000_000) % 50_000).astype(np.int32)
    per_token = []
    for size in (3_125_000, 6_250_000, 12_500_000, 25_000_000):
        began = time.process_time()
        assert detect_loop(tokens[:size]) is None
        spent = time.process_time() - began
        per_token.append(spent / size)
        print(f"\n{size:,} tokens: {spent:.2f} s", end="")
    assert per_token[-1] * 25_000_000 < 10
    assert max(per_token) < 2 * min(per_token)
