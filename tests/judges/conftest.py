"""Judges over a scripted model: what it is asked and what it replies are ours to choose."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest

from judgekit.backends.engine import Ask, Context, Extension
from judgekit.backends.scripted import ScriptedEngine
from judgekit.config import Config, JudgeConfig, ModelConfig
from judgekit.judges import Judge, open_judges
from judgekit.records import Verdict
from judgekit.verifier import Case, make_case


def reply(verdict: str, extracted: str | None = "42", reason: str = "I compared them.") -> str:
    return json.dumps({"extracted": extracted, "reason": reason, "verdict": verdict})


def case(response: str = "The answer is 42.", gold: str = "42", **more: Any) -> Case:
    return make_case(gold, response, question=more.pop("question", "What is 6 · 7?"), **more)


class Watched(ScriptedEngine):
    """A scripted engine that counts: calls, how many at once, whether it was closed."""

    def __init__(self, script: Any, **options: Any) -> None:
        super().__init__(script, **options)
        self.asked: list[tuple[Context, Ask]] = []
        self.at_once = 0
        self.most_at_once = 0
        self.closed = 0

    async def extend(self, context: Context, ask: Ask) -> Extension:
        self.asked.append((context, ask))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(0)
            return await super().extend(context, ask)
        finally:
            self.at_once -= 1

    async def aclose(self) -> None:
        self.closed += 1

    def users(self) -> list[str]:
        """The last user message of each call."""
        return [str(context.messages[-1]["content"]) for context, _ in self.asked]


Judging = Callable[..., list[Verdict]]


def judge_all(
    engine: Any, cases: Sequence[Case], name: str = "j", config: Config | None = None, **more: Any
) -> list[Verdict]:
    """Every case judged at once by the judge of that name."""
    config = config or Config(judges={name: JudgeConfig(**more.pop("options", {}))})

    async def work() -> list[Verdict]:
        opened: list[ModelConfig] = []

        def opener(model: ModelConfig) -> Any:
            opened.append(model)
            return engine

        async with open_judges([name], config, opener=opener, **more) as judges:
            return list(await asyncio.gather(*(judges[name](each) for each in cases)))

    return run(work())


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


def ask(judge: Judge, *cases: Case) -> list[Verdict]:
    async def work() -> list[Verdict]:
        return [await judge(each) for each in cases]

    result: list[Verdict] = run(work())
    return result


@pytest.fixture
def watched() -> type[Watched]:
    return Watched
