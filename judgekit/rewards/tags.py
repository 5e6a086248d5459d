"""The form of a reply that thinks first: the tag pair, and a reply written in it.

<think>                or <reasoning>
the trace
</think>
<answer>
the answer
</answer>

The pair `think` is DeepSeek-R1's (arXiv 2501.12948, table 1), `reasoning` that of the GSM8K recipe
for GRPO (W. Brown's grpo_demo.py, 2025). Prompt, training data, rewards and the report's format
adherence all mean the same pair.
"""

from __future__ import annotations

from typing import Any, Literal

Tags = Literal["think", "reasoning"]
ANSWER = "answer"


def written(thinking: str, answer: str, tags: Tags = "think") -> str:
    """A reply in the form above, each tag in a line of its own, with a final line break.

    It keeps every form reward's rule, the published ones included.
    """
    return f"<{tags}>\n{thinking.strip()}\n</{tags}>\n<{ANSWER}>\n{answer.strip()}\n</{ANSWER}>\n"


def last_text(turn: Any) -> str:
    """A text, or that of the last of a list of chat messages (a content may be a list of parts)."""
    if isinstance(turn, str):
        return turn
    content = turn[-1].get("content") if turn else None
    if isinstance(content, str):
        return content
    return "".join(str(part.get("text") or "") for part in content or ())
