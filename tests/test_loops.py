"""Loops: the exact search equals brute force, the classes, the online detector, the responses."""

from __future__ import annotations

import json
import random
import textwrap
import time
from collections import Counter
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgekit.loops import (
    MAX_PERIOD,
    LoopDetector,
    Run,
    compression_ratio,
    detect_loop,
    rep_n,
    response_loop,
    runs,
    unit_span,
    units,
)
from judgekit.records import Loop, Response, Segment


def brute_force_runs(sequence: str) -> set[Run]:
    """All maximal stretches with L >= 128, L >= 3 p, straight from the definition."""
    found: dict[tuple[int, int], int] = {}
    for period in range(1, min(MAX_PERIOD, len(sequence) - 1) + 1):
        at, end = 0, len(sequence) - period
        while at < end:
            stop = at
            while stop < end and sequence[stop] == sequence[stop + period]:
                stop += 1
            if stop - at + period >= max(128, 3 * period):
                found.setdefault((at, stop + period), period)
            at = max(stop, at + 1)
    return {Run(start, stop, period) for (start, stop), period in found.items()}


def mixed_sequence(seed: int) -> list[int]:
    """Stretches of loops, nested loops, noise and copies over alphabets from 1 to 1000."""
    rng = random.Random(seed)
    letters, size = rng.choice([1, 2, 3, 5, 1000]), rng.choice([130, 200, 400, 900, 2000])
    sequence: list[int] = []
    while len(sequence) < size:
        kind = rng.random()
        if kind < 0.5:
            period = rng.choice([1, 2, 3, 7, 20, 42, 43, 50, 63, 64, 65, 100, 130, 200, 300])
            cycle = [rng.randrange(letters) for _ in range(period)]
            if rng.random() < 0.3:
                cycle = [rng.randrange(letters)] * rng.randrange(100, 160) + cycle[:3]
            sequence += (cycle * 8)[: rng.randrange(len(cycle), 8 * len(cycle))]
        elif kind < 0.7 or not sequence:
            sequence += [rng.randrange(letters) for _ in range(rng.randrange(1, 100))]
        else:
            sequence += sequence[rng.randrange(len(sequence)) :]
    return sequence[: rng.randrange(size // 2, size + 1)]


@pytest.mark.parametrize("seed", range(60))
def test_every_run_equals_brute_force(seed: int) -> None:
    tokens = mixed_sequence(seed)
    sequence = "".join(map(chr, tokens))
    expected = brute_force_runs(sequence)
    assert runs(sequence) == expected
    at_end = [run for run in expected if run.end == len(sequence)]
    loop = detect_loop(tokens)
    if at_end:
        longest = max(at_end, key=lambda run: run.length)
        assert loop == Loop(
            "terminal",
            longest.start,
            longest.period,
            longest.length / longest.period,
            longest.length - longest.period,
        )
    else:
        assert loop is None or loop.kind != "terminal"


@pytest.mark.parametrize("period", [1, 2, 41, 42, 43, 44, 63, 64, 65, 127, 128, 1000, 4095, 4096])
def test_the_bounds_are_exact(period: int) -> None:
    rng = random.Random(period)
    cycle = [1_000_000 + i for i in range(period)]
    length = max(128, 3 * period)
    before = [rng.randrange(100_000) for _ in range(50)]
    loop = detect_loop(before + (cycle * 129)[:length])
    assert loop is not None
    assert (loop.kind, loop.onset, loop.period) == ("terminal", 50, period)
    assert (loop.cycles, loop.wasted) == (length / period, length - period)
    shorter = detect_loop(before + (cycle * 129)[: length - 1])
    assert shorter is None or shorter.kind == "near"


def test_a_period_beyond_the_limit_is_no_loop() -> None:
    assert detect_loop(list(range(MAX_PERIOD + 1)) * 3) is None
    assert detect_loop(list(range(MAX_PERIOD)) * 3) is not None


def test_the_longest_suffix_wins_over_the_tightest() -> None:
    cycle = [1] * 130 + [2, 3, 4]
    loop = detect_loop([9, *([*cycle[130:], *cycle[:130]] * 3)])
    assert loop is not None
    assert (loop.onset, loop.period) == (1, 133)


@pytest.mark.parametrize("tokens", [[], [5], [5] * 127])
def test_short_sequences_do_not_loop(tokens: list[int]) -> None:
    assert detect_loop(tokens) is None


@given(st.lists(st.integers(-5, 2**31 - 1), min_size=1, max_size=20), st.integers(0, 2**31 - 1))
@settings(max_examples=60, deadline=None)
def test_arrays_lists_and_any_ids_agree(cycle: list[int], shift: int) -> None:
    np = pytest.importorskip("numpy")
    tokens = [*range(shift % 1000, shift % 1000 + 40), *(cycle * 130)]
    assert detect_loop(np.array(tokens, dtype=np.int64)) == detect_loop(tokens)
    assert detect_loop(tokens) is not None


def test_ids_among_the_surrogates_are_ids_like_any_other() -> None:
    np = pytest.importorskip("numpy")
    tokens = np.tile(np.array([0xD7FF, 0xD800, 0xDFFF, 0xE000], dtype=np.int32), 40)
    loop = detect_loop(tokens)
    assert loop is not None
    assert loop.period == 4


class TestClasses:
    def test_recovered(self) -> None:
        rng = random.Random(0)
        noise = [rng.randrange(10_000) for _ in range(300)]
        loop = detect_loop([*noise, *([1, 2, 3, 4, 5] * 40), *noise])
        assert loop == Loop("recovered", 300, 5, 40.0, 195)

    def test_numeric(self) -> None:
        rng = random.Random(0)
        words = " ".join(rng.choice(["so", "then", "now"]) for _ in range(3))
        text = words + "".join(f" Try n = {i}: {i} is not a square, so go on." for i in range(30))
        loop = detect_loop(text)
        assert loop is not None
        assert (loop.kind, loop.unit, loop.period) == ("numeric", "word", 15)
        start, end = unit_span(text, loop)
        assert text[start:].startswith("Try n = 0")
        assert end == len(text)

    def test_near(self) -> None:
        rng = random.Random(0)
        sentence = [rng.randrange(1000) for _ in range(40)]
        tokens = list(range(2000, 3000))
        for _ in range(40):
            tokens += [*sentence, rng.randrange(5000, 9000)]
        loop = detect_loop(tokens)
        assert loop is not None
        assert loop.kind == "near"
        assert loop.period == 41

    def test_a_drawn_line_is_no_loop(self) -> None:
        words = ["".join(pair) for pair in product("abcdefghijklmnopqr", repeat=2)]
        text = f"{' '.join(words[:160])} {'-' * 100} {' '.join(words[160:])}"
        assert detect_loop(text) is None

    def test_a_word_cut_at_the_limit_does_not_hide_the_loop(self) -> None:
        text = "start here: " + "and again the answer is nine, " * 30
        cut = text[: text.rindex("answer") + 4]
        loop = detect_loop(cut)
        assert loop is not None
        assert loop.kind == "terminal"
        assert detect_loop(cut + "stop").kind == "recovered"  # type: ignore[union-attr]

    def test_letters_and_ideographs_without_spaces(self) -> None:
        assert detect_loop("a" * 4000).kind == "terminal"  # type: ignore[union-attr]
        assert detect_loop("我们再算一遍。" * 40).period == 7  # type: ignore[union-attr]


class TestOnline:
    @pytest.mark.parametrize("period", [1, 7, 42, 43, 100, 333, 1000, 3000])
    def test_fires_soon_after_the_onset_and_never_before(self, period: int) -> None:
        rng = random.Random(period)
        before = [rng.randrange(50_000) for _ in range(500)]
        cycle = [rng.randrange(50_000) for _ in range(period)]
        detector, fed = LoopDetector(), 0
        loop = None
        for token in before + cycle * (300 // period + 7):
            loop, fed = detector.feed([token]), fed + 1
            if loop:
                break
        assert loop is not None
        assert loop.period == period
        assert loop.onset == 500
        assert max(128, 3 * period) <= fed - 500 <= max(160, 4.5 * period) + 32

    def test_agrees_with_the_offline_search(self) -> None:
        for seed in range(30):
            tokens = mixed_sequence(seed)
            loop = LoopDetector().feed(tokens)
            if loop:
                assert detect_loop(tokens[: loop.onset + loop.wasted + loop.period]) == loop

    def test_stays_silent_on_what_does_not_loop(self) -> None:
        rng = random.Random(3)
        assert LoopDetector().feed([rng.randrange(300) for _ in range(50_000)]) is None


class TestResponses:
    looping = "so we try it again and again, " * 40

    def test_a_forced_answer_hides_nothing(self) -> None:
        segments = (
            Segment(self.looping, "thinking", "model", 400),
            Segment("\nFinal Answer:", "answer", "forced", 4),
            Segment(" 5", "answer", "model", 2),
        )
        response = Response("a", "".join(s.text for s in segments), segments=segments)
        assert response_loop(response).kind == "terminal"  # type: ignore[union-attr]
        assert detect_loop(response.text).kind == "recovered"  # type: ignore[union-attr]

    def test_forced_words_at_the_end_are_left_out(self) -> None:
        segments = (
            Segment(self.looping, "other", "model", 400),
            Segment("</think> The answer:", "other", "forced", 6),
        )
        response = Response("a", "".join(s.text for s in segments), segments=segments)
        assert response_loop(response).kind == "terminal"  # type: ignore[union-attr]

    def test_token_ids_are_used_where_they_fit_the_segments(self) -> None:
        segments = (
            Segment("x" * 10, "thinking", "model", 300),
            Segment("Wait", "answer", "forced", 1),
        )
        ids = (*([3, 4, 5] * 100), 77)
        response = Response("a", "x" * 10 + "Wait", segments=segments, token_ids=ids)
        assert response_loop(response) == Loop("terminal", 0, 3, 100.0, 297, "token")
        assert response_loop(response, ids[:-1]) is None

    def test_a_foreign_response_has_only_text(self) -> None:
        assert response_loop(Response("a", self.looping)).unit == "word"  # type: ignore[union-attr]
        assert response_loop(Response("a", "")) is None


def test_units_are_words_and_punctuation_marks() -> None:
    assert units("So x^2 = 3.5, isn't it?") == [
        *("So", "x", "^", "2", "=", "3", ".", "5", ",", "isn", "'", "t", "it", "?")
    ]


def test_heuristics_for_comparison() -> None:
    assert rep_n([1, 2, 3, 4] * 2, 4) == pytest.approx(1 / 5)
    assert rep_n("ab", 4) == 0.0
    assert compression_ratio("") == 0.0
    assert compression_ratio("again " * 400) > 2.4


def test_real_solutions_do_not_loop(shared_data) -> None:  # type: ignore[no-untyped-def]
    orjson = pytest.importorskip("orjson")
    lines = (shared_data / "labelled" / "gpqa_diamond_human.jsonl").read_bytes().splitlines()
    texts = [orjson.loads(line)["response"] for line in lines]
    assert [text for text in texts if detect_loop(text)] == []


@pytest.mark.parametrize("size", [100_000, 400_000])
def test_hostile_sequences_stay_cheap(size: int) -> None:
    blocks = []
    while sum(map(len, blocks)) < size:
        blocks.append([0] * (300 + len(blocks) % 613) + [1])
    tokens = [token for block in blocks for token in block]
    started = time.perf_counter()
    detect_loop(tokens)
    assert time.perf_counter() - started < 60e-6 * size


LABELLED = [
    json.loads(line)
    for line in Path(__file__).with_name("loop_labels.jsonl").read_text().splitlines()
]


def test_the_command_stops_loops_and_forces_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from judgekit import cli, load

    monkeypatch.chdir(tmp_path)
    script = """
        def model(messages, written):
            return "again and " * 400 if "Final Answer:" not in written else " 4"
    """
    Path("looping.py").write_text(textwrap.dedent(script))
    command = ["generate", "--backend", "scripted", "--model", "looping.py:model", "--limit", "2"]
    assert cli.run([*command, "--stop-loops", "--max-tokens", "2000", "--out", "run", "-q"]) == 0
    for response in load("run").responses:
        assert response.finish_reason == "loop"
        assert response.loop is not None
        assert response.text.endswith("\nFinal Answer: 4")
        assert [segment.by for segment in response.segments] == ["model", "forced", "model"]
        assert response.completion_tokens < 1000


class TestBlindLabels:
    """80 generations of the small model, labelled from the full text before this rule saw them."""

    def test_the_rule_against_the_labels(self) -> None:
        found: Counter[tuple[str, str]] = Counter()
        for row in LABELLED:
            loop = detect_loop(row["text"])
            found[row["label"], loop.kind if loop else "none"] += 1
        assert found == {
            ("none", "none"): 60,
            ("terminal", "terminal"): 14,
            ("numeric", "numeric"): 3,
            # What it misses: loops of numbers that were left, and one that nearly repeats.
            ("recovered", "none"): 2,
            ("near", "none"): 1,
        }

    @pytest.mark.parametrize(
        ("heuristic", "hits", "false_alarms"),
        [
            (lambda text: detect_loop(text) is not None, 17, 0),
            (lambda text: compression_ratio(text) > 2.4, 20, 27),
            (lambda text: rep_n(units(text), 4) >= 0.5, 16, 5),
            (lambda text: most_frequent(units(text), 30) >= 20, 10, 0),
            (lambda text: most_frequent(text, 60) >= 4, 16, 4),
        ],
        ids=["rule", "zlib 2.4", "seq-rep-4 0.5", "30-gram 20 times", "60 characters 4 times"],
    )
    def test_heuristics_side_by_side(self, heuristic, hits, false_alarms) -> None:  # type: ignore[no-untyped-def]
        flagged = [row["label"] != "none" for row in LABELLED if heuristic(row["text"])]
        assert (sum(flagged), len(flagged) - sum(flagged)) == (hits, false_alarms)


def most_frequent(sequence: Sequence[str], n: int) -> int:
    """How often the commonest n-gram occurs."""
    grams = Counter(tuple(sequence[i : i + n]) for i in range(len(sequence) - n + 1))
    return max(grams.values(), default=0)
