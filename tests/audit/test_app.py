"""The labelling application, driven by real key presses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from making import row

from judgekit.audit.queue import Queue, Task
from judgekit.audit.subject import Row
from judgekit.errors import EnvironmentFault
from judgekit.lines import read_lines
from judgekit.records import Label, Verdict
from judgekit.rows import from_row
from judgekit.runs import Writer, standing

pytest.importorskip("textual")

from rich.console import Console
from textual.pilot import Pilot
from textual.widgets import Static

from judgekit.audit.app import LabelApp

HOSTILE = "[bold red]x[/] \x1b[2J\x1b]0;owned\x07 {cls} [link=file:///x]y[/link] [/oops] \u202e"


def rows() -> list[Row]:
    said = (
        Verdict("symbolic", "incorrect", "5", "5 differs from 4", flags=("weak-cue",)),
        Verdict("large", "correct", "4", "It matches.", confidence=0.91),
    )
    return [
        row("first", "correct", "large", *said, text="<think>much thought</think>\nI say 4."),
        row("second", text=HOSTILE, question=HOSTILE, gold=HOSTILE),
        row("third", text=""),
    ]


def drive(
    folder: Path, keys: Callable[[LabelApp, Pilot[None]], Awaitable[None]], **more: Any
) -> list[Label]:
    """Run the app on three rows; the labels that then stand in the file."""

    async def session() -> None:
        with Writer(folder) as writer:
            tasks = [Task(each, "triage", why=("looks odd",)) for each in rows()]
            app = LabelApp(Queue(tasks, "ana", writer.append, **more), "a run")
            async with app.run_test(size=(90, 36)) as pilot:
                await keys(app, pilot)

    asyncio.run(session())
    path = folder / "labels.jsonl"
    return standing(from_row(Label, each) for _, each in read_lines(path))


def shown(app: LabelApp, name: str) -> str:
    """The text of a part of the screen."""
    console = Console(width=200, color_system=None)
    with console.capture() as capture:
        console.print(app.query_one(f"#{name}", Static).content)
    return capture.get().strip()


def test_keys_label_and_labels_are_saved_as_they_are_made(tmp_path: Path) -> None:
    async def keys(app: LabelApp, pilot: Pilot[None]) -> None:
        await pilot.press("c")
        assert len(list(read_lines(tmp_path / "labels.jsonl"))) == 1
        assert "second" in shown(app, "bar")
        await pilot.press("i", "u")
        assert "All rows are labelled" in shown(app, "said")
        assert "3 of 3 labelled · 1 unsure" in shown(app, "bar")
        assert not app.query_one("#response").display
        await pilot.press("c", "n", "t")  # nothing is left to label
        await pilot.press("q")

    labels = drive(tmp_path, keys)
    assert [(each.id, each.outcome, each.by) for each in labels] == [
        ("first", "correct", "ana"),
        ("second", "incorrect", "ana"),
        ("third", "undecided", "ana"),
    ]


def test_skip_back_undo(tmp_path: Path) -> None:
    async def keys(app: LabelApp, pilot: Pilot[None]) -> None:
        await pilot.press("s")
        assert "second" in shown(app, "bar")
        await pilot.press("left")
        assert "first" in shown(app, "bar")
        await pilot.press("c", "i", "z")
        assert "second" in shown(app, "bar")
        assert shown(app, "said") == "undone"
        await pilot.press("z", "z")
        assert shown(app, "said") == "nothing to undo"
        await pilot.press("right", "right", "c")

    assert [(each.id, each.outcome) for each in drive(tmp_path, keys)] == [("third", "correct")]


def test_a_note_is_typed_without_labelling(tmp_path: Path) -> None:
    async def keys(app: LabelApp, pilot: Pilot[None]) -> None:
        await pilot.press("n", *"cius", "enter")
        assert "note: cius" in shown(app, "said")
        assert app.queue.done == 0
        await pilot.press("i")
        await pilot.press("n", "x", "escape")  # thrown away
        await pilot.press("c")

    labels = drive(tmp_path, keys)
    assert [(each.id, each.note) for each in labels] == [("first", "cius"), ("second", "")]


def test_search_and_filter(tmp_path: Path) -> None:
    async def keys(app: LabelApp, pilot: Pilot[None]) -> None:
        await pilot.press("slash", *"third", "enter")
        assert "third · 1/1 open" in " ".join(shown(app, "bar").split())
        await pilot.press("slash", *"zzz", "enter")
        assert "No row fits the search" in shown(app, "said")
        await pilot.press("slash", *["backspace"] * 8, "enter")
        assert "1/3" in shown(app, "bar") or "3/3" in shown(app, "bar")
        await pilot.press("f")
        assert shown(app, "said") == "filter: all"
        await pilot.press("f")
        assert "No row is shown under the filter 'labelled'" in shown(app, "said")

    assert drive(tmp_path, keys) == []


def test_the_end_is_in_view_the_thinking_folded_and_unfolded(tmp_path: Path) -> None:
    async def keys(app: LabelApp, pilot: Pilot[None]) -> None:
        assert "2 words of thinking" in shown(app, "response-text")
        assert "much thought" not in shown(app, "response-text")
        await pilot.press("t")
        assert "much thought" in shown(app, "response-text")
        await pilot.press("s", "left")
        assert "much thought" not in shown(app, "response-text")

    drive(tmp_path, keys)

    async def scrolled(app: LabelApp, pilot: Pilot[None]) -> None:
        app.queue.tasks[0] = Task(row("long", text="line\n" * 500 + r"\boxed{4}"), "triage")
        app._show()
        await pilot.pause()
        view = app.query_one("#response")
        assert view.scroll_offset.y == view.max_scroll_y > 100

    drive(tmp_path / "b", scrolled)


def test_verdicts_are_shown_with_their_evidence(tmp_path: Path) -> None:
    async def keys(app: LabelApp, pilot: Pilot[None]) -> None:
        text = shown(app, "verdicts-text")
        for part in ("symbolic", "read 5", "5 differs from 4 (weak-cue)", "correct 0.91"):
            assert part in text
        assert "looks odd" in text
        assert app.query_one("#verdicts").display
        await pilot.pause()

    drive(tmp_path, keys)


def test_blind_hides_every_verdict_and_says_so_in_the_label(tmp_path: Path) -> None:
    async def keys(app: LabelApp, pilot: Pilot[None]) -> None:
        assert not app.query_one("#verdicts").display
        assert "blind" in shown(app, "bar")
        screen = app.export_screenshot()
        assert "differs" not in screen
        assert "matches" not in screen
        await pilot.press("c")

    assert drive(tmp_path, keys, blind=True)[0].blind


def test_hostile_text_does_not_act_on_the_screen(tmp_path: Path) -> None:
    async def keys(app: LabelApp, pilot: Pilot[None]) -> None:
        await pilot.press("s")
        for name in ("question-text", "gold-text", "response-text"):
            text = shown(app, name)
            assert "[bold red]x[/] \\x1b[2J\\x1b]0;owned\\x07 {cls}" in text
            assert "[/oops] \\u202e" in text
        assert "\x1b[2J" not in app.export_screenshot()
        await pilot.press("slash", "left_square_bracket", "slash", "enter")
        assert "search: [/" in shown(app, "bar")

    drive(tmp_path, keys)


@pytest.mark.parametrize("width", [80, 100, 160])
def test_a_long_id_leaves_room_for_how_and_by_whom_it_is_labelled(
    tmp_path: Path, width: int
) -> None:
    """Whatever the width, also after the window has changed; the id keeps both of its ends."""
    task = Task(row("algebra/" + "very-long-" * 20 + "0417"), "triage")

    async def session() -> None:
        app = LabelApp(Queue([task], "annamaria", lambda _: None, blind=True), "runs/a-run")
        async with app.run_test(size=(200, 36)) as pilot:
            await pilot.resize_terminal(width, 36)
            await pilot.pause()
            bar = app.query_one("#bar").render_line(0).text
        assert "…" in bar
        assert bar.strip().startswith("algebra/")
        assert "0417 · 1/1 open · 0 of 1 labelled · blind · by annamaria" in bar

    asyncio.run(session())


def test_a_label_that_cannot_be_saved_ends_the_session(tmp_path: Path) -> None:
    def full(_: Label) -> None:
        raise EnvironmentFault("cannot write labels.jsonl: No space left on device")

    async def session() -> LabelApp:
        app = LabelApp(Queue([Task(each, "triage") for each in rows()], "ana", full), "a run")
        async with app.run_test() as pilot:
            await pilot.press("c")
        return app

    app = asyncio.run(session())
    assert str(app.fault) == "cannot write labels.jsonl: No space left on device"
    assert app.queue.done == 0


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (200, 60)])
def test_every_size_of_terminal(size: tuple[int, int], tmp_path: Path) -> None:
    async def session() -> None:
        with Writer(tmp_path) as writer:
            tasks = [Task(each, "triage") for each in rows()]
            app = LabelApp(Queue(tasks, "ana", writer.append), "a run")
            async with app.run_test(size=size) as pilot:
                await pilot.press("c")
                assert app.query_one("#response").size.height >= 1
                assert app.query_one("Footer").region.bottom == size[1]

    asyncio.run(session())
