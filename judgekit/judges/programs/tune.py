"""Tuning a judge on labels, and saying honestly what came of it.

Labels are split by problem: the training half is searched on, the half held back decides. There the
judge as it is configured and the tuned program are compared row by row. A gain is shown only where
an exact test says so at 5 % (McNemar's; over problems, where some have several rows). "No gain
shown" is the normal ending, and no failure.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from judgekit.backends.engine import Engine
from judgekit.backends.turn import derive
from judgekit.config import Config, JudgeConfig
from judgekit.errors import BackendError, DataError, UnknownName, UserError
from judgekit.judges.budget import NOTHING, Amount, Budget
from judgekit.judges.cache import Cache
from judgekit.judges.claims import hold
from judgekit.judges.contract import BUDGET_SPENT
from judgekit.judges.engines import Engines, Opener, open_backend
from judgekit.judges.labelled import LabelledRow
from judgekit.judges.opening import open_model_judge
from judgekit.judges.plain import PlainJudge, temperature_of
from judgekit.judges.programs.adapter import FencedAdapter
from judgekit.judges.programs.comparison import Comparison, compare
from judgekit.judges.programs.judge import ProgramJudge
from judgekit.judges.programs.program import Program, fields_of, read_program, save, steps_of
from judgekit.judges.programs.seam import Calls
from judgekit.judges.programs.search import PASSES, Best, Optimizer, Search, Watch, truth
from judgekit.prompt import load_prompt

AT_ONCE = 64
LEAST_PROBLEMS = 4
"""Two to search on and two held back: enough to run, far too few to show anything."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """A tuning: how the search went, and what came of it on the rows held back.

    `tried` programs were compared on training rows. `found` says whether the search brought another
    program than it started from, `ended` what ended it early; `comparison` is None where there was
    nothing to measure, or not all of it could be.
    """

    judge: str
    model: str
    optimizer: Optimizer
    seed: int
    training_rows: int
    tried: int = 0
    found: bool = False
    ended: str | None = None
    comparison: Comparison | None = None
    spent: Amount = NOTHING

    @property
    def sentence(self) -> str:
        if self.comparison:
            said = self.comparison.sentence
        elif self.found:
            said = "No gain shown: the program found was not measured on all rows held back."
        else:
            said = "No gain shown: the search found no other program."
        return f"{said} {self.ended}" if self.ended else said


async def tune(
    name: str,
    config: Config,
    rows: Sequence[LabelledRow],
    out: Path,
    *,
    optimizer: Optimizer = "bootstrap",
    seed: int = 0,
    cache: Path | None = None,
    opener: Opener | None = None,
    watch: Watch | None = None,
) -> Tuned:
    """Search for a better program for the judge `name`, measure it, and write it to `out`.

    A judge with a prompt starts from the form `predict`. Its budget holds for all of it: half of
    what measuring the judge as it is leaves is the search's. Verdicts are kept in `cache`. The
    program is written as soon as it is found, and again with what it is worth; a search that is
    cancelled, or whose model goes down, writes the best program so far.

    Raises `UserError` before anything is asked or where the budget does not even measure the judge,
    and `BackendError` where the model stayed down.
    """
    settings = _settings(name, config)
    training, held_back = split(rows, seed)
    tuned = Tuned(name, settings.model, optimizer, seed, len(training))
    engines, kept = Engines(opener or open_backend), Cache(cache)
    judge = open_model_judge(name, settings, engines, kept)
    shared = engines.share(settings.served_by)
    tell = watch or (lambda line: None)
    try:
        tell(f"measuring {name} as it is on {len(held_back)} rows held back")
        before = await _measured(judge, held_back)
        if before is None:
            raise UserError(
                f"judges.{name}: its budget does not even measure it on {len(held_back)} rows",
                hint="raise its max_calls, max_total_tokens or max_cost",
            )
        tell(f"searching on {len(training)} training rows with {optimizer}")
        program, tuned = await _searched(
            replace(tuned, spent=judge.budget.spent),
            settings,
            training,
            await shared.get(),
            out,
            tell,
        )
        if program is None:
            return tuned
        tell("measuring the program found")
        rest = _left(settings, tuned.spent)
        better = ProgramJudge(name, rest, program, engines.share(settings.served_by), kept)
        after = await _measured(better, held_back)
        await better.aclose()
        tuned = replace(tuned, spent=tuned.spent + better.budget.spent)
        if after is not None:
            tuned = replace(tuned, comparison=compare(held_back, before, after))
            _write(program, tuned, out)
        return tuned
    finally:
        await shared.release()
        await judge.aclose()


def split(
    rows: Sequence[LabelledRow], seed: int, least: int = LEAST_PROBLEMS
) -> tuple[list[LabelledRow], list[LabelledRow]]:
    """The rows in two, all rows of a problem on one side. Raises `DataError` for too few."""
    problems = sorted({row.cluster for row in rows})
    if len(problems) < least:
        raise DataError(
            f"tuning takes labelled rows of at least {least} problems, these are of {len(problems)}"
        )
    random.Random(seed).shuffle(problems)
    first = set(problems[: len(problems) // 2])
    return [r for r in rows if r.cluster in first], [r for r in rows if r.cluster not in first]


async def _searched(
    tuned: Tuned,
    settings: JudgeConfig,
    training: Sequence[LabelledRow],
    engine: Engine,
    out: Path,
    tell: Watch,
) -> tuple[Program | None, Tuned]:
    """The program found, written, or None where there is none but the one it started from."""
    start = read_program(settings.program or "predict")
    module = start.module(settings.tool_steps)
    teaching, choosing = split(training, derive(tuned.seed, "choosing"), least=2)
    best = Best(frozenset(range(len(teaching), len(training))), tell)
    half = _left(settings, tuned.spent, share=0.5)
    rollouts = PASSES * len(training)
    if half.max_calls is not None:
        rollouts = min(rollouts, max(1, half.max_calls // (half.tool_steps + 1)))
    name = tuned.judge
    calls = Calls(engine, Budget.of(half, name), half, temperature_of(name, half), tuned.seed)
    adapter = FencedAdapter(engine, start.identity, half.max_thinking or 0)
    search = Search(tuned.optimizer, teaching, choosing, rollouts, tuned.seed, best)
    lm = calls.lm()
    under_way = asyncio.create_task(asyncio.to_thread(search.run, module, calls, lm, adapter))
    cancelled: asyncio.CancelledError | None = None
    try:
        await asyncio.shield(under_way)
    except asyncio.CancelledError as fault:
        cancelled = fault
        calls.stop()
        await asyncio.wait([under_way])
    calls.stop()  # DSPy may leave a thread behind that was given up
    steps, why = under_way.result()
    if cancelled:
        why = "interrupted"
    tuned = replace(
        tuned,
        tried=best.tried,
        spent=tuned.spent + calls.used,
        found=bool(steps) and steps != steps_of(start.module(settings.tool_steps)),
        ended=why and f"The search was stopped: {why}.",
    )
    program = Program(start.form, steps, fields_of(module)) if tuned.found else None
    if program:
        _write(program, tuned, out)
    if cancelled:
        raise cancelled
    if calls.fault:
        raise BackendError(f"judge {name} stayed down: {calls.fault}")
    return program, tuned


def _write(program: Program, tuned: Tuned, out: Path) -> None:
    save(replace(program, tuned=asdict(tuned)), out)


async def _measured(judge: PlainJudge, rows: Sequence[LabelledRow]) -> list[bool] | None:
    """Which rows the judge, held to its claims, judges as people did; None where that costs more
    than is left. Raises `BackendError` where it stayed down."""
    bound = asyncio.Semaphore(AT_ONCE)
    unpaid = False

    async def one(row: LabelledRow) -> bool:
        nonlocal unpaid
        async with bound:
            verdict = hold(await judge(row.case), row.case)
        unpaid |= verdict.evidence.startswith(BUDGET_SPENT)
        return verdict.outcome == truth(row)

    right = list(await asyncio.gather(*(one(row) for row in rows)))
    if judge.down:
        raise BackendError(f"judge {judge.name} stayed down: {judge.down}")
    return None if unpaid else right


def _settings(name: str, config: Config) -> JudgeConfig:
    """The judge's table, with no threshold: it was set for the judge as it is, if at all."""
    if name not in config.judges:
        raise UnknownName("judge to tune", name, config.judges, hint="a table [judges.NAME]")
    settings = config.judges[name]
    if not settings.program and "gold" not in load_prompt(settings.prompt).variables:
        raise UserError(
            f"judges.{name} judges without the gold answer, a program is shown it",
            hint="tune a judge that compares with the gold answer",
        )
    return replace(settings, decide_above=None)


def _left(settings: JudgeConfig, spent: Amount, share: float = 1.0) -> JudgeConfig:
    """The settings of a program's judge with a share of the budget that is left."""
    cost = Budget.of(settings, "").cost(spent)
    tokens = spent.prompt_tokens + spent.completion_tokens

    def rest(limit: float | None, used: float) -> float | None:
        return None if limit is None else max(0.0, share * (limit - used))

    def whole(limit: int | None, used: int) -> int | None:
        left = rest(limit, used)
        return None if left is None else int(left)

    return replace(
        settings,
        prompt=JudgeConfig().prompt,
        max_calls=whole(settings.max_calls, spent.calls),
        max_total_tokens=whole(settings.max_total_tokens, tokens),
        max_cost=rest(settings.max_cost, cost),
    )
