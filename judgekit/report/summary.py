"""A run in numbers: one line for each variant of its responses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from judgekit.analysis.accuracy import Accuracy, accuracy, over_problems
from judgekit.analysis.compare import over_seeds
from judgekit.analysis.confidence import Confidence, confidence
from judgekit.analysis.cost import Cost, Prices, cost
from judgekit.analysis.format import expected
from judgekit.analysis.frame import frame
from judgekit.analysis.intervals import LEVEL, Share, share
from judgekit.analysis.tokens import Tokens, at_limit, ends_looping, loops, tokens
from judgekit.audit.correction import Corrected, corrected
from judgekit.records import Grade, Problem, Response
from judgekit.runs import Run
from judgekit.strategies import category

if TYPE_CHECKING:
    import pandas as pd


class RunLike(Protocol):
    """What a report needs of a run."""

    @property
    def path(self) -> Path: ...
    @property
    def config(self) -> Mapping[str, Any]: ...
    @property
    def problems(self) -> Sequence[Problem]: ...
    @property
    def responses(self) -> Sequence[Response]: ...
    @property
    def grades(self) -> Sequence[Grade]: ...


@dataclass(frozen=True, slots=True)
class Line:
    """One variant of one run.

    `owed` counts responses that an unfinished run lacks. `stages` counts who decided, `undecided`
    ones under `none`. `sampled` has pass@k, pass^k, maj@k and best@k for the k samples that every
    problem has, where k > 1, and `seed_std` is the standard deviation of the accuracies of single
    samples. `looping` is the share of responses that end in a loop, of those that did not fail.
    `at_limit` counts the responses that the token limit ended, by what became of them.
    `format_asked` says in words what form the prompt asks for, and is empty where it asks for none;
    `format_faults` counts the first rule that each response broke, `thinking` S1-Bench's classes
    where the model thinks in tags. `corrected` is the accuracy that labels correct, where there are
    any.
    """

    run: str
    model: str
    benchmark: str
    setting: str
    variant: str
    samples: int
    owed: int
    accuracy: Accuracy
    sampled: Mapping[str, Share]
    seed_std: float | None
    stages: Mapping[str, int]
    completion: Tokens
    thought: Tokens
    answered: Tokens
    cost: Cost
    at_limit: Mapping[str, int]
    loops: Mapping[str, int]
    looping: Share
    confidence: Confidence
    format_asked: str
    format_kept: Share
    format_faults: Mapping[str, int]
    thinking: Mapping[str, int]
    config: Mapping[str, Any]
    corrected: Corrected | None = None

    @property
    def category(self) -> str:
        """What kind of method the strategy is."""
        return category(str(self.config.get("strategy", "")))

    @property
    def looped(self) -> int:
        """Responses with a loop that they did not leave."""
        return sum(count for kind, count in self.loops.items() if kind != "recovered")


def summarise(
    runs: Iterable[RunLike], level: float = LEVEL, prices: Prices | None = None
) -> list[tuple[Line, pd.DataFrame]]:
    """A line for each run and variant, in order, with the rows that it counts."""
    lines, frames = list[Line](), []
    for run in runs:
        # From disk one by one: the texts of a large run do not fit in memory together.
        responses = run.each_response() if isinstance(run, Run) else run.responses
        grades = run.grades
        table = frame(run.problems, responses, grades, run.config, text=False)
        prompt = next((problem.prompt for problem in run.problems), "")
        variants = list(dict.fromkeys(table["variant"])) or [""]
        for variant in variants:
            rows = table if len(variants) == 1 else table[table["variant"] == variant]
            line = _line(run, str(variant), rows, prompt, level, prices)
            said = corrected(grades, getattr(run, "labels", ()), run.path, variant=variant)
            lines.append(replace(line, corrected=said))
            frames.append(rows)
    return list(zip(_distinct(lines), frames, strict=True))


def _line(
    run: RunLike,
    variant: str,
    rows: pd.DataFrame,
    prompt: str,
    level: float,
    prices: Prices | None,
) -> Line:
    judged = rows[rows["format_ok"].notna()]
    ran = rows[rows["reason"] != "failed"]
    strategy = str(run.config.get("strategy", ""))
    per_problem = rows.groupby("id").size()
    k = int(per_problem.min()) if len(rows) else 0
    found = accuracy(rows, level)
    return Line(
        run=str(run.path),
        model=short_model(str(run.config.get("model", ""))),
        benchmark=str(run.config.get("benchmark", "")) or run.path.name,
        setting=" ".join(filter(None, (strategy, variant))),
        variant=variant,
        samples=int(per_problem.max()) if len(rows) else 0,
        owed=max(int(run.config.get("samples", 1)) * len(run.problems) - len(rows), 0),
        accuracy=found,
        sampled=over_problems(rows, k, level) if k > 1 and found.graded else {},
        seed_std=over_seeds(rows)["std"] if k > 1 and found.graded else None,
        stages=_counted(rows["stage"]),
        completion=tokens(rows, level=level),
        thought=tokens(rows, "thinking_tokens", level),
        answered=tokens(rows, "answer_tokens", level),
        cost=cost(rows, prices),
        at_limit=at_limit(rows),
        loops=loops(rows),
        looping=share(ends_looping(ran), ran["id"], level),
        confidence=confidence(rows),
        format_asked=expected(strategy, prompt).described,
        format_kept=share(judged["format_ok"].to_numpy(float), judged["id"], level),
        format_faults=_counted(rows["format_fault"]),
        thinking=_counted(rows["thinking_class"]),
        config=run.config,
    )


def _counted(column: pd.Series[Any]) -> dict[str, int]:
    return {str(name): int(n) for name, n in column.value_counts().items()}


def short_model(name: str) -> str:
    """The last part of a hub id, folder or file, without `.gguf`."""
    return name.rstrip("/").rpartition("/")[2].removesuffix(".gguf")


_NAMED_APART = frozenset({"model", "benchmark", "strategy", "benchmark_hash", "prompt_hash"})


def _distinct(lines: list[Line]) -> list[Line]:
    """Settings that would stand in the same cell get what sets their configurations apart."""
    groups: dict[tuple[str, str, str], list[Line]] = {}
    for line in lines:
        groups.setdefault((line.model, line.benchmark, line.setting), []).append(line)
    named: dict[int, Line] = {}
    for group in groups.values():
        flat = [flat_config(line.config) for line in group]
        differing = sorted(
            key
            for key in set().union(*flat) - _NAMED_APART
            if len({repr(each.get(key)) for each in flat}) > 1
        )
        for line, each in zip(group, flat, strict=True):
            extra = " ".join(f"{key}={each.get(key, '–')}" for key in differing)
            if len(group) > 1 and not extra:
                extra = Path(line.run).name
            setting = f"{line.setting} ({extra})" if extra else line.setting
            named[id(line)] = replace(line, setting=setting)
    return [named[id(line)] for line in lines]


def flat_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with the strategy's options beside its own keys."""
    options = config.get("options")
    flat = {key: value for key, value in config.items() if key != "options"}
    return {**flat, **options} if isinstance(options, Mapping) else flat
