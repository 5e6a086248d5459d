"""From pieces with an author to segments with an author and a role.

Roles come from the strategy where it set them, else from the tags in the text: what stands between
an opening and a closing tag is thinking, the tags themselves are other, the rest is the answer.
Texts are cut from one decoding of all ids, so that the segments joined are the response.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from judgekit.backends.engine import Piece, Tokenizer
from judgekit.records import Role, Segment

_TAG = re.compile(r"</?(?:think|reasoning|answer)>")


Cut = tuple[str, Role, str, int]


def segments(pieces: Sequence[Piece], tokenizer: Tokenizer | None) -> tuple[Segment, ...]:
    """The response's segments; joined, their texts are the text of all pieces."""
    if tokenizer is not None and all(piece.ids is not None for piece in pieces):
        cuts = _by_token(pieces, tokenizer)
    else:
        cuts = _by_character(pieces)
    merged = []
    for (role, by), run in groupby(cuts, key=lambda cut: (cut[1], cut[2])):
        parts = list(run)
        merged.append(
            Segment("".join(part[0] for part in parts), role, by, sum(part[3] for part in parts))
        )
    return tuple(merged)


def _by_token(pieces: Sequence[Piece], tokenizer: Tokenizer) -> list[Cut]:
    """Each token with its text, from one decoding of all ids."""
    text, ends = token_ends([id_ for piece in pieces for id_ in piece.ids or ()], tokenizer)
    roles = _roles(text)
    cuts: list[Cut] = []
    start = 0
    for end, piece in zip(ends, (p for p in pieces for _ in p.ids or ()), strict=True):
        role = piece.role or (roles[max(end, 1) - 1] if roles else "answer")
        cuts.append((text[start:end], role, piece.by, 1))
        start = end
    return cuts


def _by_character(pieces: Sequence[Piece]) -> list[Cut]:
    """Each stretch of one role, where only a piece's own count is known: it is shared by length."""
    roles = _roles("".join(piece.text for piece in pieces))
    cuts: list[Cut] = []
    start = 0
    for piece in pieces:
        length, done = len(piece.text), 0
        mine = [piece.role] * length if piece.role else roles[start : start + length]
        for role, run in groupby(mine or [piece.role or "answer"]):
            upto = min(done + len(list(run)), length)
            tokens = _share(upto, length, piece.tokens) - _share(done, length, piece.tokens)
            cuts.append((piece.text[done:upto], role, piece.by, tokens if length else piece.tokens))
            done = upto
        start += length
    return [cut for cut in cuts if cut[0] or cut[3]]


def _share(part: int, whole: int, tokens: int) -> int:
    return round(tokens * part / whole) if whole else 0


def token_ends(ids: Sequence[int], tokenizer: Tokenizer) -> tuple[str, list[int]]:
    """One decoding of the ids, and for each token the character where it ends.

    A character of several tokens ends with the last of them. Each step decodes only the ids since
    the last clean boundary, so the cost is linear unless the ids never form whole characters.
    """
    text = tokenizer.decode(ids)
    ends: list[int] = []
    clean, done = 0, 0
    for i in range(len(ids)):
        # One id of context: some tokenizers drop the leading space of what stands first.
        before = max(0, clean - 1)
        lead = tokenizer.decode(ids[before:clean])
        grown = tokenizer.decode(ids[before : i + 1])[len(lead) :]
        if grown.endswith("�") and i - clean < 8:
            ends.append(done)
            continue
        done = min(done + len(grown), len(text))
        ends.append(done)
        clean = i + 1
    if ends:
        ends[-1] = len(text)
    return text, ends


def _roles(text: str) -> list[Role]:
    """The role of each character, by the tags."""
    tags = list(_TAG.finditer(text))
    first = next((tag[0] for tag in tags if tag[0] not in ("<answer>", "</answer>")), "")
    role: Role = "thinking" if first.startswith("</") else "answer"
    roles: list[Role] = []
    for tag in tags:
        roles += [role] * (tag.start() - len(roles))
        roles += ["other"] * len(tag[0])
        if tag[0] in ("<think>", "<reasoning>"):
            role = "thinking"
        elif tag[0] != "</answer>":
            role = "answer"
    return roles + [role] * (len(text) - len(roles))
