"""The Case: one response to grade, with everything the stages need to know."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from judgekit.records import Kind
from judgekit.verifier.choice import options_in
from judgekit.verifier.extraction import Extraction, extract
from judgekit.verifier.kind import resolve_kind

MAX_QUESTION = 20_000
_PLAIN_NUMBER = re.compile(r"[-+$]?[\d.,]+%?")
LONG_GOLD = 60
"""A gold answer longer than this may be a whole solution; the answer is then looked for in it."""


@dataclass(frozen=True)
class Case:
    """One response against one gold answer; `kind` is resolved, never "auto".

    `columns` is whatever else stood in the row, for judges that read it; the verifier does not.
    """

    question: str | None
    gold: str
    response: str
    kind: Kind
    choices: tuple[str, ...] = ()
    finished: bool = True
    skip: int = field(default=0, repr=False)
    columns: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def extraction(self) -> Extraction:
        """The candidate answers of the response; looked for once."""
        found = extract(
            self.response,
            kind=self.kind,
            choices=self.choices,
            finished=self.finished,
            skip=self.skip,
        )
        return _without_echoes(found, self.question) if self.kind == "math" else found


def make_case(
    gold: str,
    response: str,
    question: str | None = None,
    kind: Kind | Literal["auto"] = "auto",
    choices: Sequence[str] | None = None,
    finished: bool = True,
) -> Case:
    """A case; `kind="auto"` is told from gold, options and question.

    A gold answer that is a whole solution is reduced to the answer that it marks.
    """
    options = tuple(choices or ())
    answer = gold_answer(gold)
    resolved = resolve_kind(answer, question, options) if kind == "auto" else kind
    if resolved == "choice" and not options and question:
        options = options_in(question[:MAX_QUESTION])
    return Case(question, answer, response, resolved, options, finished, _echo(question, response))


def gold_answer(gold: str) -> str:
    """The answer in a gold field, which may hold a whole solution ("… #### 18", "\\boxed{x}")."""
    marked = "\\boxed" in gold or "\\fbox" in gold or "####" in gold
    if not marked and (len(gold) <= LONG_GOLD or "nswer" not in gold):
        return gold
    found = extract(gold)
    best = found.answer
    return best.text if best is not None and best.strength == "strong" else gold


def _without_echoes(found: Extraction, question: str | None) -> Extraction:
    """The candidates but for unmarked expressions that only repeat the question's own.

    "the fractions 1/3 + 1/4" is no answer to "what is 1/3 + 1/4?", although it equals the gold. A
    plain number may well stand in the question too and still be the answer.
    """
    if not question or found.answer is None or found.answer.strength != "weak":
        return found
    asked = _squeezed(question[:MAX_QUESTION])
    kept = tuple(
        candidate
        for candidate in found.candidates
        if candidate.strength != "weak"
        or _PLAIN_NUMBER.fullmatch(candidate.text)
        or _squeezed(candidate.text) not in asked
    )
    return (
        found
        if len(kept) == len(found.candidates)
        else found._replace(candidates=kept, flags=found.flags if kept else ())
    )


def _squeezed(text: str) -> str:
    return "".join(text.replace("$", "").split())


def _echo(question: str | None, response: str) -> int:
    """How many characters of the response only repeat the question."""
    if not question or len(question) < 20:
        return 0
    start = len(response) - len(response.lstrip())
    return start + len(question) if response.startswith(question, start) else 0
