"""A recipe -> the TRL trainer that carries it out. The methods are TRL's; nothing of them is here.

Where TRL differs from the papers that the recipes follow stands in docs/training.md.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import math
import os
import random
import types
import typing
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from judgekit.errors import ConfigError, MissingExtra, UnknownName, UserError
from judgekit.train.recipe import Lora, Recipe
from judgekit.train.scoring import Weighted

GENERATIONS = {"grpo": 8, "rloo": 2}
"""TRL's own `num_generations` where a recipe gives none."""


@dataclasses.dataclass(frozen=True, slots=True)
class Rows:
    """What is trained on, and the held-back rows that are only watched."""

    train: Sequence[Mapping[str, Any]]
    held_back: Sequence[Mapping[str, Any]] = ()


KINDS = {"sft": "SFT", "dpo": "DPO", "grpo": "GRPO", "rloo": "RLOO"}
"""A method as TRL's classes are called after it."""

_PLAIN: Mapping[type, Any] = {
    bool: ("true or false", bool),
    int: ("a whole number", int),
    float: ("a number", int, float),
}
"""What an option of TRL's that has this type should be, and the types that it may have."""

_NOISY = ("bitsandbytes", "trl")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep the libraries' notices off the terminal; TRL's would print whole replies there."""
    loggers = [logging.getLogger(name) for name in _NOISY]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def require() -> None:
    """Raises `MissingExtra` where TRL or PEFT is not installed."""
    try:
        with quiet():
            import datasets  # noqa: F401
            import peft  # noqa: F401
            import trl  # noqa: F401
    except ImportError:
        raise MissingExtra("TRL, PEFT or datasets", "train") from None


def split(recipe: Recipe, rows: Sequence[Mapping[str, Any]]) -> Rows:
    """Keep `held_back` rows, drawn by the seed, out of training."""
    if not recipe.held_back:
        return Rows(rows)
    if recipe.held_back >= len(rows):
        raise UserError(
            f"held_back = {recipe.held_back} leaves nothing of {len(rows)} rows to train on",
            hint=f"-o held_back={len(rows) // 5}",
        )
    held = set(random.Random(recipe.seed).sample(range(len(rows)), recipe.held_back))
    return Rows(
        [row for number, row in enumerate(rows) if number not in held],
        [row for number, row in enumerate(rows) if number in held],
    )


def on_gpu() -> bool:
    import torch

    return bool(torch.cuda.is_available())


def processes() -> int:
    """How many processes train together: one, or as many as the launcher started."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def main_process() -> bool:
    """Whether this is the process that writes and tells."""
    return os.environ.get("RANK", "0") == "0"


def check_batches(recipe: Recipe) -> None:
    """Refuse batches that would tear the replies to one prompt apart.

    A process's share of a generation batch must hold whole groups: rewards that compare the replies
    to a prompt see one process's share at a time.
    """
    each = recipe.count("per_device_train_batch_size", 8)
    accumulated = recipe.count("gradient_accumulation_steps", 1)
    steps = recipe.count("steps_per_generation", accumulated)
    share = recipe.count("generation_batch_size", each * steps * processes()) // processes()
    group = recipe.count("num_generations", GENERATIONS[recipe.method])
    if group < 2:
        raise UserError(f"num_generations = {group}: advantages need at least two replies a prompt")
    if share % group:
        raise UserError(
            f"{share} replies a process and generation batch are no whole groups of {group}",
            hint="make per_device_train_batch_size x gradient_accumulation_steps (or "
            "generation_batch_size / processes) a multiple of num_generations",
        )


def make(
    recipe: Recipe,
    source: str,
    tokenizer: Any,
    rows: Rows,
    arguments: Any,
    rewards: Sequence[Weighted] = (),
    callbacks: Sequence[Any] = (),
) -> Any:
    """The trainer, with the model `source` loaded; `arguments` as below."""
    import trl

    trainer = getattr(trl, f"{KINDS[recipe.method]}Trainer")
    if recipe.method == "dpo":
        trainer = _exact(trainer)
    options: dict[str, Any] = {
        "model": source,
        "args": arguments,
        "train_dataset": _dataset(rows.train),
        "eval_dataset": _dataset(rows.held_back) if rows.held_back else None,
        "processing_class": tokenizer,
        "callbacks": list(callbacks),
    }
    if recipe.lora:
        options["peft_config"] = _adapter(recipe.lora)
        if quantized := quantization(recipe.lora):
            options["quantization_config"] = quantized
    if rewards:
        options["reward_funcs"] = [each.scorer for each in rewards]
    made = trainer(**options)
    from transformers import PrinterCallback

    made.remove_callback(PrinterCallback)
    return made


def arguments(
    recipe: Recipe, checkpoints: Path, rows: Rows, rewards: Sequence[Weighted] = ()
) -> Any:
    """TRL's configuration: our defaults for this machine under the recipe's own options.

    Loads nothing. Raises `UnknownName` or `ConfigError` for options that TRL cannot take.
    """
    import trl

    config = getattr(trl, f"{KINDS[recipe.method]}Config")
    _check_options(config, recipe.trainer)
    gpu = on_gpu()
    # Full fine-tuning keeps fp32 weights under bf16 autocast: steps of 1e-5 vanish in bf16 weights.
    dtype = "bfloat16" if gpu and recipe.lora else "float32"
    options: dict[str, Any] = {
        "output_dir": str(checkpoints),
        "seed": recipe.seed,
        "report_to": "none",
        "disable_tqdm": True,
        "logging_steps": 1,
        "save_steps": 50,
        "save_total_limit": 2,
        "use_cpu": not gpu,
        "bf16": gpu,
        "activation_checkpointing": gpu,
        "dataloader_pin_memory": gpu,
        "model_init_kwargs": {"dtype": dtype},
    }
    if recipe.method == "sft":
        options["completion_only_loss"] = True
    if recipe.method == "rloo":
        options["normalize_advantages"] = recipe.advantages == "whitened"
    if rewards:
        options["reward_weights"] = [each.weight for each in rewards]
    if rows.held_back:
        options |= {"eval_strategy": "steps", "eval_steps": 50, "eval_on_start": True}
        options["per_device_eval_batch_size"] = _evaluated_at_once(recipe)
    elif "eval_steps" in recipe.trainer:
        options["eval_strategy"] = "no"
    try:
        return config(**{**options, **recipe.trainer})
    except (ValueError, TypeError) as fault:
        raise ConfigError(f"TRL refuses the options of recipe {recipe.name}: {fault}") from None


def _check_options(config: Any, options: Mapping[str, Any]) -> None:
    """Refuse unknown options, and texts where TRL would take any text for true or fail on it."""
    hints = typing.get_type_hints(config)
    for name, value in options.items():
        if name not in hints:
            raise UnknownName(f"option of TRL's {config.__name__}:", name, hints)
        kinds = set(typing.get_args(hints[name]) or (hints[name],)) - {types.NoneType}
        called = _PLAIN.get(kinds.pop()) if len(kinds) == 1 else None
        if called and type(value) not in called[1:]:
            raise ConfigError(f"{name} should be {called[0]}, is {value!r}")


def _evaluated_at_once(recipe: Recipe) -> int:
    """Rows of an evaluation batch: as in training, and whole groups of replies to a prompt."""
    each = recipe.count("per_device_train_batch_size", 8)
    if recipe.method not in GENERATIONS:
        return each
    group = recipe.count("num_generations", GENERATIONS[recipe.method])
    return math.ceil(each / group) * group


def _dataset(rows: Sequence[Mapping[str, Any]]) -> Any:
    import pyarrow
    from datasets import Dataset, disable_progress_bars

    disable_progress_bars()
    try:
        return Dataset.from_list([dict(row) for row in rows])
    except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError) as fault:
        raise UserError(
            f"a column of the data holds values of several types: {fault}",
            hint="drop the column, or write it as text",
        ) from None


def _exact(dpo_trainer: Any) -> Any:
    """TRL's DPO on ids as they are: its own tokenising would send replies through the template."""

    class ExactDPOTrainer(dpo_trainer):  # type: ignore[misc]
        def _prepare_dataset(self, dataset: Any, *_: Any, **__: Any) -> Any:
            return dataset

    return ExactDPOTrainer


def _adapter(lora: Lora) -> Any:
    from peft import LoraConfig

    targets = lora.targets if lora.targets == "all-linear" else lora.targets.split(",")
    return LoraConfig(
        r=lora.r,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=targets,
        task_type="CAUSAL_LM",
    )


def quantization(lora: Lora) -> Any:
    """How the base model is held: as NF4 on a GPU where the recipe says so, else None, as it is."""
    return four_bit() if lora.four_bit and on_gpu() else None


def four_bit() -> Any:
    """QLoRA's NF4 with double quantisation, computing in bf16 (arXiv 2305.14314, section 3)."""
    try:
        import bitsandbytes  # noqa: F401
    except ImportError:
        raise MissingExtra("bitsandbytes, which QLoRA needs,", "train") from None
    import torch
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
