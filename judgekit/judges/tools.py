"""The tools of the agentic judge: pure, bounded, and never a reason to fail.

A tool is called by a reply that *ends* with one JSON object `{"tool": NAME, "arguments": {…}}`. Its
answer is a line of text, bounded in length; what it cannot do it says. Nothing is evaluated but by
the verifier's own reader and arithmetic.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from judgekit.judges.fence import neutralise
from judgekit.judges.parse import Unparsed, latex_kept, without_thinking
from judgekit.verifier import Case
from judgekit.verifier.equivalence import compare
from judgekit.verifier.equivalence.identity import number_at, substitute
from judgekit.verifier.reader import Unreadable, read
from judgekit.verifier.reader.units import parse, size

MAX_RESULT = 1_500
MAX_ARGUMENT = 2_000
LOOK = 1_000
"""Characters: of a tool's answer, of one argument, and of a look at the response."""


_QUANTITY = re.compile(r"\s*(.*[\d})])\s*\\?\s*([A-Za-zµΩ°%].*?)\s*", re.S)
_ATOM = re.compile(r"[A-Za-zµΩ°%]+|-?\d+|[/*()]")


class Toolbox:
    """The `tools` over one case, by name; `trail` is what was asked and answered, in order."""

    def __init__(self, case: Case, steps: int) -> None:
        self.steps = steps
        self.trail: list[str] = []
        self._response = neutralise(case.response)
        self._question = case.question
        self.tools: Mapping[str, Callable[..., str]] = {
            "value": value,
            "equal": self.equal,
            "convert": convert,
            "look": self.look,
            "find": self.find,
        }

    def use(self, name: str, arguments: Mapping[str, Any]) -> str:
        """The tool's answer; a tool or an argument that does not fit is answered, not raised."""
        tool = self.tools.get(name)
        if tool is None:
            answer = f"there is no tool {name!r:.40}; there are {', '.join(self.tools)}"
        elif any(len(str(given)) > MAX_ARGUMENT for given in arguments.values()):
            answer = "an argument is too long"
        else:
            try:
                answer = tool(**arguments)
            except TypeError:
                answer = f"{name} does not take these arguments"
            except (Unreadable, ValueError, OverflowError) as fault:
                answer = f"cannot be read: {fault}"
        answer = neutralise(answer)[:MAX_RESULT]
        shown = ", ".join(f"{key}={given!s:.60}" for key, given in arguments.items())
        self.trail.append(f"{name}({shown}) → {answer:.160}")
        return answer

    def equal(self, a: str, b: str) -> str:
        """Whether the verifier proves two answers equal or different."""
        found = compare(str(a), str(b), question=self._question)
        said = {"correct": "equal", "incorrect": "different", "undecided": "not decided"}
        return f"{said[found.outcome]}: {found.evidence}"

    def look(self, start: int = 0, length: int = LOOK) -> str:
        """A span of the response; a negative start counts from its end."""
        total = len(self._response)
        low = max(0, total + int(start)) if int(start) < 0 else min(int(start), total)
        high = min(total, low + max(0, min(int(length), LOOK)))
        return f"characters {low} to {high} of {total}:\n{self._response[low:high]}"

    def find(self, text: str) -> str:
        """Where a text stands in the response, with what surrounds it."""
        wanted = str(text)
        if not wanted:
            return "nothing was asked for"
        places = [match.start() for match in re.finditer(re.escape(wanted), self._response)]
        if not places:
            return "it does not stand in the response"
        shown = [
            f"at {at}: …{self._response[max(0, at - 60) : at + len(wanted) + 60]}…"
            for at in places[-5:]
        ]
        return f"{len(places)} times; the last ones:\n" + "\n".join(shown)


def value(expression: str, at: Mapping[str, Any] | None = None) -> str:
    """The value of an expression, its variables replaced by numbers; exact where it is rational."""
    expr = read(str(expression))
    if at:
        expr = substitute(expr, {str(name): read(str(given)) for name, given in at.items()})
    number = number_at(expr)
    return "it has no numerical value" if number is None else _shown(number)


def convert(quantity: str, unit: str) -> str:
    """A quantity in another unit, where both measure the same."""
    split = _QUANTITY.fullmatch(str(quantity))
    given, wanted = parse(_ATOM.findall(split[2])) if split else None, parse(_ATOM.findall(unit))
    if split is None or given is None or wanted is None:
        return "that is no quantity with a unit that is known"
    (factor, dimensions), (other, others) = size(given), size(wanted)
    number = number_at(read(split[1]))
    if dimensions != others:
        return "the two units do not measure the same"
    return "it has no numerical value" if number is None else _shown(number * factor / other)


def tool_call(reply: str) -> tuple[str, Mapping[str, Any]] | None:
    """The call with which a reply ends; None where it ends with none."""
    try:
        text = without_thinking(reply).strip().removesuffix("```").rstrip()
    except Unparsed:
        return None
    start = text.find('{"tool"')
    if start < 0:
        return None
    try:
        found = json.loads(latex_kept(text[start:]))
    except (json.JSONDecodeError, RecursionError):
        return None
    name, arguments = found.get("tool"), found.get("arguments", {})
    if not isinstance(name, str) or not isinstance(arguments, dict) or "verdict" in found:
        return None
    return name, arguments


def _shown(number: Fraction) -> str:
    if number.denominator == 1 and abs(number) < 10**30:
        return str(number.numerator)
    if number.denominator < 10**12 and abs(number.numerator) < 10**30:
        return f"{number.numerator}/{number.denominator} = {float(number):.12g}"
    return f"about {float(number):.12g}"
