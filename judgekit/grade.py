"""Responses -> grades: the cascade over a run, or over a file of somebody else's responses.

Grades are appended as they are made, under the hash of the policy, judges and versions that made
them (`grading`): the same command again grades only what is missing, another policy stands beside
the earlier one, and no trail is ever overwritten.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from judgekit.cascade import EXACT, SYMBOLIC, Stage, run, run_now
from judgekit.config import CascadeConfig, Config
from judgekit.errors import DataError, UserError
from judgekit.formats.foreign import ForeignRows
from judgekit.judges import open_judges
from judgekit.judges.contract import DOWN
from judgekit.lines import Lines, read_lines
from judgekit.records import Grade, Kind, Problem, Response, Verdict
from judgekit.rows import from_row, to_row
from judgekit.runs import Run, Writer, digest
from judgekit.strategies.together import together
from judgekit.verifier import Case, make_case, verify_many
from judgekit.version import __version__

PURE = {"exact": EXACT, "symbolic": SYMBOLIC}
AT_ONCE = 64
"""Rows under way at once where judges are asked; each judge bounds its own calls below that."""

CHUNK = 4096
"""Rows handed to the worker processes at a time."""

CACHE = "judged.jsonl"
"""What judges have said about this run's rows, by content; never asked twice."""


@dataclass(slots=True)
class Progress:
    """How far a grading is. `calls` counts the judges' model calls of this session."""

    total: int
    done: int = 0
    correct: int = 0
    incorrect: int = 0
    undecided: int = 0
    calls: int = 0

    def count(self, grade: Grade) -> None:
        self.done += 1
        self.calls += sum(verdict.cost.calls for verdict in grade.trail)
        if grade.outcome == "correct":
            self.correct += 1
        elif grade.outcome == "incorrect":
            self.incorrect += 1
        else:
            self.undecided += 1


Watch = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Item:
    """One response to grade, with the problem it answers and the foreign row it came from."""

    problem: Problem
    response: Response
    columns: Mapping[str, Any] = field(default_factory=dict)
    kind: Kind | Literal["auto"] = "auto"

    @property
    def case(self) -> Case:
        case = make_case(
            self.problem.gold,
            self.response.text,
            question=self.problem.question or None,
            kind=self.kind,
            choices=self.problem.choices,
            finished=self.response.finished,
        )
        return replace(case, columns=self.columns)


@dataclass(frozen=True, slots=True)
class Graded:
    """What a grading came to. `left_out` are rows that could not be read, by number and reason;
    `down` are judges that stopped answering, and what was the fault."""

    grades: Sequence[Grade]
    grading: str
    out: Path
    left_out: Sequence[tuple[int, str]] = ()
    failed: int = 0
    down: Mapping[str, str] = field(default_factory=dict)


def policy(config: Config, judge: str | None) -> CascadeConfig:
    """The configured cascade; `judge` takes the place of all judge stages, `none` drops them."""
    cascade = config.cascade
    if judge is None:
        return cascade
    pure = tuple(stage for stage in cascade.stages if stage in PURE)
    return replace(cascade, stages=pure if judge == "none" else (*pure, judge))


async def grade_run(
    target: Run,
    config: Config,
    judge: str | None = None,
    *,
    workers: int | None = None,
    watch: Watch | None = None,
) -> Graded:
    """Grade what this grading still lacks of a run."""
    problems = {problem.id: problem for problem in target.problems}
    items = [
        Item(problems[response.id], response, kind=problems[response.id].kind)
        for response in target.responses
        if response.finish_reason != "error" and response.id in problems
    ]
    if not items:
        raise UserError(f"{target.path} has no responses to grade", hint="judgekit generate")
    with Writer(target.path) as writer:
        result = await _grade(
            items,
            policy(config, judge),
            config,
            cache=target.path / CACHE,
            done=target.all_grades,
            write=writer.append,
            workers=workers,
            watch=watch,
        )
    return replace(result, out=target.path, failed=len(target.responses) - len(items))


async def grade_file(
    rows: ForeignRows,
    out: Path,
    config: Config,
    judge: str | None = None,
    *,
    workers: int | None = None,
    watch: Watch | None = None,
) -> Graded:
    """Grade the rows of a foreign file into `out`, one grade a line.

    An `out` that holds the same grading is resumed; any other file there is left alone and refused.
    """
    items = [
        Item(problem, response, columns, typing.cast(Any, rows.kind))
        for problem, response, columns in zip(
            rows.problems, rows.responses, rows.columns, strict=True
        )
    ]
    if not items:
        raise DataError("no row of the file can be graded", hint=_reasons(rows.left_out))
    # What is refused stays as it was: nothing of the file is touched before the first new grade.
    done, sheet = _grades_in(out), Lines(out, locked=True)
    with closing(sheet):
        result = await _grade(
            items,
            policy(config, judge),
            config,
            cache=out.with_suffix(".judged.jsonl"),
            done=done,
            write=sheet.append,
            workers=workers,
            watch=watch,
            only_this_grading=out,
        )
    return replace(result, out=out, left_out=rows.left_out)


async def _grade(
    items: Sequence[Item],
    cascade: CascadeConfig,
    config: Config,
    *,
    cache: Path,
    done: Sequence[Grade],
    write: Callable[[Grade], None],
    workers: int | None,
    watch: Watch | None,
    only_this_grading: Path | None = None,
) -> Graded:
    judge_names = [name for name in cascade.stages if name not in PURE]
    async with AsyncExitStack() as stack:
        columns = {item.response.key: item.columns for item in items}
        judges = await stack.enter_async_context(
            open_judges(judge_names, config, cache=cache, columns=columns)
        )
        grading = digest(
            {
                "version": __version__,
                "policy": to_row(cascade),
                "judges": {name: judge.identity for name, judge in judges.items()},
                # A run's rows never change; a file's may, under the same keys.
                "rows": [_content(item) for item in items] if only_this_grading else None,
            }
        )
        if only_this_grading and any(grade.grading != grading for grade in done):
            other = only_this_grading.with_suffix(f".{grading[:8]}.jsonl")
            raise UserError(
                f"{only_this_grading} holds another grading: of other rows, with another policy or "
                "judge, or by another version",
                hint=f"the same command with --out {other} keeps both",
            )
        last = {grade.key: grade for grade in done if grade.grading == grading}
        grades = {key: grade for key, grade in last.items() if not _owed_again(grade)}
        stages = [
            PURE[name] if name in PURE else Stage(name, judges[name], judge=True)
            for name in cascade.stages
        ]
        progress = Progress(len(items))
        for grade in grades.values():
            progress.count(grade)

        def finish(grade: Grade) -> None:
            write(grade)
            grades[grade.key] = grade
            progress.count(grade)
            if watch:
                watch(progress)

        todo = [item for item in items if item.response.key not in grades]
        work: Iterator[tuple[Item, Sequence[Stage]]] = ((item, stages) for item in todo)
        if workers and workers > 1:
            work = _with_workers(todo, stages, workers)
        if judges:
            await _with_judges(work, cascade, grading, finish)
        else:
            for item, asked in work:
                finish(run_now(item.case, item.response.key, asked, cascade, grading))
        down = {name: judge.down for name, judge in judges.items() if judge.down}
    ordered = [grades[item.response.key] for item in items]
    return Graded(ordered, grading, cache, down=down)


def _with_workers(
    todo: Sequence[Item], stages: Sequence[Stage], workers: int
) -> Iterator[tuple[Item, Sequence[Stage]]]:
    """The items, with what the verifier says of them found by worker processes chunk by chunk."""
    for start in range(0, len(todo), CHUNK):
        chunk = todo[start : start + CHUNK]
        for item, grade in zip(chunk, verify_many(map(_row, chunk), workers), strict=True):
            known = {verdict.stage: verdict for verdict in grade.trail}
            yield item, [_answered(stage, known) for stage in stages]


def _row(item: Item) -> dict[str, Any]:
    case = item.case
    return {
        "gold": case.gold,
        "response": case.response,
        "question": case.question,
        "kind": case.kind,
        "choices": case.choices,
        "finished": case.finished,
    }


def _content(item: Item) -> Sequence[Any]:
    """All of a row that its grade can depend on; what a judge reads of its columns too."""
    problem, response = item.problem, item.response
    asked = (problem.question, problem.gold, item.kind, problem.choices)
    return (*response.key, *asked, response.text, response.finish_reason, item.columns)


def _answered(stage: Stage, known: Mapping[str, Verdict]) -> Stage:
    """The stage with its verdict already there, where a worker has found it."""
    verdict = known.get(stage.name)
    return stage if verdict is None or stage.judge else Stage(stage.name, lambda case: verdict)


async def _with_judges(
    work: Iterator[tuple[Item, Sequence[Stage]]],
    cascade: CascadeConfig,
    grading: str,
    finish: Callable[[Grade], None],
) -> None:
    """Many rows under way at once; a judge bounds its own calls."""

    async def worker() -> None:
        for item, stages in work:
            finish(await run(item.case, item.response.key, stages, cascade, grading))

    await together(worker() for _ in range(AT_ONCE))


def _owed_again(grade: Grade) -> bool:
    """Whether a judge was down when the row was graded: asked again, as a failed response is."""
    return grade.outcome == "undecided" and any(DOWN in each.evidence for each in grade.trail)


def _grades_in(path: Path) -> list[Grade]:
    """The grades of an earlier `--out`; a file that is none is refused, and left alone."""
    if path.is_dir():
        raise UserError(f"{path} is a folder", hint="--out names a file")
    if not path.is_file():
        return []
    with path.open("rb") as file:
        first = file.readline()
    if first and not first.endswith(b"\n") and not first.startswith(b'{"schema":'):
        raise UserError(f"{path} exists and holds no grades", hint="use another --out")
    try:
        return [from_row(Grade, row, where=f"{path} line {n}") for n, row in read_lines(path)]
    except DataError as fault:
        raise UserError(
            f"{path} exists and holds no grades: {fault.message}", hint="use another --out"
        ) from None


def _reasons(left_out: Sequence[tuple[int, str]]) -> str | None:
    return "; ".join(f"row {row}: {reason}" for row, reason in left_out[:3]) or None
