"""One setting, several values: each is trained, generated with, graded, and put side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from judgekit import strategies
from judgekit.config import Config, ModelConfig
from judgekit.errors import UserError
from judgekit.generate import Job as Generation
from judgekit.generate import Watch as GenerationWatch
from judgekit.generate import generate
from judgekit.generate import plan as plan_generation
from judgekit.grade import grade_run
from judgekit.runs import Run, digest
from judgekit.runs import load as load_run
from judgekit.train.folder import Training
from judgekit.train.progress import Watch
from judgekit.train.recipe import Recipe
from judgekit.train.train import TRAINED, Plan, train

UNTRAINED = "untrained"


@dataclass(frozen=True, slots=True)
class Setting:
    """`key` = `value` of a sweep, and the training that it asks for."""

    key: str
    value: str
    plan: Plan


@dataclass(frozen=True, slots=True)
class Point:
    """One row of a sweep: the value, its training (None: the model as it was), its graded run."""

    value: str
    training: Training | None
    run: Run


def parse(text: str) -> tuple[str, list[str]]:
    """`learning_rate=1e-4,1e-5` as a key and its values."""
    key, equals, values = text.partition("=")
    listed = [value.strip() for value in values.split(",") if value.strip()]
    if not equals or not key or len(set(listed)) < 2:
        raise UserError(
            f"--sweep {text!r} should name a setting and two or more values",
            hint="such as --sweep learning_rate=1e-4,1e-5",
        )
    return key.strip(), list(dict.fromkeys(listed))


def folder(settings: Sequence[Setting]) -> Path:
    """trained/sweep-METHOD-MODEL-KEY-<8 characters of all configurations' hash>."""
    first = settings[0]
    job = first.plan.job
    model = job.model.rstrip("/").rpartition("/")[2]
    name = f"sweep-{job.recipe.method}-{model}-{first.key}"
    return TRAINED / f"{name}-{digest([each.plan.config for each in settings])[:8]}"


def sweep(
    settings: Sequence[Setting],
    out: Path,
    *,
    say: Callable[[str], None],
    training: Callable[[], AbstractContextManager[Watch]],
    generating: Callable[[], AbstractContextManager[GenerationWatch]],
) -> Iterator[Point]:
    """Train and evaluate each value in turn, the untrained model first; resumable at every step.

    `training` and `generating` make a watcher for each. Ends early where a training is interrupted.
    """
    first = settings[0].plan.job
    say(f"{UNTRAINED}: {first.model}")
    with generating() as watch:
        run = evaluate(first.model, first.recipe, out / UNTRAINED, watch)
    yield Point(UNTRAINED, None, run)
    for each in settings:
        place = out / f"{each.key}={each.value}"
        say(f"{each.key} = {each.value}: {place}")
        with training() as watch_training:
            trained = train(each.plan, place, watch_training)
        if not trained.finished:
            return
        with generating() as watch:
            run = evaluate(str(place), each.plan.job.recipe, place / "run", watch)
        yield Point(each.value, trained.training, run)


def asked(recipe: Recipe) -> tuple[str, dict[str, str]]:
    """The strategy of `judgekit generate`, and its options, that asks as the recipe does."""
    prompt = recipe.prompt_name
    if prompt in strategies.BUILT_IN and strategies.BUILT_IN[prompt].prompt == prompt:
        return prompt, {}
    return "reasoning", {"prompt": prompt}


def evaluate(model: str, recipe: Recipe, out: Path, watch: GenerationWatch | None = None) -> Run:
    """The model over the recipe's evaluation, generated and graded as the commands do."""
    wanted = recipe.evaluation
    strategy, options = asked(recipe)
    job = Generation(
        model=ModelConfig(model=model),
        benchmark=wanted.benchmark,
        data=Path(wanted.data) if wanted.data else None,
        strategy=strategy,
        options=options,
        limit=wanted.limit,
        max_tokens=wanted.max_tokens,
    )

    async def work() -> Path:
        path, _ = await generate(plan_generation(job), out, watch)
        await grade_run(load_run(path), Config())
        return path

    return load_run(asyncio.run(work()))
