"""Ours and the peers on labelled responses, in one run.

    python -m tests.perf.verifier_accuracy --data FOLDER [--peers PYTHON] [--half tune|held]

FOLDER holds `labelled/*.jsonl` (fields `id`, `question`, `gold`, `response`, `label`; `extracted`
where the set is judged on extracted answers). PYTHON is the interpreter of an environment in which
`math-verify==0.9.0` and whatever other peers (`peer_graders.py`) are installed. Undecided counts as
not right. Seconds are CPU seconds, so that other jobs on the machine do not count. `--half` takes
the rows whose id hashes to even (used while tuning) or odd (held back).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from judgekit.verifier import verify

SETS = (
    "test_suite_pairs",
    "hardverify_math",
    "mr_math_human",
    "mr_gsm8k_human",
    "qwen_math_cot_rule",
    "nemo_math_rule",
    "gsm8k_openai_rule",
    "gpqa_diamond_human",
    "mmlu_pro_human",
)
EXTRACTED = ("gpqa_diamond_human", "mmlu_pro_human")
PEERS_PYTHON = "JUDGEKIT_PEERS"
"""Environment variable that names the peers' interpreter where --peers does not."""

Row = dict[str, Any]


class Score(NamedTuple):
    """Counts over one set; shares are per cent."""

    rows: int
    right: float
    false_accepts: int
    false_rejects: int
    undecided: int
    recall: float
    rows_per_second: float


def load(folder: Path, name: str, half: str | None = None) -> list[Row]:
    """The rows of one labelled set, each with the text that is to be graded as `response`."""
    rows = [json.loads(line) for line in (folder / "labelled" / f"{name}.jsonl").open()]
    if name in EXTRACTED:
        rows = [{**row, "response": row.get("extracted") or row["response"]} for row in rows]
    if half is None:
        return rows
    return [row for row in rows if _is_held(row["id"]) == (half == "held")]


def _is_held(id: str) -> bool:
    return int(hashlib.sha1(id.encode()).hexdigest(), 16) % 2 == 1


def score(rows: Sequence[Row], verdicts: Sequence[bool | None], seconds: float) -> Score:
    """Verdicts (None = undecided) against labels."""
    pairs = list(zip((bool(row["label"]) for row in rows), verdicts, strict=True))
    right = sum(label == verdict for label, verdict in pairs)
    positive = [verdict for label, verdict in pairs if label]
    return Score(
        len(pairs),
        100 * right / len(pairs),
        sum(verdict is True and not label for label, verdict in pairs),
        sum(verdict is False and label for label, verdict in pairs),
        sum(verdict is None for _, verdict in pairs),
        100 * sum(verdict is True for verdict in positive) / max(1, len(positive)),
        len(pairs) / seconds if seconds else 0.0,
    )


def ours(rows: Iterable[Row]) -> tuple[list[bool | None], list[float]]:
    """Our verdicts, and the CPU seconds of each row (no row of these asks the SymPy worker)."""
    outcomes: dict[str, bool | None] = {"correct": True, "incorrect": False, "undecided": None}
    verdicts, seconds = [], []
    for row in rows:
        began = time.process_time()
        grade = verify(row["gold"], row["response"], row["question"])
        seconds.append(time.process_time() - began)
        verdicts.append(outcomes[grade.outcome])
    return verdicts, seconds


def peers(
    python: str, rows: Sequence[Row], names: Sequence[str] = (), repeats: int = 1
) -> list[dict[str, Any]]:
    """What the peers say, each run in one warm process of the other interpreter."""
    pairs = "\n".join(json.dumps({"gold": r["gold"], "response": r["response"]}) for r in rows)
    script = Path(__file__).with_name("peer_graders.py")
    done = subprocess.run(
        [python, str(script), str(repeats), *names],
        input=pairs,
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


class Speed(NamedTuple):
    """CPU seconds: the median over all rows of ours and of math-verify, and of one row of ours."""

    mine: float
    theirs: float
    percentile99: float
    slowest: float


def speed(python: str, rows: Sequence[Row], repeats: int = 5) -> Speed:
    """Both on the same rows, in one process each, warm; a row's own time is its median.

    Our passes are timed as a whole, for a look at the clock costs a fiftieth of our cheapest rows.
    """
    single = [
        statistics.median(times)
        for times in zip(*(ours(rows)[1] for _ in range(repeats)), strict=True)
    ]
    passes = [_pass_seconds(rows) for _ in range(repeats)]
    theirs = peers(python, rows, ["math-verify"], repeats + 1)[1:]
    return Speed(
        statistics.median(passes),
        statistics.median(sum(run["seconds"]) for run in theirs),
        statistics.quantiles(single, n=100)[98],
        max(single),
    )


def _pass_seconds(rows: Sequence[Row]) -> float:
    """CPU seconds of our verdicts on all rows."""
    began = time.process_time()
    for row in rows:
        verify(row["gold"], row["response"], row["question"])
    return time.process_time() - began


def print_table(rows: Iterable[tuple[str, str, Score]]) -> None:
    """The table as Markdown, so that docs/verifier.md can carry it unchanged."""
    print(
        "| set | grader | right % | false accepts | false rejects | undecided | recall % | rows/s |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for name, grader, s in rows:
        print(
            f"| {name} ({s.rows}) | {grader} | {s.right:.1f} | {s.false_accepts} "
            f"| {s.false_rejects} | {s.undecided} | {s.recall:.1f} | {s.rows_per_second:,.0f} |",
            flush=True,
        )


def _measure(name: str, rows: list[Row], python: str | None) -> Iterable[tuple[str, str, Score]]:
    ours(rows[:20])
    verdicts, seconds = ours(rows)
    yield name, "judgekit", score(rows, verdicts, sum(seconds))
    if python is None:
        return
    for result in peers(python, rows):
        if "missing" in result:
            print(f"{result['peer']}: not installed there ({result['missing']})", file=sys.stderr)
            continue
        title = f"{result['peer']} {result['version']}"
        yield name, title, score(rows, result["verdicts"], sum(result["seconds"]))


def main() -> None:
    """Print the accuracy table, then the speed of ours and of math-verify on the same rows."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--peers", default=os.environ.get(PEERS_PYTHON))
    parser.add_argument("--half", choices=("tune", "held"))
    parser.add_argument("--sets", nargs="*", default=SETS)
    parser.add_argument("--speed-rows", type=int, default=300, help="rows of each set, 0: none")
    args = parser.parse_args()
    sets = {name: load(args.data, name, args.half) for name in args.sets}
    print_table(line for name, rows in sets.items() for line in _measure(name, rows, args.peers))
    if args.peers and args.speed_rows:
        print_speed(args.peers, sets, args.speed_rows)


def print_speed(python: str, sets: Mapping[str, Sequence[Row]], most: int) -> None:
    """Rows a second of judgekit and math-verify on every set, as Markdown."""
    print("\n| set | judgekit rows/s | math-verify rows/s | ratio | 99 % under | slowest |")
    print("|---|---|---|---|---|---|")
    for name, rows in sets.items():
        sample = rows[:: max(1, len(rows) // most)]
        found = speed(python, sample)
        print(
            f"| {name} ({len(sample)}) | {len(sample) / found.mine:,.0f} "
            f"| {len(sample) / found.theirs:,.0f} | {found.theirs / found.mine:.0f} "
            f"| {1e3 * found.percentile99:.2f} ms | {1e3 * found.slowest:.1f} ms |",
            flush=True,
        )


if __name__ == "__main__":
    main()
