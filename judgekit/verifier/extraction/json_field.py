"""The answer field of a JSON object that ends a response."""

from __future__ import annotations

import json
import re

from judgekit.verifier.extraction.spans import Candidate, clean, is_placeholder

MAX_JSON = 4_000
MAX_OBJECTS = 8
_PYTHON_ANSWER = re.compile(r"'(?:final_)?answer'\s?:\s?'?([^'{}\n]{1,200}?)'?\s?\}\Z")
_JSON_KEYS = ("final_answer", "finalAnswer", "final answer", "answer", "Answer", "result")


def json_answer(text: str, start: int, end: int) -> list[Candidate]:
    """An answer field of a JSON object (or a Python one) that ends the response."""
    if end <= start or text[end - 1] not in "}`":
        return []
    tail_start = max(start, end - MAX_JSON)
    tail = text[tail_start:end].rstrip("`\n ")
    if not tail.endswith("}"):
        return []
    answer, opening = _json_answer(tail)
    if not answer and (found := _PYTHON_ANSWER.search(tail)):
        answer, opening = found.group(1), found.start(1)
    answer = clean(answer)
    if not answer or is_placeholder(answer):
        return []
    return [Candidate(answer, tail_start + opening, end, "json", "strong", group=1002)]


def _json_answer(tail: str) -> tuple[str, int]:
    """The answer field of the last complete object, and where that begins; "" if there is none."""
    opening = len(tail)
    for _ in range(MAX_OBJECTS):
        opening = tail.rfind("{", 0, opening)
        if opening < 0:
            break
        try:
            row = json.loads(tail[opening:])
        except (ValueError, RecursionError):
            continue
        for key in _JSON_KEYS:
            value = row.get(key)
            if isinstance(value, (str, int, float)) and not isinstance(value, bool):
                return str(value), opening
    return "", 0
