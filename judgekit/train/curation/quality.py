r"""Rows that cannot be learnt from: something missing, or a question with leftovers of its layout.

The layout patterns are s1's (Muennighoff et al. 2025, arXiv 2501.19393, section 2.2 and its public
code), looked for in the question: `[asy]` drawings, `![Image]`, the problem numbers `p1.` to
`p999.`, and bold print with a number in it such as `**12.**`. A drawing is let through where the
source is an AIME, whatever else its question holds, as in the code.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from judgekit.train.curation.pool import Row

DRAWING = "[asy]"
IMAGE = "![Image]"
_NUMBERED = re.compile(r"p[1-9]\d{0,2}\.", re.ASCII)
_RUN = re.compile(r"[^\s\]]+")
_LAST_DIGIT = re.compile(r"\d(?=\D*\Z)")


def errors(rows: Sequence[Row]) -> dict[int, str]:
    """Rows without a question, trace or answer: a failed call somewhere before."""
    return {row.number: row.fault for row in rows if row.fault}


def layout(rows: Sequence[Row]) -> dict[int, str]:
    """Rows whose question shows one of the patterns."""
    faults = {row.number: layout_fault(row.question, row.source) for row in rows}
    return {number: fault for number, fault in faults.items() if fault}


def layout_fault(question: str, source: str = "") -> str | None:
    """The pattern that the question shows, or None."""
    if DRAWING in question:
        return None if "aime" in source.casefold() else f"{DRAWING} in the question"
    if IMAGE in question:
        return f"{IMAGE} in the question"
    if numbered := _NUMBERED.search(question):
        return f"the problem number {numbered[0]} in the question"
    if bold := bold_number(question):
        return f"{bold:.20} in the question"
    return None


def bold_number(question: str) -> str | None:
    r"""What s1's pattern `\*\*(?=.*\d)[^\s\]]*\*\*` finds, in linear time.

    Two asterisks, further ones before the next space or `]`, and a digit later in the line.
    """
    for line in question.split("\n"):
        last = _LAST_DIGIT.search(line)
        if last is None:
            continue
        for run in _RUN.finditer(line):
            first, final = run[0].find("**"), run[0].rfind("**")
            if first >= 0 and final >= first + 2 and last.start() >= run.start() + first + 2:
                return run[0][first : final + 2]
    return None
