"""Engines shared between judges: opened once for each distinct model, when first needed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from judgekit.backends.engine import Engine
from judgekit.config import ModelConfig
from judgekit.errors import BackendError, RequestFailed

OPENINGS = 3
"""How often a server may fail to say what it is before it counts as down."""

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
    _failed: int = 0
    _fault: BackendError | None = None
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def get(self) -> Engine:
        """The engine, opened off the event loop.

        Raises what opening raises; a server that is down, or has failed this often, is not tried
        again for each of the rows that wait for it.
        """
        async with self._opening:
            if self._fault is not None:
                raise self._fault
            if self._engine is None:
                try:
                    self._engine = await asyncio.to_thread(self.opener, self.config)
                except RequestFailed as fault:
                    self._failed += 1
                    if self._failed < OPENINGS:
                        raise
                    self._fault = BackendError(fault.message, hint=fault.hint)
                    raise self._fault from fault
                except BackendError as fault:
                    self._fault = fault
                    raise
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
