"""Progressive expansion: one generation gives the responses after 0, 1, 2, ... waits."""

from __future__ import annotations

import asyncio

from driving import PROBLEM, after, drive_all, model, pieces

from judgekit import strategies
from judgekit.backends.scripted import ScriptedEngine
from judgekit.records import Usage

SAYS = after(
    ("</reasoning><answer>", "4</answer> and more"),
    ("Wait", " again 4.</reasoning>"),
    ("<reasoning>", "It is 5.</reasoning>"),
)


def test_each_variant_is_a_whole_response_and_they_share_their_reasoning() -> None:
    found = drive_all("progressive-expansion", model(SAYS, "progressive-expansion"), waits=2)
    assert [each.variant for each in found] == ["no-wait", "1-wait", "2-wait"]
    assert [each.text for each in found] == [
        "<reasoning>It is 5.</reasoning><answer>4",
        "<reasoning>It is 5.Wait again 4.</reasoning><answer>4",
        "<reasoning>It is 5.Wait again 4.Wait again 4.</reasoning><answer>4",
    ]
    assert pieces(found[1]) == [
        ("forced", "other", "<reasoning>"),
        ("model", "thinking", "It is 5."),
        ("forced", "thinking", "Wait"),
        ("model", "thinking", " again 4."),
        ("model", "other", "</reasoning>"),
        ("forced", "other", "<answer>"),
        ("model", "answer", "4"),
    ]
    assert {each.finish_reason for each in found} == {"stop"}


def test_a_variant_is_charged_with_its_own_path_only() -> None:
    first, second = drive_all(
        "progressive-expansion", model(SAYS, "progressive-expansion"), waits=1
    )
    close, answered = len("</reasoning>"), len("</answer>")
    assert first.usage["model"].completion == 8 + close + 1
    assert first.usage["model"].discarded == answered
    assert second.usage["model"].completion == 8 + 9 + close + 1
    assert second.usage["model"].discarded == close + answered


def test_the_end_of_turn_and_the_closing_tag_lead_to_the_same_answer_prompt() -> None:
    ends = after(("</reasoning><answer>", "4"), ("<reasoning>", "It is 5."), default=" 4.")
    by_end = drive_all("progressive-expansion", model(ends, "progressive-expansion"), waits=1)
    assert [each.text for each in by_end] == [
        "<reasoning>It is 5.</reasoning><answer>4",
        "<reasoning>It is 5.Wait 4.</reasoning><answer>4",
    ]
    assert ("forced", "other", "</reasoning><answer>") in pieces(by_end[0])


def test_a_trunk_that_is_cut_off_answers_and_repeats_itself_as_the_later_variants() -> None:
    endless = after(("</reasoning><answer>", "4"), default="x" * 999)
    found = drive_all(
        "progressive-expansion", model(endless, "progressive-expansion", max_tokens=40), waits=2
    )
    assert [each.text for each in found] == [f"<reasoning>{'x' * 30}</reasoning><answer>4"] * 3
    assert [each.variant for each in found] == ["no-wait", "1-wait", "2-wait"]


def test_the_closing_tag_may_stay_and_tags_may_have_lines_of_their_own() -> None:
    kept = drive_all(
        "progressive-expansion",
        model(SAYS, "progressive-expansion"),
        waits=1,
        keep_close=True,
    )
    assert kept[1].text == ("<reasoning>It is 5.</reasoning>Wait again 4.</reasoning><answer>4")
    assert pieces(kept[1])[1:4] == [
        ("model", "thinking", "It is 5."),
        ("model", "other", "</reasoning>"),
        ("forced", "thinking", "Wait"),
    ]
    assert kept[1].usage["model"].completion == 8 + 9 + 2 * len("</reasoning>") + 1
    assert kept[1].usage["model"].discarded == len("</answer>")
    lines = after(
        ("<answer>", "4"), ("Wait\n", "again 4."), ("<reasoning>", "It is 5."), default="?"
    )
    spaced = drive_all(
        "progressive-expansion", model(lines, "progressive-expansion"), waits=1, lines=True
    )
    assert spaced[1].text == ("<reasoning>It is 5.\nWait\nagain 4.\n</reasoning>\n<answer>4")


def test_a_closing_tag_that_stays_is_forced_where_the_model_ended_its_turn_instead() -> None:
    ends = after(("</reasoning><answer>", "4"), ("<reasoning>", "It is 5."), default=" 4.")
    kept = drive_all(
        "progressive-expansion", model(ends, "progressive-expansion"), waits=1, keep_close=True
    )
    assert ("forced", "other", "</reasoning>") in pieces(kept[1])


def test_an_answer_and_the_next_round_are_written_at_the_same_time() -> None:
    under_way, most = 0, 0

    class Watched(ScriptedEngine):
        async def extend(self, context, ask):  # type: ignore[no-untyped-def]
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0)
            try:
                return await super().extend(context, ask)
            finally:
                under_way -= 1

    subject = model(SAYS, "progressive-expansion", engine=Watched(SAYS))
    drive_all("progressive-expansion", subject, waits=3)
    assert most >= 2


def test_the_run_pays_for_the_shared_prefix_once() -> None:
    subject = model(SAYS, "progressive-expansion")
    asyncio.run(strategies.get("progressive-expansion").run(subject, PROBLEM, waits=3))
    spent = subject.ledger.spent["model"]
    rounds = 8 + 3 * 9 + 4 * len("</reasoning>")
    assert spent.completion + spent.discarded == rounds + 4 * (1 + len("</answer>"))
    assert isinstance(spent, Usage)
