"""What a set of responses cost: tokens by role and by model, seconds, and money where it is known.

Money is tokens times a price for each model that was used, judges among them. Prices are the
user's (`[models.*]` and `[judges.*]` of judgekit.toml); where one is missing there is no sum, for a
part of the bill is no bill.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from judgekit.config import Config, JudgeConfig, ModelConfig

if TYPE_CHECKING:
    import pandas as pd

MAIN = "model"
"""What a response's `usage` calls the model of the run itself."""

MILLION = 1_000_000


class Price(NamedTuple):
    """Money per million tokens read and written."""

    tokens_in: float
    tokens_out: float


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices by name: of the models that write, and of the judges."""

    models: Mapping[str, Price] = field(default_factory=dict)
    judges: Mapping[str, Price] = field(default_factory=dict)

    @classmethod
    def of(cls, config: Config) -> Prices:
        """The prices of a configuration; a model is found by its name there and by its id.

        A jury has the price of its members where they share one; its verdicts do not tell them
        apart.
        """
        models: dict[str, Price] = {}
        for name, model in config.models.items():
            if price := _price(model):
                models[name] = price
                models.setdefault(model.model, price)
        judges = {name: p for name, judge in config.judges.items() if (p := _price(judge))}
        for name, jury in config.juries.items():
            shared = {judges.get(member) for member in jury.members}
            if len(shared) == 1 and (price := shared.pop()):
                judges[name] = price
        return cls(models, judges)


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens of one model or judge, and the money they cost (None: without a price)."""

    prompt: int
    completion: int
    money: float | None


@dataclass(frozen=True, slots=True)
class Cost:
    """What a set of responses cost.

    `own` tokens were written by models and stand in the responses, `forced` by the strategy;
    `discarded` were written and thrown away; `wasted` are those of `own` that repeat a loop's first
    cycle; `judge` were read and written by judges. `seconds` adds up each response's wall time,
    which overlaps in a batch. `by_model` counts discarded tokens as completion. `per_correct` is
    own and discarded tokens for each correct response, `money_per_correct` the whole bill; None
    where none is correct.
    """

    prompt: int
    own: int
    forced: int
    discarded: int
    wasted: int
    judge: int
    seconds: float
    by_model: Mapping[str, Spent]
    by_judge: Mapping[str, Spent]
    money: float | None
    per_correct: float | None
    money_per_correct: float | None


def cost(frame: pd.DataFrame, prices: Prices | None = None) -> Cost:
    """The cost of the rows of a frame; `prices` None: no money."""
    prices = prices or Prices()
    of_main = next((prices.models.get(str(name)) for name in frame["model"][:1]), None)
    models = {} if of_main is None else {MAIN: of_main}
    by_model = _spent(
        (
            (name, u.prompt, u.completion + u.discarded)
            for row in frame["usage"]
            for name, u in row.items()
        ),
        {**prices.models, **models},
    )
    by_judge = _spent(
        (
            (name, each.prompt_tokens, each.completion_tokens)
            for row in frame["judged"]
            for name, each in row.items()
        ),
        prices.judges,
    )
    bill = [each.money for each in (*by_model.values(), *by_judge.values())]
    money = None if not by_model or None in bill else sum(filter(None, bill))
    correct = int((frame["reason"] == "correct").sum())
    own, discarded = int(frame["completion_tokens"].sum()), int(frame["discarded_tokens"].sum())
    return Cost(
        prompt=int(frame["prompt_tokens"].sum()),
        own=own,
        forced=int(frame["forced_tokens"].sum()),
        discarded=discarded,
        wasted=int(frame["wasted_tokens"].sum()),
        judge=int(frame["judge_tokens"].sum()),
        seconds=float(frame["seconds"].sum()),
        by_model=by_model,
        by_judge=by_judge,
        money=money,
        per_correct=(own + discarded) / correct if correct else None,
        money_per_correct=money / correct if correct and money is not None else None,
    )


def _spent(
    amounts: Iterable[tuple[str, int, int]], prices: Mapping[str, Price]
) -> dict[str, Spent]:
    read: dict[str, int] = {}
    written: dict[str, int] = {}
    for name, prompt, completion in amounts:
        read[name] = read.get(name, 0) + prompt
        written[name] = written.get(name, 0) + completion
    return {
        name: Spent(read[name], written[name], _money(read[name], written[name], prices.get(name)))
        for name in read
    }


def _money(read: int, written: int, price: Price | None) -> float | None:
    if price is None:
        return None
    return (read * price.tokens_in + written * price.tokens_out) / MILLION


def _price(priced: ModelConfig | JudgeConfig) -> Price | None:
    if priced.price_in is None or priced.price_out is None:
        return None
    return Price(priced.price_in, priced.price_out)
