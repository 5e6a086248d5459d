"""Variance over seeds: runs that differ in nothing but their seed, and samples of one run.

"A Sober Look at Progress in Language Model Reasoning" (Hochlehnert et al. 2025, arXiv 2504.07086)
finds 5 to 15 points between seeds on AIME, and asks for mean and standard deviation over at least
ten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from judgekit.analysis.compare import over_seeds
from judgekit.report.summary import Line, flat_config
from judgekit.report.table import Cell, Column, Table, count, percent, words

if TYPE_CHECKING:
    import pandas as pd

Counted = Sequence[tuple[Line, "pd.DataFrame"]]


def pooled(counted: Counted) -> list[tuple[Line, pd.DataFrame]]:
    """Runs that differ in their seed alone as one with more samples, in the order of the first."""
    import pandas as pd

    groups: dict[str, list[tuple[Line, pd.DataFrame]]] = {}
    for line, rows in counted:
        groups.setdefault(_but_for_seed(line), []).append((line, rows))
    found = []
    for group in groups.values():
        first, rows = group[0]
        if len(group) > 1:
            parts, before = [], 0
            for _, part in group:
                parts.append(part.assign(sample=part["sample"] + before))
                before = int(parts[-1]["sample"].max()) + 1 if len(part) else before
            rows = pd.concat(parts, ignore_index=True)
            first = replace(first, setting=f"{_bare(first)}, {len(group)} seeds")
        found.append((first, rows))
    return found


def seeds_table(counted: Counted) -> Table | None:
    """Accuracy over seeds and samples: mean, deviation, extremes; None where nothing repeats."""
    columns = (
        Column("benchmark", "benchmark", "left"),
        Column("model", "model", "left"),
        Column("setting", "strategy", "left"),
        Column("repetitions", "repetitions"),
        Column("mean", "mean %"),
        Column("std", "deviation"),
        Column("lowest", "lowest"),
        Column("highest", "highest"),
    )
    rows = []
    for line, frame in pooled([each for each in counted if each[0].accuracy.graded]):
        found = over_seeds(frame)
        if found["samples"] > 1:
            rows.append(
                (
                    *(words(each) for each in (line.benchmark, line.model, line.setting)),
                    count(int(found["samples"])),
                    *(
                        Cell(percent(found[name]), found[name])
                        for name in ("mean", "std", "lowest", "highest")
                    ),
                )
            )
    if not rows:
        return None
    notes = (
        "accuracy of each seed and sample by itself, in % and points: what another seed would have "
        "given, not how sure the mean is",
    )
    return Table("seeds", "Over seeds", columns, tuple(rows), notes, labels=3)


_OF_THE_SEED = ("seed", "benchmark_hash")
"""What another seed changes: options are shuffled with it, and the hash covers their order."""


def _but_for_seed(line: Line) -> str:
    flat = flat_config(line.config)
    config = {key: flat[key] for key in sorted(flat) if key not in _OF_THE_SEED}
    # Without a configuration nothing says that two runs are the same.
    return repr((line.benchmark, line.variant, config)) if config else line.run + line.variant


def _bare(line: Line) -> str:
    """The setting without the seed that told it from its siblings."""
    return line.setting.partition(" (seed=")[0]
