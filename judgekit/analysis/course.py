"""The answers a response gives on its way: when the first right one came, and what followed it.

An answer counts where it is announced as one (a box, a tag, `####`, "the answer is ..."): the cues
that the verifier accepts from a text that was cut off. "Overthinking" is what a model writes after
its first right answer (Chen et al. 2024, arXiv 2412.21187, whose efficiency of outcome is the share
of tokens up to there; they find the solutions with a model, this finds them by their cues).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from judgekit.analysis.intervals import LEVEL, mean_interval
from judgekit.analysis.places import tokens_before
from judgekit.records import Grade, Key, Problem, Response
from judgekit.verifier import make_case
from judgekit.verifier.row import grade

MAX_GRADED = 40
"""Different statements of one response that are graded; more would be noise, or an attack."""

_STEP = re.compile(r"(?<![:>*\[])\n+(?!\s*</)|(?<=[.!?])\s+(?=[A-Z])|(?=\bWait\b)")
"""Between steps: a line break, but not one that leaves an announcement alone; a sentence; a Wait,
which budget forcing puts anywhere."""
_CUE = re.compile(r"boxed|####|nswer|esult|olution|onclusion|[^\x00-\x7f]")
_WAIT = re.compile(r"\b[Ww]ait\b")


class Mention(NamedTuple):
    """One announced answer: where it ends, how it is written; `right` None: not decided."""

    end: int
    answer: str
    right: bool | None


@dataclass(frozen=True, slots=True)
class Course:
    """The answers of one response in order; tokens are the models' own.

    `switches` counts neighbours that are written differently and not both right, `broken` those
    that go from right to wrong, `mended` from wrong to right. `waits` counts the word in what
    models wrote. `first_right` is the tokens up to the end of the first right answer, `after` those
    that followed; None where no answer is right.
    """

    mentions: tuple[Mention, ...]
    waits: int
    first_right: float | None
    after: float | None

    @property
    def switches(self) -> int:
        return sum(
            _plain(a.answer) != _plain(b.answer) and not (a.right and b.right)
            for a, b in pairwise(self.mentions)
        )

    @property
    def mended(self) -> int:
        return self._turns(False, True)

    @property
    def broken(self) -> int:
        return self._turns(True, False)

    def _turns(self, before: bool, after: bool) -> int:
        decided = [each.right for each in self.mentions if each.right is not None]
        return sum((a, b) == (before, after) for a, b in pairwise(decided))


def course(problem: Problem, response: Response, found: Grade | None = None) -> Course:
    """The course of one response. An answer written as the graded one has that grade's outcome."""
    known: dict[str, Mention | None] = {}
    mentions = []
    for begin, end in _steps(response.text):
        step = response.text[begin:end]
        if step not in known:
            if len(known) >= MAX_GRADED:
                continue
            known[step] = _said(problem, step, found)
        if said := known[step]:
            mentions.append(said._replace(end=begin + said.end))
    first = next((each.end for each in mentions if each.right), None)
    before = None if first is None else tokens_before(response, first)
    own = [s.text for s in response.segments if s.by != "forced"] or [response.text]
    return Course(
        tuple(mentions),
        waits=sum(len(_WAIT.findall(text)) for text in own),
        first_right=before,
        after=None if before is None else response.completion_tokens - before,
    )


def _steps(text: str) -> Iterable[tuple[int, int]]:
    """Where the steps stand that may announce an answer."""
    begin = 0
    for gap in (*_STEP.finditer(text), None):
        end = gap.start() if gap else len(text)
        if _CUE.search(text, begin, end):
            yield begin, end
        begin = gap.end() if gap else end


def _said(problem: Problem, step: str, found: Grade | None) -> Mention | None:
    """The answer that a step announces, with its end within the step."""
    case = make_case(
        problem.gold, f"{step}\n", kind=problem.kind, choices=problem.choices, finished=False
    )
    candidate = case.extraction.answer
    if candidate is None:
        return None
    said = grade(case)
    answer, outcome = said.extracted or candidate.text, said.outcome
    if found and found.extracted is not None and _plain(found.extracted) == _plain(answer):
        outcome = found.outcome
    right = None if outcome == "undecided" else outcome == "correct"
    return Mention(candidate.end, answer, right)


def _plain(answer: str) -> str:
    return "".join(answer.split()).strip("$*.").casefold()


@dataclass(frozen=True, slots=True)
class Courses:
    """The courses of a set of responses.

    `announced` of `n` give an answer on the way, `reached` a right one; `kept` of these are right
    in the end. `after` is the mean number of tokens after the first right answer with its interval
    clustered by problem, `after_share` their share of all tokens of those responses.
    """

    n: int
    announced: int
    mentions: int
    switches: int
    waits: int
    mended: int
    broken: int
    reached: int
    kept: int
    after: tuple[float, float, float]
    after_share: float | None


def courses(
    problems: Mapping[str, Problem],
    responses: Sequence[Response],
    grades: Mapping[Key, Grade],
    level: float = LEVEL,
) -> Courses:
    """The courses of all responses that did not fail and whose problem is known."""
    whole = [r for r in responses if r.finish_reason != "error" and r.id in problems]
    found = [(r, course(problems[r.id], r, grades.get(r.key))) for r in whole]
    reached = [(r, each) for r, each in found if each.after is not None]
    after = [each.after or 0.0 for _, each in reached]
    spent = sum(r.completion_tokens for r, _ in reached)
    return Courses(
        n=len(found),
        announced=sum(bool(each.mentions) for _, each in found),
        mentions=sum(len(each.mentions) for _, each in found),
        switches=sum(each.switches for _, each in found),
        waits=sum(each.waits for _, each in found),
        mended=sum(each.mended for _, each in found),
        broken=sum(each.broken for _, each in found),
        reached=len(reached),
        kept=sum(r.key in grades and grades[r.key].outcome == "correct" for r, _ in reached),
        after=mean_interval(after, [r.id for r, _ in reached], level),
        after_share=sum(after) / spent if spent else None,
    )
