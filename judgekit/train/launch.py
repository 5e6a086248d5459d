"""The commands that put a training on several GPUs, or its sampling on a vLLM server."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from judgekit.errors import UserError
from judgekit.train.recipe import Recipe
from judgekit.train.trainers import processes

WEIGHT_TRANSFER = '{"backend": "nccl"}'


def commands(arguments: Sequence[str], recipe: Recipe, model: str, count: int) -> list[str]:
    """What to type instead of `judgekit train ARGUMENTS`, one command a terminal.

    TRL's `use_vllm` samples in the trainer's own process (`vllm_mode=colocate`) or on a server that
    is started first, as TRL 1.16 expects it: with its weight transfer switched on.
    """
    found = []
    if recipe.trainer.get("use_vllm") and recipe.trainer.get("vllm_mode") == "server":
        serve = ["vllm", "serve", model, "--weight-transfer-config", WEIGHT_TRANSFER]
        serve += ["--logprobs-mode", "processed_logprobs", "--max-logprobs", "-1"]
        found.append(f"VLLM_SERVER_DEV_MODE=1 {shlex.join(serve)}")
    launch = ["accelerate", "launch", "--num_processes", str(count), "-m", "judgekit", "train"]
    return [*found, shlex.join([*launch, *arguments])]


def check_devices(arguments: Sequence[str], recipe: Recipe, model: str) -> None:
    """Refuse one process that sees several GPUs: TRL would wrap the model, or refuse it later."""
    import torch

    count = torch.cuda.device_count()
    if count > 1 and processes() == 1:
        *_, launch = commands(arguments, recipe, model, count)
        raise UserError(
            f"{count} GPUs are visible to one process",
            hint=f"use all: {launch}; or one: CUDA_VISIBLE_DEVICES=0",
        )
