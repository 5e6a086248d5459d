"""Resident memory of one process while it grades a million rows.

    python -m tests.perf.verifier_memory --data FOLDER [--rows 1000000]

The rows are those of all labelled sets, over and over; in every pass each digit of gold answer and
response becomes another one, so that no two passes grade the same rows.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from itertools import count, islice
from pathlib import Path

from judgekit.verifier import verify
from tests.perf.verifier_accuracy import SETS, Row, load

REPORTED = (10_000, 30_000, 100_000, 300_000, 1_000_000)


def varied(rows: Sequence[Row]) -> Iterator[tuple[str, str, str | None]]:
    """Gold, response and question of the rows, pass after pass with other digits."""
    for shift in count():
        other = str.maketrans({str(d): str((d * (1 + shift % 9) + shift) % 10) for d in range(10)})
        for row in rows:
            gold, response = row["gold"].translate(other), row["response"].translate(other)
            yield gold, response, row["question"]


def resident_megabytes() -> float:
    """What the kernel counts as resident of this process."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def main() -> None:
    """Print a line at each of `REPORTED` rows."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=1_000_000)
    args = parser.parse_args()
    rows = [row for name in SETS for row in load(args.data, name)]
    began, slowest = time.process_time(), 0.0
    print("| rows | resident MB | CPU s | slowest row, CPU ms |\n|---|---|---|---|", flush=True)
    for done, row in enumerate(islice(varied(rows), args.rows), start=1):
        before = time.process_time()
        verify(*row)
        slowest = max(slowest, time.process_time() - before)
        if done in REPORTED or done == args.rows:
            spent = time.process_time() - began
            print(
                f"| {done:,} | {resident_megabytes():.1f} | {spent:.0f} | {1e3 * slowest:.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
