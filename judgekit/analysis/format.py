r"""Did the model keep the form it was asked for?

What was asked is read off the prompt as the model saw it: thinking between tags, an answer between
tags, a `\boxed{}`, a `####` separator, drafts of at most five words. The rule for each is the
strictest one a reader of the prompt would agree on: tags once, in order, closed; a box or separator
with something in it, after the thinking. A response that fails says at what.

For reasoning models, `thinking_class` gives the kinds of format failure that S1-Bench tells apart
(Zhang et al. 2025, arXiv 2504.10368); where one ends and the next begins is our reading.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

DRAFT_WORDS = 5
"""Chain of Draft (Xu et al. 2025, arXiv 2502.18600): five words a step at most."""

ThinkingClass = Literal[
    "ok",
    "length",
    "missing think",
    "missing end",
    "multiple ends",
    "other markers",
    "missing answer",
    "none",
]


class Expected(NamedTuple):
    """The form a prompt asks for; falsy where it asks for none.

    `tags` encloses the thinking (`think`, `reasoning`), `opened` says that the prompt itself has
    opened it.
    """

    tags: str | None = None
    opened: bool = False
    answer_tags: bool = False
    boxed: bool = False
    separator: bool = False
    draft: bool = False

    def __bool__(self) -> bool:
        return any((self.tags, self.answer_tags, self.boxed, self.separator, self.draft))

    @property
    def described(self) -> str:
        """In words, for a table."""
        parts = (
            (f"<{self.tags}>", self.tags),
            ("<answer>", self.answer_tags),
            ("\\boxed{}", self.boxed),
            ("####", self.separator),
            (f"drafts of {DRAFT_WORDS} words", self.draft),
        )
        return ", ".join(name for name, asked in parts if asked)


_BY_STRATEGY = {
    "standard": Expected(boxed=True),
    "cot": Expected(boxed=True),
    "cod": Expected(separator=True, draft=True),
    "reasoning": Expected(tags="think", answer_tags=True),
}
_SKIPPED_THINKING = re.compile(r"<think>\s*</think>\s*\Z")


def expected(strategy: str, prompt: str) -> Expected:
    """The form that a rendered prompt asks for; without a prompt, that of the shipped strategy."""
    if not prompt:
        return _BY_STRATEGY.get(strategy, Expected())
    if prompt.endswith(("</think>", "\n")):
        prompt = _SKIPPED_THINKING.sub("", prompt)
    tags, opened = None, False
    for name in ("think", "reasoning"):
        opened = prompt.rstrip().endswith(f"<{name}>")
        if opened or (f"<{name}>" in prompt and f"</{name}>" in prompt):
            tags = name
            break
    return Expected(
        tags=tags,
        opened=opened,
        answer_tags="<answer>" in prompt and "</answer>" in prompt,
        boxed="\\boxed{" in prompt,
        separator="####" in prompt,
        draft=strategy == "cod" or f"{DRAFT_WORDS} words at most" in prompt,
    )


def format_fault(text: str, wanted: Expected) -> str | None:
    """The first rule that the response breaks, or None: it keeps the form."""
    rest = text
    if wanted.tags:
        whole = f"<{wanted.tags}>{text}" if wanted.opened else text
        if fault := _pair_fault(whole, wanted.tags):
            return fault
        rest = text[text.rindex(f"</{wanted.tags}>") :]
    if wanted.answer_tags:
        if fault := _pair_fault(text, "answer"):
            return fault
        if "<answer>" not in rest:
            return "<answer> before the thinking ends"
    if wanted.boxed and not _has_box(rest):
        return "no \\boxed{}" if "\\boxed" not in rest else "\\boxed{} empty or not closed"
    if wanted.separator and not rest.rpartition("####")[2].strip():
        return "nothing after ####"
    if wanted.separator and "####" not in rest:
        return "no ####"
    if wanted.draft and (longest := longest_draft(text)) > DRAFT_WORDS:
        return f"a draft of {longest} words"
    return None


def longest_draft(text: str) -> int:
    """Words in the longest step before the separator. Numbers, symbols and units are no words.

    A step ends at a line break, a semicolon, or a full stop before white space.
    """
    steps = re.split(r"[\n;]|\.\s", text.partition("####")[0])
    return max(len(re.findall(r"[^\W\d_]{2,}", step)) for step in steps)


def thinking_class(text: str, finish_reason: str, *, opened: bool = False) -> ThinkingClass:
    """S1-Bench's class of format failure for a response of a model that thinks in `<think>`.

    `length`: cut off within the thinking. `missing think`: it ends a thinking that it never began.
    `missing end`: it stopped by itself within the thinking. `multiple ends`: `</think>` more than
    once. `other markers`: another pair of tags in its place. `missing answer`: nothing after the
    thinking. `none`: no thinking at all.
    """
    begun, ends = opened or "<think>" in text, text.count("</think>")
    if ends > 1:
        return "multiple ends"
    if ends == 1:
        if not begun:
            return "missing think"
        return "ok" if text.partition("</think>")[2].strip() else "missing answer"
    if finish_reason in ("length", "loop"):
        return "length"
    if re.search(r"</(?:reasoning|thought|thinking|reflection)>", text):
        return "other markers"
    return "missing end" if begun else "none"


def _pair_fault(text: str, tag: str) -> str | None:
    begins, ends = text.count(f"<{tag}>"), text.count(f"</{tag}>")
    if begins != 1:
        return f"no <{tag}>" if not begins else f"<{tag}> more than once"
    if ends != 1:
        return f"no </{tag}>" if not ends else f"</{tag}> more than once"
    if text.index(f"</{tag}>") < text.index(f"<{tag}>"):
        return f"</{tag}> before <{tag}>"
    return None


_BRACES = re.compile(r"(?P<box>\\boxed\s*\{)|\\[{}]|(?P<open>\{)|(?P<close>\})")


def _has_box(text: str) -> bool:
    r"""Whether some `\boxed{...}` is closed and not empty. One pass over the braces."""
    begun: list[int | None] = []
    first = text.find("\\boxed")
    for brace in _BRACES.finditer(text, first) if first >= 0 else ():
        if brace["box"]:
            begun.append(brace.end())
        elif brace["open"]:
            begun.append(None)
        elif brace["close"] and begun:
            start = begun.pop()
            if (
                start is not None
                and not text[start : brace.start()].isspace()
                and (start < brace.start())
            ):
                return True
    return False
