"""What is compared: token ids, or the words and punctuation marks of a text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Tokens = Sequence[int] | NDArray[Any]

UNIT = re.compile(
    # An ideograph or kana is a word; a "word" beyond 16 letters is cut, or "aaaa..." would be one.
    r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
    r"|[^\W\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]{1,16}"
    r"|[^\w\s]"
)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def units(text: str) -> list[str]:
    """Words and single punctuation marks of a text, white space left out."""
    return UNIT.findall(text)


def masked(text: str) -> tuple[str, list[int]]:
    """The text with each number as 0, and where each character of it, and its end, stood."""
    pieces, place, at = list[str](), list[int](), 0
    for number in _NUMBER.finditer(text):
        pieces += (text[at : number.start()], "0")
        place += range(at, number.start() + 1)
        at = number.end()
    return "".join([*pieces, text[at:]]), [*place, *range(at, len(text) + 1)]


def numbered(words: Iterable[str]) -> str:
    """Equal words as equal characters, by order of appearance."""
    number: dict[str, int] = {}
    return "".join([chr(number.setdefault(word, len(number))) for word in words])


def characters(tokens: Tokens) -> str:
    """Equal ids as equal characters."""
    if hasattr(tokens, "__array_interface__"):
        import numpy as np

        ids = np.asarray(tokens)
        if ids.size and (ids.min() < 0 or ids.max() >= 0x10F800):
            _, ids = np.unique(ids, return_inverse=True)
        shifted = ids.astype(np.uint32) + np.where(ids >= 0xD800, 0x800, 0).astype(np.uint32)
        return shifted.astype("<u4").tobytes().decode("utf-32-le")
    try:
        return "".join(map(chr, tokens))
    except (ValueError, OverflowError):
        return numbered(map(str, tokens))
