r"""Answers marked by form: `\boxed{}` and its kin, `<answer>` tags, `####`, JSON.

The last mark wins. Boxes that the writer joins by a comma, "and" or "or" are one answer, so that
who boxes every possible value gives a list and not a hit.
"""

from __future__ import annotations

import re
from collections import deque

from judgekit.verifier.extraction.json_field import json_answer
from judgekit.verifier.extraction.spans import (
    MAX_ANSWER,
    Candidate,
    Strength,
    clean,
    is_placeholder,
)

MAX_BOXES = 64
MAX_DEPTH = 200
MAX_AFTER_HASHES = 200
"""Characters that may follow the line of the four hashes: after a heading stands a section."""

_BOX = re.compile(r"\\(?:boxed|fbox|framebox|beginboxed)")
_BOX_TOKEN = "<|begin_of_box|>"
_ANY_BOX = re.compile(rf"{_BOX.pattern}|{re.escape(_BOX_TOKEN)}")
_BRACES = re.compile(r"[{}\\]")
_UNBRACED = re.compile(r"\s{0,4}(\d[\d.,/]{0,40}|[A-Za-z](?![A-Za-z]))")
_JOINT = re.compile(r"(?:\\text|\\quad|\\qquad|\\left|\\right|[\s$(){}\[\]\\,;.*&!+])+")
_SENTENCE_END = re.compile(r"[.!?]\s")
_CONCLUDES = re.compile(r"\b(?:therefore|so|thus|hence|final|finally|then|which|but)\b")
_OR = re.compile(r"\bor\b")
_LABEL = re.compile(r"[A-Za-z](?:_?\{?\w{1,3}\}?)?\s{0,3}=\s{0,3}\Z")
_HASHES = "####"
_TAGS = (("<answer>", "</answer>"), ("<final_answer>", "</final_answer>"), ("<ans>", "</ans>"))


def marked_answers(text: str, start: int, end: int, whole: bool) -> list[Candidate]:
    """Marks of every form, the last in the text first; [] where there is none.

    `whole` is false where the response was cut off: a mark that was never closed is then none.
    """
    boxes = _boxes(text, start, end, whole)
    found = [*boxes, *_tags(text, start, end, whole), *_hashes(text, start, end, whole)]
    found = found or json_answer(text, start, end)
    if len(found) < 2:
        return found
    found.sort(key=lambda span: (span.end, -span.start), reverse=True)
    return _innermost(found)


def _rival(span: Candidate) -> Candidate:
    return Candidate(*span[:-1], rival=True)


def _innermost(spans: list[Candidate]) -> list[Candidate]:
    """One of each pair of nested marks.

    The box inside an answer tag is what is meant, unless the tag says more than the box: then the
    box is part of an answer.
    """
    boxes = [span for span in spans if span.cue == "boxed"]
    kept = []
    for span in spans:
        inside = [b for b in boxes if b is not span and _within(b, span)]
        around = [s for s in spans if s.cue != "boxed" and s is not span and _within(span, s)]
        if span.cue != "boxed" and inside and not _says_more(span, inside):
            continue
        if span.cue == "boxed" and any(_says_more(tag, [span]) for tag in around):
            continue
        kept.append(span)
    return kept


def _within(inner: Candidate, outer: Candidate) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _says_more(tag: Candidate, boxes: list[Candidate]) -> bool:
    """Whether a tag holds numbers or formulas beside its boxes."""
    rest = tag.text
    for box in boxes:
        rest = rest.replace(box.text, " ", 1)
    return any(sign.isdigit() or sign in "=<>" for sign in rest) and len(boxes) == 1


def _boxes(text: str, start: int, end: int, whole: bool) -> list[Candidate]:
    boxes = _last_boxes(text, start, end, whole)
    if not boxes:
        return []
    first = len(boxes) - 1
    while first > 0 and _joined(text[boxes[first - 1].end : boxes[first].group]):
        first -= 1
    if first == len(boxes) - 1:
        return [*boxes[:-1], _rival(boxes[-1])]
    return [_union(text, boxes[first:]), *boxes]


def _union(text: str, boxes: list[Candidate]) -> Candidate:
    """Several boxes of one breath as the list that they are, with the names before the boxes."""
    start, end = boxes[0].start, boxes[-1].end
    parts = []
    for box in boxes:
        label = _LABEL.search(text, max(0, box.group - 16), box.group)
        parts.append(f"{label.group()}{box.text}" if label else box.text)
    word = " \\text{ or } " if _OR.search(text, start, end) else ", "
    return Candidate(word.join(parts), start, end, "boxed", "strong", group=-1, rival=True)


def _joined(between: str) -> bool:
    """Whether the words between two boxes make one list of them."""
    if len(between) > 120 or "\n\n" in between:
        return False
    words = [word for word in _JOINT.split(between) if word]
    while words and (words[-1] in ("=", "x", "y", "z") or "=" in words[-1] or "_" in words[-1]):
        words.pop()
    if not words:
        return "." not in between.replace("\\,", "")
    if words[-1] in ("and", "or") and len(words) <= 8:
        return True
    one_sentence = not _SENTENCE_END.search(between)
    return words[0] in ("and", "or") and one_sentence and not _CONCLUDES.search(between)


def _last_boxes(text: str, start: int, end: int, whole: bool) -> list[Candidate]:
    """The last boxes of the text, outermost only, in its order; a box's group is where it began."""
    token = "<" in text and _BOX_TOKEN in text
    pattern = _ANY_BOX if token else _BOX  # a pattern of one beginning is faster
    boxes = []
    reached = start
    for mark in deque(pattern.finditer(text, start, end), maxlen=MAX_BOXES):
        if mark.start() < reached:
            continue
        box = _read_box(text, mark.end(), end, mark.group(), whole)
        if box is None:
            continue
        inner, begin, stop, closed = box
        answer = clean(_unboxed(inner))
        reached = stop
        if not answer or is_placeholder(answer):
            continue
        strength: Strength = "strong" if closed else "medium"
        boxes.append(Candidate(answer, begin, stop, "boxed", strength, group=mark.start()))
    return boxes


def _read_box(
    text: str, position: int, end: int, command: str, whole: bool
) -> tuple[str, int, int, bool] | None:
    """What a box holds: its text, where that begins and ends, and whether it was closed."""
    if command == _BOX_TOKEN:
        stop = text.find("<|end_of_box|>", position, end)
        return (text[position:stop], position, stop, True) if stop >= 0 else None
    brace = position
    while brace < end and text[brace] in " \t\n" and brace - position < 8:
        brace += 1
    if brace < end and text[brace] == "{":
        closing = closing_brace(text, brace, end)
        if closing is not None:
            return text[brace + 1 : closing], brace + 1, closing, True
        if not whole or end - brace > MAX_ANSWER:
            return None
        stop = min(_line_end(text, brace, end), brace + 400)
        return text[brace + 1 : stop].rstrip("$ "), brace + 1, stop, False
    if found := _UNBRACED.match(text, position, end):
        return found.group(1), found.start(1), found.end(1), True
    return None


def closing_brace(text: str, brace: int, end: int) -> int | None:
    """Where the brace that opens at `brace` closes; None if never, too far, or too deep."""
    limit = min(end, brace + MAX_ANSWER)
    first = text.find("}", brace, limit)
    if first < 0:
        return None
    if text.find("{", brace + 1, first) < 0 and text.find("\\", brace + 1, first) < 0:
        return first
    depth, skip = 0, -1
    for sign in _BRACES.finditer(text, brace, limit):
        at = sign.start()
        if at == skip:
            continue
        if text[at] == "\\":
            skip = at + 1
        elif text[at] == "{":
            depth += 1
            if depth > MAX_DEPTH:
                return None
        else:
            depth -= 1
            if depth == 0:
                return at
    return None


def _line_end(text: str, start: int, end: int) -> int:
    stop = text.find("\n", start, end)
    return end if stop < 0 else stop


def _unboxed(inner: str) -> str:
    return inner.replace("\\boxed", "").replace("\\fbox", "") if "box" in inner else inner


def _tags(text: str, start: int, end: int, whole: bool) -> list[Candidate]:
    if "<" not in text:
        return []
    spans = []
    for opening, closing in _TAGS:
        begin = text.rfind(opening, start, end)
        if begin < 0:
            continue
        begin += len(opening)
        stop = text.find(closing, begin, end)
        if stop < 0 and not whole:
            continue
        inner = text[begin : stop if stop >= 0 else end]
        answer = clean(inner)
        if not answer or len(answer) > MAX_ANSWER or is_placeholder(answer):
            continue
        stop = stop if stop >= 0 else end
        spans.append(Candidate(answer, begin, stop, "answer-tag", "strong", group=1000, rival=True))
    return spans


def _hashes(text: str, start: int, end: int, whole: bool) -> list[Candidate]:
    """The GSM8K form: four hashes, then the answer on the same line."""
    mark = text.rfind(_HASHES, start, end)
    while mark > start and text[mark - 1] == "#":
        mark -= 1
    if mark < 0 or text.startswith("#####", mark):
        return []
    begin = mark + len(_HASHES)
    stop = _line_end(text, begin, end)
    answer = clean(text[begin:stop])
    if not answer or len(answer) > 400 or (stop == end and not whole):
        return []
    if _is_heading(answer) or len(text[stop:end].strip()) > MAX_AFTER_HASHES:
        return []
    return [Candidate(answer, begin, stop, "hashes", "strong", group=1001, rival=True)]


def _is_heading(line: str) -> bool:
    """`#### Step 3: solve` is a Markdown heading; `#### 18 apples` is an answer."""
    head = line.lstrip("*_ ")
    return head[:1].isalpha() and (":" in line or line.count(" ") >= 3)
