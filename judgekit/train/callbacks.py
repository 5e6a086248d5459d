"""What we hang on TRL's loop: curves as JSON lines, and an end by Ctrl-C that saves first."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from transformers import TrainerCallback

from judgekit.lines import Lines
from judgekit.train.folder import CURVES
from judgekit.train.progress import Progress


class Curves(TrainerCallback):  # type: ignore[misc]
    """Every logged row is appended to `curves.jsonl`, and told to whoever watches."""

    def __init__(self, folder: Path, watch: Callable[[Progress], None] | None) -> None:
        self._file = Lines(folder / CURVES)
        self._watch = watch or (lambda _: None)
        self._progress = Progress()
        self._started = time.monotonic()

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._started = time.monotonic()
        self._progress.total = state.max_steps
        self._progress.resumed = self._progress.step = state.global_step
        self._watch(self._progress)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        # The last row of a training is a summary of all of it, and no point of a curve.
        if not logs or "train_runtime" in logs:
            return
        self._file.append({**logs, "step": state.global_step})
        self._progress.logged = {k: v for k, v in logs.items() if isinstance(v, int | float)}
        self._tell(state)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._tell(state)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._file.close()

    def _tell(self, state: Any) -> None:
        self._progress.step = state.global_step
        self._progress.seconds = time.monotonic() - self._started
        self._watch(self._progress)


class Interruption(TrainerCallback):  # type: ignore[misc]
    """The first Ctrl-C lets the step end, saves a checkpoint and stops; a second one is at once.

    A context manager: signals are as before outside it.
    """

    def __init__(self) -> None:
        self.asked = False
        self._before: Any = None

    def __enter__(self) -> Interruption:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._hear)
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self.asked:
            control.should_save = True
            control.should_training_stop = True

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        self._restore()

    def _restore(self) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
            self._before = None
