"""Second thoughts: self-refine (arXiv 2303.17651) and SCORE (arXiv 2404.17140).

Both return the draft and the final response as two variants, so that what was fixed and what was
broken can be counted.
"""

from __future__ import annotations

import re

from judgekit.backends.turn import Model, Transcript, Turn
from judgekit.prompt import load_prompt
from judgekit.records import Problem
from judgekit.strategies.answering import solve
from judgekit.strategies.scoring import UNDECIDED, YES_OR_NO, Scorer, shown
from judgekit.strategies.strategy import Strategy

FEEDBACK = "strategy/feedback"
REFINE = "strategy/refine"
VERIFY = "strategy/verify"
CORRECT = "strategy/correct"

DRAFT, FINAL = "draft", "final"


async def self_refine(model: Model, problem: Problem, *, rounds: int = 4) -> list[Transcript]:
    """Comment on the response and write it anew, until there is nothing to correct."""
    draft = final = await solve(model, problem)
    for number in range(rounds):
        again = model.seeded("round", number)
        comment = await solve(again, problem, load_prompt(FEEDBACK), solution=shown(final.text))
        if re.search(r"\bit is correct\b", comment.text, re.IGNORECASE):
            break
        final = await solve(
            again.seeded("refine"),
            problem,
            load_prompt(REFINE),
            solution=shown(final.text),
            feedback=shown(comment.text),
        )
    return _both(draft, final)


async def score(
    model: Model,
    problem: Problem,
    *,
    second: Model | None = None,
    scorer: Scorer | None = None,
    rounds: int = 1,
) -> list[Transcript]:
    """Correct the response only where a verifier says that it is incorrect."""
    draft = final = await solve(model, problem)
    for number in range(rounds):
        if scorer is not None:
            incorrect, critique = await scorer(problem, final) < UNDECIDED, ""
        else:
            verifier = (second or model).seeded("verify", number)
            incorrect, critique = await _verified(verifier, problem, final)
        if not incorrect:
            break
        final = await solve(
            model.seeded("round", number),
            problem,
            load_prompt(CORRECT),
            solution=shown(final.text),
            critique=critique or "The solution is incorrect.",
        )
    return _both(draft, final)


async def _verified(verifier: Model, problem: Problem, turn: Turn) -> tuple[bool, str]:
    """Whether the verifier says that the solution is incorrect, and all that it says."""
    reply = verifier.start(problem, load_prompt(VERIFY), solution=shown(turn.text))
    said = await reply.write(stop=("[END]",))
    reply.close()
    return _says_incorrect(said.text), shown(said.text.strip())


_VERDICT = re.compile(
    r"(?P<turned>(?:\bnot|n['’]t)\s+(?:entirely\s+|fully\s+|quite\s+)?)?"
    r"(?P<mark>\*\*)?\b(?P<wrong>in|not\s+)?correct\b",
    re.IGNORECASE,
)


def _says_incorrect(text: str) -> bool:
    """The first verdict, a marked one before a plain one; a "not" before it turns it round."""
    found = list(_VERDICT.finditer(text))
    first = next((each for each in found if each["mark"]), found[0] if found else None)
    return first is not None and bool(first["turned"]) != bool(first["wrong"])


def _both(draft: Turn, final: Turn) -> list[Transcript]:
    return [draft.transcript(DRAFT, own=True), final.transcript(FINAL)]


STRATEGIES = (
    Strategy(
        "self-refine",
        self_refine,
        prompt="cot",
        about="the model comments on its response and writes it anew; variants draft and final",
        cost="up to nine responses",
        helpers=(FEEDBACK, REFINE),
    ),
    Strategy(
        "score",
        score,
        prompt="cot",
        about="SCORE: a verifier decides when to correct; variants draft and final",
        cost="up to two responses and a verification",
        helpers=(VERIFY, CORRECT, YES_OR_NO),
    ),
)
