"""Laws of the selections, on any graded run."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from judgekit.records import Grade, Outcome, Problem, Response
from judgekit.runs import Run
from judgekit.train.selection.candidates import Candidate, Candidates, Group
from judgekit.train.selection.mix import Ratio, mix
from judgekit.train.selection.pairs import pairs
from judgekit.train.selection.revised import revised
from judgekit.train.selection.rollouts import rollouts
from judgekit.train.selection.rows import Pair
from judgekit.train.selection.shortest import shortest

Sampled = list[tuple[bool, int]]
"""Of each response whether it is correct, and its tokens."""

PROBLEMS = st.lists(st.lists(st.tuples(st.booleans(), st.integers(1, 5)), max_size=6), max_size=8)
RATIOS = st.builds(Ratio, st.integers(0, 5), st.integers(1, 5))


def offered(problems: list[Sampled], name: str = "run", skip: int = 0) -> Candidates:
    """A graded run of these responses; the text tells outcome, problem and sample."""
    run = Run(Path(name))
    run.responses = []
    groups = []
    for i, samples in enumerate(problems[skip:], skip):
        made: dict[Outcome, list[Candidate]] = {"correct": [], "incorrect": []}
        for k, (right, tokens) in enumerate(samples):
            outcome: Outcome = "correct" if right else "incorrect"
            text = f"<think>{outcome} {name} {i}.{k}</think>{tokens}"
            response = Response(f"p{i}", text, k, completion_tokens=tokens)
            run.responses.append(response)
            made[outcome].append(Candidate(response, Grade(f"p{i}", outcome, "exact", k)))
        problem = Problem(f"p{i}", f"Question {i}?", "4")
        groups.append(Group(problem, tuple(made["correct"]), tuple(made["incorrect"])))
    return Candidates(run, "a" * 64, tuple(groups))


@settings(deadline=None)
@given(PROBLEMS)
def test_pairs_are_two_correct_responses_and_the_chosen_is_shorter(
    problems: list[Sampled],
) -> None:
    found = offered(problems)
    drawn = pairs(found)
    for row in drawn.rows:
        assert isinstance(row, Pair)
        assert row.chosen_tokens < row.rejected_tokens
        assert row.chosen.startswith("<think>correct")
        assert row.rejected.startswith("<think>correct")
    assert len({row.id for row in drawn.rows}) == len(drawn.rows)
    assert len(drawn.rows) + drawn.nothing.total() == len(problems)


@settings(deadline=None)
@given(PROBLEMS)
def test_shortest_is_no_longer_than_any_other_correct_response(problems: list[Sampled]) -> None:
    rows = {row.id: int(row.answer) for row in shortest(offered(problems)).rows}  # type: ignore[union-attr]
    for i, samples in enumerate(problems):
        right = [tokens for correct, tokens in samples if correct]
        assert rows.get(f"p{i}") == min(right, default=None)


@settings(deadline=None)
@given(PROBLEMS, st.integers(0, 99), st.none() | st.integers(1, 3))
def test_rollouts_use_every_response_once_at_most(
    problems: list[Sampled], seed: int, cap: int | None
) -> None:
    found = offered(problems)
    rows = rollouts(found, seed=seed, per_problem=cap).rows
    assert rows == rollouts(found, seed=seed, per_problem=cap).rows
    for side, outcome in (("chosen", "correct"), ("rejected", "incorrect")):
        texts = [getattr(row, side) for row in rows]
        assert len(set(texts)) == len(texts)
        assert all(text.startswith(f"<think>{outcome} ") for text in texts)
    per_problem = Counter(row.id for row in rows)
    for i, samples in enumerate(problems):
        right = sum(correct for correct, _ in samples)
        most = min(right, len(samples) - right)
        assert per_problem[f"p{i}"] == (most if cap is None else min(cap, most))


@settings(deadline=None)
@given(PROBLEMS, st.integers(0, 99))
def test_what_a_problem_gives_does_not_depend_on_the_others(
    problems: list[Sampled], seed: int
) -> None:
    whole = rollouts(offered(problems), seed=seed).rows
    part = rollouts(offered(problems, skip=len(problems) // 2), seed=seed).rows
    assert part == whole[len(whole) - len(part) :]


@settings(deadline=None)
@given(PROBLEMS)
def test_revised_puts_a_correct_before_an_incorrect_response(problems: list[Sampled]) -> None:
    for row in revised(offered(problems)).rows:
        assert isinstance(row, Pair)
        assert row.chosen.startswith("<think>correct")
        assert row.rejected.startswith("<think>incorrect")


@settings(deadline=None)
@given(PROBLEMS, RATIOS, st.integers(0, 99), st.booleans(), st.integers(0, 8))
def test_a_mix_keeps_its_ratio_and_takes_no_problem_twice(
    problems: list[Sampled], ratio: Ratio, seed: int, two: bool, skip: int
) -> None:
    first = offered(problems, "first")
    second = offered(problems[::-1][skip:][::-1], "second") if two else None
    drawn = mix(first, second, ratio=ratio, seed=seed)
    again = mix(first, second, ratio=ratio, seed=seed)
    assert drawn.rows == again.rows
    sides = list(drawn.counts.values())
    total = len(drawn.rows)
    assert sum(sides) == total
    assert abs(sides[0] - total * ratio.first / sum(ratio)) <= 0.5
    assert len({row.question for row in drawn.rows}) == total
    if two:
        by = Counter(row.source.partition("#")[0] for row in drawn.rows)
        assert [by["first"], by["second"]] == sides
    assert total + drawn.nothing.total() == len(first.groups)


@settings(deadline=None)
@given(PROBLEMS, RATIOS, st.integers(0, 99))
def test_any_smaller_total_can_be_had(problems: list[Sampled], ratio: Ratio, seed: int) -> None:
    found = offered(problems)
    most = len(mix(found, ratio=ratio).rows)
    for total in range(1, most + 1):
        assert len(mix(found, ratio=ratio, total=total, seed=seed).rows) == total


def test_the_draw_of_a_mix_follows_the_seed() -> None:
    found = offered([[(True, 1), (True, 3)]] * 40)
    draws = [tuple(r.id for r in mix(found, total=10, seed=seed).rows) for seed in range(20)]
    assert len(set(draws)) > 15
    assert all(len(set(ids)) == 10 for ids in draws)


@settings(deadline=None)
@given(st.integers(0, 10**6), RATIOS)
def test_a_ratio_is_kept_to_the_nearest_whole_number(total: int, ratio: Ratio) -> None:
    first, second = ratio.of(total)
    assert first + second == total
    assert abs(first - total * ratio.first / sum(ratio)) <= 0.5
