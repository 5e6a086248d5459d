"""A graded run as a log of inspect (JSON form, log version 2), so that its viewer shows it.

A problem's samples and variants are inspect's epochs. What the cascade decided is a score named
`judgekit`; an undecided or ungraded response has none, which inspect counts as unscored and not as
wrong. Fields and their meaning: https://inspect.aisi.org.uk/eval-logs.html.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from judgekit.lines import disk
from judgekit.records import Grade, Problem, Response
from judgekit.rows import to_row
from judgekit.runs import Run, digest
from judgekit.version import __version__

LOG_VERSION = 2
SCORER = "judgekit"
VALUES = {"correct": "C", "incorrect": "I"}
STOP = {"stop": "stop", "length": "max_tokens", "loop": "stop", "error": "unknown"}


def write_inspect(run: Run, grades: Sequence[Grade], path: Path) -> int:
    """Write the log; returns the number of its samples."""
    import orjson

    problems = {problem.id: problem for problem in run.problems}
    graded = {grade.key: grade for grade in grades}
    model, epochs, samples = str(run.config.get("model", "unknown")), Counter[str](), []
    for response in run.responses:
        epochs[response.id] += 1
        problem = problems.get(response.id) or Problem(response.id, "", "")
        grade = graded.get(response.key)
        samples.append(_sample(problem, response, grade, epochs[response.id], model))
    log = {**_header(run, model, epochs), **_results(run, grades), "samples": samples}
    with disk(path):
        path.write_bytes(orjson.dumps(log))
    return len(samples)


def _header(run: Run, model: str, epochs: Mapping[str, int]) -> dict[str, Any]:
    created = str(run.manifest.get("created", "1970-01-01T00:00:00+0000"))
    spec = {
        "eval_id": digest([run.name, created])[:22],
        "run_id": digest([run.name, created, "run"])[:22],
        "created": created,
        "task": f"{run.config.get('benchmark', 'unknown')}-{run.config.get('strategy', 'unknown')}",
        "task_id": digest(dict(run.config))[:22],
        "dataset": {
            "name": str(run.config.get("benchmark", "unknown")),
            "samples": len(epochs),
            "sample_ids": list(epochs),
        },
        "model": model,
        "config": {"epochs": max(epochs.values())},
        "packages": {"judgekit-slm": __version__},
        "scorers": [{"name": SCORER}],
        "metadata": {"run": run.name, "config": dict(run.config)},
    }
    return {
        "version": LOG_VERSION,
        "status": "success",
        "eval": spec,
        "plan": {"steps": [{"solver": str(run.config.get("strategy", "unknown"))}]},
        "stats": {"started_at": created, "completed_at": created, "model_usage": _usage(run)},
    }


def _usage(run: Run) -> dict[str, Any]:
    total: dict[str, Counter[str]] = {}
    for response in run.responses:
        for name, used in response.usage.items():
            counts = total.setdefault(name, Counter())
            counts["input_tokens"] += used.prompt
            counts["output_tokens"] += used.completion + used.discarded
            counts["total_tokens"] += used.prompt + used.completion + used.discarded
    return {name: dict(counts) for name, counts in total.items()}


def _results(run: Run, grades: Sequence[Grade]) -> dict[str, Any]:
    outcomes = Counter(grade.outcome for grade in grades)
    scored = outcomes["correct"] + outcomes["incorrect"]
    if not scored:
        return {}
    score = {
        "name": SCORER,
        "scorer": SCORER,
        "scored_samples": scored,
        "unscored_samples": len(run.responses) - scored,
        "metrics": {"accuracy": {"name": "accuracy", "value": outcomes["correct"] / scored}},
    }
    count = len(run.responses)
    return {"results": {"total_samples": count, "completed_samples": count, "scores": [score]}}


def _sample(
    problem: Problem, response: Response, grade: Grade | None, epoch: int, model: str
) -> dict[str, Any]:
    message = {"role": "assistant", "content": response.text, "source": "generate", "model": model}
    used = {
        "input_tokens": response.prompt_tokens,
        "output_tokens": response.completion_tokens,
        "total_tokens": response.prompt_tokens + response.completion_tokens,
    }
    choice = {"message": message, "stop_reason": STOP[response.finish_reason]}
    asked = {"role": "user", "content": problem.question, "source": "input"}
    sample = {
        "id": problem.id,
        "epoch": epoch,
        "input": problem.question,
        "target": problem.gold,
        **({"choices": list(problem.choices)} if problem.choices else {}),
        "messages": [asked, message],
        "output": {
            "model": model,
            "choices": [] if response.error else [choice],
            "completion": response.text,
            "usage": used,
            "time": response.seconds,
        },
        "metadata": {**problem.meta, **_about(response)},
        "scores": _scores(grade),
    }
    if response.error:
        sample["error"] = {"message": response.error, "traceback": "", "traceback_ansi": ""}
    return sample


def _about(response: Response) -> dict[str, Any]:
    """What inspect has no field for."""
    row = to_row(response)
    kept = ("sample", "variant", "segments", "loop", "seed", "forced_tokens", "discarded_tokens")
    return {"judgekit": {name: row[name] for name in kept}}


def _scores(grade: Grade | None) -> dict[str, Any]:
    if grade is None or grade.outcome not in VALUES:
        return {}
    row = to_row(grade)
    about = {name: row[name] for name in ("stage", "confidence", "grading", "trail")}
    score = {"value": VALUES[grade.outcome], "answer": grade.extracted}
    return {SCORER: {**score, "explanation": grade.evidence, "metadata": about}}
