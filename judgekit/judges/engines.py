"""Engines shared between judges: opened once for each distinct model, when first needed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from judgekit.backends.engine import Engine
from judgekit.config import ModelConfig

Opener = Callable[[ModelConfig], Engine]


def open_backend(config: ModelConfig) -> Engine:
    """The engine of a model, as `judgekit generate` opens it."""
    from judgekit.backends import open_engine

    return open_engine(config)


@dataclass(slots=True)
class SharedEngine:
    """One model, used by several judges and closed by the last of them.

    It is opened by the first call: a grading whose every row the verifier decides, or whose every
    verdict is in the cache, loads no model.
    """

    config: ModelConfig
    opener: Opener
    users: int = 0
    _engine: Engine | None = None
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def get(self) -> Engine:
        """The engine, opened off the event loop. Raises what opening raises."""
        async with self._opening:
            if self._engine is None:
                self._engine = await asyncio.to_thread(self.opener, self.config)
        return self._engine

    async def release(self) -> None:
        """One judge less; the last one closes the engine."""
        self.users -= 1
        if self.users <= 0 and self._engine is not None:
            engine, self._engine = self._engine, None
            await engine.aclose()


@dataclass(slots=True)
class Engines:
    """The engines of one command, one for each distinct model configuration."""

    opener: Opener
    _shared: dict[ModelConfig, SharedEngine] = field(default_factory=dict)

    def share(self, config: ModelConfig) -> SharedEngine:
        """The engine of this model, with one user more."""
        shared = self._shared.setdefault(config, SharedEngine(config, self.opener))
        shared.users += 1
        return shared
