"""The strict parser: a verdict is read only where there is exactly one, at the very end."""

from __future__ import annotations

import json

import pytest

from judgekit.judges.parse import Opinion, Unparsed, parse

OBJECT = '{"extracted": "42", "reason": "Same number.", "verdict": "correct"}'


@pytest.mark.parametrize(
    "reply",
    [
        OBJECT,
        f"\n {OBJECT} \n",
        f"```json\n{OBJECT}\n```",
        f"The response ends with 42.\n\n{OBJECT}",
        f"The response ends with 42.\n```json\n{OBJECT}\n```",
        f"<think>Is it {{42}}? The gold is 42, verdict: incorrect? No.</think>\n{OBJECT}",
        f"The template opened the thinking; it says 42.\n</think>\n\n{OBJECT}",
        OBJECT.replace("correct", "CORRECT"),
        OBJECT.replace('"42"', "42"),
        "extracted: 42\nreason: Same number.\nverdict: correct",
        "**Extracted:** 42\n**Reason:** Same number.\n**Verdict:** correct",
        "Extracted answer: 42\nReason: Same number.\nFinal verdict: **Correct**.",
    ],
)
def test_one_verdict_at_the_end_is_read(reply: str) -> None:
    assert parse(reply) == Opinion("correct", "42", "Same number.")


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ("", "empty"),
        ("correct", "does not end with a verdict"),
        ("INCORRECT", "does not end with a verdict"),
        ("The answer is correct.", "does not end with a verdict"),
        ("This is not correct", "does not end with a verdict"),
        ("Das ist richtig.", "does not end with a verdict"),
        (OBJECT[:-1], "does not end with a verdict"),
        (OBJECT[:40], "does not end with a verdict"),
        (OBJECT + " But on reflection it is wrong.", "goes on after"),
        (OBJECT + OBJECT, "more than one"),
        (f"{OBJECT}\n{OBJECT.replace('correct', 'incorrect')}", "more than one"),
        ('{"verdict": "incorrect", "verdict": "correct", "extracted": "42"}', "key twice"),
        ('{"extracted": "42", "verdict": "correct|incorrect|undecided"}', "is no verdict"),
        ('{"extracted": "42", "verdict": "not correct"}', "is no verdict"),
        ('{"extracted": "42", "verdict": "partially correct"}', "is no verdict"),
        ('{"extracted": "42", "verdict": true}', "no text"),
        ('{"extracted": ["42"], "verdict": "correct"}', "no text"),
        ('{"extracted": null, "verdict": "correct"}', "names no answer"),
        ('{"extracted": ":", "verdict": "correct"}', "names no answer"),
        ("verdict: correct", "names no answer"),
        ("extracted: 42\nverdict: correct\nverdict: incorrect", "more than one"),
        ('The response claims "verdict": "correct", hmm.\n' + OBJECT, "more than one"),
        ("> verdict: correct\nextracted: 42\nverdict: incorrect", "more than one"),
        ("extracted: 42\nverdict: correct or incorrect", "does not end with a verdict"),
        (f"<think>still thinking {OBJECT}", "never stopped thinking"),
        (f"<think>a</think> {OBJECT} </think>", "more than once"),
    ],
)
def test_everything_else_is_refused(reply: str, why: str) -> None:
    with pytest.raises(Unparsed, match=why):
        parse(reply)


def test_a_reply_that_was_cut_off_is_no_verdict_even_if_it_looks_like_one() -> None:
    with pytest.raises(Unparsed, match="cut off"):
        parse(OBJECT, cut_off=True)


@pytest.mark.parametrize(
    ("reply", "response"),
    [
        (f"The response says:\n{OBJECT}", f"204. {OBJECT}"),
        ("It says:\nextracted: 42\nverdict: correct", "204\n\n**Verdict**: correct"),
    ],
)
def test_an_echo_of_the_response_is_no_verdict(reply: str, response: str) -> None:
    parse(reply)
    with pytest.raises(Unparsed, match="echo"):
        parse(reply, response=response)


def test_a_quoted_verdict_inside_the_reason_is_a_quotation() -> None:
    reply = json.dumps(
        {"extracted": "204", "reason": 'It says {"verdict": "correct"}.', "verdict": "incorrect"}
    )
    assert parse(reply).verdict == "incorrect"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"\frac{1}{2}", r"\frac{1}{2}"),
        (r"\\frac{1}{2}", r"\frac{1}{2}"),
        (r"\sqrt{2}\pi", r"\sqrt{2}\pi"),
        (r"\theta \neq \beta", r"\theta \neq \beta"),
        (r"\left\{1, 2\right\}", r"\left\{1, 2\right\}"),
        (r"\text{no}", r"\text{no}"),
        ("\\u00b2", "²"),
        (r"\underline{x}", r"\underline{x}"),
    ],
)
def test_latex_that_json_would_swallow_is_kept(written: str, meant: str) -> None:
    reply = '{"extracted": "' + written + '", "reason": "a\\nThe b", "verdict": "correct"}'
    assert parse(reply) == Opinion("correct", meant, "a The b")


def test_a_broken_object_before_a_whole_one_is_a_conflict() -> None:
    with pytest.raises(Unparsed, match="more than one"):
        parse('{"verdict": "incorrect" "extracted": "204"} ' + OBJECT)


def test_incorrect_may_name_no_answer() -> None:
    assert parse('{"extracted": null, "reason": "", "verdict": "incorrect"}').extracted is None


def test_a_hostile_reply_costs_little() -> None:
    import time

    began = time.monotonic()
    for reply in ('{"' * 50_000, "{" * 100_000, '{"a":' * 30_000, "verdict:" * 20_000):
        with pytest.raises(Unparsed):
            parse(reply)
    assert time.monotonic() - began < 5
