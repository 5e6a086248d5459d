"""From a judge's reply to its verdict, strictly: what is not plainly a verdict is none.

A reply is read in one of two forms, and only at its very end:

* a JSON object with the keys `extracted`, `reason` and `verdict`;
* lines `extracted: …` and `verdict: …`.

Everything else is refused with the reason: a reply that was cut off, an object with a key twice, a
second verdict anywhere (the judge contradicts itself, or quotes the response), a verdict that the
response itself contains word for word (an echo), words that merely contain "correct". Public
harnesses that search for a substring read INCORRECT as correct, and those that repair broken JSON
turn half a reply into a verdict; here both are asked again.

A thinking block at the beginning is no part of the reply. A judge that says correct has to name the
answer that it read: a claim that cannot be checked is none.
"""

from __future__ import annotations

import json
import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from judgekit.records import Outcome

VERDICTS: tuple[Outcome, ...] = typing.get_args(Outcome)
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "extracted": {"type": ["string", "null"]},
        "reason": {"type": "string"},
        "verdict": {"type": "string", "enum": list(VERDICTS)},
    },
    "required": ["extracted", "reason", "verdict"],
    "additionalProperties": False,
}
"""What a judge replies, in this order: it reads, then weighs, then decides."""

MAX_REPLY = 200_000
MAX_EXTRACTED = 2_000
MAX_REASON = 1_000
MAX_OBJECTS = 64


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a judge said of one response: its verdict, the answer it read there, its reason."""

    verdict: Outcome
    extracted: str | None
    reason: str


class Unparsed(Exception):
    """The reply holds no verdict that can be relied on; the message says why."""


def parse(reply: str, *, response: str = "", cut_off: bool = False) -> Opinion:
    """The one verdict of a reply. `response` is the text that was judged, to tell an echo.

    Raises `Unparsed`.
    """
    if cut_off:
        raise Unparsed("the reply was cut off")
    if len(reply) > MAX_REPLY:
        raise Unparsed(f"the reply has {len(reply)} characters")
    text = without_thinking(reply).strip()
    if not text:
        raise Unparsed("the reply is empty")
    text = without_code_fence(text)
    found = _objects(text)
    return _from_object(text, found, response) if found else _from_lines(text, response)


def without_thinking(reply: str) -> str:
    """The reply after its thinking block. Raises `Unparsed` where it cannot be told apart."""
    closings = _CLOSED.findall(reply)
    if not closings:
        if _OPENED.match(reply):
            raise Unparsed("the reply never stopped thinking")
        return reply
    if len(closings) > 1:
        raise Unparsed("the reply closes its thinking more than once")
    return reply[_CLOSED.search(reply).end() :]  # type: ignore[union-attr]


_OPENED = re.compile(r"\s*<(think|thinking|reasoning)>")
_CLOSED = re.compile(r"</(?:think|thinking|reasoning)>")
_CODE_FENCE = re.compile(r"```(?:json)?[ \t]*\n(.*)\n[ \t]*```\Z", re.S)
_OBJECT = re.compile(r'\{\s*"')
_A_VERDICT = re.compile(r"(?i)verdict[\"'*_`\\]*\s*[:=]")
_VERDICT_LINE = re.compile(
    r"(?i)\W{0,4}(?:final )?verdict[*_`\"']{0,3}\s*[:=]\s*[*_`\"']{0,3}\s*"
    r"(correct|incorrect|undecided)[*_`\"']{0,3}\s*[.]?"
)
_EXTRACTED_LINE = re.compile(
    r"(?i)\W{0,4}extracted(?: answer)?[*_`\"']{0,3}\s*[:=]\s*[*_`]{0,3}\s*(.*?)[*_`]{0,3}\s*"
)
_REASON_LINE = re.compile(r"(?i)\W{0,4}reason[*_`\"']{0,3}\s*[:=][*_]{0,3}\s*(.*)")
_EMPHASIS = str.maketrans("", "", "*_`")
_NOTHING = ("", "none", "null", "no answer", "n/a")

# A backslash that JSON would swallow, written by a model that meant LaTeX. "\n" is a line break
# unless it begins one of the few commands in n.
_ESCAPE = re.compile(
    r"\\(?:\\|[\"/]|u[0-9a-fA-F]{4}|n(?!e\b|eq\b|u\b|abla\b|ot\b|otin\b|eg\b|mid\b)"
    r"|t(?![a-z]))|\\"
)


def latex_kept(text: str) -> str:
    """JSON whose LaTeX a model wrote with single backslashes, so that none is swallowed."""
    return _ESCAPE.sub(lambda escape: escape[0] if len(escape[0]) > 1 else r"\\", text)


def without_code_fence(text: str) -> str:
    """The body, where the reply ends in a code block that holds its object."""
    found = _CODE_FENCE.search(text)
    if found is None or "```" in found[1]:
        return text
    return text[: found.start()] + found[1].strip()


class _Pairs(list[tuple[str, Any]]):
    """An object as its pairs, so that a key that stands twice is seen."""


def _objects(text: str) -> list[tuple[int, int, _Pairs]]:
    """The outermost JSON objects with a verdict, and where they stand."""
    decoder = json.JSONDecoder(object_pairs_hook=_Pairs, strict=False)
    found: list[tuple[int, int, _Pairs]] = []
    end = 0
    for tries, start in enumerate(match.start() for match in _OBJECT.finditer(text)):
        if start < end or tries >= MAX_OBJECTS:
            continue
        body = latex_kept(text[start:])
        try:
            value, length = decoder.raw_decode(body)
        except (json.JSONDecodeError, RecursionError):
            continue
        # Doubled backslashes have moved the end: it is the same brace, counted from the left.
        end = start + _original_length(text[start:], body[:length])
        if any(key == "verdict" for key, _ in value):
            found.append((start, end, value))
    return found


def _original_length(text: str, decoded: str) -> int:
    braces = decoded.count("}")
    position = -1
    for _ in range(braces):
        position = text.index("}", position + 1)
    return position + 1


def _from_object(text: str, found: list[tuple[int, int, _Pairs]], response: str) -> Opinion:
    if len(found) > 1:
        raise Unparsed("the reply holds more than one verdict")
    start, end, pairs = found[0]
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise Unparsed("the reply's object has a key twice")
    if text[end:].strip():
        raise Unparsed("the reply goes on after its verdict")
    if _A_VERDICT.search(text[:start]):
        raise Unparsed("the reply holds more than one verdict")
    if _squeezed(text[start:end]) in _squeezed(response):
        raise Unparsed("the verdict is an echo of the response")
    values = dict(pairs)
    verdict, extracted, reason = (values.get(key) for key in ("verdict", "extracted", "reason"))
    if not isinstance(verdict, str):
        raise Unparsed("the verdict is no text")
    if isinstance(extracted, int | float) and not isinstance(extracted, bool):
        extracted = str(extracted)
    if not isinstance(extracted, str | None):
        raise Unparsed("the extracted answer is no text")
    return _opinion(verdict, extracted, reason if isinstance(reason, str) else "")


def _from_lines(text: str, response: str) -> Opinion:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    last = _VERDICT_LINE.fullmatch(lines[-1])
    if last is None:
        raise Unparsed("the reply does not end with a verdict")
    if len(_A_VERDICT.findall(text)) > 1:
        raise Unparsed("the reply holds more than one verdict")
    if f"verdict:{last[1].casefold()}" in _squeezed(response):
        raise Unparsed("the verdict is an echo of the response")
    answers = [found[1] for line in lines if (found := _EXTRACTED_LINE.fullmatch(line))]
    if len(answers) > 1:
        raise Unparsed("the reply names more than one answer")
    reasons = [found[1] for line in lines if (found := _REASON_LINE.fullmatch(line))]
    return _opinion(last[1], answers[0] if answers else None, reasons[-1] if reasons else "")


def _opinion(verdict: str, extracted: str | None, reason: str) -> Opinion:
    word = verdict.strip().casefold()
    for known in VERDICTS:
        if word == known:
            break
    else:
        raise Unparsed(f"{verdict.strip()!r:.60} is no verdict")
    answer = (extracted or "").strip()
    if answer.casefold() in _NOTHING:
        answer = ""
    if len(answer) > MAX_EXTRACTED:
        raise Unparsed("the extracted answer is as long as a response")
    if known == "correct" and not any(char.isalnum() or char in "∞∅√" for char in answer):
        raise Unparsed("the reply says correct and names no answer that it read")
    return Opinion(known, answer or None, " ".join(reason.split())[:MAX_REASON])


def _squeezed(text: str) -> str:
    """What an echo has in common with what it repeats: white space, case and emphasis are not."""
    return "".join(text.split()).translate(_EMPHASIS).casefold()
