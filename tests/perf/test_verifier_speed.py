"""The verifier's speed: a ratio to math-verify in one run, a bound a row, a light import.

math-verify is taken from the environment that $JUDGEKIT_PEERS names (the path of its Python); the
comparison skips without one. `python -m tests.perf.verifier_accuracy` prints the whole table.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.perf.verifier_accuracy import PEERS_PYTHON, SETS, load, ours, speed

pytestmark = pytest.mark.perf

RATIO = 20
"""How many times math-verify's rows a second we promise."""

SLOWEST_S = 0.005
IMPORT_S = 0.2


@pytest.fixture(scope="module")
def rows(shared_data: Path) -> list[dict[str, Any]]:
    """Every twelfth row of every labelled set."""
    return [row for name in SETS for row in load(shared_data, name)][::12]


def test_many_times_math_verify(rows: list[dict[str, Any]]) -> None:
    python = os.environ.get(PEERS_PYTHON)
    if not python:
        pytest.skip(f"point {PEERS_PYTHON} at a Python that has math-verify")
    found = speed(python, rows)
    assert found.theirs / found.mine >= RATIO


@pytest.mark.parametrize("name", SETS)
def test_nearly_every_row_takes_less_than_five_milliseconds(name: str, shared_data: Path) -> None:
    rows = load(shared_data, name)
    ours(rows)
    runs = [ours(rows)[1] for _ in range(3)]
    best = [min(times) for times in zip(*runs, strict=True)]
    assert statistics.quantiles(best, n=100)[98] < SLOWEST_S


def test_the_import_is_light() -> None:
    bare = min(_seconds("pass") for _ in range(5))
    whole = min(_seconds("import judgekit.verifier") for _ in range(5))
    assert whole - bare < IMPORT_S


def _seconds(code: str) -> float:
    """CPU seconds of a fresh interpreter: wall time would measure the neighbours on the machine."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
