"""Data x recipe x model -> a checkpoint that `judgekit generate --model FOLDER` runs.

Everything that can be refused is refused before the model is loaded. The same command resumes its
own training from the newest checkpoint, and has nothing to do where it is finished.
"""

from __future__ import annotations

import contextlib
import errno
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judgekit.errors import EnvironmentFault, UserError
from judgekit.formats.rows import LeftOut
from judgekit.runs import Writer, digest
from judgekit.train import data, scoring, trainers
from judgekit.train.folder import CHECKPOINTS, Training, is_training, load
from judgekit.train.progress import Watch
from judgekit.train.recipe import Recipe, as_table

TRAINED = Path("trained")


@dataclass(frozen=True, slots=True)
class Job:
    """What `judgekit train` was asked for. `model` is as in `judgekit generate`."""

    recipe: Recipe
    data: str
    model: str = "embedded"


@dataclass(frozen=True, slots=True)
class Plan:
    """A job whose data has been read and whose names have been found, before anything is loaded."""

    job: Job
    rows: data.TrainingData

    @property
    def config(self) -> Mapping[str, Any]:
        """What decides whether two commands mean the same training."""
        recipe = self.job.recipe
        return {
            "method": recipe.method,
            "model": self.job.model,
            "recipe": recipe.name,
            "settings": as_table(recipe),
            "seed": recipe.seed,
            "tags": recipe.tags,
            "prompt": recipe.prompt_name,
            "data": self.rows.source,
            "data_hash": self.rows.hash,
            "rows": len(self.rows.rows),
        }

    @property
    def out(self) -> Path:
        """trained/METHOD-MODEL-RECIPE-<8 characters of the configuration's hash>."""
        recipe = self.job.recipe
        model = self.job.model.rstrip("/").rpartition("/")[2]
        return TRAINED / f"{recipe.method}-{model}-{recipe.name}-{digest(self.config)[:8]}"


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training came to. `finished` is false where it was interrupted, after saving."""

    training: Training
    finished: bool
    left_out: Sequence[LeftOut] = ()


def plan(job: Job) -> Plan:
    """Read the data and find every name. Raises `UserError` before anything is loaded."""
    recipe = job.recipe
    scoring.check(recipe)
    if recipe.method in ("grpo", "rloo"):
        trainers.check_batches(recipe)
    _check_start(job)
    return Plan(job, data.read(recipe, job.data))


def train(plan: Plan, out: Path | None = None, watch: Watch | None = None) -> Trained:
    """Train, or go on training, and write the checkpoint. Ctrl-C saves and ends early.

    Raises `MissingExtra` without TRL, `RunMismatch` where the folder holds another training,
    `EnvironmentFault` where memory does not suffice.
    """
    training = Training(out or plan.out)
    if training.done is not None:
        training.start(plan.config)
        return Trained(training, finished=True, left_out=plan.rows.left_out)
    trainers.require()
    if not trainers.main_process():
        return _train(plan, training, watch)
    with Writer(training.path):
        return _train(plan, training, watch)


def _train(plan: Plan, training: Training, watch: Watch | None) -> Trained:
    from judgekit.backends.transformers.loading import load_tokenizer
    from judgekit.backends.transformers.reading import quiet
    from judgekit.train.callbacks import Curves, Interruption
    from judgekit.train.encode import encode
    from judgekit.train.saving import save

    recipe, main = plan.job.recipe, trainers.main_process()
    tokenizer = load_tokenizer(plan.job.model)
    source = _source(plan.job.model, tokenizer.inner.name_or_path)
    encoded = encode(tokenizer, recipe, plan.rows.rows, _longest(recipe, source))
    left_out = [*plan.rows.left_out, *encoded.left_out]
    rows = trainers.split(recipe, encoded.rows)
    ends = {encoded.end}
    rewards = scoring.scorers(recipe, encoded.prompt, ends) if recipe.rewards else []
    with trainers.quiet():
        arguments = trainers.arguments(recipe, training.path / CHECKPOINTS, rows, rewards)
    if main:
        training.start(plan.config)
    checkpoint = training.newest_checkpoint()
    interruption = Interruption()
    callbacks = [*([Curves(training.path, watch)] if main else []), interruption]
    started = time.monotonic()
    with _named_faults(recipe), quiet(), trainers.quiet(), interruption:
        trainer = trainers.make(
            recipe,
            source,
            tokenizer.inner,
            rows,
            arguments,
            rewards,
            callbacks,
        )
        ends.update(getattr(trainer, "eos_token_ids", ()))
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        if interruption.asked:
            return Trained(training, finished=False, left_out=left_out)
        save(trainer, source, tokenizer.inner, training.path)
    if main:
        training.finish(
            steps=trainer.state.global_step,
            seconds=round(time.monotonic() - started, 1),
            rows=len(rows.train),
            held_back=len(rows.held_back),
            left_out=len(left_out),
        )
        if "save_total_limit" not in recipe.trainer:
            shutil.rmtree(training.path / CHECKPOINTS, ignore_errors=True)
    return Trained(training, finished=True, left_out=left_out)


def _check_start(job: Job) -> None:
    """A checkpoint of ours that was taught the other tag pair would be taught to forget it."""
    if not is_training(Path(job.model)):
        return
    taught = load(Path(job.model)).config.get("tags")
    if taught != job.recipe.tags:
        raise UserError(
            f"{job.model} was trained with tags = {taught!r}, this recipe has {job.recipe.tags!r}",
            hint=f"-o tags={taught}",
        )


def _source(name: str, path: str) -> str:
    """What TRL loads the model from; a GGUF file is none that can be trained."""
    if Path(path).is_dir() and not (Path(path) / "config.json").is_file():
        raise UserError(
            f"{name} is a GGUF file, which cannot be trained",
            hint="give the hub id or folder of the model that it was made from",
        )
    return path


def _longest(recipe: Recipe, source: str) -> int | None:
    """Tokens of a row at most: the model's context, and for sft and dpo the recipe's max_length."""
    from transformers import AutoConfig

    text = AutoConfig.from_pretrained(source).get_text_config()
    limits = [getattr(text, "max_position_embeddings", None)]
    if recipe.method in ("sft", "dpo"):
        limits.append(recipe.count("max_length", 1024))
    return min((int(limit) for limit in limits if limit), default=None)


@contextlib.contextmanager
def _named_faults(recipe: Recipe) -> Iterator[None]:
    """Memory and disk that do not suffice, as one line."""
    import torch

    try:
        yield
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as fault:
        text = str(fault).lower()
        if isinstance(fault, RuntimeError) and "memory" not in text:
            raise
        smaller = "max_completion_length" if recipe.rewards else "max_length"
        raise EnvironmentFault(
            "memory does not suffice for this training",
            hint="-o per_device_train_batch_size=1 with more gradient_accumulation_steps, "
            f"-o activation_checkpointing=true, a smaller {smaller}, or LoRA (-o lora.r=16)",
        ) from fault
    except OSError as fault:
        if fault.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise EnvironmentFault(
            "the disk is full", hint="free some space and run the same command again"
        ) from fault
