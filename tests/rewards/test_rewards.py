"""The reward with the signature of TRL's trainers."""

from __future__ import annotations

import multiprocessing
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from judgekit.errors import UserError
from judgekit.rewards import correctness


def test_texts_and_chats() -> None:
    chat = [{"role": "assistant", "content": r"So it is \boxed{4}."}]
    parts = [{"role": "assistant", "content": [{"type": "text", "text": "The answer is 5."}]}]
    prompts = ["2+2?", [{"role": "user", "content": "2+2?"}], "2+2?"]
    assert correctness(prompts, ["The answer is 4.", chat, parts], gold=["4"] * 3) == [
        1.0,
        1.0,
        0.0,
    ]


def test_the_columns_of_public_data_sets() -> None:
    completion = ["The answer is 18."]
    assert correctness(["q"], completion, answer=["9+9=18\n#### 18"]) == [1.0]
    assert correctness(["q"], completion, solution=[r"We get $\boxed{18}$."]) == [1.0]
    assert correctness(["q"], completion, gold=["18"], answer=["19"]) == [1.0]
    assert correctness(["q"], completion, gold=[18]) == [1.0]


def test_nothing_proven_is_no_reward() -> None:
    rewards = correctness(["q"] * 3, ["It is about justice.", "", "x"], gold=["Mercy", "4", None])
    assert rewards == [None, 0.0, None]


def test_choice() -> None:
    rewards = correctness(
        ["q"] * 2, ["(B)", "Rome"], gold=["B", "B"], choices=[["Rome", "Paris"]] * 2
    )
    assert rewards == [1.0, 0.0]


def test_other_columns_are_ignored() -> None:
    extra = {"completion_ids": [[1, 2]], "trainer_state": object(), "log_extra": None}
    assert correctness(["q"], ["4"], gold=["4"], **extra) == [1.0]


def test_a_data_set_without_gold_is_refused() -> None:
    with pytest.raises(UserError, match="no gold"):
        correctness(["q"], ["4"], target=["4"])
    with pytest.raises(UserError, match="2 gold"):
        correctness(["q"], ["4"], gold=["4", "5"])


@pytest.mark.parametrize(
    "completion",
    [
        r"\boxed{1} \boxed{2} \boxed{3} \boxed{4}",
        "1 2 3 4",
        "The answer is 3 or 4.",
        "4 is not the answer",
        r"Put your answer in \boxed{}",
    ],
)
def test_listing_and_hedging_earn_nothing(completion: str) -> None:
    assert correctness(["2+2?"], [completion], gold=["4"]) != [1.0]


def test_an_echoed_prompt_earns_nothing() -> None:
    prompt = "Example: what is 2+2? The answer is 4. Now, what is 1+3?"
    assert correctness([prompt], [prompt + " I will not say"], gold=["4"]) == [0.0]


def test_threads_at_once_without_signals() -> None:
    before = signal.getsignal(signal.SIGALRM)
    golds = [rf"\frac{{{i}}}{{7}}" for i in range(40)]

    def reward(turn: int) -> list[float | None]:
        completions = [rf"\boxed{{{i * 3}/21}}" for i in range(40)]
        return correctness(["q"] * 40, completions, gold=golds)

    with ThreadPoolExecutor(8) as threads:
        assert all(rewards == [1.0] * 40 for rewards in threads.map(reward, range(16)))
    assert signal.getsignal(signal.SIGALRM) is before


SOLUTIONS = {"prompts": ["q", "q"], "completions": [r"\boxed{(-2,2)}", r"\boxed{(-3,2)}"]}
"""Two answers to "x^2 < 4" that take the SymPy worker; the second is proven wrong before it."""


def solved(_: int = 0) -> list[float | None]:
    return correctness(**SOLUTIONS, gold=["x^2 < 4"] * 2)


def test_threads_share_the_worker() -> None:
    here = solved()
    assert here[0] == 1.0
    assert here[1] != 1.0
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(solved, range(8))) == [here] * 8


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_process_of_the_trainer_grades_by_itself(method: str) -> None:
    """Forked while a thread here is at the worker, or spawned: both have a worker of their own."""
    here = solved()
    context = multiprocessing.get_context(method)
    with ThreadPoolExecutor(1) as thread:
        busy = thread.submit(lambda: [solved() for _ in range(20)])
        with context.Pool(2) as pool:
            assert pool.map_async(solved, range(4)).get(timeout=120) == [here] * 4
        assert busy.result() == [here] * 20
    assert solved() == here


def test_imports_no_trainer() -> None:
    code = (
        "import sys, judgekit.rewards; "
        "print([m for m in ('trl', 'torch', 'sympy', 'pandas', 'openai') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
