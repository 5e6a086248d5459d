"""The next token of each sequence of a batch.

Greedy decoding is the arg max. Sampling inverts the cumulative distribution at one uniform number a
token, drawn from the sequence's own generator: so a sampled text depends on its seed and not on
what else is in the batch, apart from floating-point noise in the logits.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from judgekit.backends.engine import Ask

_NUCLEUS = 1024
"""Most likely tokens among which the nucleus is sought before the whole vocabulary is sorted."""


class Choice(NamedTuple):
    """A chosen token, and its log-probability under the model itself where that was asked for.

    `id` is None where no token has a finite score.
    """

    id: int | None
    logprob: float | None


@dataclass(slots=True)
class Sampler:
    """How one extension's tokens are chosen. `barred` must not be chosen at this step."""

    ask: Ask
    uniform: random.Random
    barred: Iterable[int] = ()

    @classmethod
    def of(cls, ask: Ask) -> Sampler:
        return cls(ask, random.Random(ask.seed))


def choose(logits: Tensor, samplers: Sequence[Sampler]) -> list[Choice]:
    """One token a row of `logits`, `[rows, vocabulary]`, which are the caller's no more."""
    logits = logits.float()
    scores = _adjusted(logits, samplers)
    best, greedy = scores.max(-1)
    ids = greedy.tolist()
    finite = torch.isfinite(best).tolist()
    for row, sampler in enumerate(samplers):
        if finite[row] and sampler.ask.temperature > 0:
            ids[row] = _sample(scores[row], sampler)
    return [
        Choice(
            ids[row] if finite[row] else None,
            _logprob(logits[row], ids[row]) if sampler.ask.logprobs else None,
        )
        for row, sampler in enumerate(samplers)
    ]


def _adjusted(logits: Tensor, samplers: Sequence[Sampler]) -> Tensor:
    """The scores to choose by; the logits are written over unless they are wanted as they were."""
    if not any(sampler.ask.logit_bias or sampler.barred for sampler in samplers):
        return logits
    scores = logits.clone() if any(sampler.ask.logprobs for sampler in samplers) else logits
    for row, sampler in zip(scores, samplers, strict=True):
        if sampler.ask.logit_bias:
            ids = torch.tensor(list(sampler.ask.logit_bias), device=row.device)
            row[ids] += torch.tensor(list(sampler.ask.logit_bias.values()), device=row.device)
        if sampler.barred:
            row[list(sampler.barred)] = float("-inf")
    return scores


def _sample(scores: Tensor, sampler: Sampler) -> int:
    # Shifted before it is scaled, or a tiny temperature would overflow.
    shares = torch.softmax((scores - scores.max()) / sampler.ask.temperature, -1)
    if sampler.ask.top_p >= 1:
        return _invert(shares, sampler.uniform.random())
    shares, ids = _nucleus(shares, sampler.ask.top_p)
    return int(ids[_invert(shares, sampler.uniform.random())])


def _nucleus(shares: Tensor, top_p: float) -> tuple[Tensor, Tensor]:
    """The smallest set of most likely tokens that holds `top_p` (Holtzman et al. 2020)."""
    shares, ids = _largest(shares, top_p)
    before = shares.cumsum(-1, dtype=torch.float64) - shares
    count = max(1, int((before < top_p).sum()))
    # By id and not by share: noise reorders tokens of nearly equal shares.
    ids, order = ids[:count].sort()
    return shares[order], ids


def _largest(shares: Tensor, top_p: float) -> tuple[Tensor, Tensor]:
    if len(shares) > _NUCLEUS:
        top = shares.topk(_NUCLEUS)
        if top.values.sum() >= top_p:
            return top.values, top.indices
    ordered = shares.sort(descending=True, stable=True)
    return ordered.values, ordered.indices


def _invert(shares: Tensor, uniform: float) -> int:
    # In double precision: a sum of 10^5 single-precision shares is off by more than rare tokens.
    # MPS has none.
    cumulative = shares.cpu().cumsum(-1, dtype=torch.float64)
    target = uniform * cumulative[-1]
    return min(int(torch.searchsorted(cumulative, target, right=True)), len(shares) - 1)


def _logprob(logits: Tensor, id_: int) -> float:
    return float(logits[id_] - torch.logsumexp(logits, -1))
