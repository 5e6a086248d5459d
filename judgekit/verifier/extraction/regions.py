"""Where in a response the answer may stand: after the thinking block, before a next question.

Thinking is searched only where nothing follows it. A model that goes on to ask itself a next
question, or that speaks for the user, is read up to there.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

THINKING = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<seed:think>", "</seed:think>"),
    ("[THINK]", "[/THINK]"),
    ("\u25c1think\u25b7", "\u25c1/think\u25b7"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<|channel|>analysis<|message|>", "<|channel|>final<|message|>"),
)
"""Opening and closing delimiter of the thinking block, as chat templates of open models write it
(DeepSeek-R1, Qwen3, QwQ; Claude style; Gemini; Seed; Magistral; Kimi; Sky-T1; Command-A; gpt-oss).
"""

_DELIMITER = re.compile("|".join(re.escape(mark) for pair in THINKING for mark in pair))
_ENDINGS = re.compile(
    r"(?:<\|?(?:end_of_text|endoftext|im_end|eot_id|eos|end|return|/s|end_of_turn|EOT)\|?>|</s>"
    r"|<end_of_turn>|<\uff5cend\u2581of\u2581sentence\uff5c>|\s)+\Z"
)
_NEXT_TURN = re.compile(
    r"\n[ \t#*]*(?:Question|Problem|Q|Human|User|Instruction|Exercise)[ \t]*\d{0,3}[ \t*]*:"
    r"|\n### Instruction"
)
_USER_TURN = re.compile(r"<\|im_start\|>user|<\|start_header_id\|>user|<start_of_turn>user")
_HOPE = "I hope it is correct"
_SURE = re.compile(
    r"[\n.!?][ \t*_#]*(?:(?:my |stated )?confidence[ \t*_]*[:=][ \t*_]*[\d.]{1,6} ?%?"
    r"|I(?: am|'m) (?:about )?[\d.]{1,6} ?% (?:confident|sure|certain))[ \t*_]*\.?\Z",
    re.I,
)
"""How sure a model says it is, at the very end: no answer, though it is the last number."""
_SIGNS = ("\\boxed", "####", "</answer>", "nswer is")
"""Signs of an answer: a problem restated at the top of a response is not the next one."""

_TAIL = 64


class Region(NamedTuple):
    """`text[start:end]` is searched; `open` says that a thinking block was never closed."""

    start: int
    end: int
    name: Literal["answer", "thinking"]
    open: bool = False


def answer_region(text: str, skip: int = 0) -> Region:
    """The part of a response in which its answer is looked for."""
    end = _without_endings(text)
    # No delimiter is without one of these; looked for from the end, as that is faster.
    if not ("<" in text or text.rfind("THINK]") >= 0 or "\u25c1" in text):
        return Region(skip, _before_next_turn(text, skip, end), "answer")
    for opening, closing in THINKING if _DELIMITER.search(text, skip, end) else ():
        closed = text.rfind(closing, skip, end)
        opened = text.rfind(opening, skip, end)
        if opened > closed:
            return Region(opened + len(opening), end, "thinking", open=True)
        if closed >= 0:
            after = closed + len(closing)
            if text[after:end].strip():
                return Region(after, _before_next_turn(text, after, end), "answer")
            return Region(max(opened, skip), closed, "thinking")
    return Region(skip, _before_next_turn(text, skip, end), "answer")


def _without_endings(text: str) -> int:
    """Where the text ends when end-of-turn tokens and white space are left off."""
    end = len(text.rstrip())
    while text[end - 1 : end] == ">" and (found := _ENDINGS.search(text, max(0, end - _TAIL), end)):
        if found.start() == end:
            break
        end = found.start()
    return end


def _before_next_turn(text: str, start: int, end: int) -> int:
    """Where the model begins to write the next question, if it does so after an answer."""
    user = _USER_TURN.search(text, start, end) if "<" in text else None
    if user and text[start : user.start()].strip():
        end = user.start()
    if _NEXT_TURN.search(text, start, end):
        signs = [at for sign in _SIGNS if (at := text.find(sign, start, end)) >= 0]
        found = _NEXT_TURN.search(text, min(signs), end) if signs else None
        end = found.start() if found else end
    last = text[max(start, end - 6) : end].rstrip("._* \t")[-1:]  # nothing is said behind a formula
    said = not last or last.isalnum() or last == "%"
    if said and (sure := _SURE.search(text, max(start, end - _TAIL), end)):
        end = start + len(text[start : sure.start() + 1].rstrip())
    hope = text.rfind(_HOPE, max(start, end - _TAIL), end)
    if hope < 0 or text[hope + len(_HOPE) : end].strip(". \n"):
        return end
    return start + len(text[start:hope].rstrip())
