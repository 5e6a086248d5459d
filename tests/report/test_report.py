"""Reports: what the numbers are, and how each format shows them, hostile names included."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from judgekit.errors import UnknownName, UserError
from judgekit.records import Grade, Loop, Problem, Response
from judgekit.report import FORMATS, TABLES, Format, render, report
from judgekit.report.terminal import forest, outcome_bar


@dataclass
class Finished:
    """A run in memory."""

    path: Path = Path("runs/starter-small-cot")
    config: Mapping[str, Any] = field(default_factory=dict)
    problems: Sequence[Problem] = ()
    responses: Sequence[Response] = ()
    grades: Sequence[Grade] = ()


BOXED = "so it is \\boxed{4}"


def run(strategy: str = "cot", benchmark: str = "starter", **config: Any) -> Finished:
    """Ten responses, one of each fate and the rest correct."""
    problems = [
        Problem(f"p{i}", f"question {i}", "4", meta={"level": 1 + i % 2}, prompt="use \\boxed{}")
        for i in range(10)
    ]
    responses = [Response(f"p{i}", BOXED, completion_tokens=10 * (i + 1)) for i in range(10)]
    responses[5] = replace(responses[5], text="it is 5")
    responses[6] = replace(responses[6], text="hm", finish_reason="length")
    loop = Loop("terminal", 10, 3, 20.0, 57)
    responses[7] = replace(responses[7], text="go on", finish_reason="length", loop=loop)
    responses[9] = replace(responses[9], text="", finish_reason="error", error="timeout")
    grades = [Grade(f"p{i}", "correct", "exact", extracted="4") for i in range(5)]
    grades += [
        Grade("p5", "incorrect", "symbolic", extracted="5"),
        Grade("p6", "incorrect", "no-answer"),
        Grade("p7", "incorrect", "no-answer"),
        Grade("p8", "undecided", "none"),
    ]
    shown = {"model": "org/Small-1B", "benchmark": benchmark, "strategy": strategy, **config}
    return Finished(Path(f"runs/{benchmark}-{strategy}"), shown, problems, responses, grades)


def cells(text: str) -> Iterator[list[str]]:
    for line in text.splitlines():
        yield [cell.strip() for cell in line.split("  ") if cell.strip()]


class TestNumbers:
    def test_every_response_has_one_fate(self) -> None:
        (line,) = report([run()]).lines
        assert line.accuracy.reasons == {
            **{"correct": 5, "wrong": 1, "truncated": 1, "looped": 1},
            **{"undecided": 1, "failed": 1},
        }
        assert (line.accuracy.value, line.accuracy.best) == (0.5, 0.7)
        assert line.accuracy.low < 0.237 + 1e-3
        assert line.accuracy.high > 0.89
        assert line.stages == {"exact": 5, "no-answer": 2, "symbolic": 1, "none": 1}
        assert line.at_limit == {"truncated": 1, "looped": 1}
        assert line.loops == {"terminal": 1}

    def test_tokens_leave_failed_responses_out(self) -> None:
        (line,) = report([run()]).lines
        assert line.completion.n == 9
        assert (line.completion.mean, line.completion.median) == (50.0, 50.0)

    def test_format_is_counted_with_an_interval(self) -> None:
        (line,) = report([run()]).lines
        assert (line.format_asked, line.format_kept.n) == ("\\boxed{}", 9)
        assert line.format_kept.value == pytest.approx(6 / 9)
        assert line.format_faults == {"no \\boxed{}": 3}

    def test_an_ungraded_run_has_no_accuracy(self) -> None:
        ungraded = replace(run(), grades=())
        assert report([ungraded]).lines[0].accuracy.value is None
        assert "judgekit grade" in render(report([ungraded]), "terminal")
        assert "not graded" in render(report([ungraded, run("cod")]), "terminal")

    def test_an_unfinished_run_says_so(self) -> None:
        half = replace(run(), responses=run().responses[:4])
        assert report([half]).lines[0].owed == 6
        assert "Unfinished   6 are missing" in render(report([half]), "terminal")
        shown = render(report([half, run("cod")]), "terminal")
        assert "unfinished runs, responses missing: cot on starter 6" in shown
        assert "nfinished" not in render(report([run()]), "terminal")

    def test_variants_are_lines_of_their_own(self) -> None:
        first = run()
        waited = [replace(r, variant="1-wait") for r in first.responses]
        grades = [replace(g, variant="1-wait") for g in first.grades]
        both = replace(
            first,
            responses=[*first.responses, *waited],
            grades=[*first.grades, *grades],
        )
        assert [line.setting for line in report([both]).lines] == ["cot", "cot 1-wait"]

    def test_samples_are_clustered_and_give_pass_at_k(self) -> None:
        first = run()
        again = [replace(r, sample=1) for r in first.responses]
        grades = [replace(g, sample=1) for g in first.grades]
        both = replace(first, responses=[*first.responses, *again], grades=[*first.grades, *grades])
        (line,) = report([both]).lines
        assert (line.accuracy.n, line.accuracy.problems, line.samples) == (20, 10, 2)
        assert {name: share.value for name, share in line.sampled.items()} == {
            "pass@2": 0.5,
            "pass^2": 0.5,
            "maj@2": 0.5,
        }
        # Twenty rows that are ten pairs of twins tell no more than ten rows.
        assert line.accuracy.low <= report([first]).lines[0].accuracy.low + 0.01

    def test_settings_in_one_cell_are_told_apart_by_their_configuration(self) -> None:
        found = report([run(seed=0), run(seed=1, options={"waits": 2}), run("cod")])
        assert [line.setting for line in found.lines] == [
            "cot (seed=0 waits=–)",
            "cot (seed=1 waits=2)",
            "cod",
        ]


class TestTables:
    def test_strategies_by_benchmarks(self) -> None:
        runs = [run("cot"), run("cod"), run("cot", "gsm8k")]
        accuracy, tokens, *_ = report(runs).tables
        assert [column.head for column in accuracy.columns] == ["strategy", "starter", "gsm8k"]
        assert [[cell.text for cell in row] for row in tokens.rows] == [
            ["cot", "50.0 (50)", "50.0 (50)"],
            ["cod", "50.0 (50)", "–"],
        ]

    def test_the_best_is_marked_and_what_reaches_it(self) -> None:
        better = run("cod")
        better.grades = [*better.grades[:5], Grade("p5", "correct", "exact", extracted="4")]
        (table,) = report([run("cot"), better], table="accuracy").tables
        assert [row[1].mark for row in table.rows] == ["tie", "best"]

    @pytest.mark.parametrize("table", TABLES)
    @pytest.mark.parametrize("form", FORMATS)
    def test_every_table_in_every_format(self, table: str, form: Format) -> None:
        assert render(report([run("cot"), run("cod")], table=table), form).strip()

    def test_slices(self) -> None:
        (table,) = report([run()], by="level").tables
        assert [[cell.text for cell in row][1:3] for row in table.rows] == [["1", "5"], ["2", "5"]]

    def test_names_that_there_are_not(self) -> None:
        with pytest.raises(UnknownName, match="did you mean tokens"):
            report([run()], table="token")
        with pytest.raises(UnknownName, match="did you mean level"):
            report([run()], by="levels")
        with pytest.raises(UserError, match="no responses"):
            report([replace(run(), responses=())])
        with pytest.raises(UserError, match="no runs"):
            report([])


class TestFormats:
    def test_the_terminal_fits_eighty_columns(self) -> None:
        runs = [run(s, b) for s in ("cot", "cod", "standard") for b in ("starter", "math500")]
        for found in (report(runs), report(runs[:1]), report(runs, by="level")):
            shown = render(found, "terminal").splitlines()
            assert max(map(len, shown)) <= 80

    def test_one_run_is_a_card(self) -> None:
        shown = render(report([run()]), "terminal")
        assert "Accuracy     50.0 %, 5 of 10, 95 % interval" in shown
        assert "70.0 % if the 2 open ones were all right" in shown

    def test_csv_has_raw_numbers(self) -> None:
        rows = list(csv.DictReader(io.StringIO(render(report([run()]), "csv"))))
        assert (rows[0]["accuracy"], rows[0]["wrong"], rows[0]["failed"]) == ("0.5", "1", "1")
        assert "'" not in rows[0].values()

    def test_rows_of_one_category_stand_together(self) -> None:
        runs = [run("cot"), run("majority-vote"), run("cod"), run("mine.py:own")]
        rows = report(runs, table="accuracy").tables[0].rows
        assert [(row[0].text, row[1].text) for row in rows] == [
            ("prompting", "cot"),
            ("prompting", "cod"),
            ("parallel", "majority-vote"),
            ("own", "mine.py:own"),
        ]

    def test_json_is_json(self) -> None:
        found = json.loads(render(report([run()]), "json"))
        assert found["runs"][0]["accuracy"]["value"] == 0.5
        empty = replace(run(), responses=run().responses[9:])
        assert json.loads(render(report([empty]), "json"))["runs"][0]["completion"]["mean"] is None

    def test_markdown_and_latex(self) -> None:
        found = report([run("cot"), run("cod")], table="accuracy")
        assert "| cot | **50.0 \\[" in render(found, "markdown")
        tex = render(found, "latex")
        assert r"\toprule" in tex
        assert r"cot & \textbf{50.0 [" in tex

    def test_hostile_names_stay_text(self) -> None:
        name = "[red]x[/red]|\x1b[31m<b>&_$\u202e\n"
        hostile = [run(name), run("cod", name), run("cot", model=name)]
        assert "\x1b" not in render(report(hostile), "terminal")
        assert "[red]x[/red]" in render(report(hostile[:1]), "terminal")
        table = render(report(hostile[:2], table="accuracy"), "markdown")
        assert "\\[red\\]x\\[/red\\]\\|" in table
        assert len({line.count(" | ") for line in table.splitlines() if line[:1] == "|"}) == 1
        assert r"\\u202e" in table
        assert r"\&\_\$\textbackslash{}u202e" in render(report(hostile), "latex")

    def test_a_spreadsheet_reads_no_formula(self) -> None:
        assert "'=cmd" in render(report([run("=cmd|calc")]), "csv")

    def test_unknown_format(self) -> None:
        with pytest.raises(UnknownName, match="did you mean markdown"):
            render(report([run()]), "markdwn")  # type: ignore[arg-type]


def test_pictures() -> None:
    assert forest((0.0, 0.5, 0.999), 10) == "├────●───┤"
    bar, legend = outcome_bar({"correct": 999, "wrong": 1}, 10)
    assert str(bar) == "█████████▓"
    assert str(legend) == "█ correct 999  ▓ wrong 1"
