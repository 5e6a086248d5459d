"""The HTML file: self-contained, safe against what models write, small; and in a real browser."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import re
import shutil
import subprocess
import zlib
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from judgekit.errors import UserError
from judgekit.records import Grade, Label, Loop, Problem, Response, Segment, Verdict
from judgekit.report import html, packing
from judgekit.report.responses import loop_span
from tests.report.test_report import Finished as Listed

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\x1b[31m]]>"
LOOPING = "so we try again, x is five; " * 40


@dataclass
class Finished:
    """A run in memory."""

    strategy: str = "cot"
    responses: list[Response] = field(default_factory=list)
    grades: list[Grade] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    question: str = "What is $\\frac{3}{4}$ of \\(x^2\\)? $$\\sum_{i=1}^n i$$ It costs $5 or $7."
    benchmark: str = "starter"

    @property
    def path(self) -> Path:
        return Path(f"runs/{self.benchmark}-{self.strategy}")

    @property
    def config(self) -> dict[str, Any]:
        return {"model": "org/Small", "benchmark": self.benchmark, "strategy": self.strategy}

    @property
    def problems(self) -> list[Problem]:
        ids = dict.fromkeys(response.id for response in self.responses)
        return [
            Problem(key, self.question, "\\frac{1}{2}", choices=("one", "$\\pi$")) for key in ids
        ]


def run(strategy: str = "cot") -> Finished:
    segments = (
        Segment(f"<think>{HOSTILE}\n", "thinking", "model", 20),
        Segment("Wait", "thinking", "forced", 1),
        Segment(LOOPING, "thinking", "model", 400),
        Segment("</think>", "answer", "forced", 2),
        Segment("\\boxed{\\frac{1}{2}}", "answer", "teacher", 5),
    )
    text = "".join(segment.text for segment in segments)
    loop = Loop("terminal", 21, 9, 40.0, 351)
    trail = (Verdict("exact", "undecided"), Verdict("symbolic", "correct", "1/2", "equal", 0.9))
    return Finished(
        strategy,
        [Response("p/1 &", text, segments=segments, loop=loop), Response("p2", "plain 4")],
        [Grade("p/1 &", "correct", "symbolic", extracted="\\frac{1}{2}", trail=trail)],
        [Label("p/1 &", "incorrect", "ann", "2026-01-01T00:00:00", note=HOSTILE)],
    )


def embedded(text: str) -> dict[str, Any]:
    packed = re.search(r'id="data">([^<]*)<', text)
    assert packed is not None
    data: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(packed[1])))
    return data


class Elements(HTMLParser):
    """Tags with their attributes, and the text of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


class TestTheFile:
    def test_nothing_is_fetched(self) -> None:
        text = html([run(), run("cod")])
        fetched = {"src", "srcset", "action", "poster", "background"}
        for tag, attributes in Elements(text).found:
            assert tag not in {"link", "iframe", "img", "object", "embed"}
            assert not fetched & set(attributes)
            assert (attributes.get("href") or "#").startswith("#")
        assert "@import" not in text
        assert "url(" not in text

    def test_only_its_own_script_may_run(self) -> None:
        text = html([run()])
        script = re.search(r"<script>(.*?)</script>", text, re.S)
        assert script is not None
        digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
        assert f"script-src &#39;sha256-{digest}" in text or f"script-src 'sha256-{digest}" in text
        assert "default-src 'none'" in text

    def test_hostile_names_and_texts_stay_text(self) -> None:
        text = html([run(HOSTILE), run("cod"), run(f"{HOSTILE}2")])
        tags = [tag for tag, _ in Elements(text).found]
        assert tags.count("script") == 2
        assert "img" not in tags
        assert "onerror=alert(1)>" not in text

    def test_what_turns_text_around_or_hides_is_shown(self) -> None:
        hidden = "a\u202eb\u2066c\u200f\ufeff\x00\U000e0041"
        made = run(hidden)
        made.benchmark = hidden
        made.question = (
            f"{hidden} 1\u202f000 \u0645\u0631\u062d\u0628\u0627 \U0001f469\u200d\U0001f680"
        )
        made.responses[0] = replace(made.responses[0], text=hidden, segments=(), loop=None)
        made.grades = [replace(made.grades[0], extracted=hidden)]
        text = html([made, run("cod")])
        data = json.dumps(embedded(text), ensure_ascii=False)
        for char in hidden[1::2] + hidden[-4:]:
            assert char.isalpha() or (char not in text and char not in data)
        shown = r"a\u202eb\u2066c\u200f\ufeff\x00\U000e0041"
        assert f"<h1>{shown}" in text
        assert f'<td class="left">{shown}' in text
        first = embedded(text)["problems"][0]
        assert first["question"] == made.question.replace(hidden, shown)
        assert first["answers"]["0"][0]["segments"][0][3] == shown
        assert first["answers"]["0"][0]["extracted"] == shown

    def test_every_response_is_there(self) -> None:
        data = embedded(html([run(), run("cod")]))
        first, second = data["problems"]
        assert (first["id"], first["gold"]) == ("p/1 &", "\\frac{1}{2}")
        (answer,) = first["answers"]["1"]
        text = run().responses[0].text.replace("\x1b", "\\x1b")
        assert "".join(piece[3] for piece in answer["segments"]) == text
        assert answer["reason"] == "correct"
        assert answer["trail"][1] == ["symbolic", "correct", "1/2", "equal", 0.9]
        assert answer["labels"][0][:2] == ["incorrect", "ann"]
        assert second["answers"]["0"][0]["reason"] == "ungraded"

    def test_problems_and_samples_stand_in_their_order_not_as_they_were_finished(self) -> None:
        responses = [Response(key, "4", sample) for key, sample in (("b", 1), ("a", 0), ("b", 0))]
        problems = [Problem(key, "2 + 2?", "4") for key in ("a", "b", "unanswered")]
        config = {"model": "m", "benchmark": "sums", "strategy": "cot"}
        found = embedded(html([Listed(Path("runs/x"), config, problems, responses, [])]))
        assert [each["id"] for each in found["problems"]] == ["a", "b"]
        assert [each["sample"] for each in found["problems"][1]["answers"]["0"]] == [0, 1]

    def test_authors_and_the_loop_are_marked(self) -> None:
        data = embedded(html([run()]))
        pieces = data["problems"][0]["answers"]["0"][0]["segments"]
        assert [(by, looped) for by, _, looped, _ in pieces] == [
            *(("model", 0), ("forced", 0), ("model", 0), ("model", 1)),
            *(("model", 0), ("forced", 0), ("teacher", 0)),
        ]
        assert pieces[3][3].startswith("we try again")  # "Waitso" is one word, not of the loop

    def test_equal_ids_of_two_benchmarks_are_two_problems(self) -> None:
        other = run()
        other.benchmark = "gsm8k"
        assert len(embedded(html([run(), other]))["problems"]) == 4

    def test_of_very_many_all_are_counted_and_some_of_each_outcome_kept(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(packing, "MOST", 12)
        made = run()
        made.responses = [Response(p, "4", k) for k in range(10) for p in ("a", "b", "c")]
        wrong = {("a", 8), ("a", 9), ("b", 9)}
        made.grades = [
            Grade(
                *(r.id, "incorrect" if (r.id, r.sample) in wrong else "correct", "exact", r.sample),
                extracted="4",
            )
            for r in made.responses
        ]
        text = html([made])
        assert "All 30 responses are counted; 12 can be opened" in text
        found = {each["id"]: each for each in embedded(text)["problems"]}
        assert found["a"]["counts"] == {"0": {"correct": 8, "wrong": 2}}
        kept = {name: [a["sample"] for a in each["answers"]["0"]] for name, each in found.items()}
        assert kept == {"a": [0, 1, 2, 8, 9], "b": [0, 1, 2, 9], "c": [0, 1, 2]}

    def test_problems_without_a_kept_response_are_still_counted(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(packing, "MOST", 1)
        graded, bare = embedded(html([run()]))["problems"]
        assert graded["counts"] == {"0": {"correct": 1}}
        assert (graded["answers"], len(bare["answers"]["0"])) == ({}, 1)

    def test_an_empty_run_is_refused(self) -> None:
        with pytest.raises(UserError, match="no responses"):
            html([Finished()])


class TestLoopSpan:
    def test_by_words(self) -> None:
        response = Response(
            "a", "first. " + LOOPING, loop=Loop("terminal", 2, 9, 40.0, 351, "word")
        )
        span = loop_span(response)
        assert span is not None
        assert response.text[slice(*span)].startswith("so we try again")
        assert span[1] == len(response.text.rstrip())

    def test_by_share_of_the_tokens_where_words_show_nothing(self) -> None:
        segments = (Segment("0123456789" * 10, "other", "model", 100),)
        response = Response(
            "a", segments[0].text, segments=segments, loop=Loop("terminal", 40, 10, 6.0, 50)
        )
        assert loop_span(response) == (50, 100)

    def test_none(self) -> None:
        assert loop_span(Response("a", LOOPING)) is None
        assert loop_span(Response("a", "", loop=Loop("terminal", 0, 1, 200.0, 199))) is None


def test_large_reports_stay_below_five_megabytes() -> None:
    rng = random.Random(0)
    words = ["".join(rng.choices("abcdefghijklmnop", k=rng.randrange(2, 9))) for _ in range(5000)]
    runs = []
    for strategy in ("standard", "cot", "cod", "reasoning"):
        responses = [Response(f"p{i}", " ".join(rng.choices(words, k=900))) for i in range(500)]
        runs.append(Finished(strategy, responses, question="short"))
    text = html(runs)
    assert len(text) < 5_000_000
    assert "have lost their middle" in text
    assert len(embedded(text)["problems"]) == 500


@pytest.mark.browser
class TestInABrowser:
    @pytest.fixture
    def show(self, tmp_path: Path) -> Any:
        browser = next(
            (
                found
                for name in ("chromium", "google-chrome", "chrome")
                if (found := shutil.which(name))
            ),
            None,
        )
        if browser is None:
            pytest.skip("no Chromium on the path")

        def dump(fragment: str = "") -> str:
            page = tmp_path / "report.html"
            if not page.exists():
                page.write_text(html([run(), run("cod")]), encoding="utf-8")
            done = subprocess.run(
                [
                    *(browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--dump-dom"),
                    *("--virtual-time-budget=3000", f"--user-data-dir={tmp_path / 'profile'}"),
                    f"{page.as_uri()}{fragment}",
                ],
                capture_output=True,
                text=True,
                timeout=90,
                check=True,
            )
            return done.stdout

        return dump

    def test_the_table_lists_problems_and_runs(self, show: Any) -> None:
        dom = show()
        assert "2 of 2" in dom
        assert 'aria-label="p/1 &amp;, cod: correct"' in dom
        assert '<main id="page" hidden' in dom

    def test_a_deep_link_opens_a_response(self, show: Any) -> None:
        dom = show("#r/0/1/0")
        assert 'id="overview" hidden' in dom
        assert '<span class="looped thinking"' in dom
        assert '<span class="forced' in dom
        assert "<mfrac><mn>3</mn><mn>4</mn></mfrac>" in dom
        assert "<msup><mi>x</mi><mn>2</mn></msup>" in dom
        assert "munderover" in dom
        assert "It costs $5 or $7." in dom
        assert "alert(1)&lt;/script&gt;" in dom
        assert [tag for tag, _ in Elements(dom).found].count("img") == 0

    def test_a_link_to_nothing_shows_the_overview(self, show: Any) -> None:
        assert '<main id="page" hidden' in show("#r/99/0/0")
