"""The engine over OpenAI-compatible servers, against real server processes (`server.py`)."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgekit.backends.engine import Ask, Context, Engine, Extension, require
from judgekit.backends.openai import calls as openai_calls
from judgekit.backends.openai.replies import extension, read
from judgekit.backends.openai.server import OpenAIEngine, connect
from judgekit.backends.scripted import ByteTokenizer, ScriptedEngine
from judgekit.backends.turn import Model, Sampling, Transcript, Turn, open_context
from judgekit.config import ModelConfig
from judgekit.errors import BackendError, RequestFailed, UnknownName, UserError
from judgekit.prompt import load_prompt
from judgekit.records import Problem
from judgekit.strategies.answering import DELIMITERS, delimiters, untold
from judgekit.strategies.forcing import budget_forcing

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from server import KEY, MODEL, reply  # noqa: E402

CONTINUING = ("vllm", "llamacpp", "sglang", "prefill")
PROBLEM = Problem("p", "What is 2 + 2?", "4")
HEADER_TOKENS = 3
"""Of the byte tokenizer's template around one user message."""


class Served:
    """One server process."""

    def __init__(self, **options: Any) -> None:
        root = str(HERE.parent.parent)
        paths = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "server.py"), json.dumps(options)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": paths},
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())
        self.url = f"http://127.0.0.1:{self.port}"

    def config(self, **options: Any) -> ModelConfig:
        return ModelConfig(**{"base_url": f"{self.url}/v1", "timeout": 20.0, **options})

    def engine(self, **options: Any) -> OpenAIEngine:
        engine = connect(self.config(**options))
        self.seen()
        return engine

    def faults(self, **faults: Any) -> None:
        self._test("faults", json.dumps(faults).encode())

    def seen(self) -> dict[str, Any]:
        found: dict[str, Any] = self._test("seen", None)
        return found

    def _test(self, name: str, data: bytes | None) -> Any:
        with urllib.request.urlopen(f"{self.url}/test/{name}", data) as answer:
            return json.load(answer)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture(scope="module")
def serve() -> Iterator[Callable[..., Served]]:
    """A server for the settings, started once and without faults at first."""
    running: dict[str, Served] = {}

    def start(**options: Any) -> Served:
        name = json.dumps(options, sort_keys=True)
        if name not in running:
            running[name] = Served(**options)
        running[name].faults()
        return running[name]

    yield start
    for served in running.values():
        served.kill()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries without the long pauses."""
    monkeypatch.setattr(openai_calls, "FIRST_PAUSE", 0.01)


def asked(text: str) -> Context:
    return Context(({"role": "user", "content": text},))


def extend(engine: OpenAIEngine, context: Context, **options: Any) -> Extension:
    return gathered(engine, [context], **options)[0]


def gathered(engine: OpenAIEngine, contexts: list[Context], **options: Any) -> list[Extension]:
    """All extensions at once; the connections are closed after."""

    async def all_() -> list[Extension]:
        ask = Ask(**{"max_tokens": 400, **options})
        try:
            return await asyncio.gather(*(engine.extend(each, ask) for each in contexts))
        finally:
            await engine.aclose()

    return asyncio.run(all_())


def by_script(text: str, **options: Any) -> Extension:
    """What the model behind the server says itself."""
    engine = ScriptedEngine(reply)
    context = open_context(engine, [{"role": "user", "content": text}])
    return asyncio.run(engine.extend(context, Ask(**{"max_tokens": 400, **options})))


# What a server can do is found by asking.


@pytest.mark.parametrize(
    ("dialect", "continuation", "stops", "features"),
    [
        (
            "vllm",
            "token ids",
            "removed",
            {"text", "fork", "logprobs", "min-tokens", "loops", "schema"},
        ),
        ("llamacpp", "text", "removed", {"text", "fork", "logprobs", "schema"}),
        (
            "sglang",
            "continue_final_message",
            "removed",
            {"text", "fork", "logprobs", "min-tokens", "schema"},
        ),
        ("prefill", "assistant prefill", "removed", {"text", "fork"}),
        ("serve", "none", "kept", set()),
        ("plain", "none", "removed", set()),
        ("hosted", "none", "refused", set()),
    ],
)
def test_traits_are_found(
    serve: Callable[..., Served],
    dialect: str,
    continuation: str,
    stops: str,
    features: set[str],
) -> None:
    engine = serve(dialect=dialect).engine()
    assert engine.described["continuation"] == continuation
    assert engine.described["stop_strings"] == stops
    assert engine.described["model"] == MODEL
    assert engine.features == features
    assert engine.context_length == (4096 if dialect in ("vllm", "sglang") else None)


def test_a_server_that_cannot_go_on_is_refused_for_strategies_that_force(
    serve: Callable[..., Served],
) -> None:
    engine = serve(dialect="plain").engine()
    with pytest.raises(UserError, match=r"text.*does not have"):
        require(engine, frozenset({"text"}), "strategy budget-forcing")
    turn = Turn(engine, asked("hi"), Sampling(100))
    turn.force("<think>")
    with pytest.raises(RequestFailed, match="cannot go on"):
        asyncio.run(turn.write())


# How the model thinks is told by the server, where its tokenizer is not on this machine.


@pytest.mark.parametrize("dialect", ["vllm", "llamacpp", "sglang"])
@pytest.mark.parametrize(
    ("own", "marks"), [(["</think>"], "think"), (["</reasoning>"], "reasoning"), ([], "none")]
)
def test_a_reasoning_model_is_known_by_its_own_token(
    serve: Callable[..., Served], dialect: str, own: list[str], marks: str
) -> None:
    engine = serve(dialect=dialect, own=own).engine()
    assert engine.tokenizer is None
    plain = load_prompt("cot")
    turn = Model(engine, plain, Sampling(100)).start(PROBLEM)
    assert delimiters(turn, plain, "auto") is DELIMITERS[marks]
    assert untold(turn, plain, "auto") == ""
    counts = {text: 1 if text in own else len(text) for text in ("</think>", "</reasoning>")}
    assert engine.described["thinking_ends"] == counts


@pytest.mark.parametrize("dialect", ["prefill", "plain"])
def test_it_is_said_where_a_server_does_not_tell(
    serve: Callable[..., Served], dialect: str
) -> None:
    engine = serve(dialect=dialect).engine()
    plain = load_prompt("cot")
    turn = Model(engine, plain, Sampling(100)).start(PROBLEM)
    assert engine.described["thinking_ends"] == "unknown"
    assert "-o marks=think" in untold(turn, plain, "auto")
    assert untold(turn, plain, "think") == untold(turn, load_prompt("reasoning"), "auto") == ""


@pytest.mark.parametrize("dialect", ["vllm", "llamacpp"])
def test_thinking_that_the_servers_template_opens_is_not_opened_again(
    serve: Callable[..., Served], dialect: str
) -> None:
    engine = serve(dialect=dialect, opens="<think>\n").engine()
    assert engine.described["continuation"] in ("token ids", "text")
    plain = load_prompt("cot")
    model = Model(engine, plain, Sampling(100))

    async def forced() -> Transcript:
        try:
            return await budget_forcing(model, PROBLEM, waits=0)
        finally:
            await engine.aclose()

    found = asyncio.run(forced())
    assert "<think>" not in found.text
    assert "</think>" in found.text


# The contract of Ask, in every dialect.


@pytest.mark.parametrize("dialect", [*CONTINUING, "serve", "plain", "hosted"])
def test_one_answer_is_what_the_model_says(serve: Callable[..., Served], dialect: str) -> None:
    engine = serve(dialect=dialect).engine()
    whole = extend(engine, asked("hi"))
    assert whole.text == by_script("hi").text
    assert whole.stopped == "end"
    assert whole.prompt_tokens == len("hi") + HEADER_TOKENS
    cut = extend(engine, asked("hi"), max_tokens=9)
    assert (cut.text, cut.tokens, cut.stopped) == ("<think>2 ", 9, "length")
    stopped = extend(engine, asked("hi"), stop=("</think>",))
    assert (stopped.text, stopped.stopped) == ("<think>2 letters, so 42.", "stop")
    assert stopped.matched == "</think>"
    none = extend(engine, asked("hi"), max_tokens=0)
    assert (none.text, none.tokens, none.stopped) == ("", 0, "length")


@pytest.mark.parametrize("dialect", CONTINUING)
def test_a_turn_goes_on_from_forced_text(serve: Callable[..., Served], dialect: str) -> None:
    async def forcing(turn: Turn) -> str:
        await turn.think(max_tokens=300, stop=("</think>",))
        turn.force("Wait")
        await turn.think(max_tokens=300, stop=("</think>",))
        turn.force("</think>")
        await turn.answer(max_tokens=300)
        return turn.transcript().text

    def drive(engine: Engine) -> str:
        context = open_context(engine, [{"role": "user", "content": "hello"}])
        return asyncio.run(forcing(Turn(engine, context, Sampling(1000))))

    assert drive(serve(dialect=dialect).engine()) == drive(ScriptedEngine(reply))


def test_by_token_ids_random_turns_agree_token_for_token(serve: Callable[..., Served]) -> None:
    """Forced text, budgets, stops within characters and words, least numbers of tokens."""
    _agree_on_random_turns(serve(dialect="vllm").engine(), seeds=12)


def test_with_the_tokenizer_at_hand_they_agree_as_well(
    serve: Callable[..., Served], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = _saved_byte_tokenizer(tmp_path_factory.mktemp("tokenizer"))
    server = serve(dialect="vllm", root=str(folder))
    engine = server.engine()
    assert engine.tokenizer is not None
    assert {"token-ids", "logit-bias"} <= engine.features
    _agree_on_random_turns(engine, seeds=4)
    paths = {request["path"] for request in server.seen()["requests"]}
    assert paths == {"/v1/completions"}


def _saved_byte_tokenizer(folder: Path) -> Path:
    """The byte tokenizer in the form that transformers reads."""
    transformers = pytest.importorskip("transformers")
    tokenizers = pytest.importorskip("tokenizers")
    characters = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    inner = tokenizers.Tokenizer(
        tokenizers.models.BPE({c: _byte(c) for c in characters}, merges=[])
    )
    inner.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(
        add_prefix_space=False, use_regex=False
    )
    inner.decoder = tokenizers.decoders.ByteLevel()
    inner.add_special_tokens(list(ByteTokenizer.SPECIAL))
    saved = transformers.PreTrainedTokenizerFast(tokenizer_object=inner)
    saved.chat_template = (
        "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}"
        "{% if add_generation_prompt %}<|assistant|>{% endif %}"
    )
    saved.save_pretrained(folder)
    return folder


def _byte(character: str) -> int:
    """The byte that a character of the byte-level alphabet stands for."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    other = [b for b in range(256) if b not in plain]
    return ord(character) if ord(character) < 256 else other[ord(character) - 256]


def _agree_on_random_turns(engine: OpenAIEngine, seeds: int) -> None:
    script = ScriptedEngine(reply)
    for seed in range(seeds):
        draw = random.Random(seed)
        steps = [
            (
                draw.choice(["", "", "Wait", "</think>", "½"]),
                Ask(
                    draw.choice([1, 2, 7, 50]),
                    min_tokens=draw.choice([0, 0, 1]),
                    stop=tuple(
                        draw.sample(["</think>", "42", " – ", "½", "is"], draw.choice([0, 2]))
                    ),
                ),
            )
            for _ in range(6)
        ]
        assert _played(engine, steps) == _played(script, steps), steps


def _played(engine: Engine, steps: list[tuple[str, Ask]]) -> list[Any]:
    async def play() -> list[Any]:
        turn = Turn(
            engine, open_context(engine, [{"role": "user", "content": "hello"}]), Sampling(999)
        )
        found = []
        for forced, ask in steps:
            if forced:
                turn.force(forced)
            got = await engine.extend(turn.context, ask)
            turn._append(got, None)
            found.append((got.ids, got.stopped, got.matched, got.discarded, got.prompt_tokens))
        await engine.aclose()
        return found

    return asyncio.run(play())


def test_by_token_ids_the_prompt_is_rendered_once_and_forks_share_it(
    serve: Callable[..., Served],
) -> None:
    server = serve(dialect="vllm")
    engine = server.engine()

    async def play() -> None:
        turn = Turn(engine, asked("hello"), Sampling(1000))
        await turn.think(max_tokens=10)
        turn.force("Wait")
        await turn.think(max_tokens=10)
        branch = turn.fork()
        branch.force("</think>")
        await asyncio.gather(branch.answer(max_tokens=5), turn.think(max_tokens=5))
        await engine.aclose()

    asyncio.run(play())
    requests = server.seen()["requests"]
    rendered = [r for r in requests if "messages" in r["body"]]
    assert [r["path"] for r in rendered] == ["/tokenize"]
    prompts = [r["body"]["prompt"] for r in requests if r["path"].endswith("completions")]
    assert all(isinstance(prompt, list) for prompt in prompts)
    assert prompts[1][: len(prompts[0])] == prompts[0]


def test_fields_are_sent_where_the_server_knows_them(serve: Callable[..., Served]) -> None:
    options: dict[str, Any] = {
        "min_tokens": 2,
        "seed": 2**32 - 1,
        "temperature": 0.5,
        "top_p": 0.9,
        "stop": ("x", ""),
        "logit_bias": {7: -3.0},
        "logprobs": True,
        "stop_on_loop": True,
        "schema": {"type": "object"},
    }
    sent = {}
    for dialect in ("vllm", "plain"):
        server = serve(dialect=dialect)
        got = extend(server.engine(), asked("hi"), **options)
        bodies = [r["body"] for r in server.seen()["requests"] if "completions" in r["path"]]
        (sent[dialect],) = bodies
        assert (got.logprob is not None) == (dialect == "vllm")
    assert (
        sent["plain"]
        .keys()
        .isdisjoint({"min_tokens", "logprobs", "repetition_detection", "response_format"})
    )
    for body in sent.values():
        assert body["seed"] == 2**31 - 1
        assert (body["temperature"], body["top_p"], body["stop"]) == (0.5, 0.9, ["x"])
        assert body["logit_bias"] == {"7": -3.0}
    assert sent["vllm"]["min_tokens"] == 2
    assert sent["vllm"]["repetition_detection"]["min_count"] == 3
    assert sent["vllm"]["response_format"]["json_schema"]["schema"] == {"type": "object"}


def test_a_loop_is_stopped_by_a_server_that_can(serve: Callable[..., Served]) -> None:
    got = extend(serve(dialect="vllm").engine(), asked("loop"), max_tokens=3000, stop_on_loop=True)
    assert got.stopped == "loop"
    assert got.tokens < 300


@pytest.mark.parametrize("dialect", ["vllm", "llamacpp"])
def test_log_probabilities_are_those_of_the_kept_tokens(
    serve: Callable[..., Served], dialect: str
) -> None:
    engine = serve(dialect=dialect).engine()
    got = extend(engine, asked("hi"), stop=("</think>",), logprobs=True)
    kept = len("<think>2 letters, so 42.")
    assert got.logprob == -0.5 * kept
    assert got.token_logprobs is not None
    assert "".join(token for token, _ in got.token_logprobs) == got.text


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_thinking_told_apart_stands_in_the_text(serve: Callable[..., Served], name: str) -> None:
    engine = serve(dialect="plain", reasoning=name).engine()
    assert extend(engine, asked("hi")).text == by_script("hi").text
    cut = extend(engine, asked("hi"), max_tokens=12)
    assert (cut.text, cut.stopped) == ("<think>2 let", "length")


def test_tokens_are_estimated_and_it_is_said_where_a_server_counts_nothing(
    serve: Callable[..., Served],
) -> None:
    engine = serve(dialect="plain", usage=False).engine()
    assert engine.described["token_counts"] == "estimated"
    got = extend(engine, asked("hi"))
    assert got.tokens == -(-len(got.text) // 4)


@pytest.mark.parametrize("dialect", ["vllm", "sglang"])
def test_a_budget_beyond_the_context_is_cut_to_what_is_left(
    serve: Callable[..., Served], dialect: str
) -> None:
    engine = serve(dialect=dialect, max_model_len=200).engine()
    got = extend(engine, asked("loop"), max_tokens=1000)
    assert (got.stopped, got.tokens) == ("length", 200 - len("loop") - HEADER_TOKENS)
    with pytest.raises(RequestFailed, match="context"):
        extend(engine, asked("x" * 300))


# Whose fault it is, in one line.


def test_a_server_that_is_down_is_said_at_once() -> None:
    started = time.perf_counter()
    with pytest.raises(
        BackendError, match=r"127\.0\.0\.1:9/v1.*does not accept connections"
    ) as got:
        connect(ModelConfig(model="m", base_url="http://127.0.0.1:9/v1"))
    assert time.perf_counter() - started < 8
    assert not isinstance(got.value, RequestFailed)


def test_a_server_that_goes_down_ends_the_run_instead_of_trying_every_row(
    serve: Callable[..., Served], impatient: None
) -> None:
    served = Served(dialect="plain")
    engine = served.engine(concurrency=4)
    served.kill()
    started = time.perf_counter()
    for _ in range(3):
        with pytest.raises(BackendError) as got:
            gathered(engine, [asked(f"row {i}") for i in range(500)])
        assert not isinstance(got.value, RequestFailed)
    assert time.perf_counter() - started < 10


def test_a_server_that_comes_back_is_used_again(
    serve: Callable[..., Served], impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openai_calls, "REST", 0.1)
    served = Served(dialect="plain")
    engine = served.engine()
    served.kill()
    with pytest.raises(BackendError):
        extend(engine, asked("hi"))
    again = Served(dialect="plain", port=served.port)
    time.sleep(0.1)
    assert extend(engine, asked("hi")).stopped == "end"
    again.kill()


@pytest.mark.parametrize(
    ("faults", "fault"),
    [
        ({"status": 500}, "500: on purpose"),
        ({"body": "<html>hello</html>"}, "no JSON"),
        ({"body": "[1, 2]"}, "no JSON object"),
        ({"body": "{}"}, "no choices"),
    ],
)
def test_a_server_that_answers_nonsense_is_said_before_anything_runs(
    serve: Callable[..., Served], impatient: None, faults: dict[str, Any], fault: str
) -> None:
    served = serve(dialect="plain")
    served.faults(**faults)
    with pytest.raises(BackendError, match=fault) as got:
        connect(served.config())
    assert not isinstance(got.value, RequestFailed)
    assert "OpenAI-compatible" in str(got.value)


def test_an_address_without_v1_gets_a_hint(serve: Callable[..., Served]) -> None:
    served = serve(dialect="plain")
    with pytest.raises(UserError, match="ends in /v1"):
        connect(served.config(base_url=served.url, model=MODEL))


def test_a_model_that_is_not_there(serve: Callable[..., Served]) -> None:
    with pytest.raises(UnknownName, match=f"did you mean {MODEL}"):
        connect(serve(dialect="plain").config(model="scripted-modle"))


def test_a_wrong_key_and_a_missing_one(
    serve: Callable[..., Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    served = serve(dialect="plain", key=KEY)
    with pytest.raises(UserError, match=r"wants a key.*--api-key-env"):
        connect(served.config())
    monkeypatch.delenv("JUDGE_KEY", raising=False)
    with pytest.raises(UserError, match="JUDGE_KEY is not set"):
        connect(served.config(api_key_env="JUDGE_KEY"))
    monkeypatch.setenv("JUDGE_KEY", "sk-wrong-9876543210")
    with pytest.raises(UserError, match=r"refuses the key.*\$JUDGE_KEY") as got:
        connect(served.config(api_key_env="JUDGE_KEY"))
    assert "9876543210" not in str(got.value)
    monkeypatch.setenv("JUDGE_KEY", KEY)
    assert extend(served.engine(api_key_env="JUDGE_KEY"), asked("hi")).stopped == "end"


def test_the_key_stands_in_no_log_error_or_record(
    serve: Callable[..., Served],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    impatient: None,
) -> None:
    served = serve(dialect="vllm", key=KEY)
    monkeypatch.setenv("JUDGE_KEY", KEY)
    caplog.set_level(logging.DEBUG)
    engine = served.engine(api_key_env="JUDGE_KEY")
    served.faults(status=500, body=json.dumps({"error": {"message": f"your key {KEY} broke"}}))
    with pytest.raises(RequestFailed, match=r"your key \*\*\* broke") as got:
        extend(engine, asked("hi"))
    assert caplog.text
    places = [caplog.text, str(got.value), repr(got.value), repr(engine), str(engine.described)]
    places += [repr(vars(engine)), repr(engine._server)]
    assert not any(KEY in place for place in places)


def test_a_login_in_the_address_is_not_recorded(serve: Callable[..., Served]) -> None:
    served = serve(dialect="plain")
    engine = served.engine(base_url=f"http://me:secret@127.0.0.1:{served.port}/v1")
    assert engine.described["server"] == f"{served.url}/v1"


# Faults of single requests: tried again, and in the end data.


@pytest.mark.parametrize(
    "faults",
    [
        {"status": 500, "share": 0.3},
        {"status": 503, "first": 4},
        {"cut": 20, "share": 0.3},
        {"status": 429, "first": 3, "headers": {"retry-after": "0"}},
    ],
)
def test_passing_faults_are_mended_by_trying_again(
    serve: Callable[..., Served], impatient: None, faults: dict[str, Any]
) -> None:
    served = serve(dialect="plain")
    engine = served.engine(concurrency=8)
    served.faults(**faults)
    got = gathered(engine, [asked("x" * i) for i in range(1, 41)])
    assert [each.text for each in got] == [by_script("x" * i).text for i in range(1, 41)]
    assert len(served.seen()["requests"]) > 40


def test_retry_after_is_honoured_and_bounded(
    serve: Callable[..., Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    served = serve(dialect="plain")
    engine = served.engine()
    served.faults(status=429, first=1, headers={"retry-after": "1"})
    extend(engine, asked("hi"))
    first, second = (request["at"] for request in served.seen()["requests"])
    assert 1.0 <= second - first < 2.5
    monkeypatch.setattr(openai_calls, "LONGEST_RETRY_AFTER", 0.2)
    served.faults(status=429, first=1, headers={"retry-after": "Thu, 01 Jan 2099 00:00:00 GMT"})
    extend(engine, asked("hi"))
    first, second = (request["at"] for request in served.seen()["requests"])
    assert 0.2 <= second - first < 1.5


def test_pauses_double_with_jitter() -> None:
    pauses = [[openai_calls._pause(attempt, None) for _ in range(200)] for attempt in range(6)]
    for attempt, drawn in enumerate(pauses):
        longest = min(0.5 * 2**attempt, 8.0)
        assert longest / 2 <= min(drawn) < max(drawn) <= longest
        assert len(set(drawn)) > 100


@pytest.mark.parametrize(
    ("faults", "fault"),
    [
        ({"status": 500}, "500: on purpose"),
        ({"cut": 20}, "connection broke"),
        ({"body": "not json"}, "no JSON"),
        ({"body": '{"choices": [{"message": {"content": "th'}, "no JSON"),
        ({"body": '{"choices": []}'}, "no choices"),
        ({"body": '{"choices": [{"message": {"content": null}}]}'}, "no text"),
        ({"body": '{"choices": [{"finish_reason": "content_filter"}]}'}, "content filter"),
        ({"body": '{"error": {"message": "overloaded"}}'}, "overloaded"),
        ({"body": "[" * 100_000}, "no JSON"),
        ({"status": 400}, "400: on purpose"),
    ],
)
def test_one_request_that_fails_for_good_is_data(
    serve: Callable[..., Served], impatient: None, faults: dict[str, Any], fault: str
) -> None:
    served = serve(dialect="plain")
    engine = served.engine()
    served.faults(**faults)
    with pytest.raises(RequestFailed, match=fault) as got:
        extend(engine, asked("hi"))
    assert "\n" not in str(got.value)
    assert len(str(got.value)) < 300
    served.faults()
    assert extend(engine, asked("hi")).stopped == "end"


@pytest.mark.parametrize("faults", [{"stall": 5.0}, {"drip": 0.2}])
def test_neither_a_stall_nor_a_drip_passes_the_time_limit(
    serve: Callable[..., Served], impatient: None, faults: dict[str, Any]
) -> None:
    served = serve(dialect="plain")
    engine = served.engine(timeout=0.5)
    served.faults(**faults)
    started = time.perf_counter()
    with pytest.raises(RequestFailed, match=r"within 0\.5 s"):
        extend(engine, asked("hi"))
    assert 0.9 < time.perf_counter() - started < 2.5
    assert len(served.seen()["requests"]) == 2


def test_a_server_that_only_fails_counts_as_down(
    serve: Callable[..., Served], impatient: None
) -> None:
    served = serve(dialect="plain")
    engine = served.engine(concurrency=2)
    served.faults(status=500)

    async def rows() -> list[BaseException | Extension]:
        contexts = [asked(f"row {i}") for i in range(60)]
        found = await asyncio.gather(
            *(engine.extend(each, Ask(10)) for each in contexts), return_exceptions=True
        )
        await engine.aclose()
        return found

    found = asyncio.run(rows())
    failed = [each for each in found if isinstance(each, RequestFailed)]
    assert all(isinstance(each, BackendError) for each in found)
    assert len(failed) <= openai_calls.FAILURES_IN_A_ROW + 1
    assert len(served.seen()["requests"]) <= 5 * (len(failed) + 3)


def test_concurrency_is_bounded(serve: Callable[..., Served]) -> None:
    served = serve(dialect="plain", only_for="concurrency")
    engine = served.engine(concurrency=3)
    served.faults(stall=0.05)
    gathered(engine, [asked(f"{i}") for i in range(12)])
    assert served.seen()["peak"] == 3


def test_another_language_and_broken_surrogates_come_through(
    serve: Callable[..., Served],
) -> None:
    served = serve(dialect="plain")
    engine = served.engine()
    body = {"choices": [{"message": {"content": "答え は \\ud800 四"}, "finish_reason": "stop"}]}
    served.faults(body=json.dumps(body, ensure_ascii=False).replace("\\\\u", "\\u"))
    assert extend(engine, asked("hi")).text == "答え は � 四"


FIELDS = (
    *("choices", "message", "content", "text", "usage", "completion_tokens", "prompt_tokens"),
    *("logprobs", "token_logprobs", "tokens", "token_ids", "bytes", "reasoning_content"),
    *("finish_reason", "stop_reason"),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(FIELDS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)


@settings(max_examples=300, deadline=None)
@given(choice=JSON, usage=JSON, logprobs=JSON)
def test_no_reply_is_too_odd(choice: Any, usage: Any, logprobs: Any) -> None:
    """Either an extension or `RequestFailed`, whatever JSON a server sends."""
    if isinstance(choice, dict):
        choice["logprobs"] = logprobs
    ask = Ask(5, stop=("a",), logprobs=True)
    try:
        got = extension(read({"choices": [choice], "usage": usage}), ask, "unknown")
    except RequestFailed:
        return
    assert isinstance(got.text, str)
    assert got.tokens >= 0
    assert got.discarded >= 0
    got.text.encode()


def test_the_package_is_imported_only_where_a_server_is_asked() -> None:
    code = "import sys, judgekit.backends.openai.server; sys.exit('openai' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=HERE.parent.parent).returncode == 0


def test_it_can_be_opened_and_used_inside_any_event_loop(serve: Callable[..., Served]) -> None:
    served = serve(dialect="plain")

    async def inside() -> str:
        engine = connect(served.config())
        return (await engine.extend(asked("hi"), Ask(400))).text

    engine = served.engine()
    texts = [asyncio.run(inside()), extend(engine, asked("hi")).text]
    texts.append(extend(engine, asked("hi")).text)
    assert set(texts) == {by_script("hi").text}
