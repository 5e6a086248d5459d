"""Tests of this folder share `driving.py`, and one engine for the real small model."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from judgekit.backends.engine import Engine
from judgekit.backends.transformers import embedded
from judgekit.config import ModelConfig

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def embedded_engine() -> Iterator[Engine]:
    """The embedded model in eight slots."""
    pytest.importorskip("torch")
    if not embedded.prepared_folder().is_dir() and embedded.locate() is None:
        pytest.skip(f"the embedded model is not installed: {embedded.INSTALL}")
    from judgekit.backends.transformers.engine import TransformersEngine

    engine = TransformersEngine(ModelConfig(concurrency=8))
    yield engine
    asyncio.run(engine.aclose())
