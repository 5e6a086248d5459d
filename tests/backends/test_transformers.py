"""The embedded model in slots: the texts of `generate`, and every option of `Ask`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from judgekit.backends.engine import Ask, Context, Extension, Piece
from judgekit.backends.transformers.engine import TransformersEngine
from judgekit.backends.transformers.loading import Loaded
from judgekit.config import ModelConfig
from judgekit.errors import BackendError, RequestFailed

pytestmark = pytest.mark.model

QUESTIONS = (
    "Hi",
    "What is 2+2?",
    "Name three colours.",
    "Write a haiku about rain and trees in spring.",
    "What is the capital of France?",
    "Tell me a story of a dog that could not bark, and what became of it.",
    "1+1",
    "Why is the sky blue? Explain it to a child of five, with an example from the kitchen.",
    "List the prime numbers below thirty, and say of each why it is prime.",
    "Wie heißt die Hauptstadt von Österreich?",
    "Repeat the word banana for ever.",
    "Say nothing.",
)


def ask(engine: TransformersEngine, question: str) -> Context:
    rendered = engine.tokenizer.render([{"role": "user", "content": question}])
    return Context((), rendered, tuple(engine.tokenizer.encode(rendered)))


def grown(context: Context, *written: Extension | str, engine: TransformersEngine) -> Context:
    """The context with more written after it, by the model or by force."""
    pieces = [
        Piece(each, ids := tuple(engine.tokenizer.encode(each)), len(ids), "forced")
        if isinstance(each, str)
        else Piece(each.text, each.ids, each.tokens, "model")
        for each in written
    ]
    return replace(context, pieces=[*context.pieces, *pieces])


Greedy = Callable[[list[int], int], list[int]]


@pytest.fixture(scope="module")
def generate(embedded_model: Loaded) -> Greedy:
    """`model.generate` on one row, without the end of turn."""
    import torch

    def run(ids: list[int], count: int) -> list[int]:
        row = torch.tensor([ids])
        out = embedded_model.model.generate(
            row, attention_mask=torch.ones_like(row), max_new_tokens=count, do_sample=False
        )
        written = out[0, len(ids) :].tolist()
        return [id_ for id_ in written if id_ not in embedded_model.ends]

    return run


def gather(engine: TransformersEngine, *asks: tuple[Context, Ask]) -> list[Extension]:
    async def run() -> list[Extension]:
        return await asyncio.gather(*(engine.extend(context, ask) for context, ask in asks))

    return asyncio.run(run())


def test_greedy_texts_are_those_of_generate(
    embedded_engine: TransformersEngine, generate: Greedy
) -> None:
    contexts = [ask(embedded_engine, question) for question in QUESTIONS]
    limits = [40 - 3 * i for i in range(len(QUESTIONS))]
    extensions = gather(
        embedded_engine,
        *((c, Ask(max_tokens=n)) for c, n in zip(contexts, limits, strict=True)),
    )
    for context, limit, extension in zip(contexts, limits, extensions, strict=True):
        expected = generate(context.ids, limit)
        assert list(extension.ids or ()) == expected
        assert extension.text == embedded_engine.tokenizer.decode(expected)
        assert extension.stopped == ("end" if len(expected) < limit else "length")
        assert (extension.tokens, extension.discarded) == (len(expected), 0)
        assert extension.prompt_tokens == len(context.ids)
        embedded_engine.release(context)


def test_a_forced_turn_goes_on_from_ids_and_computes_only_what_is_new(
    embedded_engine: TransformersEngine, generate: Greedy
) -> None:
    context = ask(embedded_engine, QUESTIONS[5])
    (first,) = gather(embedded_engine, (context, Ask(max_tokens=10)))
    forced = grown(context, first, " Wait, no:", engine=embedded_engine)
    computed = embedded_engine.counters.computed
    (second,) = gather(embedded_engine, (forced, Ask(max_tokens=10)))
    assert list(second.ids or ()) == generate(forced.ids, 10)
    new = len(forced.ids) - len(context.ids) - 9
    assert second.cached_tokens == len(forced.ids) - new
    assert embedded_engine.counters.computed - computed == new + 9
    embedded_engine.release(forced)


def test_forks_share_their_beginning_and_go_their_own_ways(
    embedded_engine: TransformersEngine, generate: Greedy
) -> None:
    context = ask(embedded_engine, QUESTIONS[3])
    (first,) = gather(embedded_engine, (context, Ask(max_tokens=8)))
    trunk = grown(context, first, engine=embedded_engine)
    branches = [
        replace(grown(trunk, text, engine=embedded_engine), cache=embedded_engine.fork(trunk))
        for text in (" But", " And so", "\n\n")
    ]
    extensions = gather(embedded_engine, *((c, Ask(max_tokens=8)) for c in (trunk, *branches)))
    for branch, extension in zip((trunk, *branches), extensions, strict=True):
        assert list(extension.ids or ()) == generate(branch.ids, 8)
        assert extension.cached_tokens >= len(context.ids) + 7
        embedded_engine.release(branch)


def test_a_fork_outlives_its_origin(embedded_engine: TransformersEngine, generate: Greedy) -> None:
    context = ask(embedded_engine, QUESTIONS[2])
    (first,) = gather(embedded_engine, (context, Ask(max_tokens=6)))
    trunk = grown(context, first, engine=embedded_engine)
    fork = replace(trunk, pieces=list(trunk.pieces), cache=embedded_engine.fork(trunk))
    embedded_engine.release(trunk)
    (extension,) = gather(embedded_engine, (fork, Ask(max_tokens=6)))
    assert list(extension.ids or ()) == generate(fork.ids, 6)
    assert extension.cached_tokens == len(fork.ids) - 1
    embedded_engine.release(fork)


def test_the_text_ends_before_the_stop_string_even_inside_a_token(
    embedded_engine: TransformersEngine, generate: Greedy
) -> None:
    tokenizer = embedded_engine.tokenizer
    context = ask(embedded_engine, QUESTIONS[4])
    ids = generate(context.ids, 20)
    whole = tokenizer.decode(ids)
    assert "Paris" in whole
    for stop in ("Paris", "aris", " Pa", "capital of", whole[0]):
        fresh = replace(context, pieces=[], cache=None)
        (extension,) = gather(embedded_engine, (fresh, Ask(max_tokens=20, stop=("zzz", stop))))
        assert extension.text == whole[: whole.index(stop)]
        assert (extension.stopped, extension.matched) == ("stop", stop)
        assert tokenizer.decode(extension.ids or ()) == extension.text
        assert extension.tokens == len(extension.ids or ())
        generated = next(n for n in range(20) if stop in tokenizer.decode(ids[:n]))
        assert extension.tokens + extension.discarded == generated
        again = grown(fresh, extension, engine=embedded_engine)
        (further,) = gather(embedded_engine, (again, Ask(max_tokens=5)))
        assert list(further.ids or ()) == generate(again.ids, 5)
        embedded_engine.release(again)


def test_neither_end_nor_stop_counts_before_the_least_number_of_tokens(
    embedded_engine: TransformersEngine, embedded_model: Loaded, generate: Greedy
) -> None:
    context = ask(embedded_engine, QUESTIONS[6])
    assert len(generate(context.ids, 40)) < 20
    (longer,) = gather(embedded_engine, (context, Ask(max_tokens=40, min_tokens=20)))
    assert longer.tokens >= 20
    assert not embedded_model.ends & set(longer.ids or ())
    fresh = replace(context, cache=None)
    (extension,) = gather(embedded_engine, (fresh, Ask(max_tokens=12, min_tokens=10, stop=("1",))))
    assert extension.tokens + extension.discarded > 10
    assert "1" in extension.text


def test_budgets_of_none_and_one(embedded_engine: TransformersEngine, generate: Greedy) -> None:
    context = ask(embedded_engine, QUESTIONS[0])
    none, one = gather(
        embedded_engine,
        (replace(context), Ask(max_tokens=0)),
        (replace(context), Ask(max_tokens=1)),
    )
    assert (none.text, none.ids, none.tokens, none.stopped) == ("", (), 0, "length")
    assert (list(one.ids or ()), one.stopped) == (generate(context.ids, 1), "length")


def test_an_end_of_turn_at_the_first_token_gives_an_empty_extension(
    embedded_engine: TransformersEngine, generate: Greedy
) -> None:
    context = ask(embedded_engine, QUESTIONS[4])
    (whole,) = gather(embedded_engine, (context, Ask(max_tokens=40)))
    assert whole.stopped == "end"
    done = grown(context, whole, engine=embedded_engine)
    (extension,) = gather(embedded_engine, (done, Ask(max_tokens=5)))
    assert (extension.text, extension.ids, extension.stopped) == ("", (), "end")


def test_a_sampled_text_depends_on_its_seed_and_not_on_the_batch(
    embedded_engine: TransformersEngine,
) -> None:
    def sampled(seed: int) -> tuple[Context, Ask]:
        context = ask(embedded_engine, QUESTIONS[5])
        return context, Ask(max_tokens=12, temperature=0.8, top_p=0.95, seed=seed)

    (alone,) = gather(embedded_engine, sampled(4))
    crowd = gather(embedded_engine, *(sampled(seed) for seed in range(6)))
    assert crowd[4].ids == alone.ids
    assert len({extension.ids for extension in crowd}) == len(crowd)


def test_a_biased_token_is_written_or_never(embedded_engine: TransformersEngine) -> None:
    (banana,) = embedded_engine.tokenizer.encode(" banana")
    context = ask(embedded_engine, QUESTIONS[10])
    always, never = gather(
        embedded_engine,
        (replace(context), Ask(max_tokens=3, logit_bias={banana: 1000.0})),
        (replace(context), Ask(max_tokens=30, logit_bias={banana: -1000.0})),
    )
    assert always.text == " banana" * 3
    assert banana not in (never.ids or ())


def test_log_probabilities_are_the_models_own(
    embedded_engine: TransformersEngine, embedded_model: Loaded
) -> None:
    import torch

    context = ask(embedded_engine, QUESTIONS[7])
    (extension,) = gather(
        embedded_engine, (context, Ask(max_tokens=12, logprobs=True, temperature=0.5, seed=2))
    )
    ids = torch.tensor([[*context.ids, *(extension.ids or ())]])
    with torch.inference_mode():
        scores = embedded_model.model(ids).logits[0].log_softmax(-1)
    start = len(context.ids)
    expected = [float(scores[i - 1, ids[0, i]]) for i in range(start, ids.shape[1])]
    each = extension.token_logprobs or ()
    assert [logprob for _, logprob in each] == pytest.approx(expected, abs=1e-3)
    assert "".join(text for text, _ in each) == extension.text
    assert extension.logprob == pytest.approx(sum(expected), abs=1e-2)


def test_a_loop_is_stopped_when_asked(tiny: Any) -> None:
    engine = TransformersEngine(ModelConfig(concurrency=2), tiny(max_position_embeddings=512))
    context = Context((), "", (1, 2, 3))
    bias = {7: 1000.0}
    stopped, unasked = gather(
        engine,
        (replace(context), Ask(max_tokens=300, logit_bias=bias, stop_on_loop=True)),
        (replace(context), Ask(max_tokens=300, logit_bias=bias)),
    )
    assert (stopped.stopped, unasked.stopped) == ("loop", "length")
    assert 128 <= stopped.tokens < 200
    asyncio.run(engine.aclose())


def test_one_bad_request_fails_alone(embedded_engine: TransformersEngine, generate: Greedy) -> None:
    good = ask(embedded_engine, QUESTIONS[1])
    bad = [
        (Context((), "", (5,) * 8192), Ask(max_tokens=1)),
        (Context((), "", (5,) * 8000), Ask(max_tokens=400)),
        (Context((), "", (10**6,)), Ask(max_tokens=4)),
        (Context((), "", ()), Ask(max_tokens=4)),
        (replace(good), Ask(max_tokens=4, logit_bias={-1: 1.0})),
        (replace(good), Ask(max_tokens=4, temperature=-1.0)),
        (replace(good), Ask(max_tokens=4, logit_bias={i: float("-inf") for i in range(49152)})),
    ]

    async def run() -> list[Extension | BaseException]:
        asks = [(good, Ask(max_tokens=16)), *bad]
        return await asyncio.gather(
            *(embedded_engine.extend(context, ask) for context, ask in asks), return_exceptions=True
        )

    answered, *failed = asyncio.run(run())
    assert isinstance(answered, Extension)
    assert list(answered.ids or ()) == generate(good.ids, 16)
    assert all(isinstance(fault, RequestFailed) for fault in failed)


def test_a_cancelled_request_frees_its_row(
    embedded_engine: TransformersEngine, generate: Greedy
) -> None:
    async def run() -> Extension:
        endless = [
            asyncio.create_task(
                embedded_engine.extend(
                    ask(embedded_engine, question), Ask(max_tokens=2000, min_tokens=2000)
                )
            )
            for question in QUESTIONS[:8]
        ]
        await asyncio.sleep(0.5)
        for task in endless:
            task.cancel()
        await asyncio.gather(*endless, return_exceptions=True)
        return await embedded_engine.extend(context, Ask(max_tokens=8))

    context = ask(embedded_engine, QUESTIONS[8])
    extension = asyncio.run(asyncio.wait_for(run(), timeout=60))
    assert list(extension.ids or ()) == generate(context.ids, 8)


def test_equal_prompts_are_computed_once(embedded_engine: TransformersEngine) -> None:
    prompt = tuple(range(1000, 1060))
    before = embedded_engine.counters.computed
    asks = [
        (Context((), "", prompt), Ask(max_tokens=4, min_tokens=4, temperature=1.0, seed=seed))
        for seed in range(4)
    ]
    gather(embedded_engine, *asks)
    assert embedded_engine.counters.computed - before == len(prompt) + 3 + 4 * 3


def test_a_closed_engine_says_so(tiny: Any) -> None:
    engine = TransformersEngine(ModelConfig(concurrency=2), tiny())
    context = Context((), "", (1, 2, 3))

    async def run() -> None:
        endless = asyncio.create_task(engine.extend(context, Ask(max_tokens=150)))
        await asyncio.sleep(0.01)
        await engine.aclose()
        with pytest.raises(BackendError, match="closed"):
            await endless
        with pytest.raises(BackendError, match="closed"):
            await engine.extend(replace(context, cache=None), Ask(max_tokens=1))

    asyncio.run(run())


def test_running_out_of_memory_is_one_line(tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = TransformersEngine(ModelConfig(concurrency=2), tiny())
    # The one fault that cannot be had for real without taking the machine down with it.
    monkeypatch.setattr(engine._scheduler._pool, "forward", _no_memory)
    for _ in range(2):
        with pytest.raises(BackendError, match="out of memory with 1 sequence") as caught:
            gather(engine, (Context((), "", (1, 2, 3)), Ask(max_tokens=4)))
        assert not isinstance(caught.value, RequestFailed)


def _no_memory(chunks: Any) -> None:
    import torch

    torch.empty(2**60)


def test_a_defect_reaches_those_who_wait(tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = TransformersEngine(ModelConfig(concurrency=2), tiny())
    monkeypatch.setattr(engine._scheduler._pool, "forward", lambda chunks: {}["defect"])
    monkeypatch.setattr("threading.excepthook", lambda told: None)
    with pytest.raises(KeyError, match="defect"):
        gather(engine, (Context((), "", (1, 2, 3)), Ask(max_tokens=4)))
