"""How long `judgekit --help` takes beside a bare `import typer, rich`."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.perf


def seconds(code: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def test_help_takes_at_most_two_and_a_half_bare_imports() -> None:
    help_, bare = "from judgekit.cli import run; run(['--help'])", "import typer, rich"
    pairs = [(seconds(help_), seconds(bare)) for _ in range(9)]
    ours, theirs = (min(column) for column in zip(*pairs, strict=True))
    print(f"\nhelp {ours:.3f} s, bare import {theirs:.3f} s: {ours / theirs:.2f}")
    assert ours / theirs <= 2.5
