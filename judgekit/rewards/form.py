r"""Does the reply keep the form? The rewards of the public GSM8K recipe for GRPO, exactly.

Source: W. Brown, grpo_demo.py (2025), there with the tags `<reasoning>` and `<answer>`; here either
pair (see `judgekit.rewards.tags`). Two forms have a trap for a reply that is perfect but does not
end in a line break, as chat models' replies do not: `mended=True` takes the final line break as
optional and changes nothing else. Many public copies forget that `.` does not match line breaks;
these do not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from judgekit.rewards.tags import ANSWER, Tags, last_text

QUARTER = 0.125
"""What each of the four tags is worth to `xml_count`."""

TRAILING = 0.001
"""What each character after the end of the answer costs in `xml_count`."""

WORST_REPETITION = -0.5


def integer_answer(
    prompts: Sequence[Any], completions: Sequence[Any], **columns: Any
) -> list[float | None]:
    """0.5 where the text between the last `<answer>` and its end is all digits, else 0.

    As published: a sign, a comma or a unit earns nothing, and a reply without tags is judged whole.
    """
    del prompts, columns
    return [0.5 if _answer(last_text(each)).isdigit() else 0.0 for each in completions]


def soft_format(
    prompts: Sequence[Any], completions: Sequence[Any], *, tags: Tags = "reasoning", **columns: Any
) -> list[float | None]:
    """0.5 where the reply begins with the thinking's tags, followed by the answer's, else 0."""
    del prompts, columns
    form = re.compile(rf"<{tags}>.*?</{tags}>\s*<{ANSWER}>.*?</{ANSWER}>", re.DOTALL)
    return [0.5 if form.match(last_text(each)) else 0.0 for each in completions]


def strict_format(
    prompts: Sequence[Any],
    completions: Sequence[Any],
    *,
    tags: Tags = "reasoning",
    mended: bool = False,
    **columns: Any,
) -> list[float | None]:
    """0.5 where every tag stands in a line of its own and nothing stands around them, else 0."""
    del prompts, columns
    form = re.compile(
        rf"<{tags}>\n.*?\n</{tags}>\n<{ANSWER}>\n.*?\n</{ANSWER}>\n{'?' if mended else ''}$",
        re.DOTALL,
    )
    return [0.5 if form.match(last_text(each)) else 0.0 for each in completions]


def xml_count(
    prompts: Sequence[Any],
    completions: Sequence[Any],
    *,
    tags: Tags = "reasoning",
    mended: bool = False,
    **columns: Any,
) -> list[float | None]:
    r"""0.125 for each of the four tags that stands once in its line, less what trails the answer.

    At most 0.5, unbounded below. The trap of the published form: a reply that ends in `</answer>`
    without a line break is charged for all of its characters. A perfect reply with 900 characters
    of thinking scores about -0.45 that way, and +0.5 with the line break.
    """
    del prompts, columns
    count = _mended_count if mended else _published_count
    return [count(last_text(each), tags) for each in completions]


def xml_repetition_penalty(
    prompts: Sequence[Any], completions: Sequence[Any], *, tags: Tags = "reasoning", **columns: Any
) -> list[float | None]:
    """-0.125 for each tag beyond the first of its kind, at worst -0.5.

    The name is a published study's, which gives no formula; this one is ours.
    """
    del prompts, columns
    return [max(WORST_REPETITION, -QUARTER * _extra(last_text(each), tags)) for each in completions]


def _answer(text: str) -> str:
    return text.split(f"<{ANSWER}>")[-1].split(f"</{ANSWER}>")[0].strip()


def _published_count(text: str, tags: Tags) -> float:
    score = _opening(text, tags)
    if text.count(f"\n<{ANSWER}>\n") == 1:
        score += QUARTER - TRAILING * len(text.split(f"\n</{ANSWER}>\n")[-1])
    if text.count(f"\n</{ANSWER}>") == 1:
        score += QUARTER - TRAILING * (len(text.split(f"\n</{ANSWER}>")[-1]) - 1)
    return score


def _mended_count(text: str, tags: Tags) -> float:
    """The published score of the reply with a line break after the answer, where one is missing."""
    _, end, after = text.rpartition(f"\n</{ANSWER}>")
    trailing = len(after.removeprefix("\n")) if end else 0
    score = _opening(text, tags)
    if text.count(f"\n<{ANSWER}>\n") == 1:
        score += QUARTER - TRAILING * trailing
    if text.count(f"\n</{ANSWER}>") == 1:
        score += QUARTER - TRAILING * trailing
    return score


def _opening(text: str, tags: Tags) -> float:
    return QUARTER * (text.count(f"<{tags}>\n") == 1) + QUARTER * (
        text.count(f"\n</{tags}>\n") == 1
    )


def _extra(text: str, tags: Tags) -> int:
    every = (f"<{tags}>", f"</{tags}>", f"<{ANSWER}>", f"</{ANSWER}>")
    return sum(max(0, text.count(tag) - 1) for tag in every)
