"""The rows that selections give, and how a response becomes a trace or a completion.

A response that thinks between tags keeps its own words; one without tags (chain of thought) is all
thinking, and its answer is the one that was graded.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from judgekit.rewards.tags import Tags, written
from judgekit.train.selection.candidates import Candidate, Group

_THINKING = re.compile(r"<(/?)(?:think|reasoning)>")
_CLOSE = re.compile(r"</(?:think|reasoning)>")
_ANY = re.compile(r"</?(?:think|reasoning|answer)>")


@dataclass(frozen=True, slots=True)
class Trace:
    """A row for supervised fine-tuning: the thinking without tags, and what follows it.

    `choices` are the options of a multiple-choice question. `source` names the run and the response
    (`RUN#SAMPLE`, with `/VARIANT` where there is one).
    """

    id: str
    question: str
    trace: str
    answer: str
    source: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pair:
    """A row for DPO: two whole completions in the tag format, and their lengths in tokens."""

    id: str
    question: str
    chosen: str
    rejected: str
    chosen_tokens: int
    rejected_tokens: int
    source: str
    choices: tuple[str, ...] = ()


@dataclass(slots=True)
class Drawn:
    """Rows, and for the problems that gave none, how many for which reason."""

    rows: list[Trace] | list[Pair]
    nothing: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)


def traces(group: Group) -> list[Candidate]:
    """The correct responses in which there is thinking to learn from, shortest first."""
    return [
        each for each in group.by_length if all(split(each.response.text, each.grade.extracted))
    ]


def no_trace(group: Group) -> str:
    """Why a problem has no trace."""
    return "no thinking in a correct response" if group.correct else "no correct response"


def trace(group: Group, candidate: Candidate, run: str) -> Trace:
    """The response as a row to learn from."""
    problem = group.problem
    thinking, answer = split(candidate.response.text, candidate.grade.extracted)
    name = _name(run, candidate)
    return Trace(problem.id, problem.question, thinking, answer, name, problem.choices)


def pair(group: Group, chosen: Candidate, rejected: Candidate, tags: Tags, run: str) -> Pair:
    """The two responses as a row of preference."""
    problem = group.problem
    return Pair(
        problem.id,
        problem.question,
        completion(chosen.response.text, chosen.grade.extracted, tags),
        completion(rejected.response.text, rejected.grade.extracted, tags),
        chosen.tokens,
        rejected.tokens,
        f"{_name(run, chosen)} > {_name('', rejected)}",
        problem.choices,
    )


def split(text: str, extracted: str | None) -> tuple[str, str]:
    """The thinking and the answer of a response, both without tags.

    `extracted` is the answer as graded: it stands in where the text has none outside the thinking.
    """
    ends = list(_CLOSE.finditer(text))
    at = (ends[-1].start(), ends[-1].end()) if ends else (len(text), len(text))
    thinking, answer = (_ANY.sub("", part).strip() for part in (text[: at[0]], text[at[1] :]))
    return thinking, answer or extracted or ""


def completion(text: str, extracted: str | None, tags: Tags) -> str:
    """The response in the tag format.

    One that has thinking tags is kept to the letter but for their name (and the opening tag, where
    the prompt had written it). One without is put between tags; where it gave no answer its
    thinking stays open, for it never came to an end.
    """
    if _THINKING.search(text):
        named = _THINKING.sub(rf"<\1{tags}>", text)
        return named if f"<{tags}>" in named else f"<{tags}>\n{named}"
    thinking, answer = split(text, extracted)
    return written(thinking, answer, tags) if answer else f"<{tags}>\n{thinking}"


def _name(run: str, candidate: Candidate) -> str:
    response = candidate.response
    return f"{run}#{response.sample}" + (f"/{response.variant}" if response.variant else "")
