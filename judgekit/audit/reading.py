"""A response as a person reads it to label it: the end in view, the thinking folded, the answer
marked, and nothing in it able to act on the screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from judgekit.audit.subject import Row
from judgekit.texts import escaped, shortened
from judgekit.verifier.extraction.regions import answer_region

KEPT = 12_000
"""Characters shown of the end of a long response; the answer stands there."""
WHOLE = 200_000
"""Characters shown where the whole is asked for; no screen needs more."""
FOLDED_TAIL = 600
"""Characters of the thinking that stay in view where nothing follows it."""

Look = Literal["thinking", "forced", "text", "answer", "folded"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text in one look; `folded` says what is not shown."""

    text: str
    look: Look


def pieces(row: Row, *, unfolded: bool = False) -> list[Piece]:
    """The response, folded to what decides, or as far as a screen can hold it."""
    found = row.case.extraction.answer
    marked = (found.start, found.end) if found else (0, 0)
    text = row.response.text
    stretches = list(_stretches(row))
    shown: list[Piece] = []
    start = max(0, len(text) - (WHOLE if unfolded else KEPT))
    if not unfolded:
        start = max(start, _fold(stretches, text))
    if start:
        hidden = len(text[:start].split())
        what = "thinking" if stretches[0][2] == "thinking" else "text"
        key = "" if unfolded else "; t shows it"
        shown.append(Piece(f"[… {hidden:,} words of {what} before this{key}]\n", "folded"))
    for low, high, look in stretches:
        for a, b, answer in _cut(max(low, start), high, marked):
            if a < b:
                shown.append(Piece(visible(text[a:b]), "answer" if answer else look))
    return shown


def visible(text: str) -> str:
    """Control and format characters as escapes, so that a terminal obeys none of them."""
    if text.isprintable():
        return text
    return "".join(
        char if char == "\n" or char.isprintable() else "    " if char == "\t" else escaped(char)
        for char in text.replace("\r\n", "\n")
    )


def plain_line(text: str, longest: int = 200) -> str:
    """Text for one line: no breaks, no control characters, not endless."""
    line = visible(" ".join(text[: 4 * longest].split()))
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def short_id(text: str, longest: int) -> str:
    """A plain line shortened in its middle: ids of one benchmark differ at the end."""
    return shortened(plain_line(text, 1000), longest)


def _stretches(row: Row) -> Iterator[tuple[int, int, Look]]:
    """Where in the text who wrote what: by the recorded segments, else by the thinking's marks."""
    at = 0
    for segment in row.response.segments:
        end = at + len(segment.text)
        look: Look = "thinking" if segment.role == "thinking" else "text"
        yield at, end, "forced" if segment.by == "forced" else look
        at = end
    if not at:
        region = answer_region(row.response.text, 0)
        start = region.start if region.name == "answer" else len(row.response.text)
        if start:
            yield 0, start, "thinking"
        yield start, len(row.response.text), "text"


def _fold(stretches: Sequence[tuple[int, int, Look]], text: str) -> int:
    """From where on the text is shown: after the thinking, or its last words where it is all."""
    thinking = max((high for _, high, look in stretches if look == "thinking"), default=0)
    rest = text[thinking:].lstrip()
    return len(text) - len(rest) if rest else min(thinking, max(0, len(text) - FOLDED_TAIL))


def _cut(low: int, high: int, marked: tuple[int, int]) -> list[tuple[int, int, bool]]:
    start, end = (min(max(at, low), max(high, low)) for at in marked)
    return [(low, start, False), (start, end, True), (end, high, False)]
