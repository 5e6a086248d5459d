"""The HTML page worked by real key presses in headless Chromium, offline."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from judgekit.records import Grade, Response
from judgekit.report import html
from tests.report.test_page import run
from tests.report.test_report import run as graded

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    path = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chrome"))), None)
    if path is None:
        pytest.skip("no Chromium on the path")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """The page, opened without a network; nothing may be fetched or complained of."""
    file = tmp_path / "report.html"
    file.write_text(html([run(), run("cod")]), encoding="utf-8")
    context = browser.new_context(offline=True, viewport={"width": 1200, "height": 900})
    opened = context.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda fault: complaints.append(str(fault)))
    opened.goto(file.as_uri())
    opened.wait_for_selector("#table tbody tr")
    yield opened
    assert complaints == []
    assert {url.partition("#")[0] for url in asked} == {file.as_uri()}
    context.close()


def press(page: Any, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def at(page: Any) -> str:
    """The problem that the keys stand at."""
    return str(page.locator("#table tr.at td").first.text_content())


def place(page: Any) -> str:
    return str(page.evaluate("location.hash"))


def test_moving_and_opening(page: Any) -> None:
    press(page, "j")
    assert at(page) == "p/1 &"
    press(page, "j")
    assert at(page) == "p2"
    press(page, "j", "k")
    assert at(page) == "p/1 &"
    press(page, "Enter")
    page.wait_for_selector("#page h2")
    assert place(page) == "#r/0/0/0"
    assert not page.is_visible("#overview")


def test_from_response_to_response_and_back(page: Any) -> None:
    press(page, "j", "Enter")
    page.wait_for_selector("#page h2")
    press(page, "ArrowDown")
    assert place(page) == "#r/0/1/0"
    page.wait_for_function("document.querySelector('#head').textContent.includes('cod')")
    press(page, "ArrowRight")
    assert place(page) == "#r/1/1/0"
    press(page, "ArrowRight")
    assert place(page) == "#r/1/1/0"
    page.go_back()
    assert place(page) == "#r/0/1/0"
    press(page, "Escape")
    page.wait_for_selector("#overview", state="visible")
    assert at(page) == "p/1 &"


def test_finding_by_words_and_by_outcome(page: Any) -> None:
    press(page, "/")
    page.keyboard.type("p2")
    assert page.locator("#table tbody tr:visible").count() == 1
    press(page, "Escape", "j")
    assert at(page) == "p2"
    press(page, "/", "ControlOrMeta+a", "Delete", "Tab")
    assert page.evaluate("document.activeElement.id") == "show"
    page.keyboard.type("with correct")
    assert page.locator("#shown").text_content() == "1 of 2"


def test_tab_reaches_every_response_and_shows_where_it_is(page: Any) -> None:
    press(page, "Tab")
    assert page.locator(":focus").text_content() == "Skip to the problems"
    press(page, "Enter")
    seen = []
    for _ in range(12):
        press(page, "Tab")
        seen.append(page.evaluate("document.activeElement.getAttribute('aria-label') || ''"))
    assert "p2, cod: ungraded" in seen
    width = page.evaluate(
        "(() => { const link = document.querySelector('#table a'); link.focus();"
        " return getComputedStyle(link).outlineWidth; })()"
    )
    assert width == "2px"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_schemes_are_readable(page: Any, scheme: str) -> None:
    """Text against its ground by WCAG 2.2, 1.4.3: at least 4.5 to 1."""
    page.emulate_media(color_scheme=scheme)
    press(page, "j", "Enter")
    page.wait_for_selector("#page h2")
    pairs = page.evaluate(
        """[...document.querySelectorAll('#page dt, #page dd, #page pre span, #page .chip')].map(
        (node) => {
          let ground = node;
          while (getComputedStyle(ground).backgroundColor === 'rgba(0, 0, 0, 0)')
            ground = ground.parentElement;
          return [getComputedStyle(node).color, getComputedStyle(ground).backgroundColor,
                  node.className];
        })"""
    )
    assert pairs
    for ink, ground, kind in pairs:
        light, dark = sorted((luminance(ink), luminance(ground)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (scheme, kind, ink, ground)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_charts_follow_the_scheme(page: Any, scheme: str) -> None:
    """Their words by the same measure; outcomes as WCAG 2.2, 1.4.11 asks of graphics: 3 to 1."""
    page.emulate_media(color_scheme=scheme)
    words, ground, right = page.evaluate(
        """(() => {
        const fill = (node) => getComputedStyle(node).fill;
        const charts = [...document.querySelectorAll('figure svg')];
        return [charts.flatMap((chart) => [...chart.querySelectorAll('text')]).map(fill),
                getComputedStyle(charts[0].parentElement).backgroundColor,
                fill(document.querySelector('path[fill="var(--correct)"]'))];
        })()"""
    )
    assert words
    for ink in words:
        light, dark = sorted((luminance(ink), luminance(ground)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (scheme, ink, ground)
    light, dark = sorted((luminance(right), luminance(ground)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 3


@pytest.mark.parametrize("width", [1300, 500])
def test_no_word_of_a_chart_is_cut_off_or_covers_another(
    browser: Any, tmp_path: Path, width: int
) -> None:
    names = [*(f"s{i}" for i in range(12)), "budget-forcing (max_thinking=4096 waits=2)", "W" * 99]
    file = tmp_path / "report.html"
    file.write_text(html([graded(name, b) for b in ("sums", "M" * 50) for name in names]))
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(file.as_uri())
    clashes = page.evaluate(
        """[...document.querySelectorAll('figure')].flatMap((figure) => {
        const frame = figure.getBoundingClientRect();
        const boxes = [...figure.querySelectorAll('svg text')].map((text) =>
          [text.textContent, text.getBoundingClientRect()]);
        const cut = boxes.filter(([, b]) => b.left < frame.left || b.right > frame.right ||
          b.top < frame.top || b.bottom > frame.bottom);
        const over = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
          Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3;
        const covered = boxes.filter(([, a], i) => boxes.slice(i + 1).some(([, b]) => over(a, b)));
        return [...cut, ...covered].map(([text]) => text);
        })"""
    )
    page.close()
    assert clashes == []


def luminance(colour: str) -> float:
    """Relative luminance of `rgb(r, g, b)` (WCAG 2.2)."""
    channels = [int(part) / 255 for part in colour.strip("rgba()").split(",")[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_of_many_samples_each_outcome_has_its_number_and_opens_its_first(
    browser: Any, tmp_path: Path
) -> None:
    made = run()
    made.responses = [Response("p", "4", sample) for sample in range(60)]
    made.grades = [
        Grade("p", "incorrect" if k % 20 == 7 else "correct", "exact", k, extracted="4")
        for k in range(60)
    ]
    file = tmp_path / "many.html"
    file.write_text(html([made]), encoding="utf-8")
    opened = browser.new_page(viewport={"width": 500, "height": 700})
    opened.goto(file.as_uri())
    links = opened.locator("#table td a")
    assert links.all_text_contents() == ["✓ 57", "✗ 3"]
    links.last.click()
    opened.wait_for_selector("#page h2")
    assert place(opened) == "#r/0/0/7"
    opened.evaluate("location.hash = '#r/0/0/57'")
    opened.wait_for_function("document.querySelector('[aria-current]').textContent.includes('57')")
    box, bar = (opened.locator(each).bounding_box() for each in ("[aria-current]", ".bar"))
    assert bar["height"] <= 0.3 * 700 + 1
    assert bar["y"] <= box["y"] <= bar["y"] + bar["height"]
    opened.close()
