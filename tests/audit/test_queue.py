"""The label queue without a screen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from making import label, row

from judgekit.audit.queue import Queue, Task
from judgekit.audit.reading import Piece, pieces, plain_line, visible
from judgekit.records import Label, Response, Segment
from judgekit.runs import standing


def queue(ids: str = "abc", saved: list[Label] | None = None, **more: Any) -> Queue:
    """Tasks of a plan, one a letter; every label is appended to `saved`."""
    kept = [] if saved is None else saved
    tasks = [Task(row(id, question=f"Question {id}?"), "plan", 0.25) for id in ids]
    more.setdefault("now", lambda: "2026-01-01T00:00:00+00:00")
    return Queue(tasks, "ana", kept.append, **more)


def here(each: Queue) -> str | None:
    return each.current.row.key.id if each.current else None


def test_a_label_is_saved_at_once_with_its_design() -> None:
    saved: list[Label] = []
    work = queue(saved=saved, blind=True)
    work.label("correct")
    assert saved == [label("a", "correct", blind=True, design="plan", probability=0.25)]
    assert here(work) == "b"
    work.label("undecided")
    work.label("incorrect")
    assert [each.outcome for each in saved] == ["correct", "undecided", "incorrect"]
    assert (work.done, work.unsure, work.current) == (3, 1, None)
    work.label("correct")  # nothing is shown, nothing is labelled
    assert len(saved) == 3


def test_a_failed_save_leaves_the_row_unlabelled() -> None:
    def full(_: Label) -> None:
        raise OSError("disk full")

    work = Queue([Task(row("a"), "triage")], "ana", full)
    with pytest.raises(OSError, match="disk full"):
        work.label("correct")
    assert (work.done, here(work)) == (0, "a")


def test_skipped_rows_come_again() -> None:
    work = queue()
    work.forward()
    work.label("correct")
    work.label("correct")
    assert here(work) == "a"
    work.back()
    assert here(work) == "a"


def test_undo_withdraws_in_the_file_too() -> None:
    saved: list[Label] = []
    work = queue(saved=saved)
    work.label("correct")
    work.label("incorrect")
    taken = work.undo()
    assert taken is not None
    assert taken.id == "b"
    assert here(work) == "b"
    assert [each.id for each in standing(saved)] == ["a"]
    work.label("correct")
    assert [(each.id, each.outcome) for each in standing(saved)] == [
        ("a", "correct"),
        ("b", "correct"),
    ]
    work.undo()
    work.undo()
    assert (standing(saved), work.undo(), here(work)) == ([], None, "a")


def test_undo_of_a_changed_label_brings_the_earlier_one_back() -> None:
    saved: list[Label] = []
    work = queue("a", saved)
    work.label("correct")
    work.show("all")
    work.label("incorrect")
    work.undo()
    assert [each.outcome for each in standing(saved)] == ["correct"]


def test_notes_go_with_the_label_or_change_it() -> None:
    saved: list[Label] = []
    work = queue(saved=saved)
    work.note("units differ")
    assert (saved, work.note_here) == ([], "units differ")
    work.label("incorrect")
    assert saved[-1].note == "units differ"
    work.show("labelled")
    work.note("better said")
    (kept,) = standing(saved)
    assert (kept.note, kept.outcome) == ("better said", "incorrect")
    work.undo()
    assert standing(saved)[0].note == "units differ"


def test_filters_and_search() -> None:
    work = queue("abcd")
    work.label("undecided")
    assert work.next_filter() == "all"
    assert work.place == (2, 4)
    work.show("unsure")
    assert here(work) == "a"
    work.show("all")
    assert work.search("QUESTION c") == 1
    assert here(work) == "c"
    assert work.search("nowhere") == 0
    assert work.current is None
    work.label("correct")
    assert work.done == 1
    assert work.search("") == 4


def test_own_labels_of_the_design_count_as_done() -> None:
    earlier = [
        label("a", design="plan"),
        label("b", by="ben", design="plan"),
        label("c", design="triage"),
        label("x", design="plan"),
    ]
    work = queue(earlier=earlier)
    assert (work.done, here(work)) == (1, "b")


def test_an_empty_queue() -> None:
    work = queue("")
    work.forward()
    work.back()
    work.note("x")
    assert (work.current, work.place, work.note_here, work.undo()) == (None, (0, 0), "", None)


class TestReading:
    def test_the_thinking_is_folded_and_the_answer_marked(self) -> None:
        text = r"<think>one two three</think> So it is \boxed{4}. Done."
        shown = pieces(row(text=text))
        assert shown == [
            Piece("[… 3 words of thinking before this; t shows it]\n", "folded"),
            Piece(r"So it is \boxed{", "text"),
            Piece("4", "answer"),
            Piece("}. Done.", "text"),
        ]
        whole = pieces(row(text=text), unfolded=True)
        assert "".join(piece.text for piece in whole) == text
        assert whole[0] == Piece("<think>one two three</think>", "thinking")

    def test_thinking_alone_is_not_hidden(self) -> None:
        shown = pieces(row(text="<think>" + "word " * 400))
        assert shown[0].look == "folded"
        assert len(shown[1].text) == 600
        assert pieces(row(text="<think>short"))[0].text == "<think>short"

    def test_recorded_segments_say_who_wrote_what(self) -> None:
        parts = ("It is five. ", "Wait. ", r"So \boxed{4}")
        response = Response(
            "p1",
            "".join(parts),
            segments=(
                Segment(parts[0], "thinking", "model", 3),
                Segment(parts[1], "thinking", "forced", 1),
                Segment(parts[2], "answer", "model", 3),
            ),
        )
        shown = pieces(replace(row(), response=response), unfolded=True)
        assert [piece.look for piece in shown] == ["thinking", "forced", "text", "answer", "text"]

    def test_a_long_response_shows_its_end(self) -> None:
        text = "x " * 50_000 + r"so \boxed{4}"
        shown = pieces(row(text=text))
        assert shown[0].text.startswith("[… 44,00")
        assert sum(len(piece.text) for piece in shown[1:]) == 12_000
        assert shown[-2] == Piece("4", "answer")
        huge = pieces(row(text="y" * 1_000_000), unfolded=True)
        assert sum(len(piece.text) for piece in huge[1:]) == 200_000

    def test_nothing_acts_on_the_screen(self) -> None:
        hostile = "\x1b[31mred\x1b]0;t\x07 \u202eback\u2066 \x00 \x9b2J \U000e0041 a\tb\r\nc"
        shown = visible(hostile)
        assert shown == (
            "\\x1b[31mred\\x1b]0;t\\x07 \\u202eback\\u2066 \\x00 \\x9b2J \\U000e0041 a    b\nc"
        )
        assert plain_line("a\nb\x1b" + "c" * 500, 20) == "a b\\x1b" + "c" * 12 + "…"
