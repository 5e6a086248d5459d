"""From one judge's votes on one response to one verdict, with agreement as its confidence."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from judgekit.judges.budget import NOTHING, Amount
from judgekit.judges.parse import VERDICTS, Opinion
from judgekit.records import Outcome

UNPARSED = "unparsed"


@dataclass(frozen=True, slots=True)
class Vote:
    """One asking of a judge: its opinion, or why there is none.

    `confidence` is the probability of the verdict's token where the engine tells it. `lasting` is
    false where asking again might bring an opinion (a failed request, a spent budget).
    """

    opinion: Opinion | None
    why: str = ""
    unparsed: bool = False
    lasting: bool = True
    confidence: float | None = None
    used: Amount = NOTHING
    replies: tuple[str, ...] = ()

    @property
    def outcome(self) -> Outcome:
        return self.opinion.verdict if self.opinion else "undecided"


@dataclass(frozen=True, slots=True)
class Tally:
    """What the votes come to."""

    outcome: Outcome
    extracted: str | None
    evidence: str
    confidence: float | None
    flags: tuple[str, ...] = ()


def tally(votes: Sequence[Vote]) -> Tally:
    """The verdict that more than half of the votes gave, else undecided.

    Its confidence is the share of the votes that agree (self-consistency); for a single vote it is
    the probability of the verdict's token where that is known.
    """
    flags = (UNPARSED,) if any(vote.unparsed for vote in votes) else ()
    counts = Counter(vote.outcome for vote in votes)
    outcome, most = max(counts.items(), key=lambda item: item[1])
    agreeing = [vote for vote in votes if vote.outcome == outcome]
    if 2 * most <= len(votes):
        said = ", ".join(f"{counts[each]} {each}" for each in VERDICTS if counts[each])
        return Tally(
            "undecided", None, f"The votes do not agree: {said}.", most / len(votes), flags
        )
    opinions = [vote.opinion for vote in agreeing if vote.opinion]
    if not opinions:
        return Tally("undecided", None, _sentence(agreeing[0].why), None, flags)
    answers = Counter(opinion.extracted for opinion in opinions)
    extracted = answers.most_common(1)[0][0]
    reason = next(each.reason for each in opinions if each.extracted == extracted)
    single = len(votes) == 1
    return Tally(
        outcome,
        extracted,
        _sentence(reason or "The judge gave no reason") + _split(votes, most),
        agreeing[0].confidence if single else most / len(votes),
        flags if outcome == "undecided" else (),
    )


def verdict_probability(
    reply: str, verdict: Outcome, tokens: Sequence[tuple[str, float]] | None
) -> float | None:
    """The probability of the token in which the reply's verdict begins; None where unknown.

    It is taken over the whole vocabulary, so it is a lower bound of the probability among the three
    verdicts.
    """
    if tokens is None:
        return None
    written = "".join(text for text, _ in tokens)
    place = written.casefold().rfind(verdict)
    if place < 0 or not reply.endswith(written[place:]):
        return None
    end = 0
    for text, logprob in tokens:
        end += len(text)
        if end > place:
            return min(1.0, math.exp(logprob))
    return None


def _split(votes: Sequence[Vote], most: int) -> str:
    return f" ({most} of {len(votes)} votes)" if len(votes) > 1 else ""


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
