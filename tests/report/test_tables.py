"""The tables asked for by name: cost, confidence, answers, cut-offs, votes, scaling, seeds."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from judgekit.analysis.cost import Price, Prices
from judgekit.config import parse
from judgekit.records import Cost, Grade, Loop, Problem, Response, Segment, Usage, Verdict
from judgekit.report import compare_runs, html, render, report
from judgekit.report.table import Table, percent
from judgekit.report.terminal import fitting
from tests.report.test_report import Finished

RIGHT, WRONG = "\\boxed{4}", "\\boxed{5}"


def run(
    texts: Sequence[Sequence[str]], strategy: str = "cot", tokens: int = 100, **config: Any
) -> Finished:
    """A run with the texts of each problem's samples; the gold answer is 4."""
    problems = [Problem(f"p{i}", "2 + 2?", "4", prompt="in \\boxed{}") for i in range(len(texts))]
    responses, grades = [], []
    for problem, samples in zip(problems, texts, strict=True):
        for sample, text in enumerate(samples):
            right = text.rstrip().endswith(RIGHT)
            responses.append(
                Response(
                    *(problem.id, text, sample),
                    prompt_tokens=10,
                    completion_tokens=tokens,
                    usage={"model": Usage(10, tokens, 5)},
                    discarded_tokens=5,
                    logprob=-0.1 if right else -0.2,
                )
            )
            judged = Verdict("small", "correct", cost=Cost(1, 200, 20, 0.5))
            grades.append(
                Grade(
                    problem.id,
                    "correct" if right else "incorrect",
                    "exact",
                    sample,
                    extracted="4" if right else "5",
                    trail=(judged,),
                )
            )
    shown = {"model": "org/Small-1B", "benchmark": "sums", "strategy": strategy, **config}
    name = "-".join(["runs/sums", strategy, *map(str, config.values())])
    return Finished(Path(name), shown, problems, responses, grades)


def cells(table: Table, key: str) -> list[str]:
    index = [column.key for column in table.columns].index(key)
    return [row[index].text for row in table.rows]


class TestCost:
    runs = run([[RIGHT], [RIGHT], [WRONG]])

    def test_tokens_by_role_and_model(self) -> None:
        (line,) = report([self.runs]).lines
        assert (line.cost.own, line.cost.discarded, line.cost.judge) == (300, 15, 660)
        assert line.cost.by_model["model"].completion == 315
        assert line.cost.by_judge["small"].prompt == 600
        assert line.cost.per_correct == 157.5
        assert line.cost.money is None

    def test_money_where_every_price_is_known(self) -> None:
        config = parse(
            {
                "models": {"mine": {"model": "org/Small-1B", "price_in": 1.0, "price_out": 2.0}},
                "judges": {"small": {"price_in": 3.0, "price_out": 4.0}},
            },
            "here",
        )
        (line,) = report([self.runs], prices=Prices.of(config)).lines
        bill = (30 * 1 + 315 * 2 + 600 * 3 + 60 * 4) / 1e6
        assert line.cost.money == pytest.approx(bill)
        assert line.cost.money_per_correct == pytest.approx(bill / 2)
        assert "Money" in render(report([self.runs], prices=Prices.of(config)), "terminal")
        assert line.config["model"] == "org/Small-1B"

    def test_half_a_bill_is_none(self) -> None:
        prices = Prices(models={"org/Small-1B": Price(1.0, 2.0)})
        found = report([self.runs], table="cost", prices=prices)
        assert found.lines[0].cost.money is None
        (table,) = found.tables
        assert "money" not in {column.key for column in table.columns}
        assert (
            "model read 30 and wrote 315 tokens for 0.0007; judge small read 600" in table.notes[2]
        )

    def test_a_jury_has_the_price_its_members_share(self) -> None:
        judge = {"price_in": 1.0, "price_out": 1.0}
        tables = {
            "judges": {"a": judge, "b": judge, "c": {"price_in": 2.0, "price_out": 1.0}},
            "juries": {"same": {"members": ["a", "b"]}, "mixed": {"members": ["a", "c"]}},
        }
        assert Prices.of(parse(tables, "here")).judges.keys() == {"a", "b", "c", "same"}


def test_answers_on_the_way() -> None:
    texts = [
        f"The answer is 4.\nWait, no.\nSo {WRONG}",
        f"The answer is $5$.\nWait.\nSo the answer is 5.\nNow {RIGHT}",
        "Nothing here",
    ]
    (table,) = report([run([[text] for text in texts])], table="answers").tables
    assert {c.key: cells(table, c.key)[0] for c in table.columns[1:-2]} == {
        "n": "3",
        "announced": "2",
        "mentions": "5",
        "switches": "2",
        "waits": "2",
        "mended": "1",
        "broken": "1",
        "reached": "2",
        "kept": "1",
    }
    # Of 100 tokens those after "The answer is 4", and those of the brace that closes the other.
    after = 100 * (1 - 15 / len(texts[0])) + 100 / len(texts[1])
    assert cells(table, "after")[0].startswith(f"{after / 2:.0f} [")


def test_forced_words_are_no_waits_and_cost_nothing() -> None:
    segments = (
        Segment(f"{RIGHT} ", "thinking", "model", 10),
        Segment("Wait", "thinking", "forced", 1),
        Segment(f", so {RIGHT}", "answer", "model", 30),
    )
    made = run([["".join(s.text for s in segments)]])
    made.responses = [replace(made.responses[0], segments=segments, completion_tokens=40)]
    (table,) = report([made], table="answers").tables
    # Nine characters of ten say so, and a tenth of a token closes the box.
    assert (cells(table, "waits"), cells(table, "after")) == (["0"], ["32"])


def test_shorter_runs_from_one_long_one() -> None:
    early, late = f"{RIGHT}." + " so" * 66, "so " * 64 + RIGHT
    (table,) = report(
        [run([[early], [late], [WRONG + " so" * 66]], tokens=200)], table="cutoff"
    ).tables
    assert [column.key for column in table.columns[1:]] == ["64", "128", "200"]
    assert [cell.value for cell in table.rows[0][1:]] == pytest.approx([1 / 3, 1 / 3, 1 / 3])
    made = run([[early], [late]], tokens=200)
    made.grades = [Grade(f"p{i}", "correct", "exact", extracted="4") for i in range(2)]
    (table,) = report([made], table="cutoff").tables
    assert [cell.value for cell in table.rows[0][1:]] == [0.5, 0.5, 1.0]
    (curve,) = table.curves
    assert [x for x, _ in curve.points] == [64, 128, 200]


def test_failed_responses_count_at_every_token_limit() -> None:
    made = run([[RIGHT], [WRONG]])
    made.responses[1] = replace(made.responses[1], text="", finish_reason="error", error="gone")
    made.grades.pop()
    found = report([made], table="cutoff")
    last = found.tables[0].rows[0][-1].text
    accuracy = found.lines[0].accuracy
    assert last == f"50.0 [{percent(accuracy.low)}–{percent(accuracy.high)}]"
    assert accuracy.high == 1


def test_best_of_n() -> None:
    (table,) = report([run([[RIGHT, WRONG, WRONG, RIGHT], [WRONG] * 4])], table="votes").tables
    assert [column.key for column in table.columns[2:]] == ["1", "2", "4"]
    found = {row[1].text: [cell.value for cell in row[2:]] for row in table.rows}
    assert found["pass"] == pytest.approx([1 / 4, 5 / 12, 1 / 2])
    assert found["maj"] == pytest.approx([1 / 4, 1 / 4, 1 / 4])
    # The right ones have the higher log-probability: the best of k is right where one of k is.
    assert found["best"] == found["pass"]


def test_one_of_one_sample_is_the_accuracy() -> None:
    found = report([run([[RIGHT], [RIGHT], [WRONG]])], table="votes")
    line = found.lines[0].accuracy
    span = f"66.7 [{100 * line.low:.1f}–{100 * line.high:.1f}]"
    assert [row[-1].text for row in found.tables[0].rows] == [span] * 4


def test_families_by_the_metrics_of_s1() -> None:
    family = [
        run([[RIGHT]] * k + [[WRONG]] * (4 - k), "budget-forcing", 100 * k, options=options)
        for k, options in ((1, {"max_thinking": 150}), (2, {"max_thinking": 160}))
    ]
    voted = run([[RIGHT, RIGHT, WRONG, RIGHT]] * 2)
    found = report([*family, voted], table="scaling")
    (table,) = found.tables
    assert [row[2].text for row in table.rows] == ["budget-forcing", "cot maj@k"]
    assert cells(table, "control")[0] == "50.0 %"
    assert cells(table, "scaling")[0] == "250.0"
    assert cells(table, "performance")[0] == "50.0 %"
    assert [curve.name for curve in table.curves] == ["budget-forcing", "cot maj@k"]
    assert [x for x, _ in table.curves[1].points] == [105, 210, 420]
    page = html([*family, voted])
    assert "Sequential and parallel" in page
    assert "tokens generated for a problem" in page


def test_no_slope_between_runs_that_differ_in_their_seed() -> None:
    seeds = [run([[RIGHT], [WRONG]], seed=0), run([[RIGHT], [RIGHT]], seed=1)]
    found = report(seeds, table="scaling")
    assert found.tables[0].rows == ()
    assert render(found, "terminal").split("\n")[1].startswith("none here: a family is")


def test_seeds_are_samples_of_one_setting() -> None:
    cot = [run([[RIGHT], [WRONG]], seed=seed, benchmark_hash=seed) for seed in range(3)]
    cod = [run([[RIGHT], [text]], "cod", seed=i) for i, text in enumerate((RIGHT, WRONG))]
    found = compare_runs([*cot, *cod])
    differences, *_, seeds = found.tables
    assert [[cell.text for cell in row[:3]] for row in differences.rows] == [
        ["cot, 3 seeds", "cod, 2 seeds", "2"]
    ]
    assert cells(seeds, "setting") == ["cot, 3 seeds", "cod, 2 seeds"]
    assert cells(seeds, "mean") == ["50.0", "75.0"]
    assert cells(seeds, "std") == ["0.0", "35.4"]
    assert "Over seeds" in render(report(cot), "terminal")
    # Alone with each other they are compared as they are.
    assert len(compare_runs(cot[:2]).tables[0].rows) == 1


def test_confidence_in_the_card_and_as_a_diagram() -> None:
    texts = [f"{RIGHT}\nConfidence: 90%", f"{WRONG}\nConfidence: 80%", "\\boxed{I don't know}"]
    made = run([[text] for text in texts])
    made.grades = [
        replace(grade, outcome="correct" if i == 0 else "incorrect")
        for i, grade in enumerate(made.grades)
    ]
    shown = render(report([made]), "terminal", 200)
    assert "mean 85.0 %, 50.0 % are right, ECE 0.450, Brier 0.325, AUROC 1.00, 2 res" in shown
    assert "Unknown      1 (33.3 %)" in shown
    (table,) = report([made], table="confidence").tables
    assert cells(table, "source") == ["said", "log-probability"]
    assert "Confidence as stated" in html([made])
    assert "Confidence as stated" not in html([run([[RIGHT]])])


def test_lengths_of_thinking_and_answer() -> None:
    made = run([[RIGHT]] * 3)
    segments = (Segment("hm", "thinking", "model", 30), Segment(RIGHT, "answer", "model", 70))
    made.responses = [replace(r, segments=segments) for r in made.responses]
    _, table = report([made], table="tokens").tables
    assert cells(table, "part") == ["thinking", "answer", "all"]
    assert cells(table, "mean") == ["30.0", "70.0", "100.0"]
    assert cells(table, "q90") == ["30", "70", "100"]
    _, table = report([run([[RIGHT]])], table="tokens").tables
    assert cells(table, "part") == ["all"]


def test_slices_tell_what_became_of_their_responses() -> None:
    made = run([[RIGHT], [WRONG], [WRONG]])
    made.grades[2] = replace(made.grades[2], outcome="undecided")
    found = report([made], by="kind")
    (table,) = found.tables
    assert [cells(table, name) for name in ("n", "wrong", "undecided")] == [["3"], ["1"], ["1"]]
    assert "undecided and failed count as wrong" in table.notes[0]
    row = next(csv.DictReader(io.StringIO(render(found, "csv"))))
    low, high = map(float, row["interval"].split())
    assert 0 < low < float(row["accuracy"]) < high < 1


def test_loops_by_benchmark_the_fewest_in_bold() -> None:
    looping = Loop("terminal", 3, 2, 90.0, 178)
    one, other = run([[WRONG]] * 10), run([[WRONG]] * 10, "cod")
    for index in range(4):
        one.responses[index] = replace(one.responses[index], loop=looping)
    one.responses[4] = replace(one.responses[4], loop=replace(looping, kind="recovered"))
    other.responses[0] = replace(other.responses[0], loop=looping)
    far = run([[WRONG]] * 10, benchmark="others")
    table, kinds = report([one, other, far], table="loops").tables
    assert [column.head for column in table.columns] == ["strategy", "sums", "others"]
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["cot", "40.0 [16.8–68.7]", "0.0 [0.0–27.8]"],
        ["cod", "10.0 [1.8–40.4]", "–"],
    ]
    assert [[cell.mark for cell in row] for row in table.rows] == [
        [None, None, None],
        [None, "best", None],
    ]
    assert cells(kinds, "recovered") == ["1", "0", "0"]


def test_lengths_as_csv() -> None:
    found = report([run([[RIGHT]] * 3)], table="tokens")
    row = next(csv.DictReader(io.StringIO(render(found, "csv"))))
    assert (row["part"], row["q99"], row["interval"]) == ("all", "100.0", "100.0 100.0")


def test_slices_of_a_length_are_quarters() -> None:
    made = run([[RIGHT]] * 40)
    made.responses = [replace(r, completion_tokens=i + 1) for i, r in enumerate(made.responses)]
    (table,) = report([made], by="completion_tokens").tables
    assert cells(table, "completion_tokens") == ["1–10", "10–20", "20–30", "30–40"]
    assert cells(table, "n") == ["10", "10", "10", "10"]


def test_a_heading_runs_over_the_columns_of_its_table() -> None:
    model = "a-model-with-a-long-name-1.5B"
    runs = [
        run([[RIGHT]], model=model),
        run([[RIGHT]], model="b"),
        run([[WRONG]], "cod", model="b"),
    ]
    shown = render(report(runs, table="tokens"), "terminal").splitlines()
    assert shown.count(f" {model}") == 2
    assert shown.count(" b") == 2


def test_a_table_too_wide_for_the_terminal_comes_in_pieces() -> None:
    (table,) = report([run([[RIGHT]])], table="answers").tables
    pieces = fitting(table, 60)
    assert len(pieces) > 1
    assert {piece.columns[0].key for piece in pieces} == {"setting"}
    shown = [column.key for piece in pieces for column in piece.columns[1:]]
    assert shown == [column.key for column in table.columns[1:]]
    assert fitting(table, 400) == [table]
    lines = render(report([run([[RIGHT]])], table="answers"), "terminal", 60).splitlines()
    assert max(len(line.rstrip()) for line in lines) <= 60
