"""From tokens to characters and back, for responses of which only segments are known.

A segment says how many tokens it has; within one, tokens are taken to be equally long. Forced text
costs no tokens: they count what models wrote.
"""

from __future__ import annotations

from collections.abc import Iterator

from judgekit.records import Response


def tokens_before(response: Response, at: int) -> float:
    """Tokens that models had written when the text reached character `at`."""
    spent, begun = 0.0, 0
    for characters, tokens in _stretches(response):
        inside = min(max(at - begun, 0), characters)
        spent += tokens * inside / characters if characters else 0
        begun += characters
    return spent


def text_within(response: Response, tokens: int) -> str:
    """The text as it stood after so many tokens of the models' own; all of it where it has less."""
    end, left = 0, float(tokens)
    for characters, cost in _stretches(response):
        if cost > left:
            return response.text[: end + int(characters * left / cost)]
        end += characters
        left -= cost
    return response.text


def _stretches(response: Response) -> Iterator[tuple[int, int]]:
    """Characters and own tokens of each segment."""
    if not response.segments:
        yield len(response.text), response.completion_tokens
    for segment in response.segments:
        yield len(segment.text), 0 if segment.by == "forced" else segment.tokens
