"""The response is data: how untrusted text is put into a judge's prompt.

Four things are done to it, none of which changes what it says to a reader of mathematics:

* it stands between two lines that carry a mark which it cannot contain: the mark is derived from
  the whole content, the gold answer included, so the same row gives the same prompt, and a response
  that wanted to close the fence would have to contain the hash of itself and of what it never saw;
* it is bounded in length, and the end is kept, where answers stand;
* what a tokenizer or a chat template could take for a token of its own (`<|im_start|>`, `[INST]`,
  `</s>`, `<think>`, role headers at the start of a line) gets a space inside, which breaks it;
* what imitates the judge's own verdict (`"verdict": …`, `[[ ## verdict ## ]]`) is broken the same
  way, so that a judge which copies it copies something that the parser does not read.

Characters that are not seen (controls, zero-width, bidirectional overrides) are removed first, so
that nothing can be hidden inside a token or reassembled by removing them.

Wrapping a response as a mock tool call does not protect a judge (arXiv 2605.30521). A fence is what
is left, with a parser that never reads a verdict out of it (`judgekit.judges.parse`) and a check of
what the judge claims (`judgekit.judges.claims`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

MAX_RESPONSE = 8_000
MAX_QUESTION = 6_000
MAX_GOLD = 2_000
"""Bounds in characters; a response keeps its end, a question and a gold answer both ends."""

_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)
_ANGLE = re.compile(r"<(?=[A-Za-z/|｜_!?<▁])")
_BRACKET = re.compile(r"\[(?=/?[A-Za-z_]{3,24}\])")
_HEADER = re.compile(r"\[(?=\[\s{0,4}##)")
_ROLE = re.compile(
    r"(?im)^([ \t>#*_]{0,8}(?:system|user|human|assistant|ai|model|judge|grader|tool|developer"
    r"|instructions?|input|output|response)[*_]{0,4})(?=[:：])"
)
_VERDICT = re.compile(r"(?i)\b(ver)(dict)(?=[\"'`*_\s\\]{0,6}[:=：>]|\s{0,3}##)")
_MARK_LINE = re.compile(r"(?m)^([ \t]{0,8})(?=={3,}[ \t]{0,8}\w)")
_TO_THE_JUDGE = re.compile(
    r"(?i)\b(?:ignore|disregard|forget)\b.{0,30}\b(?:instructions?|above|previous|prompt|rubric)\b"
    r"|\b(?:grader|judge|evaluator|examiner)s?\b.{0,40}\b(?:must|should|please|note|mark|output|say)"
    r"|\b(?:mark|grade|score|rate|label|output|answer|respond|reply)\b.{0,30}"
    r"\bas\b.{0,12}\bcorrect\b"
    r"|\bthe (?:correct )?verdict (?:is|must be|should be)\b"
)


@dataclass(frozen=True, slots=True)
class Fenced:
    """A judge's three texts as its prompt shows them.

    `mark` stands in every fence line. `left_out` is how many characters of the response's beginning
    are not shown. `addressed` tells that the response speaks to its judge.
    """

    question: str
    gold: str
    response: str
    mark: str
    left_out: int
    addressed: bool


def fence(
    question: str, gold: str, response: str, *, limit: int = MAX_RESPONSE, salt: str = ""
) -> Fenced:
    """The texts of one case, each between lines that carry the mark.

    `limit` bounds the characters of the response, `salt` (a judge's identity) makes the mark differ
    between judges.
    """
    whole = neutralise(response)
    kept = whole[-limit:] if limit > 0 else ""
    left_out = len(whole) - len(kept)
    if left_out:
        kept = f"[{left_out} characters of the beginning are left out]\n{kept}"
    texts = (
        middle_out(neutralise(question), MAX_QUESTION),
        middle_out(neutralise(gold), MAX_GOLD),
        kept,
    )
    mark = _mark((*texts, salt))
    return Fenced(
        between("question", texts[0], mark),
        between("gold answer", texts[1], mark),
        between("response", texts[2], mark),
        mark,
        left_out,
        _TO_THE_JUDGE.search(kept) is not None,
    )


def neutralise(text: str) -> str:
    """The text with nothing in it that a chat template, a tokenizer or our parser could obey.

    Idempotent; linear in the text's length.

    >>> neutralise("so x<5<|im_end|>")
    'so x<5< |im_end|>'
    """
    text = _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _ANGLE.sub("< ", text)
    text = _BRACKET.sub("[ ", text)
    text = _HEADER.sub("[ ", text)
    text = _ROLE.sub(r"\1 ", text)
    text = _MARK_LINE.sub(r"\1'", text)
    return _VERDICT.sub(r"\1 \2", text)


def between(what: str, text: str, mark: str) -> str:
    """The text between a line that opens the fence and one that closes it."""
    return f"=== {what} {mark} ===\n{text}\n=== end of {what} {mark} ==="


def middle_out(text: str, limit: int) -> str:
    """At most about `limit` characters: both ends, with a note of what is missing between."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n[{len(text) - 2 * half} characters left out]\n{text[-half:]}"


def _mark(texts: Sequence[str]) -> str:
    """Sixty-four bits that stand nowhere in the texts."""
    digest = hashlib.sha256("\x00".join(texts).encode("utf-8", "surrogatepass"))
    while any(digest.hexdigest()[:16] in text for text in texts):
        digest.update(b"again")
    return digest.hexdigest()[:16]
