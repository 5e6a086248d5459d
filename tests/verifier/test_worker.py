"""The SymPy worker: what it proves, and that nothing it does harms the process that asked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from judgekit.verifier.equivalence import compare
from judgekit.verifier.equivalence.worker import SympyWorker
from judgekit.verifier.reader import read


@pytest.fixture(scope="module")
def worker() -> Iterator[SympyWorker]:
    found = SympyWorker(seconds=5.0)
    yield found
    found.close()


def test_proves_solutions(worker: SympyWorker) -> None:
    assert worker.ask("solutions", read("x^2 < 4"), read("(-2, 2)")) is True
    assert worker.ask("solutions", read("x^2 < 4"), read("(-3, 2)")) is None
    assert worker.ask("solutions", read("x^2 = 4"), read("\\{2, -2\\}")) is True


def test_proves_identities(worker: SympyWorker) -> None:
    assert worker.ask("equal", read("\\sin^2 x + \\cos^2 x"), read("1")) is True
    assert worker.ask("equal", read("x+1"), read("x+2")) is None


def test_what_cannot_be_translated_is_not_proven(worker: SympyWorker) -> None:
    assert worker.ask("equal", read("\\text{Monday}"), read("1")) is None
    assert worker.ask("equal", read("9^{9^{9^{9}}}"), read("1")) is None
    assert worker.ask("equal", read("1"), read("99999999!")) is None


def test_a_killed_worker_is_replaced(worker: SympyWorker) -> None:
    assert worker.ask("equal", read("x"), read("x")) is True
    process = worker._process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert worker.ask("equal", read("x"), read("x")) is True
    assert worker._process is not None
    assert worker._process.pid != process.pid


def test_a_late_worker_is_stopped() -> None:
    # SymPy gives this up after some 0.2 s; the bound has to lie far below that on any machine.
    worker = SympyWorker(seconds=0.01)
    hard = read("\\{x \\mid \\sin(x^7+3x^5-x)+\\ln(x^2+x^4+1) > \\cos(x^3)+x^{11}-5x^2\\}")
    began = time.monotonic()
    assert worker.ask("solutions", hard, read("(0, 1)")) is None
    # The start, which imports SymPy, has a bound of its own.
    assert time.monotonic() - began < 30
    assert worker._process is None
    worker.close()


def test_memory_is_bounded() -> None:
    worker = SympyWorker(seconds=20.0, megabytes=400)
    bomb = read("(x+y+z+w+v)^{200} - (x+y+z+w)^{200}")
    assert worker.ask("equal", bomb, read("x")) is None
    assert worker.ask("equal", read("x"), read("x")) is True
    worker.close()


def test_threads_share_one_worker(worker: SympyWorker) -> None:
    found: list[bool | None] = []

    def ask(k: int) -> None:
        found.append(worker.ask("equal", read(f"(x+{k})^2"), read(f"x^2+{2 * k}x+{k * k}")))

    threads = [threading.Thread(target=ask, args=(k,)) for k in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 8


def test_comparing_needs_neither_the_main_thread_nor_a_main_guard() -> None:
    """A script without `if __name__ == "__main__"` that compares in a thread runs once."""
    script = (
        "import threading\n"
        "print('start')\n"
        "from judgekit.verifier.equivalence import compare\n"
        "def run(): print(compare('x^2<4', '(-2,2)').outcome)\n"
        "t = threading.Thread(target=run); t.start(); t.join()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.split() == ["start", "correct"]


def test_without_sympy_it_stays_undecided() -> None:
    assert compare("x^2 < 4", "(-2, 2)", use_sympy=False).outcome == "undecided"
    assert compare("x^2 < 4", "(-2, 2)").outcome == "correct"


def test_import_is_light() -> None:
    script = (
        "import sys\n"
        "import judgekit.verifier.equivalence\n"
        "heavy = {'sympy', 'mpmath', 'torch', 'pandas', 'numpy'} & set(sys.modules)\n"
        "print(sorted(heavy))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"
