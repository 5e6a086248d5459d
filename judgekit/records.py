"""The nouns: `Problem`, `Response`, `Verdict`, `Grade`, `Label`.

Each is a frozen, slotted dataclass that `judgekit.rows` writes down and reads back equal.
Everything in judgekit is a function from some of these nouns to others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

Kind = Literal["math", "choice", "text"]
Outcome = Literal["correct", "incorrect", "undecided"]
Role = Literal["thinking", "answer", "other"]
FinishReason = Literal["stop", "length", "loop", "error"]
LoopKind = Literal["terminal", "recovered", "numeric", "near"]
Design = Literal["uniform", "plan", "triage"]


class Key(NamedTuple):
    """What identifies a response in every file and frame."""

    id: str
    sample: int = 0
    variant: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """One item of a benchmark.

    `gold` is the reference answer; for `kind="choice"` it is the letter of the right option among
    `choices` in the order given here (the order that the model saw). `prompt` is the prompt as
    rendered for a run, and empty outside one.
    """

    id: str
    question: str
    gold: str
    kind: Kind = "math"
    choices: tuple[str, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)
    prompt: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a response written by one author in one role.

    `by` is `"model"`, the second model's name, or `"forced"` for text that the strategy wrote.
    """

    text: str
    role: Role
    by: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Loop:
    """A response that repeats itself (criterion and terms: `judgekit.loops`).

    Units are tokens, or words and punctuation marks where only text was to be had. `onset` is the
    first unit of the repetition, `cycles` = length / period, `wasted` = length - period.
    """

    kind: LoopKind
    onset: int
    period: int
    cycles: float
    wasted: int
    unit: Literal["token", "word"] = "token"


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that one model read and wrote for one response; `discarded` did not enter it."""

    prompt: int = 0
    completion: int = 0
    discarded: int = 0


@dataclass(frozen=True, slots=True)
class Response:
    """One sampled answer: all that came after the prompt, and how it came about.

    `text` is the segments' texts joined, forced text included. `completion_tokens` are the models'
    own; `forced_tokens` were written by the strategy; `discarded_tokens` were generated but did not
    enter the text. `logprob` is the mean log-probability of the models' own tokens (nats).
    """

    id: str
    text: str
    sample: int = 0
    variant: str = ""
    segments: tuple[Segment, ...] = ()
    finish_reason: FinishReason = "stop"
    prompt_tokens: int = 0
    completion_tokens: int = 0
    forced_tokens: int = 0
    discarded_tokens: int = 0
    usage: Mapping[str, Usage] = field(default_factory=dict)
    logprob: float | None = None
    token_ids: tuple[int, ...] | None = None
    loop: Loop | None = None
    seed: int | None = None
    seconds: float = 0.0
    error: str | None = None

    @property
    def key(self) -> Key:
        return Key(self.id, self.sample, self.variant)

    @property
    def finished(self) -> bool:
        """The model itself ended the response; it was neither cut off, nor looping, nor failed."""
        return self.finish_reason == "stop"


@dataclass(frozen=True, slots=True)
class Cost:
    """What a verdict cost. `calls` counts model calls; `seconds` is wall time."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """One stage's word on one response.

    `evidence` is a sentence a person can check. `flags` are the reasons for which a policy may send
    the row on: `unparsed`, `weak-cue`, `conflict`, `prose`, `overruled`. `claim` is the outcome
    that a judge first gave, where the cascade overruled it.
    """

    stage: str
    outcome: Outcome
    extracted: str | None = None
    evidence: str = ""
    confidence: float | None = None
    cost: Cost = Cost()
    flags: tuple[str, ...] = ()
    claim: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Grade:
    """The cascade's decision on one response, with the whole trail of verdicts.

    `stage` is who decided (`none` where nobody did); `grading` is the hash of the policy, judges
    and versions that made it.
    """

    id: str
    outcome: Outcome
    stage: str
    sample: int = 0
    variant: str = ""
    extracted: str | None = None
    evidence: str = ""
    confidence: float | None = None
    trail: tuple[Verdict, ...] = ()
    grading: str = ""

    @property
    def key(self) -> Key:
        return Key(self.id, self.sample, self.variant)


@dataclass(frozen=True, slots=True)
class Label:
    """A person's word on one response, and how the row came to be labelled.

    `at` is an ISO 8601 time. `blind` says that verdicts were hidden. `probability` is the chance
    with which the row was chosen, for the designs `uniform` and `plan`. `withdrawn` takes back what
    the same person had said of the response: files are append-only.
    """

    id: str
    outcome: Outcome
    by: str
    at: str
    sample: int = 0
    variant: str = ""
    note: str = ""
    blind: bool = False
    design: Design = "uniform"
    probability: float | None = None
    withdrawn: bool = False

    @property
    def key(self) -> Key:
        return Key(self.id, self.sample, self.variant)
