"""How far a training is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Progress:
    """Steps of `total` done, `resumed` of them before; `logged` is what was logged last."""

    total: int = 0
    step: int = 0
    resumed: int = 0
    seconds: float = 0.0
    logged: Mapping[str, float] = field(default_factory=dict)


Watch = Callable[[Progress], None]
