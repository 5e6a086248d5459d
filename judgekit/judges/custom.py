"""Judges that users write: a function or a class, in a module, a file or an installed package.

    async def judge(case): ...            # or a plain function, which then runs in a thread
    class Judge:                          # made once, without arguments; then called for each case
        def __call__(self, case): ...

It is given a `Case` and returns a `Verdict`, or shortly an outcome (`"correct"`, `"incorrect"`,
`"undecided"`), a truth value, or None for undecided. What it raises, and what takes longer than its
attribute `timeout` (seconds), is undecided and says so.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import inspect
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from judgekit.errors import BackendError, JudgekitError, RequestFailed, UserError
from judgekit.judges.contract import DOWN
from judgekit.judges.parse import VERDICTS
from judgekit.records import Cost, Verdict
from judgekit.runs import digest
from judgekit.verifier import Case

TIMEOUT = 600.0


class CustomJudge:
    """A user's own judge behind the contract of ours. It is not cached: it may read anything."""

    def __init__(self, name: str, found: Any, origin: str = "") -> None:
        self.name = name
        self._ask = _made(name, found)
        self._timeout = float(getattr(self._ask, "timeout", TIMEOUT))
        self.identity = digest([name, origin, getattr(self._ask, "identity", _source_hash(found))])
        self.down: str | None = None

    async def __call__(self, case: Case) -> Verdict:
        if self.down is not None:
            return Verdict(self.name, "undecided", evidence=f"{DOWN}: {self.down}.")
        began = time.monotonic()
        asked = asyncio.ensure_future(self._answer(case))
        try:
            # `wait` hands the exception over as a value: a judge's defect is data, whatever it is.
            await asyncio.wait({asked}, timeout=self._timeout)
        finally:
            done = asked.done()
            asked.cancel()
        if not done:
            with contextlib.suppress(asyncio.CancelledError):
                await asked
            return self._undecided(f"The judge took longer than {self._timeout:g} seconds.")
        fault = asked.exception()
        if fault is not None:
            return self._failed(fault)
        verdict = self._verdict(asked.result())
        if verdict.cost == Cost():
            verdict = replace(verdict, cost=Cost(seconds=round(time.monotonic() - began, 3)))
        return verdict

    async def aclose(self) -> None:
        """Calls the judge's own `aclose` or `close`, where it has one."""
        close = getattr(self._ask, "aclose", None) or getattr(self._ask, "close", None)
        if close is not None and (waiting := close()) is not None:
            await waiting

    async def _answer(self, case: Case) -> Any:
        ask = self._ask
        call = ask if inspect.isroutine(ask) else type(ask).__call__
        if inspect.iscoroutinefunction(call):
            answer: Any = ask(case)
        else:
            answer = await asyncio.to_thread(ask, case)
        return await answer if inspect.isawaitable(answer) else answer

    def _verdict(self, answer: Any) -> Verdict:
        if isinstance(answer, Verdict):
            return replace(answer, stage=self.name)
        if answer is None:
            return self._undecided("The judge gave no verdict.")
        if isinstance(answer, bool):
            answer = "correct" if answer else "incorrect"
        for outcome in VERDICTS:
            if answer == outcome:
                return Verdict(self.name, outcome, evidence=f"{self.name} says {outcome}.")
        return self._undecided(f"The judge returned {answer!r:.60}, which is no verdict.")

    def _failed(self, fault: BaseException) -> Verdict:
        if isinstance(fault, BackendError):
            if not isinstance(fault, RequestFailed):
                self.down = str(fault)
            return self._undecided(f"{DOWN}: {fault}." if self.down else f"{fault}.")
        if isinstance(fault, JudgekitError) or not isinstance(fault, Exception):
            raise fault
        return self._undecided(f"The judge raised {type(fault).__name__}: {fault!s:.200}")

    def _undecided(self, why: str) -> Verdict:
        return Verdict(self.name, "undecided", evidence=why)


def _made(name: str, found: Any) -> Callable[[Case], Verdict | Awaitable[Verdict]]:
    """The callable; a class is made once."""
    if inspect.isclass(found):
        try:
            inspect.signature(found).bind()
        except TypeError:
            raise UserError(
                f"judge {name!r} is a class that needs arguments",
                hint="give them defaults, or name an instance",
            ) from None
        found = found()
    if not callable(found):
        raise UserError(
            f"judge {name!r} is a {type(found).__name__}, which cannot be called",
            hint="a judge is a function or a class with __call__(self, case)",
        )
    try:
        inspect.signature(found).bind(None)
    except TypeError:
        raise UserError(
            f"judge {name!r} does not take exactly one argument",
            hint="a judge is called with the Case",
        ) from None
    ask: Callable[[Case], Verdict | Awaitable[Verdict]] = found
    return ask


def _source_hash(found: Any) -> str:
    """Of the file in which a judge is defined: another text is another judge."""
    thing = found if inspect.isroutine(found) or inspect.isclass(found) else type(found)
    try:
        path = inspect.getsourcefile(thing)
    except TypeError:
        return ""
    if path is None or not Path(path).is_file():
        return ""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
