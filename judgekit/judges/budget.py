"""What a judge may cost, in calls, tokens and money, never passed: not under concurrency either.

A call is paid for before it is made, at the most that it can cost; when it is done the difference
is given back. A call that does not fit now, but might once others are settled, waits for them.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from judgekit.config import JudgeConfig
from judgekit.errors import ConfigError

MILLION = 1_000_000
ROUNDING = 1e-9
"""Money is added up as floats; a bound is not missed for a rounding error of this size."""


@dataclass(frozen=True, slots=True)
class Amount:
    """Calls and tokens, spent or set aside."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def __add__(self, other: Amount) -> Amount:
        return Amount(
            self.calls + other.calls,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
        )

    def __sub__(self, other: Amount) -> Amount:
        return Amount(
            self.calls - other.calls,
            self.prompt_tokens - other.prompt_tokens,
            self.completion_tokens - other.completion_tokens,
        )


NOTHING = Amount()


@dataclass(slots=True)
class Budget:
    """The limits of one judge for one command; None is no limit. Prices: per million tokens."""

    max_calls: int | None = None
    max_total_tokens: int | None = None
    max_cost: float | None = None
    price_in: float = 0.0
    price_out: float = 0.0
    spent: Amount = NOTHING
    reserved: Amount = NOTHING
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @classmethod
    def of(cls, config: JudgeConfig, name: str) -> Budget:
        """The budget that a judge's table sets. Raises `ConfigError` where money has no price."""
        if config.max_cost is not None and (config.price_in is None or config.price_out is None):
            raise ConfigError(
                f"judges.{name}: max_cost needs price_in and price_out",
                hint="prices are per million tokens",
            )
        return cls(
            config.max_calls,
            config.max_total_tokens,
            config.max_cost,
            config.price_in or 0.0,
            config.price_out or 0.0,
        )

    def cost(self, amount: Amount) -> float:
        """Money for an amount."""
        return (
            amount.prompt_tokens * self.price_in + amount.completion_tokens * self.price_out
        ) / MILLION

    async def reserve(self, most: Amount) -> bool:
        """Set the most that a call can cost aside; False where it can never fit."""
        async with self._changed:
            while not self._fits(self.spent + self.reserved + most):
                if self.reserved == NOTHING or not self._fits(self.spent + most):
                    return False
                await self._changed.wait()
            self.reserved += most
            return True

    async def settle(self, most: Amount, used: Amount) -> None:
        """Give back what was set aside for a call, and pay what it used."""
        async with self._changed:
            self.reserved -= most
            self.spent += used
            self._changed.notify_all()

    def _fits(self, total: Amount) -> bool:
        tokens = total.prompt_tokens + total.completion_tokens
        return (
            (self.max_calls is None or total.calls <= self.max_calls)
            and (self.max_total_tokens is None or tokens <= self.max_total_tokens)
            and (self.max_cost is None or self.cost(total) <= self.max_cost + ROUNDING)
        )
