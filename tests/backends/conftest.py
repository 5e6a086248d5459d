"""Real models for the engines: the embedded one, and tiny ones with random weights."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from judgekit.backends.scripted import ByteTokenizer
from judgekit.backends.transformers import embedded, loading
from judgekit.backends.transformers.engine import TransformersEngine
from judgekit.config import ModelConfig

sys.path.insert(0, str(Path(__file__).parent))
pytest.register_assert_rewrite("contract")


@pytest.fixture(scope="session")
def embedded_model() -> loading.Loaded:
    """The embedded model as `generate` runs it; for reference, no engine uses this copy."""
    pytest.importorskip("torch")
    if not embedded.prepared_folder().is_dir() and embedded.locate() is None:
        pytest.skip(f"the embedded model is not installed: {embedded.INSTALL}")
    return loading.load(ModelConfig())


@pytest.fixture(scope="session")
def embedded_engine(embedded_model: loading.Loaded) -> Iterator[TransformersEngine]:
    """The embedded model in eight slots."""
    engine = TransformersEngine(ModelConfig(concurrency=8))
    yield engine
    asyncio.run(engine.aclose())


Tiny = Callable[..., loading.Loaded]


@pytest.fixture(scope="session")
def tiny() -> Tiny:
    """Makes a tiny model of an architecture with random weights, for one token a byte."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")

    def make(
        architecture: str = "Llama", ends: frozenset[int] = frozenset(), **options: Any
    ) -> Any:
        tokenizer = ByteTokenizer()
        sizes = {
            "vocab_size": 260,
            "hidden_size": 32,
            "intermediate_size": 48,
            "num_hidden_layers": 3,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "head_dim": 8,
            "max_position_embeddings": 160,
            # Wide, or a random model says the same token for ever.
            "initializer_range": 0.6,
            "pad_token_id": 0,
            "bos_token_id": None,
            "eos_token_id": None,
        }
        torch.manual_seed(7)
        config = getattr(transformers, f"{architecture}Config")(**{**sizes, **options})
        model = transformers.AutoModelForCausalLM.from_config(config).eval()
        return loading.Loaded(model, tokenizer, ends, "random weights", "cpu", "float32")

    return make
