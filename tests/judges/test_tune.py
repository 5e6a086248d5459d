"""`judgekit judge tune`: the split, the search, and the honest end of it.

The judge of most tests is a script that calls everything correct until it is shown an example, or
is told to compare: it truly gains from what each optimiser brings.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from judgekit import cli
from judgekit.config import Config, JudgeConfig
from judgekit.errors import BackendError, DataError, RequestFailed, UnknownName, UserError
from judgekit.judges.labelled import LabelledRow
from judgekit.records import Key, Outcome, Verdict
from judgekit.verifier import make_case

from .conftest import Watched, judge_all

pytest.importorskip("dspy", reason="DSPy is not installed: pip install -e '.[judge]'")

from judgekit.judges.programs.comparison import compare
from judgekit.judges.programs.program import read_program
from judgekit.judges.programs.tune import Tuned, split, tune

Chat = Sequence[Mapping[str, str]]

SCRIPT = '''
import json, re, time

def judge(chat, written):
    """Credulous until it sees an example or is told to compare."""
    ask = chat[-1]["content"]
    if '"verdict"' not in ask:
        wanted = re.findall(r'"(\\w+)":', ask.rsplit("\\n", 1)[-1])
        return json.dumps({name: "COMPARE the two answers." for name in wanted})
    gold = re.search(r"=== gold answer \\w+ ===\\n(.*)\\n", ask)[1]
    read = re.search(r"the answer is (\\w+)", ask)[1]
    taught = len(chat) > 2 or "COMPARE" in chat[0]["content"]
    verdict = "correct" if read == gold or not taught else "incorrect"
    said = {"reasoning": "", "extracted": read, "reason": "Read it.", "verdict": verdict}
    return json.dumps(said)

def slow(chat, written):
    time.sleep(0.01)
    return judge(chat, written)
'''
scope: dict[str, Any] = {}
exec(compile(SCRIPT, "script", "exec"), scope)  # noqa: S102 - our own text, also written to a file
OUTCOMES: tuple[Outcome, ...] = ("incorrect", "correct")
JUDGE: Callable[[Chat, str], str] = scope["judge"]


def rows(problems: int = 40, of_each: int = 1) -> list[LabelledRow]:
    """Prose answers, which the verifier leaves to the judge; every other one is right."""
    made = []
    for number in range(problems):
        for sample in range(of_each):
            right = (number + sample) % 2 == 0
            animal = f"animal{number}" if right else f"plant{number}"
            case = make_case(
                f"animal{number}",
                f"I believe that the answer is {animal}.",
                question=f"Which animal is number {number}?",
                kind="text",
            )
            made.append(LabelledRow(Key(str(number), sample), case, right))
    return made


def tuned(
    out: Path,
    script: Callable[[Chat, str], str] = JUDGE,
    labelled: Sequence[LabelledRow] = (),
    optimizer: Any = "bootstrap",
    engine: Watched | None = None,
    **options: Any,
) -> tuple[Tuned, Watched]:
    engine = engine or Watched(script)
    config = Config(judges={"j": JudgeConfig(**{"program": "predict", **options})})
    work = tune("j", config, labelled or rows(), out, optimizer=optimizer, opener=lambda _: engine)
    return asyncio.run(work), engine


@pytest.mark.parametrize("optimizer", ["bootstrap", "mipro", "gepa"])
def test_a_gain_is_shown_on_rows_held_back_and_the_file_is_a_judge(
    optimizer: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "better.json"
    result, engine = tuned(out, optimizer=optimizer)
    found = result.comparison
    assert found is not None
    assert (found.verdict, found.rows, found.after, found.spoiled) == ("Gained", 20, 20, 0)
    assert found.mended == found.after - found.before >= 6
    assert found.low > 0
    assert found.p < 0.01
    assert result.sentence.startswith("Gained: of 20 rows held back (20 problems), ")
    assert result.spent.calls == len(engine.asked)
    assert engine.closed == 1
    assert capfd.readouterr() == ("", "")  # DSPy's bars, prints and logs

    program = read_program(str(out))
    assert program.tuned["comparison"]["verdict"] == "Gained"
    assert (program.tuned["seed"], program.tuned["training_rows"]) == (0, 20)
    unseen = [row.case for row in rows(60)[40:]]
    verdicts = judge_all(Watched(JUDGE), unseen, options={"program": str(out)})
    assert [v.outcome for v in verdicts] == ["correct", "incorrect"] * 10


def test_the_judge_as_configured_is_what_it_is_compared_with(tmp_path: Path) -> None:
    """A judge with a prompt of its own that is right already: nothing is gained by a program."""

    def script(chat: Chat, written: str) -> str:
        chat = [{**chat[0], "content": chat[0]["content"] + " COMPARE"}, *chat[1:]]
        return JUDGE(chat, written)

    out = tmp_path / "same.json"
    result, engine = tuned(out, script, program=None, prompt="judge/reference")
    assert result.comparison is not None
    assert (result.comparison.before, result.comparison.after) == (20, 20)
    assert "You do not solve the question anew" in engine.asked[0][0].messages[0]["content"]
    assert result.sentence == (
        "No gain shown: of 20 rows held back (20 problems), 20 were judged as people did before "
        "and 20 after: +0.0 points [-16.1, +16.1], p = 1; 0 mended, 0 spoiled."
    )
    assert read_program(str(out)).tuned["comparison"]["verdict"] == "No gain shown"


def test_a_search_that_finds_nothing_writes_nothing(tmp_path: Path) -> None:
    """A judge that says nothing readable: no example can be made of it, no instruction helps."""
    out = tmp_path / "none.json"
    result, _ = tuned(out, lambda chat, written: "I am only a script.", optimizer="gepa")
    assert not result.found
    assert result.comparison is None
    assert result.sentence == "No gain shown: the search found no other program."
    assert not out.exists()


def test_what_makes_a_judge_worse_is_called_worse() -> None:
    held_back = rows(12)
    found = compare(held_back, [True] * 12, [False] * 8 + [True] * 4)
    assert (found.verdict, found.mended, found.spoiled) == ("Worse", 0, 8)
    assert found.high < 0
    assert round(found.p, 4) == 0.0078


def test_the_test_is_mcnemars_for_one_row_a_problem_and_by_problem_for_several() -> None:
    from scipy.stats import binomtest

    from judgekit.audit.report_card import Rated
    from judgekit.audit.versus import mcnemar

    before, after = [True] * 5 + [False] * 15, [False] * 2 + [True] * 12 + [False] * 6
    single = compare(rows(20), before, after)
    assert single.p == pytest.approx(
        binomtest(single.mended, single.mended + single.spoiled).pvalue
    )

    several = compare(rows(5, of_each=4), before, after)
    assert several.problems == 5
    assert several.p > single.p  # five problems can show far less than twenty
    rated = [
        [
            Rated(
                Verdict("j", "correct" if x is row.label else "incorrect"), row.label, row.cluster
            )
            for row, x in zip(rows(5, of_each=4), right, strict=True)
        ]
        for right in (after, before)
    ]
    card = mcnemar(*rated)
    assert (several.difference, several.low, several.high) == pytest.approx(
        (card.difference, card.low, card.high)
    )


def test_problems_are_on_one_side_only_and_the_seed_says_which() -> None:
    labelled = rows(9, of_each=3)
    first, second = split(labelled, seed=0)
    problems = [{row.cluster for row in side} for side in (first, second)]
    assert not problems[0] & problems[1]
    assert (len(problems[0]), len(problems[1]), len(first) + len(second)) == (4, 5, 27)
    assert split(labelled[::-1], seed=0)[0] == [row for row in labelled[::-1] if row in first]
    assert any(split(labelled, seed=seed)[0] != first for seed in range(1, 4))


def test_no_held_back_row_is_shown_while_searching(tmp_path: Path) -> None:
    labelled = rows()
    held_back = {row.case.question for row in split(labelled, seed=0)[1]}
    _, engine = tuned(tmp_path / "x.json", labelled=labelled, optimizer="mipro")
    asked = [str(context.messages) for context, _ in engine.asked]
    searching = asked[20:-20]  # between measuring before and after
    assert len(searching) > 40
    numbers = {re.findall(r"number (\d+)\?", str(q))[0] for q in held_back}
    seen = {number for chat in searching for number in re.findall(r"number (\d+)\?", chat)}
    assert seen
    assert not seen & numbers


@pytest.mark.parametrize("optimizer", ["mipro", "gepa"])
def test_a_budget_sizes_the_search_and_what_it_found_is_measured(
    optimizer: str, tmp_path: Path
) -> None:
    out = tmp_path / "bounded.json"
    result, engine = tuned(out, optimizer=optimizer, max_calls=100)
    assert len(engine.asked) <= 100
    assert result.comparison is not None
    assert result.comparison.verdict == "Gained"


def test_a_search_that_the_budget_cuts_off_has_its_best_so_far_measured(tmp_path: Path) -> None:
    out = tmp_path / "cut.json"
    result, _ = tuned(out, optimizer="mipro", max_total_tokens=420_000)
    assert result.spent.prompt_tokens + result.spent.completion_tokens <= 420_000
    assert result.comparison is not None
    assert result.comparison.verdict == "Gained"
    assert result.sentence.endswith("The search was stopped: its share of the budget is spent.")


def test_a_budget_that_is_too_small_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"does not even measure it on 20 rows \(raise its max_ca"):
        tuned(tmp_path / "x.json", max_calls=19)
    result, engine = tuned(tmp_path / "x.json", max_calls=22, optimizer="mipro")
    assert len(engine.asked) <= 22
    assert result.sentence == (
        "No gain shown: the search found no other program. "
        "The search was stopped: its share of the budget is spent."
    )
    # Enough to find one, not enough to measure it: it is kept, and nothing is claimed.
    out = tmp_path / "unmeasured.json"
    result, engine = tuned(out, max_calls=32)
    assert len(engine.asked) <= 32
    assert result.sentence == (
        "No gain shown: the program found was not measured on all rows held back."
    )
    assert read_program(str(out)).tuned["comparison"] is None


class Stopping(Watched):
    """Does something at its call of a number."""

    def __init__(self, at: int, action: Callable[[], None]) -> None:
        super().__init__(JUDGE)
        self.at, self.action = at, action

    async def extend(self, context: Any, ask: Any) -> Any:
        if len(self.asked) == self.at:
            self.action()
        return await super().extend(context, ask)


def _down() -> None:
    raise BackendError("connection refused")


@pytest.mark.parametrize("how", ["cancelled", "down"])
def test_a_search_cut_short_keeps_the_best_so_far(how: str, tmp_path: Path) -> None:
    out = tmp_path / "kept.json"
    tasks: list[asyncio.Task[Any]] = []

    async def work(engine: Watched) -> None:
        config = Config(judges={"j": JudgeConfig(program="predict")})
        task = asyncio.ensure_future(
            tune("j", config, rows(), out, optimizer="mipro", opener=lambda _: engine)
        )
        tasks.append(task)
        await task

    def stop() -> None:
        tasks[0].cancel() if how == "cancelled" else _down()

    engine = Stopping(75, stop)
    with pytest.raises(asyncio.CancelledError if how == "cancelled" else BackendError):
        asyncio.run(work(engine))
    program = read_program(str(out))
    assert program.tuned["found"] is True
    assert program.tuned["comparison"] is None
    why = "interrupted" if how == "cancelled" else "the model is down"
    assert program.tuned["ended"] == f"The search was stopped: {why}."
    assert len(engine.asked) < 85
    assert engine.closed == 1


def test_one_failed_request_is_one_wrong_row(tmp_path: Path) -> None:
    def script(chat: Chat, written: str) -> str:
        if "number 7?" in chat[-1]["content"]:
            raise RequestFailed("no answer in 5 s")
        return JUDGE(chat, written)

    result, _ = tuned(tmp_path / "x.json", script, optimizer="mipro")
    assert result.comparison is not None
    assert result.comparison.verdict == "Gained"
    assert result.comparison.after >= 19


@pytest.mark.parametrize("optimizer", ["mipro", "gepa"])
@pytest.mark.parametrize("form", ["predict", "agent"])
def test_a_model_that_writes_no_proposals_and_no_objects_ends_in_no_gain(
    form: str, optimizer: str, tmp_path: Path
) -> None:
    def useless(chat: Chat, written: str) -> str:
        return "Sure! Here it is."

    options = {"program": form, "tool_steps": 2 if form == "agent" else 0}
    result, _ = tuned(tmp_path / "x.json", useless, rows(16), optimizer, **options)
    assert result.sentence.startswith("No gain shown: ")


def test_a_proposal_that_cannot_be_had_ends_the_search_and_is_said(tmp_path: Path) -> None:
    def script(chat: Chat, written: str) -> str:
        if '"verdict"' not in chat[-1]["content"]:
            raise RequestFailed("no answer in 5 s")
        return JUDGE(chat, written)

    result, _ = tuned(tmp_path / "x.json", script, optimizer="mipro")
    assert result.ended == "The search was stopped: no answer in 5 s."
    result, _ = tuned(tmp_path / "x.json", script, optimizer="gepa")
    assert (result.found, result.ended) == (False, None)  # GEPA goes on without


@pytest.mark.parametrize(
    ("name", "options", "labelled", "fault", "message"),
    [
        ("k", {}, rows(), UnknownName, "unknown judge to tune 'k'"),
        ("j", {}, rows(3), DataError, "labelled rows of at least 4 problems, these are of 3"),
        ("j", {"prompt": "judge/no-gold", "program": None}, rows(), UserError, "without the gold"),
    ],
)
def test_what_cannot_be_tuned_is_said_first(
    name: str,
    options: dict[str, Any],
    labelled: Sequence[LabelledRow],
    fault: type[Exception],
    message: str,
    tmp_path: Path,
) -> None:
    config = Config(judges={"j": JudgeConfig(**{"program": "predict", **options})})
    with pytest.raises(fault, match=message):
        asyncio.run(tune(name, config, labelled, tmp_path / "x.json"))


def folder(path: Path, judge: str = "judge") -> Path:
    """A user's folder: a scripted judge, its configuration, labelled rows."""
    (path / "mine.py").write_text(SCRIPT)
    (path / "judgekit.toml").write_text(
        f'[judges.small]\nmodel = "mine.py:{judge}"\nbackend = "scripted"\nprogram = "predict"\n'
    )
    lines = [
        {
            "id": row.key.id,
            "question": row.case.question,
            "gold": row.case.gold,
            "response": row.case.response,
            "label": row.label,
        }
        for row in rows()
    ]
    (path / "labelled.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_as_a_user_types_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    path = folder(tmp_path)
    monkeypatch.chdir(path)
    monkeypatch.setenv("JUDGEKIT_CACHE", str(path / "cache"))

    def typed(*words: str) -> tuple[int, str, str]:
        code = cli.run(["judge", *words, "--labels", "labelled.jsonl"])
        return (code, *capfd.readouterr())

    code, said, remarks = typed("tune", "small")
    assert (code, said[:54]) == (0, "Gained: of 20 rows held back (20 problems), 7 were jud")
    assert '[judges.small] program = "small-tuned.json"' in remarks
    assert typed("tune", "small") == (
        *(2, ""),
        "error small-tuned.json is there already (--out names another file)\n",
    )
    code, said, remarks = typed("tune", "small", "--out", "b.json", "--optimizer", "sgd")
    assert (code, said) == (2, "")
    assert remarks.startswith("error unknown --optimizer 'sgd' (known: bootstrap, gepa, mipro")

    settings = path / "judgekit.toml"
    settings.write_text(settings.read_text().replace('"predict"', '"small-tuned.json"'))
    code, said, _ = typed("eval", "small", "--json")
    assert json.loads(said)["cards"]["small"]["accuracy"]["value"] == 1.0


def test_ctrl_c_ends_it_at_once_with_the_best_so_far(tmp_path: Path) -> None:
    path = folder(tmp_path, judge="slow")
    words = [
        "judge",
        "tune",
        "small",
        "--labels",
        "labelled.jsonl",
        "--optimizer",
        "gepa",
        "--out",
        "b.json",
    ]
    environment = {**os.environ, "JUDGEKIT_CACHE": str(path / "cache")}
    process = subprocess.Popen(
        [sys.executable, "-m", "judgekit", *words],
        cwd=path,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    told = ""
    while "best so far 100%" not in told:
        line = process.stderr.readline()
        assert line, told
        told += line
    process.send_signal(signal.SIGINT)
    rest = process.communicate(timeout=20)[1]
    assert process.returncode == 130
    assert rest.splitlines() == ["the best so far is in b.json, not measured", "interrupted"]
    assert (
        read_program(str(path / "b.json")).tuned["ended"] == "The search was stopped: interrupted."
    )
