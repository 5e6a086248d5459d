"""A toy language that a small model learns in a minute on a CPU: sums of two dice, worked out.

`python tests/train/toy.py FOLDER` writes FOLDER/model, a Llama of half a million random weights
with a tokenizer of its own, FOLDER/worked.jsonl, every sum of two dice worked out in one to five
sentences, and FOLDER/sums.jsonl, the sums with their gold answers, also as a benchmark: sums.toml.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from making import problem, reply, worked
from tiny import byte_level, save

PAIRS = [(a, b) for a in range(1, 7) for b in range(1, 7)]


def write(folder: Path) -> None:
    """Model and data."""
    folder.mkdir(parents=True, exist_ok=True)
    _lines(
        folder / "worked.jsonl",
        [
            {
                "question": problem(a, b)["question"],
                "trace": worked(a, b, sentences),
                "answer": str(a + b),
            }
            for a, b in PAIRS
            for sentences in range(1, 6)
        ],
    )
    _lines(folder / "sums.jsonl", [problem(a, b) for a, b in PAIRS])
    (folder / "sums.toml").write_text('file = "sums.jsonl"\nmax_tokens = 80\n', encoding="utf-8")
    _model(folder / "model")


def _model(folder: Path) -> None:
    from tokenizers import pre_tokenizers, trainers

    inner = byte_level()
    corpus = [f"user\n{problem(a, b)['question']} assistant\n{reply(a, b, 5)}" for a, b in PAIRS]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    inner.train_from_iterator(
        corpus, trainers.BpeTrainer(vocab_size=330, initial_alphabet=alphabet, show_progress=False)
    )
    save(
        folder,
        inner,
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=3,
        num_key_value_heads=4,
        max_position_embeddings=512,
    )


def _lines(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
