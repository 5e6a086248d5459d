"""Progress on standard error: a live line in a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from judgekit.cli.common import plain, remarks

if TYPE_CHECKING:
    from rich.console import Console

    from judgekit.generate import Progress
    from judgekit.grade import Progress as Grading
    from judgekit.train.progress import Progress as Training

EVERY = 30.0
"""Seconds between two lines where standard error is no terminal."""

FIRST = 8
"""Responses after which a pace can be told."""


@contextmanager
def generating(quiet: bool) -> Iterator[Callable[[Progress], None]]:
    """A watcher for `judgekit.generate`: rate, time left, tokens a second, running accuracy."""
    noted, say = False, remarks(quiet)
    with _bar(say, "loading") as update:

        def watch(progress: Progress) -> None:
            nonlocal noted
            if progress.note and not noted:
                say.print(f"[yellow]{plain(progress.note)}[/yellow]", soft_wrap=True)
                noted = True
            new = progress.done - progress.resumed
            facts = []
            if progress.seconds:
                facts.append(f"{progress.tokens / progress.seconds:.0f} tok/s")
            if progress.graded:
                facts.append(f"{progress.correct}/{progress.graded} right so far")
            if progress.failed:
                facts.append(f"{progress.failed} failed")
            update(progress.done, progress.total, "  ".join(facts), new, progress.seconds)

        yield watch


@contextmanager
def grading(quiet: bool) -> Iterator[Callable[[Grading], None]]:
    """A watcher for `judgekit.grade`."""
    started = time.monotonic()
    with _bar(remarks(quiet), "grading") as update:

        def watch(progress: Grading) -> None:
            facts = f"{progress.correct} correct  {progress.incorrect} incorrect"
            if progress.undecided:
                facts += f"  {progress.undecided} undecided"
            if progress.calls:
                facts += f"  {progress.calls} judge calls"
            seconds = time.monotonic() - started
            update(progress.done, progress.total, facts, progress.done, seconds)

        yield watch


@contextmanager
def labelling(quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """A watcher for what is asked of a judge row by row: how many of how many are done."""
    started = time.monotonic()
    with _bar(remarks(quiet), "labelling") as update:
        yield lambda done, total: update(done, total, "", done, time.monotonic() - started)


_TOLD = {"loss": "loss {:.4f}", "reward": "reward {:.3f}", "completions/mean_length": "{:.0f} tok"}


@contextmanager
def training(quiet: bool) -> Iterator[Callable[[Training], None]]:
    """A watcher for `judgekit.train`: steps, time left, and what was logged last."""
    with _bar(remarks(quiet), "loading") as update:

        def watch(progress: Training) -> None:
            told = [
                form.format(progress.logged[name])
                for name, form in _TOLD.items()
                if name in progress.logged
            ]
            new = progress.step - progress.resumed
            update(progress.step, progress.total, "  ".join(told), new, progress.seconds)

        yield watch


Update = Callable[[int, int, str, int, float], None]


@contextmanager
def _bar(console: Console, label: str) -> Iterator[Update]:
    """The live line of a console; what else that console prints stands above it."""
    if console.quiet:
        yield lambda *_: None
        return
    if not console.is_terminal:
        yield _lines(console)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[facts]}"),
        console=console,
        transient=True,
    ) as bar:
        task = bar.add_task(label, total=None, facts="")

        def update(done: int, total: int, facts: str, new: int, seconds: float) -> None:
            shown = "  ".join(filter(None, [_rate(new, seconds, total - done), facts]))
            description = "" if new else label
            bar.update(task, completed=done, total=total, facts=shown, description=description)

        yield update


def _lines(console: Console) -> Update:
    last = time.monotonic()

    def update(done: int, total: int, facts: str, new: int, seconds: float) -> None:
        nonlocal last
        if time.monotonic() - last < EVERY and done < total:
            return
        last = time.monotonic()
        rate = _rate(new, seconds, total - done)
        console.print("  ".join(filter(None, [f"{done}/{total}", rate, facts])))

    return update


def _rate(new: int, seconds: float, left: int) -> str:
    # The first rows of a batch all end late; a pace from them would be far too slow.
    if not seconds or not new or (new < FIRST and left):
        return ""
    pace = new / seconds
    minutes, rest = divmod(round(left / pace), 60)
    eta = f"{minutes}:{rest:02d} left" if left else f"{seconds:.1f} s"
    return f"{pace:.1f}/s  {eta}" if pace >= 1 else f"{1 / pace:.1f} s each  {eta}"
