"""A real model small enough to be trained in a second: random weights, one token a byte.

Tests of this folder share `graded.py`, `making.py` and `tiny.py`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a Llama of 60,000 weights, a byte-level tokenizer and a chat template."""
    for needed in ("torch", "transformers", "trl"):
        pytest.importorskip(needed)
    from tiny import byte_level, save
    from tokenizers import pre_tokenizers

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    folder = tmp_path_factory.mktemp("tiny") / "model"
    save(
        folder,
        byte_level(vocab={c: i for i, c in enumerate(alphabet)}, merges=[]),
        hidden_size=48,
        intermediate_size=96,
        num_hidden_layers=2,
        num_key_value_heads=2,
        max_position_embeddings=1024,
    )
    return folder
