"""A trained model as a folder that every backend loads: adapters are merged into the base model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from judgekit.lines import disk

ADAPTER = "adapter"


def save(trainer: Any, source: str, tokenizer: Any, out: Path) -> None:
    """Write the model and tokenizer into `out`, the LoRA weights by themselves into `out/adapter`.

    Called by every process of a training: a sharded model is gathered for it. Raises
    `EnvironmentFault` where the disk refuses.
    """
    adapted = bool(getattr(trainer.accelerator.unwrap_model(trainer.model), "peft_config", None))
    target = out / ADAPTER if adapted else out
    with disk(out):
        trainer.save_model(str(target))
        if trainer.is_world_process_zero():
            # TRL's own arguments, pickled: nothing needs them, and they would have to be trusted.
            (target / "training_args.bin").unlink(missing_ok=True)
            if adapted:
                _merge(source, target, out, trainer.model.dtype)
            tokenizer.save_pretrained(str(out))


def _merge(source: str, adapter: Path, out: Path, dtype: Any) -> None:
    """The base model, read again in full precision (QLoRA held it in 4 bits), plus its adapter."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained(source, dtype=dtype)
    PeftModel.from_pretrained(base, str(adapter)).merge_and_unload().save_pretrained(str(out))
