"""What judges have said, by content: a rerun asks nothing twice.

An append-only file of JSON lines in the run directory (or in the user's cache), one judgement a
line. The key covers the judge's identity (model, server, prompt, sampling) and exactly what the
judge is shown; the nonce of the fence is derived from that and is no part of it. Two rows that show
a judge the same are asked once, also when they are under way at the same time.

A cache may forget: a line that cannot be read is passed over, unlike in a run's records.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from judgekit.errors import DataError
from judgekit.lines import disk
from judgekit.records import Cost, Verdict
from judgekit.rows import from_row, to_row


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict, the replies it was read from, and whether asking again would repeat it.

    What a failed request, a spent budget or a server that is down left undecided is not kept.
    """

    verdict: Verdict
    replies: Sequence[str] = ()
    lasting: bool = True


@dataclass(slots=True)
class Cache:
    """One file of judgements; `path` None keeps them for this process only."""

    path: Path | None = None
    _known: dict[str, Verdict] | None = None
    _under_way: dict[str, asyncio.Future[Judgement]] = field(default_factory=dict)

    async def ask(self, key: str, judge: Callable[[], Awaitable[Judgement]]) -> Verdict:
        """The verdict under the key, or the judge's own; a hit costs nothing."""
        if self._known is None:
            self._known = _read(self.path)
        if key in self._known:
            return replace(self._known[key], cost=Cost())
        task = self._under_way.get(key)
        if task is not None:
            return replace((await asyncio.shield(task)).verdict, cost=Cost())
        task = self._under_way[key] = asyncio.ensure_future(judge())
        try:
            judgement = await task
        finally:
            del self._under_way[key]
        if judgement.lasting:
            self._known[key] = judgement.verdict
            self._append(key, judgement)
        return judgement.verdict

    def _append(self, key: str, judgement: Judgement) -> None:
        import orjson

        if self.path is None:
            return
        row = {"key": key, "verdict": to_row(judgement.verdict), "replies": list(judgement.replies)}
        line = orjson.dumps(row) + b"\n"
        with disk(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
            try:
                size = os.fstat(descriptor).st_size
                torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
                os.write(descriptor, b"\n" + line if torn else line)
            finally:
                os.close(descriptor)


def _read(path: Path | None) -> dict[str, Verdict]:
    import orjson

    known: dict[str, Verdict] = {}
    if path is None or not path.exists():
        return known
    with disk(path), path.open("rb") as lines:
        for line in lines:
            try:
                row: Any = orjson.loads(line)
                known[row["key"]] = from_row(Verdict, row["verdict"])
            except (orjson.JSONDecodeError, DataError, KeyError, TypeError):
                continue
    return known
