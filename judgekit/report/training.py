"""Trainings -> tables and one HTML file: what was learnt, and whether the reward was earned.

A reward that rises while the graded accuracy on the same held-back problems does not is being
hacked: the tables put the two side by side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from judgekit.analysis.intervals import LEVEL
from judgekit.report.summary import summarise
from judgekit.report.table import Cell, Column, Report, Table, count, number, percent, words
from judgekit.report.tables import accuracy_note
from judgekit.train.folder import Training, held_back, load
from judgekit.train.scoring import ACCURACY, FORMAT
from judgekit.train.sweep import Point

NOTICED = 0.01
"""A change of the mean reward or accuracy below this is called none. Ours."""

WINDOW = 0.1
"""The share of logged rows, at least one, over which "first" and "last" are means. Ours."""

_SHOWN = (
    ("loss", "loss"),
    ("grad_norm", "gradient norm"),
    ("reward", "reward"),
    ("completions/mean_length", "tokens a reply"),
    ("completions/clipped_ratio", "cut off"),
    ("kl", "KL"),
    ("rewards/chosen", "reward of chosen"),
    ("rewards/rejected", "reward of rejected"),
    ("rewards/accuracies", "chosen preferred"),
    ("mean_token_accuracy", "token accuracy"),
)


def training_report(training: Training) -> Report:
    """What a training's curves say: each quantity at the beginning and at the end."""
    rows = training.curves
    learnt = [row for row in rows if not held_back(row)]
    watched = [_without_prefix(row) for row in rows if held_back(row)]
    columns = [
        Column("quantity", "", "left"),
        Column("first", "first"),
        Column("last", "last"),
        Column("held_back_first", "held back: first"),
        Column("held_back_last", "last"),
    ]
    kinds = [learnt, watched] if watched else [learnt]
    table = Table(
        name="training",
        title=_title(training),
        columns=tuple(columns[: 1 + 2 * len(kinds)]),
        rows=tuple(
            (words(head), *(cell for kind in kinds for cell in _ends(kind, name)))
            for name, head in _quantities([*learnt, *watched])
        ),
        notes=tuple(_notes(training, watched)),
    )
    return Report((), (table,))


def trainings_report(paths: Sequence[Path]) -> Report:
    """The tables of several trainings, one after the other."""
    reports = [training_report(load(path)) for path in paths]
    return Report((), tuple(table for each in reports for table in each.tables))


def sweep_report(key: str, points: Sequence[Point], level: float = LEVEL) -> Report:
    """The setting against loops, tokens, format and accuracy, the untrained model first."""
    lines = [line for point in points for line, _ in summarise([point.run], level)[:1]]
    rows = []
    for point, line in zip(points, lines, strict=True):
        losses = (
            [row["loss"] for row in point.training.curves if "loss" in row]
            if (point.training)
            else []
        )
        n = line.accuracy.n
        rows.append(
            (
                words(point.value),
                count(len(losses) if point.training else None),
                _significant(_mean(losses[-_window(losses) :])),
                Cell(f"{line.looped} ({percent(line.looped / n)} %)", line.looped),
                number(line.completion.mean),
                _share(line.format_kept.value),
                _share(line.accuracy.value),
                Cell(
                    f"{percent(line.accuracy.low)}–{percent(line.accuracy.high)}",
                    [line.accuracy.low, line.accuracy.high],
                ),
            )
        )
    table = Table(
        name="sweep",
        title=f"{key} on {lines[0].benchmark}, {lines[0].accuracy.n} responses each",
        columns=(
            Column(key, key, "left"),
            Column("steps", "steps"),
            Column("loss", "loss"),
            Column("looped", "looped"),
            Column("tokens", "tokens"),
            Column("format", "format %"),
            Column("accuracy", "accuracy %"),
            Column("interval", "95 %"),
        ),
        rows=tuple(rows),
        notes=(
            "Loss: mean over the last tenth of the steps. Looped: responses in a loop that they "
            "did not leave. Tokens: mean of all responses.",
            accuracy_note(lines),
        ),
    )
    return Report(tuple(lines), (table,))


def page(training: Training) -> str:
    """The tables and curves of a training as one HTML file without a script."""
    from markupsafe import Markup

    from judgekit.report.charts import training_chart
    from judgekit.report.safe import asset, render
    from judgekit.report.vega import svg

    charts = [(head, svg(training_chart(curves), head)) for head, curves in _charts(training)]
    return render(
        "training.html",
        kind="training",
        title=training.path.name,
        tables=training_report(training).tables,
        charts=[(head, chart) for head, chart in charts if chart],
        facts=_facts(training),
        style=Markup(asset("report.css")),
    )


def _charts(training: Training) -> list[tuple[str, dict[str, list[tuple[float, float]]]]]:
    rows = training.curves
    learnt = [row for row in rows if not held_back(row)]
    watched = [_without_prefix(row) for row in rows if held_back(row)]
    names = [name for name, _ in _quantities([*learnt, *watched])]
    rewards = [name for name in names if name.startswith("rewards/") and name.endswith("/mean")]
    return [
        ("Loss", {"loss": _points(learnt, "loss")}),
        (
            "Reward against graded accuracy, held-back problems",
            {
                "reward": _points(watched, "reward"),
                "graded accuracy": _points(watched, f"rewards/{ACCURACY}/mean"),
                "format kept": _points(watched, f"rewards/{FORMAT}/mean"),
            },
        ),
        (
            "Rewards, training problems",
            {
                "reward": _points(learnt, "reward"),
                **{_short(name): _points(learnt, name) for name in rewards},
            },
        ),
        (
            "Tokens a reply",
            {
                "training": _points(learnt, "completions/mean_length"),
                "held back": _points(watched, "completions/mean_length"),
            },
        ),
        (
            "Preference",
            {name: _points(learnt, name) for name in ("rewards/chosen", "rewards/rejected")},
        ),
        ("Learning rate", {"learning rate": _points(learnt, "learning_rate")}),
    ]


def _quantities(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """What the curves hold of what is shown, each reward by itself."""
    there = list(dict.fromkeys(name for row in rows for name in row))
    rewards = [name for name in there if name.startswith("rewards/") and name.endswith("/mean")]
    shown = [(name, head) for name, head in _SHOWN if name in there]
    return [*shown, *((name, _short(name)) for name in rewards)]


def _short(name: str) -> str:
    return name.removeprefix("rewards/").removesuffix("/mean").replace("_", " ")


def _points(rows: Sequence[Mapping[str, Any]], name: str) -> list[tuple[float, float]]:
    return [(row["step"], row[name]) for row in rows if isinstance(row.get(name), int | float)]


def _ends(rows: Sequence[Mapping[str, Any]], name: str) -> tuple[Cell, Cell]:
    values = [value for _, value in _points(rows, name)]
    window = _window(values)
    return _significant(_mean(values[:window])), _significant(_mean(values[-window:]))


def _significant(value: float | None) -> Cell:
    """Four significant digits: quantities here run from 1e-8 to thousands."""
    return words(None) if value is None else Cell(f"{value:.4g}", value)


def _window(values: Sequence[float]) -> int:
    return max(1, round(WINDOW * len(values)))


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _share(value: float | None) -> Cell:
    return Cell(percent(value), value)


def _without_prefix(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name.removeprefix("eval_"): value for name, value in row.items()}


def _title(training: Training) -> str:
    config = training.config
    done = training.done
    state = f"{done['steps']} steps in {done['seconds']:,.0f} s" if done else "not finished"
    return f"{config['method']} of {config['model']}, recipe {config['recipe']}: {state}"


def _notes(training: Training, watched: Sequence[Mapping[str, Any]]) -> list[str]:
    notes = ["First and last: means over the first and last tenth of the logged steps."]
    done = training.done
    if done and done.get("left_out"):
        notes.append(f"{done['left_out']} rows were left out.")
    if verdict := hacked(watched):
        notes.append(verdict)
    return notes


def hacked(watched: Sequence[Mapping[str, Any]]) -> str | None:
    """What became of reward and graded accuracy on held-back problems, in a sentence."""
    rewards = _points(watched, "reward")
    graded = _points(watched, f"rewards/{ACCURACY}/mean")
    if len(rewards) < 2 or len(graded) < 2:
        return None
    more, better = rewards[-1][1] - rewards[0][1], graded[-1][1] - graded[0][1]
    changes = f"the reward went by {more:+.3f}, the graded accuracy by {better:+.3f}"
    if more > NOTICED and better < -NOTICED:
        return f"Reward hacking? On held-back problems {changes}: look at the replies."
    if more > NOTICED and better <= NOTICED:
        return f"On held-back problems {changes}: the reward rose by other means than accuracy."
    return f"On held-back problems {changes}."


def _facts(training: Training) -> list[tuple[str, str]]:
    config, manifest = training.config, training.manifest
    shown = [
        (name, config[name]) for name in ("model", "data", "data_hash", "rows", "seed", "tags")
    ]
    shown += [("prompt", config["prompt"]), ("git", manifest.get("git") or "no repository")]
    shown += [(name, version) for name, version in manifest.get("versions", {}).items()]
    return [(name.replace("_", " "), str(value)) for name, value in shown]
