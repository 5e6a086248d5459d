"""An `Ask` in vLLM's words, and what vLLM answers as an `Extension`.

Ends before the least number of tokens, stop strings, loops, schemas and biases are vLLM's own
features. Only where a stop string begins inside a token are ids made anew, as in every engine.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from judgekit.backends.engine import Ask, Extension, Stopped, Tokenizer
from judgekit.backends.segments import token_ends
from judgekit.errors import BackendError

LOOP_DETECTION = {"min_pattern_size": 43, "max_pattern_size": 512, "min_count": 3}
"""vLLM's detector set to the criterion of `judgekit.loops`: three cycles and 128 tokens. A period
below 43 has a multiple between 43 and 86; one above 512 is left to the search after the fact."""


def parameters(ask: Ask, ends: Collection[int]) -> Any:
    """vLLM's `SamplingParams`. `ends` are the ids that end a turn."""
    from vllm.sampling_params import (
        RepetitionDetectionParams,
        RequestOutputKind,
        SamplingParams,
        StructuredOutputsParams,
    )

    stop = [each for each in ask.stop if each]
    schema = ask.schema
    return SamplingParams(
        max_tokens=ask.max_tokens,
        min_tokens=min(ask.min_tokens, ask.max_tokens),
        stop=stop,
        stop_token_ids=sorted(ends),
        temperature=ask.temperature,
        top_p=ask.top_p,
        seed=ask.seed,
        logit_bias=dict(ask.logit_bias) or None,
        logprobs=0 if ask.logprobs else None,
        repetition_detection=(
            RepetitionDetectionParams(**LOOP_DETECTION) if ask.stop_on_loop else None
        ),
        structured_outputs=None if schema is None else StructuredOutputsParams(json=dict(schema)),
        # Only the search for stop strings needs text as it is written.
        detokenize=bool(stop),
        skip_special_tokens=False,
        spaces_between_special_tokens=False,
        output_kind=RequestOutputKind.FINAL_ONLY,
    )


def extension(
    output: Any, ask: Ask, ends: Collection[int], before: Sequence[int], tokenizer: Tokenizer
) -> Extension:
    """vLLM's finished `RequestOutput` as an extension of the ids `before`.

    Raises `BackendError` where the request was not finished but dropped.
    """
    (written,) = output.outputs
    ids = tuple(written.token_ids)
    stopped, matched = _stopped(written, ids, ends)
    # One token of context: some tokenizers drop the leading space of what stands first.
    context = list(before[-1:])
    if matched is not None:
        text = written.text
        kept, rest = _agreeing(ids, text, context, tokenizer)
    else:
        kept, rest = len(ids) - (stopped == "end"), ()
        text = _decoded(context, ids[:kept], tokenizer)
    whole = (*ids[:kept], *rest)
    logprobs = _logprobs(written, ids[:kept]) if ask.logprobs else None
    return Extension(
        text=text,
        ids=whole,
        tokens=len(whole),
        stopped=stopped,
        matched=matched,
        prompt_tokens=len(before),
        cached_tokens=min(output.num_cached_tokens or 0, len(before)),
        # The end of turn costs nothing; a stop string was generated and thrown away.
        discarded=max(0, len(ids) - len(whole) - (stopped == "end")),
        logprob=None if logprobs is None else sum(logprobs),
        token_logprobs=None if logprobs is None else _by_token(ids[:kept], logprobs, tokenizer),
    )


def _stopped(written: Any, ids: Sequence[int], ends: Collection[int]) -> tuple[Stopped, str | None]:
    match written.finish_reason, written.stop_reason:
        case "stop", str(matched):
            return "stop", matched
        case "stop", _ if ids and ids[-1] in ends:
            return "end", None
        case "length", _:
            return "length", None
        case "repetition", _:
            return "loop", None
        case reason, _:
            raise BackendError(f"vLLM dropped a request ({reason})")


def _agreeing(
    ids: Sequence[int], text: str, context: list[int], tokenizer: Tokenizer
) -> tuple[int, tuple[int, ...]]:
    """How many ids make up the beginning of the text, and ids for the rest of it.

    The text ends before a stop string, and that may begin inside a token.
    """
    for count in range(len(ids) - 1, 0, -1):
        beginning = _decoded(context, ids[:count], tokenizer)
        if text.startswith(beginning):
            return count, _encoded(text[len(beginning) :], tokenizer)
    return 0, _encoded(text, tokenizer)


def _decoded(context: list[int], ids: Sequence[int], tokenizer: Tokenizer) -> str:
    return tokenizer.decode([*context, *ids])[len(tokenizer.decode(context)) :]


def _encoded(text: str, tokenizer: Tokenizer) -> tuple[int, ...]:
    return tuple(tokenizer.encode(text)) if text else ()


def _logprobs(written: Any, ids: Sequence[int]) -> list[float]:
    each = written.logprobs or ()
    return [float(chosen[id_].logprob) for id_, chosen in zip(ids, each, strict=False)]


def _by_token(
    ids: Sequence[int], logprobs: Sequence[float], tokenizer: Tokenizer
) -> tuple[tuple[str, float], ...]:
    text, ends = token_ends(ids, tokenizer)
    starts = [0, *ends]
    return tuple(
        (text[start:end], logprob)
        for start, end, logprob in zip(starts, ends, logprobs, strict=False)
    )
