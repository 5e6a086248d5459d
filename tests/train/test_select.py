"""Selections from runs that the real `generate` and `grade` made with a scripted model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from graded import Replies, generated, graded, saying

from judgekit.backends.engine import Message
from judgekit.errors import UnknownName, UserError
from judgekit.records import Grade
from judgekit.runs import Run, Writer, load
from judgekit.train.selection.candidates import candidates
from judgekit.train.selection.mix import Ratio, mix, parse_ratio
from judgekit.train.selection.pairs import pairs
from judgekit.train.selection.revised import revised
from judgekit.train.selection.rollouts import rollouts
from judgekit.train.selection.rows import Pair, Trace, completion, split
from judgekit.train.selection.select import write
from judgekit.train.selection.shortest import shortest


def thought(trace: str, answer: object) -> str:
    return f"<think>{trace}</think><answer>{answer}</answer>"


GOLDS = {
    "What is 2 + 2?": "4",
    "What is 3 + 3?": "6",
    "What is 4 + 4?": "8",
    "What is 5 + 5?": "10",
}
REPLIES: Replies = {
    "What is 2 + 2?": [thought("two and two", 4), thought("two and two make", 4)],
    "What is 3 + 3?": [
        text
        for way in ("slowly", "gladly", "calmly")
        for text in (thought(f"three twice, {way}", 6), thought(f"three thrice, {way}", 9))
    ],
    "What is 4 + 4?": [thought("four", 8)],
    "What is 5 + 5?": [thought("five", 11), thought("five " * 90, 10)],
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Eight samples of four problems; the long reply to the last one is cut off."""
    return graded(generated(tmp_path_factory.mktemp("made"), GOLDS, saying(REPLIES)))


def by_question(rows: Sequence[Trace] | Sequence[Pair]) -> dict[str, Trace | Pair]:
    return {row.question: row for row in rows}


def test_pairs_reject_the_longest_correct_response(run: Run) -> None:
    drawn = pairs(candidates(run))
    (row,) = drawn.rows
    assert isinstance(row, Pair)
    assert (row.id, row.question) == ("p0", "What is 2 + 2?")
    assert row.chosen == thought("two and two", 4)
    assert row.rejected == thought("two and two make", 4)
    assert (row.chosen_tokens, row.rejected_tokens) == (len(row.chosen), len(row.rejected))
    assert drawn.nothing == {
        "correct responses of one length": 2,
        "fewer than two correct responses": 1,
    }


def test_shortest_gives_a_trace_and_an_answer_for_every_problem_that_was_solved(run: Run) -> None:
    drawn = shortest(candidates(run))
    rows = by_question(drawn.rows)
    assert set(rows) == set(list(GOLDS)[:3])
    first = rows["What is 2 + 2?"]
    assert isinstance(first, Trace)
    assert (first.trace, first.answer) == ("two and two", "4")
    assert first.source.startswith("run#")
    assert drawn.nothing == {"no correct response": 1}


def test_a_response_that_was_cut_off_is_never_an_example(run: Run) -> None:
    """Not even where a judge has called it correct."""
    lenient = "c" * 64
    with Writer(run.path) as writer:
        for r in run.responses:
            writer.append(Grade(r.id, "correct", "large", sample=r.sample, grading=lenient))
    found = candidates(load(run.path), lenient)
    unfinished = [r for r in run.responses if not r.finished]
    assert unfinished
    assert found.counts == {
        "correct": len(run.responses) - len(unfinished),
        "cut off": len(unfinished),
    }
    for group in found:
        assert all(each.response.finished for each in group.correct)
        assert group.incorrect == ()


def test_a_correct_response_without_thinking_is_no_trace(tmp_path: Path) -> None:
    golds = {"What is 2 + 2?": "4", "What is 3 + 3?": "6"}
    replies = {
        "What is 2 + 2?": ["<think></think> \\boxed{4}", thought("two and two", 4)],
        "What is 3 + 3?": ["<think></think> \\boxed{6}"],
    }
    drawn = shortest(candidates(graded(generated(tmp_path, golds, saying(replies)))))
    assert [row.trace for row in drawn.rows if isinstance(row, Trace)] == ["two and two"]
    assert drawn.nothing == {"no thinking in a correct response": 1}


def test_rollouts_prefer_correct_to_incorrect_and_use_each_once(run: Run) -> None:
    found = candidates(run, run.gradings[0])
    drawn = rollouts(found)
    group = next(group for group in found if group.problem.id == "p1")
    right, wrong = (
        {each.response.text for each in kind} for kind in (group.correct, group.incorrect)
    )
    assert len(drawn.rows) == min(len(right), len(wrong)) > 1
    for row in drawn.rows:
        assert isinstance(row, Pair)
        assert row.chosen in right
        assert row.rejected in wrong
    assert len({row.chosen for row in drawn.rows if isinstance(row, Pair)}) == len(drawn.rows)
    used = [name for row in drawn.rows for name in row.source.removeprefix("run").split(" > ")]
    assert len(used) == len(set(used))
    assert drawn.nothing == {"no incorrect response": 2, "no correct response": 1}
    assert len(rollouts(found, per_problem=1).rows) == 1


def test_a_wrong_rollout_counts_however_it_ended(tmp_path: Path) -> None:
    replies = {"What is 5 + 5?": [thought("five", 10), "<think>" + "five and " * 60]}
    found = candidates(graded(generated(tmp_path, {"What is 5 + 5?": "10"}, saying(replies))))
    drawn = rollouts(found)
    assert drawn.counts["unfinished"] == len(drawn.rows) > 0


def test_mix_of_one_run_is_long_and_short(tmp_path: Path) -> None:
    golds = {f"What is {i} + {i}?": str(2 * i) for i in range(10, 20)}
    replies = {q: [thought("brief", a), thought("at some length", a)] for q, a in golds.items()}
    found = candidates(graded(generated(tmp_path, golds, saying(replies))))
    drawn = mix(found, ratio=Ratio(1, 4))
    traces = [row.trace for row in drawn.rows if isinstance(row, Trace)]
    assert (traces.count("at some length"), traces.count("brief")) == (2, 8)
    assert len({row.id for row in drawn.rows}) == 10
    assert drawn.counts == {"long": 2, "short": 8}
    fewer = mix(found, ratio=Ratio(1, 4), total=5)
    assert fewer.counts == {"long": 1, "short": 4}
    assert fewer.nothing == {"not drawn": 5}
    with pytest.raises(UserError, match="the ratio 1:4 can be kept for 10 rows, not for 11"):
        mix(found, ratio=Ratio(1, 4), total=11)


def test_mix_of_two_runs_matches_problems_by_their_question(tmp_path: Path) -> None:
    golds = {f"What is {i} + {i}?": str(2 * i) for i in range(10, 16)}
    large = {q: [thought("the large model thinks", a)] for q, a in golds.items()}
    small = {q: [thought("small", a)] for q, a in list(golds.items())[::-1]}
    some = dict(list(golds.items())[2:])
    one = candidates(
        graded(generated(tmp_path / "l", golds, saying(large), samples=1)), several=False
    )
    other = candidates(
        graded(generated(tmp_path / "s", some, saying(small), samples=1)), several=False
    )
    drawn = mix(one, other, ratio=Ratio(1, 2))
    traces = [row.trace for row in drawn.rows if isinstance(row, Trace)]
    assert (traces.count("the large model thinks"), traces.count("small")) == (2, 4)
    assert len({row.question for row in drawn.rows}) == 6


@pytest.mark.parametrize("text", ["1", "1:", ":2", "0:0", "1:2:3", "-1:2", "a:b", "1.5:2", "²:1"])
def test_what_is_no_ratio_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="is no ratio"):
        parse_ratio(text)


def test_revised_pairs_a_draft_with_what_became_of_it(tmp_path: Path) -> None:
    def script(messages: Sequence[Message], written: str) -> str:
        asked = messages[-1]["content"]
        if written:
            return ""
        if "improved solution" in asked:
            return "Five and five: \\boxed{10}"
        if "Check it step by step" in asked:
            return "It is correct." if "boxed{10}" in asked else "The sum is wrong."
        return "Perhaps \\boxed{11}"

    run = generated(tmp_path, {"What is 5 + 5?": "10"}, script, samples=1, strategy="self-refine")
    (row,) = revised(candidates(graded(run))).rows
    assert isinstance(row, Pair)
    assert row.chosen == (
        "<think>\nFive and five: \\boxed{10}\n</think>\n<answer>\n10\n</answer>\n"
    )
    assert row.rejected == "<think>\nPerhaps \\boxed{11}\n</think>\n<answer>\n11\n</answer>\n"
    assert row.source == "run#0/final > #0/draft"


def test_a_draft_that_was_right_already_is_no_revision(tmp_path: Path) -> None:
    def script(messages: Sequence[Message], written: str) -> str:
        asked = messages[-1]["content"]
        if written:
            return ""
        if "improved solution" in asked:
            return "Now \\boxed{11}"
        return "Wrong." if "Check it step by step" in asked else "\\boxed{10}"

    run = generated(tmp_path, {"What is 5 + 5?": "10"}, script, samples=1, strategy="self-refine")
    drawn = revised(candidates(graded(run)))
    assert drawn.rows == []
    assert drawn.nothing == {"nothing wrong was put right": 1}


def test_revised_samples_go_together_as_long_as_they_can(tmp_path: Path) -> None:
    replies = {
        "What is 5 + 5?": [
            thought("I count on my hands, which gives", 10),
            thought("Two hands have five fingers each, so", 10),
            thought("Two hands have five fingers or six, so", 11),
        ]
    }
    found = candidates(graded(generated(tmp_path, {"What is 5 + 5?": "10"}, saying(replies))))
    (row,) = revised(found).rows
    assert isinstance(row, Pair)
    assert "fingers each" in row.chosen
    assert "fingers or six" in row.rejected


def test_the_options_go_with_the_question(tmp_path: Path) -> None:
    run = generated(tmp_path, {"Which is even?": "B"}, saying({"Which": [thought("see", "B")]}))
    problem = replace(run.problems[0], kind="choice", choices=("three", "four"))
    with Writer(run.path) as writer:
        writer.append(problem)
    (tmp_path / "run" / "problems.jsonl").write_bytes(
        (tmp_path / "run" / "problems.jsonl").read_bytes().splitlines(keepends=True)[-1]
    )
    (row,) = shortest(candidates(graded(load(run.path)))).rows
    assert (row.question, row.choices) == ("Which is even?", ("three", "four"))


class TestRefusals:
    def test_a_run_that_is_not_graded(self, tmp_path: Path) -> None:
        run = generated(tmp_path, GOLDS, saying(REPLIES), samples=2)
        with pytest.raises(UserError) as refused:
            candidates(run)
        assert str(refused.value) == f"{run.path} is not graded (judgekit grade {run.path})"

    def test_a_run_with_one_sample(self, tmp_path: Path) -> None:
        run = graded(generated(tmp_path, GOLDS, saying(REPLIES), samples=1))
        with pytest.raises(UserError) as refused:
            candidates(run)
        assert str(refused.value) == (
            f"{run.path} has one response to each problem, this selection compares several "
            "(judgekit generate --samples 8 --temperature 0.7)"
        )

    def test_a_grading_that_is_not_there(self, run: Run) -> None:
        with pytest.raises(UnknownName, match="unknown grading"):
            candidates(run, "f" * 8)

    def test_a_selection_of_nothing_writes_nothing(self, tmp_path: Path) -> None:
        replies = {question: [thought("guess", 0)] for question in GOLDS}
        found = candidates(graded(generated(tmp_path, GOLDS, saying(replies))))
        with pytest.raises(UserError, match="gives no row for select shortest") as refused:
            write("shortest", shortest(found), [found])
        assert "no correct response: 4" in str(refused.value)
        assert not (tmp_path / "run" / "shortest.jsonl").exists()

    def test_a_file_of_somebody_else(self, run: Run, tmp_path: Path) -> None:
        found = candidates(run)
        theirs = tmp_path / "theirs.jsonl"
        theirs.write_text("precious\n")
        with pytest.raises(UserError, match="has no record beside it"):
            write("shortest", shortest(found), [found], theirs)
        with pytest.raises(UserError, match="what the rows are drawn from"):
            write("shortest", shortest(found), [found], run.path / "responses.jsonl")
        assert theirs.read_text() == "precious\n"


def test_undecided_rows_are_never_used(tmp_path: Path) -> None:
    run = generated(tmp_path, GOLDS, saying(REPLIES))
    outcomes = ("correct", "undecided", "incorrect")
    grades = [
        Grade(r.id, outcomes[i % 3], "exact", sample=r.sample, grading="a" * 64)
        for i, r in enumerate(run.responses)
    ]
    with Writer(run.path) as writer:
        writer.append(*grades)
    found = candidates(load(run.path))
    used = {(row.id, row.source) for row in shortest(found).rows}
    undecided = {(g.id, f"run#{g.sample}") for g in grades if g.outcome == "undecided"}
    assert undecided
    assert used
    assert not used & undecided
    assert found.counts["undecided"] == len(undecided)


def test_the_record_says_where_rows_are_from(run: Run, tmp_path: Path) -> None:
    import hashlib

    found = candidates(run, run.gradings[0])
    out = tmp_path / "rollouts.jsonl"
    selected = write("rollouts", rollouts(found, seed=3), [found], out, {"seed": 3})
    record = orjson.loads((tmp_path / "rollouts.record.json").read_bytes())
    assert record == selected.record
    assert record["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert record["options"] == {"seed": 3}
    (source,) = record["sources"]
    assert source["run"] == str(run.path)
    assert source["grading"] == run.gradings[0]
    responses = (run.path / "responses.jsonl").read_bytes()
    assert source["responses_sha256"] == hashlib.sha256(responses).hexdigest()
    assert record["rows"] == len(out.read_bytes().splitlines())
    assert record["problems"] + sum(record["nothing"].values()) == source["problems"] == 4
    before = out.read_bytes()
    write("rollouts", rollouts(found, seed=3), [found], out, {"seed": 3})
    assert out.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "extracted", "trace", "answer"),
    [
        ("<think>\na\n</think>\n<answer>\n4\n</answer>", "4", "a", "4"),
        ("a</think>\n\nSo \\boxed{4}.", "4", "a", "So \\boxed{4}."),
        ("<reasoning>a</reasoning> <answer> 4 </answer>", "4", "a", "4"),
        ("Two and two: \\boxed{4}", "4", "Two and two: \\boxed{4}", "4"),
        ("<think>a \\boxed{4}</think>", "4", "a \\boxed{4}", "4"),
        ("<think>a</think> b </think> c", None, "a b", "c"),
        ("<think>never ends", None, "never ends", ""),
    ],
)
def test_a_response_is_split_into_thinking_and_answer(
    text: str, extracted: str | None, trace: str, answer: str
) -> None:
    found, rest = split(text, extracted)
    assert (" ".join(found.split()), rest) == (trace, answer)


@pytest.mark.parametrize(
    ("text", "extracted", "expected"),
    [
        ("<think>a</think> 4", "4", "<reasoning>a</reasoning> 4"),
        ("<reasoning>a</reasoning>", None, "<reasoning>a</reasoning>"),
        ("a</think> 4", "4", "<reasoning>\na</reasoning> 4"),
        ("a: 4", "4", "<reasoning>\na: 4\n</reasoning>\n<answer>\n4\n</answer>\n"),
        ("a", None, "<reasoning>\na"),
    ],
)
def test_a_completion_stands_in_the_tag_format(
    text: str, extracted: str | None, expected: str
) -> None:
    assert completion(text, extracted, "reasoning") == expected
