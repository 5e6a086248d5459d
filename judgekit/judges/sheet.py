"""The sheet that a judge is handed: its prompt, filled with one case, fitted to the context."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from judgekit.backends.engine import Engine, Message
from judgekit.errors import RequestFailed
from judgekit.judges.asking import Turns, excess_tokens, tokens_of
from judgekit.judges.fence import MAX_RESPONSE, Fenced, between, fence, neutralise
from judgekit.prompt import Prompt, fill, load_prompt, messages, options
from judgekit.records import Problem, Verdict
from judgekit.verifier import Case

VARIABLES = ("gold", "response", "mark")
"""What a judge's prompt may show beside the question."""

LEAST_RESPONSE = 200
"""Characters: less of a response than this is not worth judging."""

MAX_OPINIONS = 4_000
"""Characters of what other judges said."""

DELIBERATION = "judge/deliberation"

_AGAIN = (
    "\n\n(An earlier reply to this could not be read: {why}. Keep the reason to one sentence, and "
    "end the reply with the verdict exactly in the form asked for, once, with nothing after it.)"
)


def fence_case(case: Case, *, salt: str, limit: int = MAX_RESPONSE) -> Fenced:
    """The case's texts as data: options with the question, a gold letter with its option."""
    question, gold = asked_of(case)
    return fence(question, gold, case.response, limit=limit, salt=salt)


def asked_of(case: Case) -> tuple[str, str]:
    """Question and gold answer as a judge is told them, not yet fenced."""
    question = case.question or "(The question is not known.)"
    gold = case.gold
    if case.choices:
        if not all(choice in question for choice in case.choices):
            question = f"{question}\n\n{options(case.choices)}"
        letter = gold.strip()
        if len(letter) == 1 and 0 <= ord(letter) - ord("A") < len(case.choices):
            gold = f"{letter}) {case.choices[ord(letter) - ord('A')]}"
    return question, gold


def opinions_of(others: Sequence[Verdict]) -> str:
    """What other judges said, neutralised: it is text of models that have read the response."""
    said = [
        f"{number}. {other.outcome}"
        + (f", read “{other.extracted}”" if other.extracted else "")
        + f": {other.evidence}"
        for number, other in enumerate(others, start=1)
    ]
    return neutralise("\n".join(said))[:MAX_OPINIONS]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One asking: prompt, case and fence; what others said; why the last reply was none."""

    prompt: Prompt
    case: Case
    fenced: Fenced
    salt: str
    opinions: str = ""
    why: str = ""

    def fitted(self, engine: Engine, before_reply: int) -> Turns:
        """The turns, with as much of the response's end as the context holds.

        `before_reply` tokens may be written before the last reply. Raises `RequestFailed` where
        hardly anything of the response would be left.
        """
        return fitted(
            lambda limit: fence_case(self.case, salt=self.salt, limit=limit),
            lambda fenced: replace(self, fenced=fenced).turns(),
            engine,
            before_reply,
        )

    def turns(self) -> Turns:
        """The opening messages, and the later turns of the user."""
        fenced = self.fenced
        given = {"gold": fenced.gold, "response": fenced.response, "mark": fenced.mark}
        values: dict[str, Any] = {name: given[name] for name in self.prompt.variables}
        problem = Problem("", fenced.question, "", kind=self.case.kind)
        chat: list[Message] = [*messages(self.prompt, problem, **values)]
        later = [fill(text, {"question": fenced.question, **values}) for text in self.prompt.then]
        added = remark(fenced.mark, self.opinions, self.why)
        if later:
            later[-1] += added
        else:
            chat[-1] = {**chat[-1], "content": chat[-1]["content"] + added}
        return Turns(chat, tuple(later))


def fitted(
    fence_to: Callable[[int], Fenced],
    turns_of: Callable[[Fenced], Turns],
    engine: Engine,
    before_reply: int,
) -> Turns:
    """The turns over as much of the response's end as the context holds.

    `fence_to` fences with at most so many characters of the response. Raises as `Sheet.fitted`.
    """
    limit = MAX_RESPONSE
    while True:
        fenced = fence_to(limit)
        turns = turns_of(fenced)
        excess = excess_tokens(engine, turns.chat, before_reply)
        if excess <= 0:
            return turns
        # The note of what is left out takes room too; what is still too long is cut again.
        kept = len(fenced.response)
        excess_characters = excess * kept // tokens_of(engine, fenced.response)
        limit = min(limit, kept) - excess_characters - 100
        if limit < LEAST_RESPONSE:
            raise RequestFailed(
                f"the model's context of {engine.context_length} tokens is too small for "
                "the question, the response and a reply"
            )


def remark(mark: str, opinions: str = "", why: str = "") -> str:
    """What is added to the last turn: others' opinions, and why the last reply was none."""
    added = ""
    if opinions:
        values = {"opinions": between("opinions", opinions, mark), "mark": mark}
        added = "\n\n" + fill(load_prompt(DELIBERATION).user, values)
    return added + (_AGAIN.format(why=why) if why else "")
