"""Continuous batching: one thread runs the model, and every step serves whatever there is to do.

A step feeds each active sequence what it has not computed yet (a prompt, forced tokens, or the
token just chosen) and chooses the next token of those that are complete. A finished sequence makes
room at once. Between steps the strategies that were just answered get a moment to ask on, so that
a row with more to write never leaves the batch.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from judgekit.backends.engine import Ask, Extension, Tokenizer
from judgekit.backends.transformers.packed import Chunk
from judgekit.backends.transformers.sampler import Sampler, choose
from judgekit.backends.transformers.seating import Held, Pool, Seating, common
from judgekit.backends.transformers.writing import Writing
from judgekit.errors import BackendError, RequestFailed

PATIENCE = 0.02
"""Seconds that a step waits for strategies to ask on; they usually need a tenth of a millisecond,
but the event loop may be busy with something else."""

_TURNS_OF_THE_LOOP = 5
"""Turns of the event loop in which a strategy that was answered asks on: one to wake its task, a
few for the tasks it may wait on (`asyncio.gather`)."""


@dataclass(slots=True, eq=False)
class Job:
    """One extension asked for. `ids` is the whole context, and grows by what is written."""

    held: Held
    ids: list[int]
    sampler: Sampler
    writing: Writing
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Extension]

    @property
    def unfed(self) -> int:
        """How many ids of the context are not computed yet."""
        return len(self.ids) - len(self.held.ids)


@dataclass(slots=True)
class Counters:
    """What the scheduler has done: forwards, tokens computed, tokens found computed already."""

    steps: int = 0
    computed: int = 0


class Scheduler:
    """Runs a pool in a thread of its own; the public methods may be called from any thread.

    `tokens_a_step` bounds the tokens of one forward, so that a long prompt is computed in parts
    and does not hold up the others.
    """

    def __init__(
        self, pool: Pool, tokenizer: Tokenizer, ends: Collection[int], tokens_a_step: int
    ) -> None:
        self.counters = Counters()
        self._pool = pool
        self._tokenizer = tokenizer
        self._ends = ends
        self._tokens_a_step = tokens_a_step
        self._seating = Seating(pool)
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._waiting: list[Job] = []
        self._active: list[Job] = []
        self._open = True
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._main, name="judgekit-model", daemon=True)
        self._thread.start()

    def open(self) -> Held:
        """A handle for a context of which nothing is computed yet."""
        return Held()

    async def extend(self, held: Held, ids: list[int], ask: Ask) -> Extension:
        """Write on from the ids. A cancelled call frees its row."""
        loop = asyncio.get_running_loop()
        writing = Writing(ask, self._tokenizer, self._ends, ids, prompt_tokens=len(ids))
        job = Job(held, ids, Sampler.of(ask), writing, loop, loop.create_future())
        self._inbox.put(lambda: self._take(job))
        # Looked at after the job is in the inbox: whoever sets the fault empties the inbox then.
        if self._fault is not None:
            raise self._fault
        try:
            return await job.answer
        except asyncio.CancelledError:
            self._inbox.put(lambda: self._cancel(job))
            raise

    def fork(self, held: Held) -> Held:
        """A handle for a copy of the context."""
        copy = Held()
        self._inbox.put(lambda: self._seating.fork(held, copy))
        return copy

    def release(self, held: Held) -> None:
        """The context ends."""
        self._inbox.put(lambda: self._release(held))

    def close(self) -> None:
        """Stop the thread after its current step; what is under way fails."""
        self._inbox.put(self._close)
        self._thread.join()

    def _main(self) -> None:
        end: BaseException = BackendError("the model was closed")
        try:
            with torch.inference_mode():
                self._run()
        except BackendError as fault:
            end = fault
        finally:
            # A defect of ours must reach those who wait, or they would wait forever.
            self._abandon(sys.exception() or end)

    def _run(self) -> None:
        while True:
            self._receive()
            if not self._open:
                return
            self._admit()
            if self._active:
                answered = self._step()
                self._let_ask_on(answered)

    def _receive(self) -> None:
        """Do what was asked since the last step; sleep while there is nothing to do."""
        if not self._active and not self._waiting:
            self._inbox.get()()
            self._let_ask_on(self._waiting)
        while not self._inbox.empty():
            self._inbox.get()()

    def _take(self, job: Job) -> None:
        if job.held.busy:
            self._fail(job, RequestFailed("the context is being extended already"))
            return
        job.held.busy = True
        self._waiting.append(job)

    def _cancel(self, job: Job) -> None:
        if job in self._active:
            self._active.remove(job)
            self._seating.idle(job.held)
        elif job in self._waiting:
            self._waiting.remove(job)
            job.held.busy = False

    def _release(self, held: Held) -> None:
        for job in [job for job in (*self._active, *self._waiting) if job.held is held]:
            self._cancel(job)
            self._fail(job, RequestFailed("the context was released"))
        self._seating.release(held)

    def _close(self) -> None:
        self._open = False

    def _admit(self) -> None:
        """Seat those who wait: first who has a seat, then who has something to bring back."""
        waiting = sorted(self._waiting, key=lambda job: (job.held.slot is None, not job.held.ids))
        for job in waiting:
            fresh = not job.held.ids
            if fresh and self._soon_computed(job):
                continue
            if not self._seating.seat(job.held):
                break
            self._waiting.remove(job)
            self._begin(job, fresh)
            self._active.append(job)

    def _begin(self, job: Job, fresh: bool) -> None:
        """Roll back to what the context and what is computed have in common.

        At least the last token is computed, for its logits.
        """
        held = job.held
        if fresh:
            others = [other for other in self._seating.seated if other is not held]
            if like := self._seating.like(job.ids, others):
                length = min(common(like.ids, job.ids), len(job.ids) - 1)
                self._seating.borrow(held, like, length)
        else:
            length = min(common(held.ids, job.ids), len(job.ids) - 1)
            if length < len(held.ids):
                self._seating.cut(held, length)
            job.writing.cached_tokens = len(held.ids)

    def _soon_computed(self, job: Job) -> bool:
        """Most of the prompt is just being computed for another: better copy it a step later."""
        return any(
            2 * (shared := common(other.ids, job.ids)) > len(job.ids)
            and len(other.held.ids) < shared
            for other in self._active
            if other.unfed > 1
        )

    def _step(self) -> list[Job]:
        """One forward for all active sequences; those that it finished."""
        jobs, chunks = self._chunks()
        with _one_line_faults(len(self._active)):
            logits = self._pool.forward(chunks)
        for job, chunk in zip(jobs, chunks, strict=True):
            job.held.ids += chunk.ids
            self.counters.computed += len(chunk.ids)
        self.counters.steps += 1
        ready = [i for i, job in enumerate(jobs) if not job.unfed]
        if not ready:
            return []
        if len(ready) < len(jobs):
            logits = logits[ready]
        return self._write([jobs[i] for i in ready], logits)

    def _chunks(self) -> tuple[list[Job], list[Chunk]]:
        budget = self._tokens_a_step
        jobs, chunks = [], []
        for job in self._active:
            if budget <= 0:
                break
            start = len(job.held.ids)
            ids = job.ids[start : start + budget]
            budget -= len(ids)
            assert job.held.slot is not None
            jobs.append(job)
            chunks.append(Chunk(job.held.slot, start, ids))
        return jobs, chunks

    def _write(self, jobs: list[Job], logits: Any) -> list[Job]:
        """Choose the next token of each job; those that are finished."""
        for job in jobs:
            job.sampler.barred = job.writing.barred
        finished = []
        with _one_line_faults(len(jobs)):
            choices = choose(logits, [job.sampler for job in jobs])
        for job, choice in zip(jobs, choices, strict=True):
            if choice.id is None:
                self._fail(job, RequestFailed("the model gave no finite scores for a next token"))
            elif extension := job.writing.take(choice.id, choice.logprob):
                self._answer(job, extension)
            else:
                job.ids.append(choice.id)
                continue
            finished.append(job)
            self._active.remove(job)
            self._seating.idle(job.held)
        return finished

    def _answer(self, job: Job, extension: Extension) -> None:
        def answer() -> None:
            if not job.answer.done():
                job.answer.set_result(extension)

        _call(job.loop, answer)

    def _fail(self, job: Job, fault: BaseException) -> None:
        def fail() -> None:
            if not job.answer.done():
                job.answer.set_exception(fault)

        _call(job.loop, fail)

    def _let_ask_on(self, jobs: list[Job]) -> None:
        """Wait a moment until the event loops of these jobs have run what they had to run."""
        for loop in {job.loop for job in jobs}:
            ran = threading.Event()
            if _call(loop, partial(_after_turns, loop, _TURNS_OF_THE_LOOP, ran.set)):
                ran.wait(PATIENCE)

    def _abandon(self, fault: BaseException) -> None:
        """Answer all who wait, now and later, with the fault."""
        self._fault = fault
        while not self._inbox.empty():
            self._inbox.get()()
        jobs = [*self._active, *self._waiting]
        self._active, self._waiting = [], []
        for job in jobs:
            self._fail(job, fault)


def _after_turns(loop: asyncio.AbstractEventLoop, turns: int, action: Callable[[], object]) -> None:
    if turns:
        loop.call_soon(_after_turns, loop, turns - 1, action)
    else:
        action()


def _call(loop: asyncio.AbstractEventLoop, action: Callable[[], object]) -> bool:
    """Run the action in the event loop; False where that is closed already."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(action)
        return True
    return False


@contextlib.contextmanager
def _one_line_faults(rows: int) -> Iterator[None]:
    """Torch's errors as ours: they end the backend, for they are no single request's fault."""
    try:
        yield
    except (RuntimeError, MemoryError) as fault:
        text = str(fault)
        if isinstance(fault, (MemoryError, torch.OutOfMemoryError)) or "allocate" in text:
            raise BackendError(
                f"the model ran out of memory with {rows} sequences under way",
                hint="set a lower concurrency for it, or shorten max_tokens",
            ) from fault
        raise BackendError(f"the model failed: {text.partition(chr(10))[0]}") from fault
