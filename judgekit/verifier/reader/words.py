"""English words that are answers or parts of answers: numbers, yes and no, months, days, joints."""

from __future__ import annotations

import re
from fractions import Fraction


def listed(text: str) -> list[str]:
    """The words of a table, written without quotation marks."""
    return text.split()


ORDINAL_ENDINGS = frozenset(("st", "nd", "rd", "th"))
TRUTHS = {"yes": True, "no": False, "true": True, "false": False}
MONTHS = listed(
    "january february march april may june july august september october november december"
)
DAYS = listed("monday tuesday wednesday thursday friday saturday sunday")
NAMED = {name: f"month:{i}" for i, name in enumerate(MONTHS, 1)}
NAMED |= {name[:3]: f"month:{i}" for i, name in enumerate(MONTHS, 1) if name != "may"}
NAMED |= {name: f"day:{i}" for i, name in enumerate(DAYS, 1)}
NAMED |= {
    "none": "none", "undefined": "undefined", "odd": "odd", "even": "even", "dne": "undefined",
    "impossible": "impossible", "does not exist": "undefined", "doesn't exist": "undefined",
}  # fmt: skip
ALL_REALS = frozenset(("all real numbers", "all reals", "the real numbers", "real numbers"))
EMPTY = frozenset(
    f"{lead}no {kind}{noun}"
    for lead in ("", "there is ", "there are ", "it has ", "the equation has ")
    for kind in ("", "real ", "integer ")
    for noun in ("solution", "solutions")
)
EMPTY |= {"empty set", "the empty set", "no solution exists", "no solutions exist"}
INFINITE = frozenset(("infinity", "infinite", "inf", "oo", "infinitely many"))

_SMALL = listed(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_TENS = listed("twenty thirty forty fifty sixty seventy eighty ninety")
_NUMBERS = {word: i for i, word in enumerate(_SMALL)}
_NUMBERS |= {word: 10 * i for i, word in enumerate(_TENS, 2)}
_POWERS = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_PARTS = {
    "half": 2, "halves": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fourth": 4,
    "fourths": 4, "fifth": 5, "fifths": 5, "sixth": 6, "sixths": 6, "seventh": 7, "sevenths": 7,
    "eighth": 8, "eighths": 8, "ninth": 9, "ninths": 9, "tenth": 10, "tenths": 10,
}  # fmt: skip
MULTIPLIERS = _POWERS | {"hundred": 100, "万": 10**4, "亿": 10**8}
NUMBER_WORDS = frozenset(_NUMBERS) | frozenset(MULTIPLIERS) | {"half"}

STOP = frozenset(
    listed("""
        not no nor or and is are isn't aren't was be except if when where for unless less more than
        but without with at most least over under above below about approximately nearly almost only
        either neither between greater fewer wrong incorrect instead never rather minus plus times
        divided multiplied to from by such that depends any all some every each each modulo mod also
        negative positive non root because since of squared cubed factorial dozen dozens score
        halves thirds fourths fifths sixths sevenths eighths ninths tenths hundredths
        thousandths 不 不是 或 和 非 没有
    """)
)
"""Words that may change what the words around them say: a tail with one of them is not a label."""

EASTERN_ALTERS = re.compile(
    r"万|亿|的|倍|以[上下内外]|左右|之|次方|[平立]方\Z|折|余|多|半|几|或|还是|[百千]\Z"
)
"""Chinese signs behind a number that make another one of it: 5万, 5的平方, 5以上."""

TURNING = frozenset(
    listed("""
        not no nor or except unless wrong incorrect instead never non without than least most over
        under neither isn't aren't rather below above 不 不是 非 没有
    """)
)
"""Words that turn what a label announces into something else."""

_WORD = re.compile(r"[A-Za-z]+(?:'[a-z]+)?|[\u3400-\u9fff]+")


def words_of(text: str) -> list[str]:
    """The words of a text in lower case, at most forty."""
    return [found.group().lower() for found in _WORD.finditer(text[:400])][:40]


def number_word(text: str) -> Fraction | None:
    """The number that words spell, or None.

    number = [half | digit-word ("half" | "third" ...)] | words of "two hundred and five thousand".
    """
    words = [word for word in words_of(text.replace("-", " ")) if word != "and"]
    if not words or len(words) > 20:
        return None
    if len(words) == 1 and words[0] == "half":
        return Fraction(1, 2)
    if len(words) == 2 and words[1] in _PARTS and words[0] in ("a", *_NUMBERS):
        top = 1 if words[0] == "a" else _NUMBERS[words[0]]
        return Fraction(top, _PARTS[words[1]])
    total = current = 0
    last = None
    for word in words:
        if word in _NUMBERS:
            value = _NUMBERS[word]
            if last is not None and not (last >= 20 > value > 0 and last < 100 and value < 10):
                return None
            current, last = current + value, value
        elif word == "hundred":
            current, last = max(current, 1) * 100, None
        elif word in _POWERS:
            total, current, last = total + max(current, 1) * _POWERS[word], 0, None
        else:
            return None
    return Fraction(total + current)
