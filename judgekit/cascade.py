"""The cascade: ask the cheapest stage that may be certain, stop when one is.

A stage is a name and a function from a `Case` to a `Verdict`. The two stages of the verifier are
pure and immediate; judges (and juries, and agents) are awaited. The loop itself is a generator that
yields the stage it wants asked, so that one loop serves both a caller without an event loop
(`judgekit.verify`) and a run with hundreds of rows under way.

The policy is data, `judgekit.config.CascadeConfig`:

* A response without an answer in it is decided by `no_answer` as stage `no-answer`.
* A verdict with a reason named in `escalate` is passed on where a judge stage follows; where none
  follows, the verifier's verdict stands.
* A later stage decides what an earlier one left undecided.
* A judge's verdict is overruled by a proof about the answer that the judge itself names, and by
  nothing else: see `judgekit.judges.claims`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Sequence
from dataclasses import dataclass, replace

from judgekit.config import CascadeConfig
from judgekit.errors import JudgekitError
from judgekit.judges.claims import hold
from judgekit.records import Grade, Key, Verdict
from judgekit.verifier import Case, exact, symbolic

Ask = Callable[[Case], Verdict | Awaitable[Verdict]]


@dataclass(frozen=True, slots=True)
class Stage:
    """One verifier in the cascade. `judge` tells whether it is a model's (or a person's) opinion,
    which policy sends doubtful rows to and which a proof overrules."""

    name: str
    ask: Ask
    judge: bool = False


FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NameError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What a stage raises on one row by a defect of its own, or on input made to break it. That row is
undecided and says so, and the other rows are graded; what ends a command is not among these."""

EXACT = Stage("exact", exact)
SYMBOLIC = Stage("symbolic", symbolic)


def decide(
    case: Case, key: Key, stages: Sequence[Stage], policy: CascadeConfig, grading: str = ""
) -> Generator[Stage, Verdict, Grade]:
    """Yield the stages to ask, be sent their verdicts, return the grade."""
    trail: list[Verdict] = []
    no_answer = case.extraction.answer is None
    for position, stage in enumerate(stages):
        if stage.judge and not _goes_to_judges(trail, no_answer, policy):
            break
        verdict = yield stage
        if stage.judge:
            verdict = hold(verdict, case)
        trail.append(verdict)
        judge_follows = any(later.judge for later in stages[position + 1 :])
        escalated = judge_follows and not stage.judge and set(verdict.flags) & set(policy.escalate)
        if verdict.outcome != "undecided" and not escalated:
            return _grade(key, verdict, trail, grading)
    asked_judge = bool(trail) and stages[len(trail) - 1].judge
    if no_answer and policy.no_answer == "incorrect" and not asked_judge:
        trail.append(Verdict("no-answer", "incorrect", evidence=_why_no_answer(case)))
        return _grade(key, trail[-1], trail, grading)
    last = trail[-1] if trail else Verdict("none", "undecided", evidence="no stage was asked")
    return _grade(key, replace(last, stage="none", outcome="undecided"), trail, grading)


def _goes_to_judges(trail: Sequence[Verdict], no_answer: bool, policy: CascadeConfig) -> bool:
    """Whether the policy wants a judge asked after what the stages so far have said."""
    if no_answer:
        return policy.no_answer == "judge"
    reasons = {flag for verdict in trail for flag in verdict.flags}
    if all(verdict.outcome == "undecided" for verdict in trail):
        reasons.add("undecided")
    return bool(reasons & set(policy.escalate))


def run_now(
    case: Case, key: Key, stages: Sequence[Stage], policy: CascadeConfig, grading: str = ""
) -> Grade:
    """Drive the cascade where every stage is immediate (no judges)."""
    asking = decide(case, key, stages, policy, grading)
    try:
        stage = next(asking)
        while True:
            stage = asking.send(_immediate(stage, case))
    except StopIteration as end:
        grade: Grade = end.value
        return grade


async def run(
    case: Case, key: Key, stages: Sequence[Stage], policy: CascadeConfig, grading: str = ""
) -> Grade:
    """Drive the cascade with judges."""
    asking = decide(case, key, stages, policy, grading)
    try:
        stage = next(asking)
        while True:
            stage = asking.send(await _awaited(stage, case))
    except StopIteration as end:
        grade: Grade = end.value
        return grade


def _immediate(stage: Stage, case: Case) -> Verdict:
    try:
        verdict = stage.ask(case)
    except FAULTS as fault:
        return _failed(stage, fault)
    if not isinstance(verdict, Verdict):
        raise JudgekitError(f"stage {stage.name} has to be awaited")
    return verdict


async def _awaited(stage: Stage, case: Case) -> Verdict:
    try:
        verdict = stage.ask(case)
        return verdict if isinstance(verdict, Verdict) else await verdict
    except FAULTS as fault:
        return _failed(stage, fault)


def _failed(stage: Stage, fault: Exception) -> Verdict:
    evidence = f"the stage failed: {type(fault).__name__}: {fault}"
    return Verdict(stage.name, "undecided", evidence=evidence, flags=("failed",))


def _grade(key: Key, verdict: Verdict, trail: Sequence[Verdict], grading: str) -> Grade:
    return Grade(
        id=key.id,
        sample=key.sample,
        variant=key.variant,
        outcome=verdict.outcome,
        stage=verdict.stage,
        extracted=verdict.extracted,
        evidence=verdict.evidence,
        confidence=verdict.confidence,
        trail=tuple(trail),
        grading=grading,
    )


def _why_no_answer(case: Case) -> str:
    if not case.response.strip():
        return "the response is empty"
    if not case.finished:
        return "the response was cut off or looping before it gave an answer"
    return "the response names no answer"
