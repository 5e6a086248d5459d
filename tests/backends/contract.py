"""What every engine that is driven by token ids keeps to, on the embedded model.

A test module imports all of this and has two fixtures: `engine`, and `block`, the most tokens of a
known context that the engine computes anew (1: only the last, for its logits).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from judgekit.backends.engine import Ask, Context, Engine, Extension, Piece
from judgekit.backends.transformers.loading import Loaded
from judgekit.errors import RequestFailed

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


def ask(engine: Engine, question: str) -> Context:
    rendered = engine.tokenizer.render([{"role": "user", "content": question}])
    return Context((), rendered, tuple(engine.tokenizer.encode(rendered)))


def grown(context: Context, *written: Extension | str, engine: Engine) -> Context:
    """The context with more written after it, by the model or by force."""
    pieces = [
        Piece(each, ids := tuple(engine.tokenizer.encode(each)), len(ids), "forced")
        if isinstance(each, str)
        else Piece(each.text, each.ids, each.tokens, "model")
        for each in written
    ]
    return replace(context, pieces=[*context.pieces, *pieces])


def gather(engine: Engine, *asks: tuple[Context, Ask]) -> list[Extension]:
    async def run() -> list[Extension]:
        return await asyncio.gather(*(engine.extend(context, ask) for context, ask in asks))

    return asyncio.run(run())


def test_greedy_texts_are_those_of_generate(engine: Engine, generate: Greedy) -> None:
    contexts = [ask(engine, question) for question in QUESTIONS]
    limits = [40 - 3 * i for i in range(len(QUESTIONS))]
    extensions = gather(
        engine,
        *((c, Ask(max_tokens=n)) for c, n in zip(contexts, limits, strict=True)),
    )
    for context, limit, extension in zip(contexts, limits, extensions, strict=True):
        expected = generate(context.ids, limit)
        assert list(extension.ids or ()) == expected
        assert extension.text == engine.tokenizer.decode(expected)
        assert extension.stopped == ("end" if len(expected) < limit else "length")
        assert (extension.tokens, extension.discarded) == (len(expected), 0)
        assert extension.prompt_tokens == len(context.ids)
        engine.release(context)


def test_forks_share_their_beginning_and_go_their_own_ways(
    engine: Engine, block: int, generate: Greedy
) -> None:
    context = ask(engine, QUESTIONS[3])
    (first,) = gather(engine, (context, Ask(max_tokens=8)))
    trunk = grown(context, first, engine=engine)
    branches = [
        replace(grown(trunk, text, engine=engine), cache=engine.fork(trunk))
        for text in (" But", " And so", "\n\n")
    ]
    extensions = gather(engine, *((c, Ask(max_tokens=8)) for c in (trunk, *branches)))
    for branch, extension in zip((trunk, *branches), extensions, strict=True):
        assert list(extension.ids or ()) == generate(branch.ids, 8)
        assert extension.cached_tokens >= len(context.ids) + 8 - block
        engine.release(branch)


def test_a_fork_outlives_its_origin(engine: Engine, block: int, generate: Greedy) -> None:
    context = ask(engine, QUESTIONS[2])
    (first,) = gather(engine, (context, Ask(max_tokens=6)))
    trunk = grown(context, first, engine=engine)
    fork = replace(trunk, pieces=list(trunk.pieces), cache=engine.fork(trunk))
    engine.release(trunk)
    (extension,) = gather(engine, (fork, Ask(max_tokens=6)))
    assert list(extension.ids or ()) == generate(fork.ids, 6)
    assert extension.cached_tokens >= len(fork.ids) - block
    engine.release(fork)


def test_the_text_ends_before_the_stop_string_even_inside_a_token(
    engine: Engine, generate: Greedy
) -> None:
    tokenizer = engine.tokenizer
    context = ask(engine, QUESTIONS[4])
    ids = generate(context.ids, 20)
    whole = tokenizer.decode(ids)
    assert "Paris" in whole
    for stop in ("Paris", "aris", " Pa", "capital of", whole[0]):
        fresh = replace(context, pieces=[], cache=None)
        (extension,) = gather(engine, (fresh, Ask(max_tokens=20, stop=("zzz", stop))))
        assert extension.text == whole[: whole.index(stop)]
        assert (extension.stopped, extension.matched) == ("stop", stop)
        assert tokenizer.decode(extension.ids or ()) == extension.text
        assert extension.tokens == len(extension.ids or ())
        generated = next(n for n in range(20) if stop in tokenizer.decode(ids[:n]))
        assert extension.tokens + extension.discarded == generated
        again = grown(fresh, extension, engine=engine)
        (further,) = gather(engine, (again, Ask(max_tokens=5)))
        assert list(further.ids or ()) == generate(again.ids, 5)
        engine.release(again)


def test_neither_end_nor_stop_counts_before_the_least_number_of_tokens(
    engine: Engine, embedded_model: Loaded, generate: Greedy
) -> None:
    context = ask(engine, QUESTIONS[6])
    assert len(generate(context.ids, 40)) < 20
    (longer,) = gather(engine, (context, Ask(max_tokens=40, min_tokens=20)))
    assert longer.tokens >= 20
    assert not embedded_model.ends & set(longer.ids or ())
    fresh = replace(context, cache=None)
    (extension,) = gather(engine, (fresh, Ask(max_tokens=12, min_tokens=10, stop=("1",))))
    assert extension.tokens + extension.discarded > 10
    assert "1" in extension.text


def test_budgets_of_none_and_one(engine: Engine, generate: Greedy) -> None:
    context = ask(engine, QUESTIONS[0])
    none, one = gather(
        engine,
        (replace(context), Ask(max_tokens=0)),
        (replace(context), Ask(max_tokens=1)),
    )
    assert (none.text, none.ids, none.tokens, none.stopped) == ("", (), 0, "length")
    assert (list(one.ids or ()), one.stopped) == (generate(context.ids, 1), "length")


def test_an_end_of_turn_at_the_first_token_gives_an_empty_extension(
    engine: Engine, generate: Greedy
) -> None:
    context = ask(engine, QUESTIONS[4])
    (whole,) = gather(engine, (context, Ask(max_tokens=40)))
    assert whole.stopped == "end"
    done = grown(context, whole, engine=engine)
    (extension,) = gather(engine, (done, Ask(max_tokens=5)))
    assert (extension.text, extension.ids, extension.stopped) == ("", (), "end")


def test_a_sampled_text_depends_on_its_seed_and_not_on_the_batch(
    engine: Engine,
) -> None:
    def sampled(seed: int) -> tuple[Context, Ask]:
        context = ask(engine, QUESTIONS[5])
        return context, Ask(max_tokens=12, temperature=0.8, top_p=0.95, seed=seed)

    (alone,) = gather(engine, sampled(4))
    crowd = gather(engine, *(sampled(seed) for seed in range(6)))
    assert crowd[4].ids == alone.ids
    assert len({extension.ids for extension in crowd}) == len(crowd)


def test_a_biased_token_is_written_or_never(engine: Engine) -> None:
    (banana,) = engine.tokenizer.encode(" banana")
    context = ask(engine, QUESTIONS[10])
    always, never = gather(
        engine,
        (replace(context), Ask(max_tokens=3, logit_bias={banana: 1000.0})),
        (replace(context), Ask(max_tokens=30, logit_bias={banana: -1000.0})),
    )
    assert always.text == " banana" * 3
    assert banana not in (never.ids or ())


def test_log_probabilities_are_the_models_own(engine: Engine, embedded_model: Loaded) -> None:
    import torch

    context = ask(engine, QUESTIONS[7])
    (extension,) = gather(
        engine, (context, Ask(max_tokens=12, logprobs=True, temperature=0.5, seed=2))
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


def test_one_bad_request_fails_alone(engine: Engine, generate: Greedy) -> None:
    good = ask(engine, QUESTIONS[1])
    bad = [
        (Context((), "", (5,) * 8192), Ask(max_tokens=1)),
        (Context((), "", (10**6,)), Ask(max_tokens=4)),
        (Context((), "", ()), Ask(max_tokens=4)),
        (replace(good), Ask(max_tokens=4, logit_bias={-1: 1.0})),
        (replace(good), Ask(max_tokens=4, temperature=-1.0)),
        (replace(good), Ask(max_tokens=4, logit_bias={i: float("-inf") for i in range(49152)})),
    ]

    async def run() -> list[Extension | BaseException]:
        asks = [(good, Ask(max_tokens=16)), *bad]
        return await asyncio.gather(
            *(engine.extend(context, ask) for context, ask in asks), return_exceptions=True
        )

    answered, *failed = asyncio.run(run())
    assert isinstance(answered, Extension)
    assert list(answered.ids or ()) == generate(good.ids, 16)
    assert all(isinstance(fault, RequestFailed) for fault in failed)


def test_a_budget_beyond_the_context_is_refused(engine: Engine) -> None:
    with pytest.raises(RequestFailed, match="8000 tokens and 400 more do not fit"):
        gather(engine, (Context((), "", (5,) * 8000), Ask(max_tokens=400)))


def test_a_cancelled_request_frees_its_row(engine: Engine, generate: Greedy) -> None:
    async def run() -> Extension:
        endless = [
            asyncio.create_task(
                engine.extend(ask(engine, question), Ask(max_tokens=2000, min_tokens=2000))
            )
            for question in QUESTIONS[:8]
        ]
        await asyncio.sleep(0.5)
        for task in endless:
            task.cancel()
        await asyncio.gather(*endless, return_exceptions=True)
        return await engine.extend(context, Ask(max_tokens=8))

    context = ask(engine, QUESTIONS[8])
    extension = asyncio.run(asyncio.wait_for(run(), timeout=60))
    assert list(extension.ids or ()) == generate(context.ids, 8)


def test_a_turn_cut_off_and_gone_on_is_as_if_never_cut(engine: Engine, generate: Greedy) -> None:
    context = ask(engine, QUESTIONS[3])
    whole = generate(context.ids, 14)
    for budget in (1, 2, 11):
        (extension,) = gather(engine, (context, Ask(max_tokens=budget)))
        assert (list(extension.ids or ()), extension.stopped) == (whole[:budget], "length")
        context = grown(context, extension, engine=engine)
        whole = whole[budget:]
    engine.release(context)


def test_only_what_the_model_writes_is_searched_for_a_stop_string(
    engine: Engine, generate: Greedy
) -> None:
    context = grown(ask(engine, QUESTIONS[4]), "Wait. The capital of France", engine=engine)
    written = engine.tokenizer.decode(generate(context.ids, 8))
    stops = ("Wait", "France", f"France{written[:2]}")
    (extension,) = gather(engine, (context, Ask(max_tokens=8, stop=stops)))
    assert (extension.text, extension.matched) == (written, None)
    engine.release(context)
