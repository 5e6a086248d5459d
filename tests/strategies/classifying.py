"""A reward model with random weights over single characters: the wiring, and none of the sense."""

from __future__ import annotations

from pathlib import Path

from judgekit.config import ModelConfig


def random_classifier(
    folder: Path, architecture: str = "ForTokenClassification", *, labels: int = 2, context: int
) -> ModelConfig:
    """Saved in the folder, unless it is there already; `context` in characters."""
    import torch
    import transformers
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers

    if not (folder / "config.json").exists():
        letters = {chr(code): code - 31 for code in range(32, 127)}
        known = Tokenizer(models.WordLevel({"?": 0, **letters}, unk_token="?"))
        known.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
        transformers.PreTrainedTokenizerFast(tokenizer_object=known, unk_token="?").save_pretrained(
            folder
        )
        torch.manual_seed(0)
        sizes = transformers.LlamaConfig(
            vocab_size=128,
            hidden_size=32,
            intermediate_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            max_position_embeddings=context,
            num_labels=labels,
            pad_token_id=0,
        )
        getattr(transformers, f"Llama{architecture}")(sizes).save_pretrained(folder)
    return ModelConfig(model=str(folder), device="cpu")
