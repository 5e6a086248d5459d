"""Answer extraction: every candidate answer of a response, where it stood, how strong its cue was.

The end of a response is looked at first: an answer stands there. Each finder below looks at one
kind of cue, in linear time and within fixed windows, so that a megabyte costs milliseconds. Nothing
is evaluated and nothing is guessed: a text that marks no answer has no candidate.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from judgekit.records import Kind
from judgekit.verifier.extraction.letters import letter_answers
from judgekit.verifier.extraction.marks import marked_answers
from judgekit.verifier.extraction.phrases import announced_answers, closing_announcement
from judgekit.verifier.extraction.readings import with_readings
from judgekit.verifier.extraction.regions import Region, answer_region
from judgekit.verifier.extraction.spans import Candidate
from judgekit.verifier.extraction.tail import (
    bare_answer,
    looks_cut_off,
    prose_answer,
    tail_answers,
)

MAX_CANDIDATES = 32
"""More readings than this of one response are noise; the best ones are kept."""

FLAG_WEAK, FLAG_CONFLICT = "weak-cue", "conflict"


class Extraction(NamedTuple):
    """All candidates of a response, best first.

    `flags` are among `unparsed`, `weak-cue` and `conflict` (two cues of equal rank that name
    different answers). `region` says where the answer was looked for: after the thinking block, or
    inside it where nothing follows. `finished` is false where the response was cut off.
    """

    candidates: tuple[Candidate, ...]
    flags: tuple[str, ...]
    region: Literal["answer", "thinking"]
    finished: bool

    @property
    def answer(self) -> Candidate | None:
        return self.candidates[0] if self.candidates else None


def extract(
    text: str,
    *,
    kind: Kind = "math",
    choices: Sequence[str] = (),
    finished: bool = True,
    skip: int = 0,
) -> Extraction:
    """The candidate answers of a response, in order of preference.

    `finished=False` says that the response was cut off or looping: then only marks that are closed
    and announcements that are complete count, for nothing that was cut off is an answer. `skip`
    leaves out the first characters (a prompt that the response repeats).
    """
    region = answer_region(text, skip)
    whole = finished and not region.open
    spans = _spans(text, region, kind, choices, whole)
    flags = _flags(spans)
    if spans:
        spans = with_readings(spans[0]) + spans[1:]
    return Extraction(tuple(spans[:MAX_CANDIDATES]), flags, region.name, finished)


def _spans(
    text: str, region: Region, kind: Kind, choices: Sequence[str], whole: bool
) -> list[Candidate]:
    """Cues from the strongest to the weakest; the first that finds something ends the search."""
    start, end = region.start, region.end
    if marked := marked_answers(text, start, end, whole):
        later = closing_announcement(text, marked[0].end, end, whole)
        return _merge(marked, later)
    if announced := announced_answers(text, start, end, whole):
        return announced
    if not whole:
        return []
    if kind == "choice" and (letters := letter_answers(text, start, end, choices)):
        return letters
    if bare := bare_answer(text, start, end, kind):
        return bare
    if looks_cut_off(text, start, end):
        return []
    if kind == "text":
        return prose_answer(text, start, end, kind)
    return tail_answers(text, start, end) or prose_answer(text, start, end, kind)


def _merge(marked: list[Candidate], later: list[Candidate]) -> list[Candidate]:
    """A marked answer comes first, unless a later sentence announces a final one.

    Words that follow a marked answer ("Final answer: as computed above") do not take its place.
    """
    if not later:
        return marked
    announced = later[0]
    words = len(announced.text.split()) > 2 and not any(c.isdigit() for c in announced.text)
    if announced.strength == "strong" and not (words and "\\" not in announced.text):
        return later + marked
    return marked + ([] if words else later)


def _flags(spans: Sequence[Candidate]) -> tuple[str, ...]:
    if not spans:
        return ()
    flags = []
    if spans[0].strength == "weak":
        flags.append(FLAG_WEAK)
    if _conflicting(spans):
        flags.append(FLAG_CONFLICT)
    return tuple(flags)


def _conflicting(spans: Iterable[Candidate]) -> bool:
    """Whether two separate cues of the last group name answers that differ even as plain text."""
    first, *others = spans
    if not others:
        return False
    plain = _plain(first.text)
    return any(
        other.group != first.group and other.rival and _plain(other.text) != plain
        for other in others
    )


def _plain(text: str) -> str:
    return "".join(text.split()).strip("$*.").casefold()
