"""`judgekit judge calibrate`: from which confidence on judges may decide, what jurors are worth."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from judgekit.cli.common import configuration, examples, print_json, screen, table
from judgekit.cli.judged import show_thresholds
from judgekit.cli.labelled import Judges, Labels, Limit, Reduced, examined, gaps
from judgekit.cli.options import ConfigFile, Json, Quiet

if TYPE_CHECKING:
    from judgekit.config import Config

EPILOG = examples(
    "judgekit judge calibrate small --labels labelled.jsonl --alpha 0.1",
    "judgekit judge calibrate small large --labels labelled.jsonl",
)


def calibrate_judges(
    judges: Judges,
    labels: Labels,
    alpha: Annotated[float, typer.Option(help="Disagreement with people allowed.")] = 0.1,
    delta: Annotated[float, typer.Option(help="Chance that more disagree after all.")] = 0.05,
    rule: Reduced = "majority",
    limit: Limit = None,
    config: ConfigFile = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> int:
    """The confidence from which judges may decide, cheap one first; written as decide_above.

    A weighted jury is given the weights of its members instead.
    """
    from judgekit.audit.examining import judged
    from judgekit.judges.calibrate import calibrate_cascade
    from judgekit.judges.writing import set_option

    settings = configuration(config)
    if len(judges) == 1 and judges[0] in settings.juries:
        return _weigh(judges[0], labels, rule, limit, settings, quiet, as_json)
    # A threshold that is set already would hide the verdicts below it.
    opened = {
        name: dataclasses.replace(each, decide_above=None) for name, each in settings.judges.items()
    }
    rated, found, down = examined(
        judges, labels, rule, limit, dataclasses.replace(settings, judges=opened), quiet, alone=True
    )
    results = dict(
        zip(
            judges,
            calibrate_cascade([judged(rated[name]) for name in judges], alpha, delta),
            strict=True,
        )
    )
    for name, result in results.items():
        if result.threshold is not None and name in settings.judges and settings.path:
            set_option(Path(settings.path), f"judges.{name}", "decide_above", result.threshold)
    if as_json:
        print_json({name: dataclasses.asdict(result) for name, result in results.items()})
    else:
        show_thresholds(results, settings)
    return gaps(found, down)


def _weigh(
    jury: str,
    labels: Path,
    rule: str,
    limit: int | None,
    settings: Config,
    quiet: bool,
    as_json: bool,
) -> int:
    """The weights of a jury's members, from labels, written into the configuration."""
    from judgekit.judges.weights import from_labels
    from judgekit.judges.writing import set_option

    members = settings.juries[jury].members
    rated, found, down = examined([*members], labels, rule, limit, settings, quiet)
    reliable = {
        name: from_labels([row.says for row in rows], [row.label for row in rows])
        for name, rows in rated.items()
    }
    if settings.path and not down:
        weights = [each.weight for each in reliable.values()]
        set_option(Path(settings.path), f"juries.{jury}", "weights", weights)
    if as_json:
        print_json({n: {**dataclasses.asdict(r), "weight": r.weight} for n, r in reliable.items()})
    else:
        cells = [
            [name, f"{r.sensitivity:.3f}", f"{r.specificity:.3f}", f"{r.weight:.3f}"]
            for name, r in reliable.items()
        ]
        columns = ["member", "sensitivity", "specificity", "weight"]
        screen().print(table(f"{jury}: what each member is worth", columns, cells, right=3))
    return gaps(found, down)
