"""Peers' graders behind one line protocol, run by the interpreter that has them installed.

`PYTHON peer_graders.py` reads rows (JSON lines with `gold` and `response`) from standard input and
writes one JSON line a peer and repetition: its name, version, verdicts (true, false, or null where
it raised or took over the limit) and CPU seconds. It imports nothing of judgekit, so that peers
stay in an environment of their own.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.metadata
import importlib.util
import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

Grader = Callable[[str, str], bool]
LIMIT_S = 5
"""Seconds that one row may take; peers without a limit of their own are cut off here."""


class _Slow(BaseException):
    """Not an Exception: several peers swallow those."""


def _ring(*_: object) -> None:
    raise _Slow


def math_verify() -> Grader:
    """Default settings; a bare formula gets the delimiters that its parser looks for."""
    from math_verify import parse, verify

    return lambda gold, response: verify(parse(_delimited(gold)), parse(_delimited(response)))


def _delimited(text: str) -> str:
    bare = not any(mark in text for mark in ("$", "\\boxed", "\\(", "\\[")) and len(text) < 300
    return f"${text}$" if bare else text


def mathruler() -> Grader:
    from mathruler.grader import extract_boxed_content, grade_answer

    def grade(gold: str, response: str) -> bool:
        boxed = extract_boxed_content(response)
        return grade_answer(response if boxed == "None" else boxed, gold)

    return grade


def verl_dapo() -> Grader:
    """One file of verl, loaded by its place: the package itself imports ray and torch."""
    package = importlib.util.find_spec("verl")
    if package is None or package.origin is None:
        raise ImportError("verl is not installed")
    place = Path(package.origin).parent / "utils" / "reward_score" / "math_dapo.py"
    spec = importlib.util.spec_from_file_location("verl_math_dapo", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return lambda gold, response: bool(module.compute_score(response, gold)["acc"])


def evalscope() -> Grader:
    from evalscope.metrics.math.parser import compare_answers

    def grade(gold: str, response: str) -> bool:
        return bool(
            compare_answers(
                response, gold, prediction_mode="output", validate_reference=False
            ).matched
        )

    return grade


def inspect_ai() -> Grader:
    from inspect_ai.model import ChatMessageUser, ModelName, ModelOutput
    from inspect_ai.scorer import Target, math
    from inspect_ai.solver import TaskState

    score = math(timeout=LIMIT_S)
    loop = asyncio.new_event_loop()

    def grade(gold: str, response: str) -> bool:
        state = TaskState(
            model=ModelName("mockllm/model"),
            sample_id="1",
            epoch=1,
            input="",
            messages=[ChatMessageUser(content="")],
            output=ModelOutput.from_content("mockllm/model", response),
        )
        result = loop.run_until_complete(score(state, Target(gold)))
        return result is not None and result.value == "C"

    return grade


PEERS: dict[str, tuple[str, Callable[[], Grader]]] = {
    "math-verify": ("math-verify", math_verify),
    "mathruler": ("mathruler", mathruler),
    "verl math_dapo": ("verl", verl_dapo),
    "inspect-ai math": ("inspect-ai", inspect_ai),
    "evalscope math": ("evalscope", evalscope),
}


def run(name: str, rows: list[dict[str, str]]) -> dict[str, object]:
    """One pass of one peer over all rows."""
    package, load = PEERS[name]
    grade = load()
    verdicts: list[bool | None] = []
    seconds: list[float] = []
    for row in rows:
        began = time.process_time()
        try:
            with _limit(LIMIT_S + 1):
                verdict: bool | None = bool(grade(row["gold"], row["response"]))
        except (Exception, _Slow):  # noqa: BLE001 - a peer's crash is its verdict on this row
            verdict = None
        seconds.append(time.process_time() - began)
        verdicts.append(verdict)
    version = importlib.metadata.version(package)
    return {"peer": name, "version": version, "verdicts": verdicts, "seconds": seconds}


@contextlib.contextmanager
def _limit(seconds: float) -> Iterator[None]:
    signal.signal(signal.SIGALRM, _ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def main() -> None:
    """Run the peers named on the command line (all that import, without names)."""
    rows = [json.loads(line) for line in sys.stdin]
    out = sys.stdout
    names, repeats = sys.argv[2:] or list(PEERS), int(sys.argv[1]) if len(sys.argv) > 1 else 1
    for name in names:
        try:
            with contextlib.redirect_stdout(sys.stderr):
                results = [run(name, rows) for _ in range(repeats)]
        except ImportError as fault:
            print(json.dumps({"peer": name, "missing": str(fault)}), file=out, flush=True)
            continue
        for result in results:
            print(json.dumps(result), file=out, flush=True)


if __name__ == "__main__":
    main()
