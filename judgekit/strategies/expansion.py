"""Progressive reasoning expansion: the answers after no wait, one, two, ..., in one generation.

The reasoning goes on like a trunk; after each of its rounds an answer branches off, which shares
the prefix and is written while the trunk is. Definition and options: docs/strategies.md.
"""

from __future__ import annotations

from dataclasses import replace

from judgekit.backends.turn import Model, Transcript, Turn
from judgekit.records import Problem
from judgekit.strategies.answering import budget_for_thinking
from judgekit.strategies.strategy import Strategy
from judgekit.strategies.together import together

CLOSE = "</reasoning>"
ANSWER = "<answer>"
ANSWERED = "</answer>"


async def progressive_expansion(
    model: Model,
    problem: Problem,
    *,
    waits: int = 3,
    word: str = "Wait",
    keep_close: bool = False,
    lines: bool = False,
) -> list[Transcript]:
    """One response for each number of waits from none to `waits`, which share their reasoning."""
    trunk = model.start(problem)
    gap = "\n" if lines else ""
    budget = budget_for_thinking(trunk)
    branches: list[Turn] = []

    async def grow(waited: int) -> None:
        """A round of the trunk; then its answer and the next round, at once."""
        await trunk.think(
            max_tokens=budget - trunk.own, min_tokens=1 if waited else 0, stop=(CLOSE,)
        )
        branches.append(trunk.fork("answer"))
        work = [_answer(branches[-1], gap)]
        if waited < waits and _goes_on(trunk):
            if keep_close:
                _close(trunk, gap)
            trunk.force(f"{gap}{word}{gap}", "thinking")
            work.append(grow(waited + 1))
        await together(work)

    await grow(0)
    trunk.close()
    found = [branch.transcript(own=True) for branch in branches]
    # Where the budget ended the trunk early, more waits would have found nothing to add.
    found += [found[-1]] * (waits + 1 - len(found))
    return [replace(each, variant=variant(k)) for k, each in enumerate(found)]


def variant(waits: int) -> str:
    """The name of the response after so many waits."""
    return f"{waits}-wait" if waits else "no-wait"


def _goes_on(trunk: Turn) -> bool:
    return trunk.last is not None and trunk.last.stopped in ("end", "stop")


def _close(turn: Turn, gap: str) -> None:
    """Let the tag with which the model closed its reasoning stand, or close it by force."""
    if turn.last is not None and turn.last.matched == CLOSE:
        turn.restore("other")
    else:
        turn.force(f"{gap}{CLOSE}", "other")


async def _answer(branch: Turn, gap: str) -> None:
    """Close the reasoning and write the answer."""
    _close(branch, gap)
    branch.force(f"{gap}{ANSWER}", "other")
    await branch.answer(stop=(ANSWERED,))
    branch.close()


STRATEGIES = (
    Strategy(
        "progressive-expansion",
        progressive_expansion,
        prompt="progressive-expansion",
        needs=frozenset({"text"}),
        about="reasoning extended by Wait, answered after each of its rounds: one variant a round",
        cost="one long response and an answer a variant; prefixes are shared",
    ),
)
