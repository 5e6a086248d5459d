"""Judges that users bring, and a real package of somebody else's that brings one."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from judgekit.errors import BackendError, MissingExtra, RequestFailed, UserError
from judgekit.judges.custom import CustomJudge
from judgekit.records import Cost, Verdict

from .conftest import ask, case


def judged(found: Any) -> Verdict:
    return ask(CustomJudge("mine", found), case())[0]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (True, "correct"),
        (False, "incorrect"),
        ("correct", "correct"),
        ("incorrect", "incorrect"),
        ("undecided", "undecided"),
        (None, "undecided"),
        ("not correct", "undecided"),
        (0.7, "undecided"),
        (Verdict("x", "incorrect", "42", "no"), "incorrect"),
    ],
)
def test_what_it_may_return(answer: Any, outcome: str) -> None:
    async def judge(case: Any) -> Any:
        return answer

    for found in (lambda case: answer, judge):
        verdict = judged(found)
        assert (verdict.outcome, verdict.stage) == (outcome, "mine")


def test_a_class_is_made_once_and_closed() -> None:
    made: list[str] = []

    class Judge:
        identity = "v7"

        def __init__(self, strictness: float = 0.5) -> None:
            made.append("made")

        async def __call__(self, case: Any) -> str:
            return "correct"

        async def aclose(self) -> None:
            made.append("closed")

    judge = CustomJudge("mine", Judge)
    assert [verdict.outcome for verdict in ask(judge, case(), case())] == ["correct"] * 2
    asyncio.run(judge.aclose())
    assert made == ["made", "closed"]


def test_what_it_raises_is_undecided_and_says_so() -> None:
    def judge(case: Any) -> bool:
        return bool(1 / 0)

    verdict = judged(judge)
    assert verdict.outcome == "undecided"
    assert verdict.evidence == "The judge raised ZeroDivisionError: division by zero"


def test_a_stall_is_undecided() -> None:
    async def judge(case: Any) -> bool:
        await asyncio.sleep(60)
        return True

    judge.timeout = 0.05  # type: ignore[attr-defined]
    began = time.monotonic()
    assert "longer than 0.05 seconds" in judged(judge).evidence
    assert time.monotonic() - began < 5


def test_a_backend_of_its_own_may_be_down() -> None:
    def failed(case: Any) -> bool:
        raise RequestFailed("500")

    def down(case: Any) -> bool:
        raise BackendError("nobody there")

    assert judged(failed).evidence == "500."
    judge = CustomJudge("mine", down)
    assert [v.outcome for v in ask(judge, case(), case())] == ["undecided"] * 2
    assert judge.down == "nobody there"


def test_what_is_missing_on_this_machine_ends_the_command() -> None:
    def judge(case: Any) -> bool:
        raise MissingExtra("dspy", "judge")

    with pytest.raises(MissingExtra):
        judged(judge)


def test_a_plain_function_does_not_hold_the_others_up() -> None:
    judge = CustomJudge("mine", lambda case: time.sleep(0.2) or True)

    async def work() -> None:
        await asyncio.gather(*(judge(case()) for _ in range(4)))

    began = time.monotonic()
    asyncio.run(work())
    assert time.monotonic() - began < 0.7


@pytest.mark.parametrize("found", [3, "text", lambda: True, lambda case, gold: True])
def test_what_is_no_judge_is_refused(found: Any) -> None:
    with pytest.raises(UserError, match="judge 'mine'"):
        CustomJudge("mine", found)


def test_another_text_is_another_judge(tmp_path: Path) -> None:
    from judgekit.plugins import load_reference

    path = tmp_path / "mine.py"
    identities = set()
    for text in ("def j(case): return True\n", "def j(case): return False\n"):
        path.write_text(text)
        identities.add(CustomJudge("mine", load_reference(f"{path}:j")).identity)
    assert len(identities) == 2


PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "their-judges"
version = "0.3"
[project.entry-points."judgekit.judges"]
last-word = "their_judges:LastWord"
broken = "their_judges:Missing"
[tool.hatch.build.targets.wheel]
packages = ["their_judges"]
"""
MODULE = """
from judgekit.records import Verdict

class LastWord:
    async def __call__(self, case):
        last = case.response.split()[-1].strip(".")
        outcome = "correct" if last == case.gold else "incorrect"
        return Verdict("last-word", outcome, extracted=last, evidence=f"The last word is {last}.")
"""
USE = """
import asyncio
from judgekit.config import Config
from judgekit.errors import UnknownName, UserError
from judgekit.judges import known_judges, open_judges
from judgekit.verifier import make_case

async def work():
    assert known_judges(Config())["last-word"] == "entry point their_judges:LastWord"
    async with open_judges(["last-word"], Config()) as judges:
        verdict = await judges["last-word"](make_case("42", "So it is 42."))
        print(verdict.stage, verdict.outcome, verdict.extracted)
    for name, fault in (("last-wrd", UnknownName), ("broken", UserError)):
        try:
            async with open_judges([name], Config()):
                pass
        except fault as said:
            print(said)

asyncio.run(work())
"""


def test_a_real_package_brings_a_judge(tmp_path: Path) -> None:
    source, site = tmp_path / "source", tmp_path / "site"
    (source / "their_judges").mkdir(parents=True)
    (source / "pyproject.toml").write_text(PROJECT)
    (source / "their_judges" / "__init__.py").write_text(MODULE)
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    build = subprocess.run(
        [*install, "--no-build-isolation", "--target", str(site), str(source)],
        capture_output=True,
        text=True,
        check=False,
    )
    if "hatchling" in build.stderr and build.returncode:
        pytest.skip("hatchling is not installed here, so no package can be built offline")
    assert build.returncode == 0, build.stderr
    path = [str(site), str(Path(__file__).parents[2])]
    used = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {path!r}\n{USE}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert used.returncode == 0, used.stderr
    lines = used.stdout.splitlines()
    assert lines[0] == "last-word correct 42"
    assert "did you mean last-word?" in lines[1]
    assert "entry point 'broken' of package their-judges does not load" in lines[2]


def test_the_cost_is_the_time_where_the_judge_tells_none() -> None:
    assert judged(lambda case: time.sleep(0.02) or True).cost.seconds >= 0.02
    told = Verdict("x", "correct", cost=Cost(calls=2))
    assert judged(lambda case: told).cost == Cost(calls=2)
