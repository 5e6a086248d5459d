"""The search for a better program: DSPy's optimisers, on training rows, bounded and quiet.

* `bootstrap`: worked examples from rows that the program itself judged as people did
  (BootstrapFewShot of DSPy, Khattab et al., arXiv 2310.03714).
* `mipro`: proposed instructions and bootstrapped examples, combined by Bayesian optimisation
  (MIPROv2, Opsahl-Ong et al., arXiv 2406.11695).
* `gepa`: instructions rewritten by reflection on what went wrong, kept on a Pareto front
  (Agrawal et al., arXiv 2507.19457).

A row counts as judged rightly where the verdict, held to the answer that it names, is what the
person said. A search that is stopped (budget, Ctrl-C, a server that went down) keeps the best
program that was tried on all of the choosing rows.
"""

from __future__ import annotations

import contextlib
import logging
import os
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import dspy
from dspy.utils.callback import BaseCallback
from dspy.utils.exceptions import LMError

from judgekit.errors import RequestFailed
from judgekit.judges.claims import hold, stands_in
from judgekit.judges.labelled import LabelledRow
from judgekit.judges.programs.adapter import FencedAdapter
from judgekit.judges.programs.program import JudgeModule, Step, inputs_of, steps_of
from judgekit.judges.programs.seam import Calls, Stopped
from judgekit.records import Outcome, Verdict

Optimizer = Literal["gepa", "mipro", "bootstrap"]
OPTIMIZERS: tuple[Optimizer, ...] = ("gepa", "mipro", "bootstrap")

EXAMPLES = 4
CANDIDATES = 5
PASSES = 8
"""Worked examples of the program's own, and as many of people's; candidates of MIPROv2; how often
the training rows are gone through."""

MAX_INSTRUCTIONS = 3_000
"""Characters of instructions that GEPA may propose."""

THREADS = 8

Watch = Callable[[str], None]
"""Told what goes on, a line at a time."""


@dataclass(slots=True)
class Best(BaseCallback):  # type: ignore[misc]
    """The best program that was tried on all of the choosing rows; `tried` counts them.

    The first to be tried is the program that the search starts from.
    """

    rows: frozenset[int]
    watch: Watch | None = None
    score: float = -1.0
    steps: dict[str, Step] = field(default_factory=dict)
    tried: int = 0
    _under_way: dict[str, Any] = field(default_factory=dict)

    def on_evaluate_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        self._under_way[call_id] = inputs["program"]

    def on_evaluate_end(
        self, call_id: str, outputs: Any, exception: BaseException | None = None
    ) -> None:
        program = self._under_way.pop(call_id)
        if outputs is None or {example.row for example, *_ in outputs.results} != self.rows:
            return
        self.tried += 1
        score = float(outputs.score) / 100
        if score > self.score:
            self.score, self.steps = score, steps_of(program)
        if self.watch:
            self.watch(
                f"candidate {self.tried}: {score:.0%} of {len(self.rows)} training rows as people "
                f"did, best so far {self.score:.0%}"
            )


@dataclass(frozen=True, slots=True)
class Search:
    """One search. `teaching` rows bring examples and feedback, `choosing` rows compare candidates.

    `rollouts` is about how often the program may be run.
    """

    optimizer: Optimizer
    teaching: Sequence[LabelledRow]
    choosing: Sequence[LabelledRow]
    rollouts: int
    seed: int
    best: Best

    def run(
        self, start: JudgeModule, calls: Calls, lm: Any, adapter: FencedAdapter
    ) -> tuple[dict[str, Step], str | None]:
        """The steps of the program found, and what stopped the search if anything did.

        Takes a thread. A search that was stopped has the best steps so far, or none.
        """
        settings = {
            "lm": lm,
            "adapter": adapter,
            "callbacks": [self.best],
            "max_errors": 10**9,  # a row that cannot be judged is judged wrongly, and no more
            "num_threads": THREADS,
            "disable_history": True,
        }
        with dspy.context(**settings), _quiet():
            try:
                return steps_of(self._compiled(start, lm, adapter)), None
            except Stopped:
                why = "the model is down" if calls.fault else "its share of the budget is spent"
            except (LMError, RequestFailed) as failed:  # where no row was judged: a proposal
                why = str(failed.__cause__ if isinstance(failed, LMError) else failed)
        return self.best.steps, why

    def _compiled(self, start: JudgeModule, lm: Any, adapter: FencedAdapter) -> Any:
        match self.optimizer:
            case "bootstrap":
                return self._bootstrap(start)
            case "mipro":
                return self._mipro(start)
            case "gepa":
                return self._gepa(start, lm, adapter)

    def _bootstrap(self, start: JudgeModule) -> Any:
        rows = [*self._teaching, *self._choosing]
        random.Random(self.seed).shuffle(rows)
        optimizer = dspy.BootstrapFewShot(
            self._right, max_bootstrapped_demos=EXAMPLES, max_labeled_demos=2 * EXAMPLES
        )
        return optimizer.compile(start, trainset=rows)

    def _mipro(self, start: JudgeModule) -> Any:
        optimizer = dspy.MIPROv2(
            self._right,
            auto=None,
            num_candidates=CANDIDATES,
            max_bootstrapped_demos=EXAMPLES,
            max_labeled_demos=2 * EXAMPLES,
            seed=self.seed,
        )
        return optimizer.compile(
            start,
            trainset=self._teaching,
            valset=self._choosing,
            num_trials=max(1, self.rollouts // len(self.choosing) - CANDIDATES),
            minibatch=False,
            program_aware_proposer=False,
        )

    def _gepa(self, start: JudgeModule, lm: Any, adapter: FencedAdapter) -> Any:
        from dspy.teleprompt.gepa import InstructionProposer

        optimizer = dspy.GEPA(
            self._scored,
            max_metric_calls=self.rollouts,
            reflection_lm=lm,
            instruction_proposer=InstructionProposer(max_chars=MAX_INSTRUCTIONS, adapter=adapter),
            seed=self.seed,
        )
        return optimizer.compile(start, trainset=self._teaching, valset=self._choosing)

    @property
    def _teaching(self) -> list[Any]:
        return examples_of(self.teaching)

    @property
    def _choosing(self) -> list[Any]:
        return examples_of(self.choosing, first=len(self.teaching))

    def _right(self, gold: Any, said: Any, trace: Any = None) -> bool:
        return judged([*self.teaching, *self.choosing][gold.row], said)[0]

    def _scored(
        self,
        gold: Any,
        said: Any,
        trace: Any = None,
        pred_name: str | None = None,
        pred_trace: Any = None,
    ) -> Any:
        """GEPA's metric, by the names of its arguments."""
        right, feedback = judged([*self.teaching, *self.choosing][gold.row], said)
        return dspy.Prediction(score=float(right), feedback=feedback)


def examples_of(rows: Sequence[LabelledRow], first: int = 0) -> list[Any]:
    """Rows as DSPy's examples, numbered from `first`; with the person's word as the verdict.

    What a right reply would have read is the verifier's to say, or the gold answer where it stands
    there. A right response in which neither is found is no worked example by itself.
    """
    examples = []
    for number, row in enumerate(rows, start=first):
        known: dict[str, Any] = {"row": number}
        read = row.case.extraction.answer
        answer = read.text if read else None
        if row.label and stands_in(row.case.gold, row.case):
            answer = answer or row.case.gold
        if answer or not row.label:
            means = "means" if row.label else "does not mean"
            known |= {
                "extracted": answer,
                "reason": f"The response's answer {means} the same as the gold answer.",
                "verdict": truth(row),
            }
        example = dspy.Example(**inputs_of(row.case), **known)
        examples.append(example.with_inputs("question", "gold", "response"))
    return examples


def truth(row: LabelledRow) -> Outcome:
    return "correct" if row.label else "incorrect"


def judged(row: LabelledRow, said: Any) -> tuple[bool, str]:
    """Whether a prediction, held to its claim, is what the person said; and what to learn from."""
    outcome: Outcome = getattr(said, "verdict", None) or "undecided"
    alone = Verdict("tune", outcome, getattr(said, "extracted", None))
    held = hold(alone, row.case)
    if held.outcome == truth(row):
        return True, f"Right: a person says {truth(row)} too."
    read = f"having read {alone.extracted!r:.80}" if alone.extracted else "having read no answer"
    overruled = f" {held.evidence}" if held.claim else ""
    return False, f"A person says {truth(row)}; you said {outcome}, {read}.{overruled}"


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """DSPy prints, draws bars and logs while it optimises; what happened is told by us."""
    loggers = [logging.getLogger(name) for name in ("dspy", "gepa", "optuna")]
    levels = [logger.level for logger in loggers]
    with (
        open(os.devnull, "w") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        for logger in loggers:
            logger.setLevel(logging.CRITICAL + 1)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
