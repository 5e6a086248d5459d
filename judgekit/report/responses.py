"""A response as a page shows it: its text by author and loop, its grade, trail and labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from judgekit.analysis.frame import reason
from judgekit.loops import detect_loop, searched_text, unit_span
from judgekit.records import Grade, Label, Response


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, its grade and labels, and where its loop stands in its text."""

    response: Response
    grade: Grade | None
    labels: Sequence[Label]
    loop: tuple[int, int] | None

    @property
    def sample(self) -> int:
        return self.response.sample


def shown(answer: Answer, longest: int) -> dict[str, Any]:
    """What a page's script needs of it, in texts of at most `longest` characters."""
    response, grade = answer.response, answer.grade
    loop, read, said = response.loop, min(400, longest), min(1000, longest)
    made: dict[str, Any] = {
        "sample": response.sample,
        "reason": reason(response, grade),
        "segments": _shortened(_pieces(answer), longest),
        "facts": {
            "finish": response.finish_reason,
            "tokens": response.completion_tokens,
            "forced": response.forced_tokens,
            "discarded": response.discarded_tokens,
            "seconds": round(response.seconds, 2),
            "seed": response.seed,
            "error": response.error,
        },
    }
    if loop:
        made["loop"] = (
            f"{loop.kind} loop: period {loop.period} {loop.unit}s, {loop.cycles:.1f} cycles, "
            f"{loop.wasted} wasted"
        )
    if grade:
        made["stage"], made["extracted"] = grade.stage, cut(grade.extracted or "", read)
        made["trail"] = [
            [v.stage, v.outcome, cut(v.extracted or "", read), cut(v.evidence, said), v.confidence]
            for v in grade.trail
        ]
    if answer.labels:
        made["labels"] = [[e.outcome, e.by, e.at, cut(e.note, said)] for e in answer.labels]
    return made


def _pieces(answer: Answer) -> list[list[Any]]:
    """The text cut where author or loop change: [author, role, looped, text]."""
    response, span = answer.response, answer.loop
    segments = [(s.by, s.role, s.text) for s in response.segments]
    if not segments:
        segments = [("model", "other", response.text)]
    pieces: list[list[Any]] = []
    at = 0
    for by, role, text in segments:
        for low, high, looped in _split(at, at + len(text), span):
            if low < high:
                pieces.append([by, role, looped, text[low - at : high - at]])
        at += len(text)
    return pieces


def _split(start: int, end: int, span: tuple[int, int] | None) -> list[tuple[int, int, int]]:
    if span is None:
        return [(start, end, 0)]
    low, high = max(start, min(span[0], end)), max(start, min(span[1], end))
    return [(start, low, 0), (low, high, 1), (high, end, 0)]


def _shortened(pieces: list[list[Any]], longest: int) -> list[list[Any]]:
    """At most `longest` characters: each piece loses its middle in proportion."""
    total = sum(len(piece[3]) for piece in pieces)
    if total <= longest:
        return pieces
    return [
        [*piece[:3], cut(piece[3], max(20, longest * len(piece[3]) // total))] for piece in pieces
    ]


def cut(text: str, longest: int) -> str:
    """The text without its middle where it is too long."""
    if len(text) <= longest:
        return text
    half = longest // 2
    return f"{text[:half]}\n[… {len(text) - 2 * half:,} characters …]\n{text[len(text) - half :]}"


def loop_span(response: Response) -> tuple[int, int] | None:
    """Where in the text the loop stands after its first cycle, as character offsets.

    Token ids say nothing of characters, so that the loop is found again by words; where words do
    not show it, its place is estimated from the token counts.
    """
    if response.loop is None:
        return None
    part = searched_text(response)
    start = response.text.find(part)
    if start < 0 or not part:
        return None
    by_words = response.loop if response.loop.unit == "word" else detect_loop(part)
    if by_words is not None:
        low, high = unit_span(part, by_words)
        low += round((high - low) / max(by_words.cycles, 1.0))
        return start + low, start + high
    tokens = max(sum(s.tokens for s in response.segments), 1)
    onset = (response.loop.onset + response.loop.period) / tokens
    return start + min(int(onset * len(part)), len(part)), start + len(part)
