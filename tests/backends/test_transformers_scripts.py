"""Random scripts of turns on a tiny random model with the real tokenizer, token for token.

The reference computes the whole context anew for every token. The engine has fewer slots than there
are turns, so that turns are parked, brought back, forked and rolled back at every opportunity.
Who wrote each token is kept here apart, and the segments must tell the same; joined, they are the
decoding of all tokens after the prompt.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from judgekit.backends.engine import Ask, Context
from judgekit.backends.transformers.engine import TransformersEngine
from judgekit.backends.transformers.loading import Loaded
from judgekit.backends.turn import Sampling, Turn, derive
from judgekit.config import ModelConfig

pytestmark = pytest.mark.model

WORDS = (" Wait", "\n", "</think>", " é…", "Final answer:", "x", "")

writes = st.fixed_dictionaries(
    {
        "max_tokens": st.integers(0, 9),
        "min_tokens": st.integers(0, 5),
        "stop": st.lists(st.sampled_from(["e", "an", " t", "\n", "ing ", "zzzz"]), max_size=2),
    }
)
steps = st.one_of(
    st.tuples(st.just("write"), writes),
    st.tuples(st.just("force"), st.sampled_from(WORDS)),
    st.tuples(st.just("fork"), st.none()),
    st.tuples(st.just("close"), st.none()),
)
scripts = st.lists(
    st.tuples(
        st.text("abc de\né", min_size=1, max_size=12),
        st.sampled_from([0.0, 1.0]),
        st.lists(steps, max_size=6),
    ),
    min_size=1,
    max_size=5,
)


@pytest.fixture(scope="module")
def model(embedded_model: Loaded, tiny: Any) -> Loaded:
    """Of the real tokenizer's vocabulary; one token in forty ends the turn."""
    ends = frozenset(range(0, 49152, 40))
    made = tiny(vocab_size=49152, num_hidden_layers=2)
    return Loaded(made.model, embedded_model.tokenizer, ends, "random weights", "cpu", "float32")


@pytest.fixture(scope="module")
def reference(model: Loaded) -> Any:
    import copy

    return copy.deepcopy(model.model)


@pytest.fixture(scope="module")
def engine(reference: Any, model: Loaded) -> Any:
    engine = TransformersEngine(ModelConfig(concurrency=3), model)
    yield engine
    asyncio.run(engine.aclose())


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(scripts=scripts)
def test_turns_are_those_of_computing_everything_anew(
    engine: TransformersEngine, reference: Any, model: Loaded, scripts: Any
) -> None:
    async def play(number: int, prompt: str, temperature: float, script: Sequence[Any]) -> None:
        ids = tuple(model.tokenizer.encode(prompt))
        sampling = Sampling(max_tokens=60, temperature=temperature, top_p=0.9, seed=number)
        turns = [Turn(engine, Context((), prompt, ids), sampling)]
        authors: list[list[str]] = [[]]
        for action, what in script:
            middle = len(turns) // 2
            if action == "force":
                turns[middle].force(what)
                authors[middle] += ["forced"] * len(model.tokenizer.encode(what))
            elif action == "fork":
                turns.append(turns[middle].fork())
                authors.append(list(authors[middle]))
            elif action == "close" and len(turns) > 1:
                turns.pop(0).close()
                authors.pop(0)
            elif action == "write":
                written = await asyncio.gather(*(check(each, what) for each in turns))
                for known, tokens in zip(authors, written, strict=True):
                    known += ["model"] * tokens
        for turn, known in zip(turns, authors, strict=True):
            turn.close()
            response = turn.transcript(own=True)
            after = turn.context.ids[len(ids) :]
            assert response.text == model.tokenizer.decode(after)
            assert [s.by for s in response.segments for _ in range(s.tokens)] == known

    async def check(turn: Turn, write: dict[str, Any]) -> int:
        before = turn.context.ids
        number = turn._extensions
        extension = await turn.write(**write)
        ask = Ask(
            **{**write, "stop": tuple(write["stop"])},
            temperature=turn.sampling.temperature,
            top_p=turn.sampling.top_p,
            seed=derive(turn.sampling.seed, number),
        )
        expected = written_anew(reference, model, before, ask)
        assert (extension.ids, extension.text, extension.stopped) == expected
        assert turn.context.ids == [*before, *expected[0]]
        return len(expected[0])

    async def all_of() -> None:
        await asyncio.gather(*(play(n, *script) for n, script in enumerate(scripts)))

    asyncio.run(all_of())


def written_anew(
    reference: Any, model: Loaded, before: Sequence[int], ask: Ask
) -> tuple[tuple[int, ...], str, str]:
    """The definition of an extension, without cache, batch or increments."""
    decode, uniform = model.tokenizer.decode, random.Random(ask.seed)
    ids: list[int] = []
    while len(ids) < ask.max_tokens:
        id_ = next_token(reference, model, [*before, *ids], ask, uniform, len(ids))
        if id_ in model.ends:
            return tuple(ids), decode(ids), "end"
        ids.append(id_)
        text = decode(ids)
        if len(ids) > ask.min_tokens and not text.endswith("\N{REPLACEMENT CHARACTER}"):
            old = len(decode(ids[:-1]).rstrip("\N{REPLACEMENT CHARACTER}"))
            found = [
                (at + len(stop), at)
                for stop in ask.stop
                if (at := text.find(stop, max(0, old - len(stop) + 1))) >= 0
            ]
            if found:
                text = text[: min(found)[1]]
                kept = max(n for n in range(len(ids)) if text.startswith(decode(ids[:n])))
                rest = text[len(decode(ids[:kept])) :]
                return (*ids[:kept], *model.tokenizer.encode(rest)), text, "stop"
    return tuple(ids), decode(ids), "length"


def next_token(
    reference: Any, model: Loaded, ids: list[int], ask: Ask, uniform: random.Random, count: int
) -> int:
    import torch

    with torch.no_grad():
        scores = reference(torch.tensor([ids]), use_cache=False).logits[0, -1].clone()
    if count < ask.min_tokens:
        scores[list(model.ends)] = float("-inf")
    if ask.temperature == 0:
        return int(scores.argmax())
    ordered = (scores / ask.temperature).softmax(-1).sort(descending=True, stable=True)
    before = ordered.values.double().cumsum(-1) - ordered.values
    ids = sorted(ordered.indices[before < ask.top_p].tolist())
    nucleus = (scores / ask.temperature).softmax(-1)[ids].double().cumsum(-1)
    return int(ids[int((nucleus <= uniform.random() * nucleus[-1]).sum())])
