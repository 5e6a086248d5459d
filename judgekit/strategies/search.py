"""Searches over the steps of a solution, led by a process scorer.

Beam search and diverse verifier tree search as in Snell et al. (arXiv 2408.03314) and the
search-and-learn write-up; REBASE by Wu et al. (arXiv 2408.00724). Definitions and constants:
docs/strategies.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from judgekit.backends.engine import Feature
from judgekit.backends.turn import Model, Transcript, Turn
from judgekit.errors import ConfigError
from judgekit.records import Problem
from judgekit.strategies.answering import answer_if_looping
from judgekit.strategies.scoring import YES_OR_NO, Scorer, by_logprob
from judgekit.strategies.strategy import Strategy
from judgekit.strategies.together import together
from judgekit.strategies.voting import leader

Choose = Literal["vote", "score"]

BLANK_LINE = r"\n\n"
"""What ends a step, written as on a command line."""


async def beam_search(
    model: Model,
    problem: Problem,
    *,
    n: int = 4,
    width: int = 4,
    steps: int = 40,
    budget: int = 0,
    step: str = BLANK_LINE,
    scorer: Scorer = by_logprob,
    choose: Choose = "vote",
) -> Transcript:
    """Keep the best n / width of n paths at each step, and continue each of them `width` times."""
    search = _Search(model, problem, scorer, step, budget or n * model.sampling.max_tokens)
    paths = search.root().children(n)
    for _ in range(steps):
        paths = search.unfinished(await search.advance(paths))
        if not paths or search.spent:
            break
        places = n - len(search.finished)
        best = sorted(paths, key=_score, reverse=True)
        kept = _keep(best[: n // width], best[n // width :])
        paths = [child for path in kept for child in path.children(width)][:places]
    return await search.winner(paths, choose)


async def dvts(
    model: Model,
    problem: Problem,
    *,
    n: int = 4,
    width: int = 2,
    steps: int = 40,
    budget: int = 0,
    step: str = BLANK_LINE,
    scorer: Scorer = by_logprob,
    choose: Choose = "vote",
) -> Transcript:
    """In each of n / width trees, draw `width` next steps and keep the best."""
    search = _Search(model, problem, scorer, step, budget or n * model.sampling.max_tokens)
    trees = search.root().children(n // width)
    for _ in range(steps):
        drawn = await search.advance([child for tree in trees for child in tree.children(width)])
        siblings = [drawn[i : i + width] for i in range(0, len(drawn), width)]
        best = [max(each, key=_score) for each in siblings]
        trees = search.unfinished(_keep(best, [path for path in drawn if path not in best]))
        if not trees or search.spent:
            break
    return await search.winner(trees, choose)


async def rebase(
    model: Model,
    problem: Problem,
    *,
    n: int = 4,
    balance: float = 0.2,
    steps: int = 40,
    budget: int = 0,
    step: str = BLANK_LINE,
    scorer: Scorer = by_logprob,
    choose: Choose = "vote",
) -> Transcript:
    """Share the n continuations of each depth out in proportion to exp(score / balance)."""
    search = _Search(model, problem, scorer, step, budget or n * model.sampling.max_tokens)
    paths = search.root().children(n)
    for _ in range(steps):
        paths = search.unfinished(await search.advance(paths))
        if not paths or search.spent:
            break
        paths.sort(key=_score, reverse=True)
        shares = shared_out(n - len(search.finished), [path.score for path in paths], balance)
        paths = [
            child
            for path, share in zip(paths, shares, strict=True)
            for child in path.children(share)
        ]
    return await search.winner(paths, choose)


def shared_out(places: int, scores: Sequence[float], balance: float) -> list[int]:
    """How many of the places each score gets, the best score first (REBASE's rounding)."""
    weights = [math.exp((score - scores[0]) / balance) for score in scores]
    rest = sum(weights)
    shares = []
    for weight in weights:
        share = min(places, math.ceil(places * weight / rest)) if places > 0 else 0
        shares.append(share)
        places -= share
        rest -= weight
    return shares


@dataclass(slots=True, eq=False)
class _Path:
    """A solution under way, and the score of what is written of it."""

    turn: Turn
    score: float = 0.0
    finished: bool = False

    def children(self, count: int) -> list[_Path]:
        """So many continuations, each with a seed of its own; the path itself goes no further."""
        found = [_Path(self.turn.fork("child", i), self.score) for i in range(count)]
        self.turn.close()
        return found


def _score(path: _Path) -> float:
    return path.score


def _keep(kept: list[_Path], dropped: Sequence[_Path]) -> list[_Path]:
    """Those that are kept; the engine may forget the others."""
    for path in dropped:
        path.turn.close()
    return kept


@dataclass(slots=True)
class _Search:
    """What the searches share: a step of each path, the budget, and who wins."""

    model: Model
    problem: Problem
    scorer: Scorer
    step: str
    budget: int
    finished: list[_Path] = field(default_factory=list)

    def root(self) -> _Path:
        return _Path(self.model.start(self.problem))

    async def advance(self, paths: Sequence[_Path]) -> list[_Path]:
        """Write a step of each path and score it."""
        return await together(self._advance(path) for path in paths)

    def unfinished(self, paths: Sequence[_Path]) -> list[_Path]:
        """Those that can go on; the others are put aside as finished."""
        self.finished += [path for path in paths if path.finished]
        return [path for path in paths if not path.finished]

    @property
    def spent(self) -> bool:
        """All paths together have written as many tokens as they may."""
        usage = self.model.ledger.spent[self.model.name]
        return usage.completion + usage.discarded >= self.budget

    async def winner(self, paths: Sequence[_Path], choose: Choose) -> Transcript:
        """The best finished path; without one, the best path, written to its end."""
        if not self.finished:
            best = max(paths, key=_score)
            await best.turn.write()
            await self._end(best)
            self.finished.append(best)
        for path in (*paths, *self.finished):
            path.turn.close()
        turns = [path.turn for path in self.finished]
        scores = [path.score for path in self.finished]
        if choose == "score":
            return turns[scores.index(max(scores))].transcript()
        return leader(self.problem, turns, scores).transcript()

    async def _advance(self, path: _Path) -> _Path:
        await path.turn.write(stop=(self.step.replace(r"\n", "\n"),), keep_stop=True)
        if path.turn.spent and not path.turn.ended:
            await path.turn.write()
        if path.turn.ended:
            await self._end(path)
        path.score = await self.scorer(self.problem, path.turn)
        return path

    async def _end(self, path: _Path) -> None:
        path.finished = True
        await answer_if_looping(path.turn)


def _sizes(options: Mapping[str, Any]) -> None:
    n, width, steps = options["n"], options.get("width", 1), options["steps"]
    if n < 1 or width < 1 or steps < 1:
        raise ConfigError("-o n=, width= and steps= are at least 1")
    if n % width:
        raise ConfigError(f"-o n={n} is no multiple of width={width}")
    if options.get("balance", 1.0) <= 0:
        raise ConfigError("-o balance= must be above 0")
    if not options["step"]:
        raise ConfigError(r"-o step= is empty: what ends a step, such as '\n\n'")


_NEEDS: frozenset[Feature] = frozenset({"text"})

STRATEGIES = (
    Strategy(
        "beam-search",
        beam_search,
        prompt="cot",
        needs=_NEEDS,
        about="n paths step by step, the best kept and continued",
        cost="about n responses and a score a step",
        helpers=(YES_OR_NO,),
        samples=True,
        check=_sizes,
    ),
    Strategy(
        "rebase",
        rebase,
        prompt="cot",
        needs=_NEEDS,
        about="n paths step by step, continued the more often the better they score",
        cost="about n responses and a score a step",
        helpers=(YES_OR_NO,),
        samples=True,
        check=_sizes,
    ),
    Strategy(
        "dvts",
        dvts,
        prompt="cot",
        needs=_NEEDS,
        about="several trees, in each the best of a few next steps is kept",
        cost="about n responses and a score a step",
        helpers=(YES_OR_NO,),
        samples=True,
        check=_sizes,
    ),
)
