"""Charts as SVG: what they show, and that names from runs stay text in them."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from judgekit.analysis.confidence import calibration
from judgekit.cli import run as command
from judgekit.errors import EnvironmentFault
from judgekit.report import charts, report
from judgekit.report.safe import seen
from judgekit.report.summary import summarise
from judgekit.report.table import Curve, Table
from judgekit.report.vega import Spec, svg
from tests.report.test_report import run

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = (
    "</script><script>alert(1)</script>",
    '"/><img src=x onerror="alert(1)">',
    "datum.x",
    '{"expr": "1 + 1"}',
    '"]; throw 1; ["',
    "a\u202eb\nc\x00\x1b[31m\ufffe",
    "x" * 300,
    "W" * 50_000,
)


def drawn(spec: Spec | None) -> ElementTree.Element:
    return ElementTree.fromstring(svg(spec, "a chart"))


def texts(spec: Spec | None) -> list[str]:
    return [each.text or "" for each in drawn(spec).iter(f"{SVG}text")]


def notes(spec: Spec | None) -> list[str]:
    return [each.text or "" for each in drawn(spec).iter(f"{SVG}title")]


def bar_width(bar: ElementTree.Element) -> float:
    path = re.match(r"M[\d.]+,[\d.]+h([\d.]+)v", bar.get("d", ""))
    assert path is not None
    return float(path[1])


def lines(*names: str, benchmark: str = "starter") -> list[charts.Line]:
    return list(report([run(name, benchmark) for name in names]).lines)


@pytest.mark.parametrize("chart", [charts.accuracy_chart, charts.outcomes_chart])
def test_rows_stand_in_the_order_of_the_runs_under_their_benchmarks(chart: object) -> None:
    runs = [run(s, b) for b in ("sums", "algebra") for s in ("z", "a", "m")]
    shown = texts(chart(report(runs).lines))  # type: ignore[operator]
    assert [each for each in shown if each in set("zam")] == [*"zam", *"zam"]
    assert shown.index("sums") < shown.index("algebra")


def test_accuracy_with_its_interval_or_not_graded() -> None:
    (graded, bare) = report([run(), replace(run("cod"), grades=())]).lines
    spec = charts.accuracy_chart([graded, bare])
    assert {"50.0 %", "not graded"} <= set(texts(spec))
    assert "cot: 50.0 % [23.7–89.2]" in notes(spec)


def test_every_outcome_is_a_bar_and_in_the_key() -> None:
    spec = charts.outcomes_chart(lines("cot"))
    assert {"correct: 5 (50.0 %)", "looped: 1 (10.0 %)", "failed: 1 (10.0 %)"} <= set(notes(spec))
    assert {"n = 10", "correct", "undecided"} <= set(texts(spec))
    assert "no answer" not in texts(spec)
    bars = [each for each in drawn(spec).iter(f"{SVG}path") if len(each)]
    wide = {each.get("fill"): bar_width(each) for each in bars}
    assert wide["var(--correct)"] == pytest.approx(charts.PLOT / 2)
    assert wide["var(--looped-o)"] == pytest.approx(charts.PLOT / 10)
    assert sum(wide.values()) == pytest.approx(charts.PLOT)


def test_many_names_beside_the_points_keep_apart() -> None:
    names = [f"s{i}" for i in range(40)]
    spec = charts.tokens_chart(lines(*names))
    heights = [
        float(str(each.get("transform")).partition(",")[2].rstrip(")"))
        for each in drawn(spec).iter(f"{SVG}text")
        if each.text in names
    ]
    gaps = [b - a for a, b in zip(sorted(heights), sorted(heights)[1:], strict=False)]
    assert len(heights) == 40
    assert min(gaps) == pytest.approx(charts.TEXT)
    assert charts.tokens_chart(lines("cot")) is None


def test_lengths_count_every_response_that_ran() -> None:
    ((_, rows),) = summarise([run()])
    spec = charts.lengths_chart(rows)
    assert spec is not None
    assert sum(each["times"] for each in spec["data"]["values"]) == 9
    assert "97–100 tokens" not in "".join(notes(spec))
    assert "87–90 tokens: 0 correct, 1 other" in notes(spec)
    bars = [each for each in drawn(spec).iter(f"{SVG}path") if len(each)]
    assert len(bars) == 9
    assert all(7 < bar_width(each) < 10 for each in bars)
    assert charts.lengths_chart(rows[:0]) is None


def test_reliability_shows_how_many_each_bar_stands_for() -> None:
    spec = charts.reliability_chart(calibration([0.95, 0.95, 0.15], [1, 0, 0]))
    assert {"2", "1"} <= set(texts(spec))
    assert "90–100 %: 50.0 % right of 2, mean confidence 95.0 %" in notes(spec)
    assert charts.reliability_chart(calibration([], [])) is None
    assert "2k" in texts(charts.reliability_chart(calibration([0.95] * 2200, [1] * 2200)))


def curves(*curves: Curve) -> Spec | None:
    return charts.table_chart(Table("t", "T", (), (), curves=curves, axis="samples"))


def test_curves_by_powers_of_two() -> None:
    spec = curves(
        Curve("z", ((0.0, (0.0, 0.1, 0.2)), (1.0, (0.2, 0.3, 0.4)), (8.0, (0.5, 0.6, 0.7)))),
        Curve("a", ((4.0, (0.1, 0.2, 0.3)),)),
    )
    shown = texts(spec)
    assert {"1", "2", "4", "8", "samples"} <= set(shown)
    assert shown.index("z") < shown.index("a")
    assert "z, 8: 60.0 % [50.0–70.0]" in notes(spec)


@pytest.mark.parametrize("points", [(), ((1.0, (0.1, 0.2, 0.3)),), ((0.0, (0.1, 0.2, 0.3)),) * 2])
def test_no_curve_without_two_points_on_the_axis(points: tuple[object, ...]) -> None:
    assert curves(Curve("a", points)) is None  # type: ignore[arg-type]


def test_a_training_leaves_out_what_is_no_number() -> None:
    nan, inf = float("nan"), float("inf")
    spec = charts.training_chart({"loss": [(1, 2.0), (2, nan), (3, 0.5)], "kl": [(1, inf)]})
    assert "loss: 2 to 0.5" in texts(spec)
    assert not [each for each in texts(spec) if each.startswith("kl")]
    assert charts.training_chart({"kl": [(1, nan)]}) is None
    assert "1.5" not in texts(charts.training_chart({"loss": [(1, 100.0), (2, 900.0)]}))
    assert svg(None, "nothing") == ""


def test_lines_are_told_apart_without_colour() -> None:
    quantities = {name: [(1, k), (2, k + 1)] for k, name in enumerate("abcd")}
    strokes = drawn(charts.training_chart(quantities)).iter(f"{SVG}path")
    dashes = {each.get("stroke-dasharray") for each in strokes if each.get("stroke")}
    assert len(dashes) == 4


def test_a_chart_taken_from_its_page_keeps_the_size_of_its_words() -> None:
    sizes = {each.get("font-size") for each in drawn(charts.accuracy_chart(lines("cot"))).iter()}
    assert sizes == {None, "12px"}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_text(name: str) -> None:
    bench = lines(name, "cot", benchmark=name)
    points = ((1.0, (0.1, 0.2, 0.3)), (2.0, (0.1, 0.2, 0.3)))
    for spec in (
        charts.accuracy_chart(bench),
        charts.outcomes_chart(bench),
        charts.tokens_chart(bench),
        curves(Curve(name, points)),
        charts.training_chart({name: [(1, 2.0)]}),
    ):
        chart = ElementTree.fromstring(svg(spec, name))
        tags = {each.tag.removeprefix(SVG) for each in chart.iter()}
        assert tags <= {"svg", "g", "path", "line", "rect", "text", "title"}
        assert not [key for each in chart.iter() for key in each.attrib if key.startswith("on")]
        printable = "".join(char if char.isprintable() else " " for char in seen(name[:400]))
        assert printable in " ".join(each.text or "" for each in chart.iter(f"{SVG}title"))
        assert str(chart.get("aria-label")).startswith(printable)


def test_without_the_compiler_one_line_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(EnvironmentFault, match="pip install 'vl-convert-python"):
        svg({"mark": "bar"}, "a chart")
    monkeypatch.chdir(tmp_path)
    Path("s.toml").write_text('default = "4"\n')
    asked = ["--backend", "scripted", "--model", "s.toml", "--limit", "2", "--out", "r", "-q"]
    assert command(["generate", *asked]) == 0
    capfd.readouterr()
    assert command(["report", "r", "--html", "page.html"]) == 3
    said = capfd.readouterr()
    assert "ungraded 2" in said.out
    assert said.err.strip().splitlines()[-1].count("vl-convert-python") >= 1
    assert "Traceback" not in said.err
