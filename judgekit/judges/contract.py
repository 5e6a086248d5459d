"""What a judge is, to the cascade and to everyone who asks one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from judgekit.records import Verdict
from judgekit.verifier import Case

BUDGET_SPENT = "budget spent"
"""What the evidence of a verdict says that its judge could not afford."""

DOWN = "The judge is down"
"""How the evidence of a verdict begins whose judge had stopped answering; its row is owed again."""

Columns = Mapping[Any, Mapping[str, Any]]
"""The rows being graded: their key, and what stands in their columns."""


class Judge(Protocol):
    """From a `Case` to a `Verdict`, never raising for one case.

    `identity` changes whenever the verdicts could (model, prompt, sampling, code); it enters the
    hash of a grading. `down` says why the judge stopped answering altogether, and is None while it
    works; from then on every verdict is undecided.
    """

    @property
    def name(self) -> str: ...

    @property
    def identity(self) -> str: ...

    @property
    def down(self) -> str | None: ...

    async def __call__(self, case: Case) -> Verdict: ...

    async def aclose(self) -> None:
        """Let go of the model or the connections; a second call does nothing."""


def columns_of(rows: Columns) -> Iterable[str]:
    """Every column that some row has, in order of appearance."""
    return dict.fromkeys(column for row in rows.values() for column in row)
