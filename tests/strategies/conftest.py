"""Tests of this folder share `driving.py`, and one engine for the real small model.

$JUDGEKIT_TEST_BACKEND chooses that engine: transformers, or vllm where it is installed.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from judgekit.backends import open_engine
from judgekit.backends.engine import Engine
from judgekit.backends.transformers import embedded
from judgekit.config import ModelConfig

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def embedded_engine() -> Iterator[Engine]:
    """The embedded model, eight sequences at once."""
    pytest.importorskip("torch")
    if not embedded.prepared_folder().is_dir() and embedded.locate() is None:
        pytest.skip(f"the embedded model is not installed: {embedded.INSTALL}")
    backend: Any = os.environ.get("JUDGEKIT_TEST_BACKEND", "transformers")
    engine = open_engine(ModelConfig(backend=backend, concurrency=8))
    yield engine
    asyncio.run(engine.aclose())
