"""The scripted engine keeps the contract of `Ask` to the letter, as strategies rely on it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgekit.backends.engine import Ask, Context, Extension, Piece, require
from judgekit.backends.scripted import ByteTokenizer, Rule, ScriptedEngine, load
from judgekit.backends.segments import segments
from judgekit.errors import RequestFailed, UnknownName, UserError

QUESTION = ({"role": "user", "content": "What is 2 + 2?"},)


def open_context(engine: ScriptedEngine, question: str = "What is 2 + 2?") -> Context:
    messages = ({"role": "user", "content": question},)
    prompt = engine.tokenizer.render(messages)
    return Context(messages, prompt, tuple(engine.tokenizer.encode(prompt)))


def extend(engine: ScriptedEngine, context: Context, **options: object) -> Extension:
    """One extension, appended as a turn appends it."""
    ask = Ask(**{"max_tokens": 1000, **options})  # type: ignore[arg-type]
    extension = asyncio.run(engine.extend(context, ask))
    context.pieces.append(Piece(extension.text, extension.ids, extension.tokens, "model"))
    return extension


def force(engine: ScriptedEngine, context: Context, text: str) -> None:
    ids = tuple(engine.tokenizer.encode(text))
    context.pieces.append(Piece(text, ids, len(ids), "forced"))


def saying(text: str) -> ScriptedEngine:
    return ScriptedEngine(lambda messages, written: text[len(written) :])


def test_the_whole_reply_then_the_end() -> None:
    engine = saying("It is 4.")
    got = extend(engine, open_context(engine))
    assert (got.text, got.tokens, got.stopped, got.discarded) == ("It is 4.", 8, "end", 0)
    assert engine.tokenizer.decode(got.ids or ()) == "It is 4."


def test_a_budget_cuts_and_the_next_extension_goes_on() -> None:
    engine = saying("It is 4.")
    context = open_context(engine)
    first = extend(engine, context, max_tokens=3)
    assert (first.text, first.stopped) == ("It ", "length")
    second = extend(engine, context)
    assert (second.text, second.stopped) == ("is 4.", "end")


def test_a_reply_as_long_as_the_budget_is_cut_before_its_end() -> None:
    engine = saying("four")
    context = open_context(engine)
    assert extend(engine, context, max_tokens=4).stopped == "length"
    assert extend(engine, context) == Extension(
        "", (), 0, "end", prompt_tokens=len(context.ids), cached_tokens=len(context.ids)
    )


def test_a_budget_of_zero_and_of_one() -> None:
    engine = saying("four")
    context = open_context(engine)
    assert extend(engine, context, max_tokens=0).stopped == "length"
    assert extend(engine, context, max_tokens=1).text == "f"


def test_a_stop_string_is_matched_cut_and_counted_as_discarded() -> None:
    engine = saying("<think>two and two</think>4")
    got = extend(engine, open_context(engine), stop=("</think>", "\n"))
    assert (got.text, got.stopped, got.matched) == ("<think>two and two", "stop", "</think>")
    assert (got.tokens, got.discarded) == (18, 8)


def test_the_stop_string_completed_first_wins_and_of_two_at_once_the_longer() -> None:
    engine = saying("one two three")
    assert extend(engine, open_context(engine), stop=("three", "wo t")).matched == "wo t"
    assert extend(engine, open_context(engine), stop=("two", "one two")).matched == "one two"


def test_a_stop_string_that_the_budget_cuts_in_two_stays_in_the_text() -> None:
    engine = saying("ab STOP")
    got = extend(engine, open_context(engine), stop=("STOP",), max_tokens=5)
    assert (got.text, got.stopped) == ("ab ST", "length")


def test_a_stop_string_inside_forced_text_does_not_count() -> None:
    engine = ScriptedEngine(lambda messages, written: "op and more")
    context = open_context(engine)
    force(engine, context, "stop st")
    assert extend(engine, context, stop=("stop",)).text == "op and more"


def test_neither_end_nor_stop_counts_before_min_tokens() -> None:
    engine = ScriptedEngine(lambda messages, written: "a.b" if not written else ".c")
    assert extend(engine, open_context(engine), stop=(".",), min_tokens=2).text == "a.b"
    assert extend(engine, open_context(engine), stop=(".",), min_tokens=1).text == "a"
    longer = extend(engine, open_context(engine), min_tokens=4)
    assert (longer.text, longer.stopped) == ("a.b.c", "end")


def test_a_script_that_has_nothing_to_say_fills_up_to_min_tokens() -> None:
    engine = ScriptedEngine(lambda messages, written: "")
    assert extend(engine, open_context(engine), min_tokens=3).text == "   "
    assert extend(engine, open_context(engine), min_tokens=9, max_tokens=4).stopped == "length"


def test_the_end_of_turn_can_stand_in_the_reply() -> None:
    engine = ScriptedEngine(lambda messages, written: "4<|end|>never")
    assert extend(engine, open_context(engine)).text == "4"


def test_a_character_cut_in_two_is_finished_by_the_next_extension() -> None:
    engine = saying("½ → ok")
    context = open_context(engine)
    assert extend(engine, context, max_tokens=1).text == "�"
    extend(engine, context, max_tokens=4)
    extend(engine, context)
    cut = segments(context.pieces, engine.tokenizer)
    assert "".join(s.text for s in cut) == "½ → ok"
    assert sum(s.tokens for s in cut) == len("½ → ok".encode())


def test_the_context_is_never_passed() -> None:
    engine = ScriptedEngine(lambda messages, written: "x" * 99, context_length=50)
    context = open_context(engine)
    got = extend(engine, context)
    assert len(context.ids) == 50
    assert got.stopped == "length"
    with pytest.raises(RequestFailed, match="context of 50 tokens"):
        extend(engine, context)


def test_prefixes_are_counted_as_cached_and_a_fork_shares_them() -> None:
    engine = saying("It is 4.")
    context = open_context(engine)
    first = extend(engine, context, max_tokens=3)
    prompt = len(context.prompt_ids or ())
    assert (first.prompt_tokens, first.cached_tokens) == (prompt, 0)
    branch = Context(
        context.messages,
        context.prompt,
        context.prompt_ids,
        list(context.pieces),
        engine.fork(context),
    )
    force(engine, branch, "Wait")
    got = extend(engine, branch)
    assert (got.prompt_tokens, got.cached_tokens) == (prompt + 3 + 4, prompt + 3)
    assert extend(engine, context).text == "is 4."


def test_a_loop_stops_where_asked() -> None:
    engine = ScriptedEngine(lambda messages, written: "again and " * 99)
    got = extend(engine, open_context(engine), stop_on_loop=True)
    assert got.stopped == "loop"
    assert 128 <= got.tokens < 300
    assert extend(engine, open_context(engine)).stopped == "end"


def test_log_probabilities_where_asked() -> None:
    engine = saying("4")
    assert extend(engine, open_context(engine)).logprob is None
    got = extend(engine, open_context(engine), logprobs=True)
    assert (got.logprob, got.token_logprobs) == (0.0, (("4", 0.0),))


def test_the_seed_chooses_among_texts_only_above_temperature_zero() -> None:
    engine = ScriptedEngine(lambda messages, written: ["4", "5", "22"])
    by_seed = [
        extend(engine, open_context(engine), temperature=0.7, seed=seed).text for seed in range(4)
    ]
    assert by_seed == ["4", "5", "22", "4"]
    assert extend(engine, open_context(engine), seed=1).text == "4"


def test_what_a_script_cannot_do_is_refused_by_name() -> None:
    with pytest.raises(UserError, match="logit-bias"):
        require(saying(""), frozenset({"logit-bias", "text"}), "strategy end-bias")


RULES = [
    Rule(("The answer is 5.",), written="Final Answer:"),
    Rule(("no, it is 4.</think>4", "yes.</think>4"), match="2 + 2", written="Wait"),
    Rule(("<think>5</think>5",), match="2 + 2"),
    Rule(error="it broke", match="broken"),
]


def test_rules_drive_a_whole_budget_forcing() -> None:
    engine = ScriptedEngine(RULES)
    context = open_context(engine)
    assert extend(engine, context, stop=("</think>",)).text == "<think>5"
    force(engine, context, "Wait")
    assert extend(engine, context, stop=("</think>",), max_tokens=4).text == "no, "
    assert extend(engine, context, stop=("</think>",)).text == "it is 4."
    force(engine, context, "</think>Final Answer:")
    assert extend(engine, context).text == "The answer is 5."


def test_a_rule_goes_on_through_forced_text_that_agrees_with_it() -> None:
    engine = ScriptedEngine(RULES)
    context = open_context(engine)
    extend(engine, context, stop=("</think>",))
    force(engine, context, "</think>")
    assert extend(engine, context).text == "5"


def test_a_text_begun_is_finished_whatever_the_next_seed() -> None:
    engine = ScriptedEngine([Rule(("first text", "second text"))])
    context = open_context(engine)
    assert extend(engine, context, max_tokens=3, temperature=1.0, seed=1).text == "sec"
    assert extend(engine, context, temperature=1.0, seed=2).text == "ond text"


def test_rules_fail_a_request_on_purpose_or_where_none_fits() -> None:
    engine = ScriptedEngine(RULES)
    with pytest.raises(RequestFailed, match="it broke"):
        extend(engine, open_context(engine, "a broken one"))
    with pytest.raises(RequestFailed, match="no rule"):
        extend(engine, open_context(engine, "something else"))


def test_a_file_of_rules(tmp_path: Path) -> None:
    file = tmp_path / "script.toml"
    file.write_text(
        'default = "I do not know."\nseconds_per_token = 0.01\ncontext_length = 512\n'
        '[[reply]]\nmatch = "2 + 2"\ntext = ["4", "four"]\n'
    )
    engine = load(str(file))
    assert engine.context_length == 512
    started = time.perf_counter()
    assert extend(engine, open_context(engine, "Why?")).text == "I do not know."
    assert time.perf_counter() - started >= 0.14
    assert extend(engine, open_context(engine), temperature=1.0, seed=1).text == "four"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ('[[reply]]\nmach = "x"\ntext = "y"', "did you mean match"),
        ("[[reply]]\ntext = 4", r"reply\[0\].*text"),
        ("[[reply]]\ntext = []", r"reply\[0\].*not empty"),
        ("seconds = 1", "did you mean seconds_per_token"),
        ('reply = "x"', "should be"),
        ("reply = [", "script.toml"),
    ],
)
def test_a_wrong_file_is_one_clear_line(tmp_path: Path, content: str, fault: str) -> None:
    file = tmp_path / "script.toml"
    file.write_text(content)
    with pytest.raises(UserError, match=fault):
        load(str(file))


def test_a_function_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("def reply(messages, written):\n    return messages[-1]['content'].upper()\n")
    engine = load(f"{file}:reply")
    assert extend(engine, open_context(engine, "abc")).text == "ABC"
    with pytest.raises(UnknownName, match="did you mean reply"):
        load(f"{file}:replay")
    with pytest.raises(UserError, match="no such file"):
        load(f"{tmp_path}/none.py:reply")
    file.write_text("reply = 'text'\n")
    with pytest.raises(UserError, match="no function"):
        load(f"{file}:reply")
    file.write_text("import no_such_module_here\n")
    with pytest.raises(UserError, match="no_such_module_here"):
        load(f"{file}:reply")
    file.write_text("def (\n")
    with pytest.raises(UserError, match="line 1"):
        load(f"{file}:reply")
    with pytest.raises(UserError, match="no script"):
        load("embedded")


def test_the_tokenizer_keeps_markers_whole_and_survives_lone_surrogates() -> None:
    tokenizer = ByteTokenizer()
    prompt = tokenizer.render([{"role": "system", "content": "Be brief."}, *QUESTION])
    assert prompt == "<|system|>Be brief.<|end|><|user|>What is 2 + 2?<|end|><|assistant|>"
    assert tokenizer.decode(tokenizer.encode(prompt)) == prompt
    assert len(tokenizer.encode(prompt)) == len("Be brief.What is 2 + 2?") + 5
    assert tokenizer.decode(tokenizer.encode("\ud800")) == "?"


@settings(max_examples=200, deadline=None)
@given(
    reply=st.text(alphabet="ab½→\U0001f600 <|", max_size=20),
    budgets=st.lists(st.integers(0, 6), max_size=8),
    forced=st.lists(st.sampled_from(["", "Wait", "→"]), max_size=8),
)
def test_segments_always_join_to_one_decoding_of_all_ids(
    reply: str, budgets: list[int], forced: list[str]
) -> None:
    engine = ScriptedEngine(lambda messages, written: reply)
    context = open_context(engine)
    for budget, text in zip(budgets, forced, strict=False):
        extend(engine, context, max_tokens=budget)
        force(engine, context, text)
    ids = [id_ for piece in context.pieces for id_ in piece.ids or ()]
    cut = segments(context.pieces, engine.tokenizer)
    assert "".join(s.text for s in cut) == engine.tokenizer.decode(ids)
    assert sum(s.tokens for s in cut) == len(ids)
