"""SymPy behind a wall: one subprocess, bounded in time and memory, restarted when it dies.

`ask` sends two trees (`tree.dump`, never text) to a process of `_worker_main`, started by `-m`, and
waits at most `SECONDS`; a worker that is late is killed. The worker limits its own address space.
It is started on first use, one a process (a fork starts its own, whoever held the lock when it was
made), and serves one caller at a time under a lock, so that threads may share it. No signals are
used, nothing is forked from the user's process, and the user's script is never imported.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import subprocess
import sys
import threading
import time

from judgekit.verifier.reader.tree import Expr
from judgekit.verifier.reader.wire import dump

SECONDS = 2.0
"""Wall-clock bound on one question."""
START_SECONDS = 30.0
"""Bound on the start of a worker, which imports SymPy."""
MEGABYTES = 1024
"""Bound on the worker's address space."""
_LONGEST_QUESTION = 200_000


class SympyWorker:
    """One worker subprocess and what is needed to talk to it."""

    def __init__(self, seconds: float = SECONDS, megabytes: int = MEGABYTES) -> None:
        self.seconds = seconds
        self.megabytes = megabytes
        self._disown()

    def _disown(self) -> None:
        """Begin without a worker: in a new object, and in a fork of the process that has one."""
        self.usable = True
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, task: str, gold: Expr, answer: Expr) -> bool | None:
        """True if SymPy proves the two equal under this task, None if it cannot say or dies."""
        question = json.dumps([task, dump(gold), dump(answer)]).encode() + b"\n"
        if len(question) > _LONGEST_QUESTION:
            return None
        with self._lock:
            process = self._running()
            if process is None:
                return None
            reply = self._exchange(process, question, self.seconds)
            if reply is None:
                self._kill()
                return None
        return True if reply.strip() == b"true" else None

    def _running(self) -> subprocess.Popen[bytes] | None:
        """The live worker of this very process, started if need be."""
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._kill()
        if not self.usable:
            return None
        environment = {
            name: value for name, value in os.environ.items() if name.startswith(("PYTHON", "LC_"))
        } | {"PATH": os.environ.get("PATH", ""), "OPENBLAS_NUM_THREADS": "1"}
        package = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        path = [package, environment.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(part for part in path if part)
        try:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "judgekit.verifier.equivalence._worker_main",
                    str(self.megabytes),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
            )
        except OSError:
            self.usable = False
            return None
        if self._exchange(self._process, b"", START_SECONDS) != b"ready\n":
            self._kill()
            self.usable = False  # SymPy cannot be imported: do not try again
            return None
        return self._process

    def _exchange(
        self, process: subprocess.Popen[bytes], question: bytes, seconds: float
    ) -> bytes | None:
        """Write a line, read a line; None if the worker dies or is late."""
        assert process.stdin is not None
        assert process.stdout is not None
        deadline = time.monotonic() + seconds
        try:
            if question:
                process.stdin.write(question)
                process.stdin.flush()
        except OSError:
            return None
        reply = b""
        while not reply.endswith(b"\n"):
            left = deadline - time.monotonic()
            ready, _, _ = select.select([process.stdout], [], [], max(left, 0))
            if not ready:
                return None
            part = os.read(process.stdout.fileno(), 4096)
            if not part:
                return None
            reply += part
        return reply

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue

    def close(self) -> None:
        """Stop the worker."""
        with self._lock:
            self._kill()


_SHARED = SympyWorker()
atexit.register(_SHARED.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_SHARED._disown)


def ask(task: str, gold: Expr, answer: Expr) -> bool | None:
    """`SympyWorker.ask` of the worker that this process shares."""
    return _SHARED.ask(task, gold, answer)
