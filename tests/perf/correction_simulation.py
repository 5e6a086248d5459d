"""Do the intervals of corrected accuracy hold? A simulation of eight cascades, five label budgets.

    python -m tests.perf.correction_simulation                 # 1,000 benchmarks a cell; 15 minutes
    python -m tests.perf.correction_simulation --runs 40 --sizes 500/80

Each run draws a benchmark (who decided, what is truly right), draws labels, and asks every method
for a 95 % interval. *Benchmark* is the accuracy on these very rows, *population* that of the
cascade on all rows like them. Default and trust label by plan; the others get as many labels drawn
uniformly. Trust assumes that at most 1 % of exact and no-answer verdicts are wrong, labels none of
them, and is false in the last scenario.

The second table looks at the labels fourteen times while they are made, from 20 to 150: how often
no interval ever misses, and the width of the last.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import numpy as np

from judgekit.analysis.anytime import anytime_interval
from judgekit.analysis.correctors import ppi
from judgekit.analysis.intervals import wilson
from judgekit.analysis.planning import allocate, guess
from judgekit.analysis.strata import Stratum, Target, stratified_interval

Interval = tuple[float, float]

GUESSES = (0.0, 0.02, 0.15, 0.06, 0.01, 0.35)
"""What the plan believes of each stratum, in every scenario: what is true in `base`."""
VERDICTS = (True, True, True, False, False, False)
"""Of exact, symbolic and judge: correct; of judge and no-answer: incorrect; undecided."""
TRUSTED = (0, 4)


@dataclass(frozen=True)
class Scenario:
    """Shares of the six strata, and the share of wrong verdicts in each."""

    shares: tuple[float, ...]
    wrong: tuple[float, ...]

    @property
    def truth(self) -> float:
        return float(np.dot(self.shares, self.right))

    @property
    def right(self) -> tuple[float, ...]:
        return tuple(1 - w if v else w for w, v in zip(self.wrong, VERDICTS, strict=True))


BASE = Scenario((0.62, 0.08, 0.044, 0.196, 0.06, 0.0), GUESSES)
HEAVY = replace(BASE, shares=(0.40, 0.08, 0.16, 0.30, 0.06, 0.0))
SCENARIOS = {
    "base": BASE,
    "good judge": replace(BASE, wrong=(0.0, 0.0, 0.05, 0.01, 0.0, 0.0)),
    "bad judge": replace(BASE, wrong=(0.0, 0.02, 0.30, 0.16, 0.01, 0.0)),
    "judge-heavy": HEAVY,
    "heavy and bad": replace(HEAVY, wrong=(0.0, 0.02, 0.40, 0.20, 0.01, 0.0)),
    "undecided 10 %": replace(BASE, shares=(0.56, 0.07, 0.04, 0.17, 0.06, 0.10)),
    "no errors": replace(BASE, wrong=(0.0,) * 6),
    "exact 1.5 % wrong": replace(BASE, wrong=(0.015, *BASE.wrong[1:])),
}
SIZES = ((198, 40), (500, 40), (500, 80), (500, 150), (1319, 80))


@dataclass(frozen=True)
class Benchmark:
    """Rows by stratum: how many, and how many of them are right."""

    sizes: Any
    right: Any

    @property
    def accuracy(self) -> float:
        return float(self.right.sum() / self.sizes.sum())


def drawn(scenario: Scenario, rows: int, rng: np.random.Generator) -> Benchmark:
    sizes = rng.multinomial(rows, scenario.shares)
    return Benchmark(sizes, rng.binomial(sizes, scenario.right))


# --- labels -------------------------------------------------------------------------------------


def by_plan(
    bench: Benchmark, labels: int, rng: np.random.Generator, trust: Sequence[int] = ()
) -> tuple[Stratum, ...]:
    """Strata with labels drawn as a plan allocates them; none in the trusted ones."""
    used = [k for k, size in enumerate(bench.sizes) if size and k not in trust]
    sizes = [int(bench.sizes[k]) for k in used]
    given = dict(zip(used, allocate(sizes, [GUESSES[k] for k in used], labels), strict=True))
    strata = []
    for k, (size, right) in enumerate(zip(bench.sizes, bench.right, strict=True)):
        if size:
            n = given.get(k, 0)
            seen = int(rng.hypergeometric(right, size - right, n)) if n else 0
            assumed = 0.01 if k in trust else None
            strata.append(Stratum(int(size), n, seen, VERDICTS[k], assumed=assumed))
    return tuple(strata)


@dataclass(frozen=True)
class Uniform:
    """Labels drawn uniformly: truth and verdict of each, and the verdicts of all other rows."""

    truth: Any
    judged: Any
    judged_open: Any


def uniformly(bench: Benchmark, labels: int, rng: np.random.Generator) -> Uniform:
    truth = np.concatenate(
        [np.arange(n) < right for n, right in zip(bench.sizes, bench.right, strict=True)]
    )
    judged = np.repeat(VERDICTS, bench.sizes).astype(float)
    order = rng.permutation(len(truth))
    chosen, rest = order[:labels], order[labels:]
    return Uniform(truth[chosen].astype(float), judged[chosen], judged[rest])


# --- methods ------------------------------------------------------------------------------------


@cache
def stratified(strata: tuple[Stratum, ...], target: Target, level: float = 0.95) -> Interval:
    return stratified_interval(strata, target, level)[1:]


@cache
def anytime(strata: tuple[Stratum, ...], guesses: tuple[float, ...]) -> Interval:
    return anytime_interval(strata, 0.95, guesses)[1:]


def naive(labels: Uniform) -> Interval:
    """Wilson's interval on the verdicts of all rows, as if they were the truth."""
    said = np.concatenate([labels.judged, labels.judged_open])
    return wilson(float(said.sum()), len(said))


def labels_alone(labels: Uniform) -> Interval:
    return wilson(float(labels.truth.sum()), len(labels.truth))


def ppi_plus(labels: Uniform) -> Interval:
    return ppi(labels.truth, labels.judged, labels.judged_open)[1:]


def rogan_gladen_bootstrap(labels: Uniform, rng: np.random.Generator, draws: int = 500) -> Interval:
    """Rogan and Gladen 1978 with the percentile bootstrap over labelled and unlabelled rows."""
    judged, truth = labels.judged == 1, labels.truth == 1
    cells = [judged & truth, judged & ~truth, ~judged & truth, ~judged & ~truth]
    n, rest = len(truth), len(labels.judged_open)
    counts = rng.multinomial(n, [cell.mean() for cell in cells], size=draws).T
    positive = rng.binomial(rest, labels.judged_open.mean(), size=draws)
    share = (positive + counts[0] + counts[1]) / (rest + n)
    with np.errstate(all="ignore"):
        sensitivity = counts[0] / (counts[0] + counts[2])
        specificity = counts[3] / (counts[1] + counts[3])
        found = (share + specificity - 1) / (sensitivity + specificity - 1)
    found = np.clip(found[np.isfinite(found)], 0, 1)
    return (float(np.quantile(found, 0.025)), float(np.quantile(found, 0.975)))


def intervals(
    bench: Benchmark, labels: int, rng: np.random.Generator
) -> Iterator[tuple[str, str, Interval]]:
    """Every method's interval on one set of labels: its name, the target, low and high."""
    for name, strata in (
        ("default", by_plan(bench, labels, rng)),
        ("trust", by_plan(bench, labels, rng, TRUSTED)),
    ):
        yield name, "benchmark", stratified(strata, "benchmark")
        yield name, "population", stratified(strata, "population")
    drawn = uniformly(bench, labels, rng)
    for name, method in (
        ("PPI++", ppi_plus),
        ("Rogan-Gladen", partial(rogan_gladen_bootstrap, rng=rng)),
        ("naive", naive),
        ("labels alone", labels_alone),
    ):
        found = method(drawn)
        yield name, "benchmark", found
        yield name, "population", found


def covers(interval: Interval, truth: float) -> bool:
    return interval[0] - 1e-9 <= truth <= interval[1] + 1e-9


METHODS = ("default", "trust", "PPI++", "Rogan-Gladen", "naive", "labels alone")


@dataclass(frozen=True)
class Cell:
    """Coverage and mean width of each (method, target) in one scenario with so many labels."""

    scenario: str
    rows: int
    labels: int
    coverage: dict[tuple[str, str], float]
    width: dict[tuple[str, str], float]


def cell(name: str, rows: int, labels: int, runs: int, seed: int = 0) -> Cell:
    scenario = SCENARIOS[name]
    rng = np.random.default_rng([seed, rows, labels, list(SCENARIOS).index(name)])
    held: dict[tuple[str, str], int] = {}
    width: dict[tuple[str, str], float] = {}
    for _ in range(runs):
        bench = drawn(scenario, rows, rng)
        truth = {"benchmark": bench.accuracy, "population": scenario.truth}
        for method, target, found in intervals(bench, labels, rng):
            key = method, target
            held[key] = held.get(key, 0) + covers(found, truth[target])
            width[key] = width.get(key, 0.0) + found[1] - found[0]
    stratified.cache_clear()
    return Cell(
        *(name, rows, labels),
        {key: count / runs for key, count in held.items()},
        {key: total / runs for key, total in width.items()},
    )


# --- stopping when one likes --------------------------------------------------------------------

STEPS = tuple(range(20, 160, 10))
PLANNED = (30, 60, 90, 120, 150)

BEFORE = tuple(map(guess, ("exact", "symbolic", "judge", "judge", "no-answer")))
"""What the any-time interval believes before labelling; nothing is undecided in its scenarios."""

Looker = tuple[str, Sequence[int], Callable[[tuple[Stratum, ...]], Interval]]
LOOKERS: tuple[Looker, ...] = (
    ("one look", STEPS[-1:], lambda strata: stratified(strata, "benchmark")),
    ("14 looks at the plain interval", STEPS, lambda strata: stratified(strata, "benchmark")),
    ("5 planned looks", PLANNED, lambda strata: stratified(strata, "benchmark", 0.99)),
    ("14 looks at the any-time interval", STEPS, partial(anytime, guesses=BEFORE)),
)


def labelled_further(bench: Benchmark, rng: np.random.Generator) -> dict[int, tuple[Stratum, ...]]:
    """One benchmark whose labels grow from look to look, each a prefix of one random order."""
    used = [k for k, size in enumerate(bench.sizes) if size]
    orders = {k: rng.permutation(np.arange(bench.sizes[k]) < bench.right[k]) for k in used}
    sizes = [int(bench.sizes[k]) for k in used]
    seen = {}
    for labels in STEPS:
        given = allocate(sizes, [GUESSES[k] for k in used], labels)
        seen[labels] = tuple(
            Stratum(size, n, int(orders[k][:n].sum()), VERDICTS[k])
            for k, size, n in zip(used, sizes, given, strict=True)
        )
    return seen


def stopping(name: str, runs: int, seed: int = 1) -> dict[str, tuple[float, float]]:
    """For each way of looking: how often no look misses, and the width of the last."""
    rng = np.random.default_rng([seed, list(SCENARIOS).index(name)])
    held = dict.fromkeys((each[0] for each in LOOKERS), 0)
    width = dict.fromkeys(held, 0.0)
    for _ in range(runs):
        bench = drawn(SCENARIOS[name], 500, rng)
        seen = labelled_further(bench, rng)
        for title, steps, method in LOOKERS:
            found = [method(seen[labels]) for labels in steps]
            held[title] += all(covers(each, bench.accuracy) for each in found)
            width[title] += found[-1][1] - found[-1][0]
    stratified.cache_clear()
    anytime.cache_clear()
    return {title: (held[title] / runs, width[title] / runs) for title in held}


# --- tables -------------------------------------------------------------------------------------


def show(cells: Sequence[Cell]) -> None:
    for target in ("benchmark", "population"):
        print(f"\n{target}: coverage, mean width")
        print("| scenario | rows, labels |", " | ".join(METHODS), "|")
        print("|-|-|" + "-|" * len(METHODS))
        for each in cells:
            values = [
                f"{each.coverage[m, target]:.3f} {each.width[m, target]:.3f}" for m in METHODS
            ]
            print(f"| {each.scenario} | {each.rows}, {each.labels} |", " | ".join(values), "|")
        fewest = [f"{min(each.coverage[m, target] for each in cells):.3f}" for m in METHODS]
        missed = [str(sum(each.coverage[m, target] < 0.94 for each in cells)) for m in METHODS]
        print("| lowest coverage | |", " | ".join(fewest), "|")
        print("| cells below .94 | |", " | ".join(missed), "|")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--sizes", nargs="*", metavar="ROWS/LABELS", help="only these")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    options = parser.parse_args()
    wanted = [tuple(map(int, each.split("/"))) for each in options.sizes or ()] or SIZES
    plan = [(name, *size) for size in wanted for name in SCENARIOS]
    with ProcessPoolExecutor(options.workers) as pool:
        cells = list(pool.map(partial(_cell, runs=options.runs), plan))
        show(cells)
        names = ("base", "heavy and bad", "no errors")
        found = list(pool.map(partial(stopping, runs=options.runs), names))
    print("\n500 rows, 150 labels: no look misses, width of the last")
    print("| scenario |", " | ".join(title for title, *_ in LOOKERS), "|")
    print("|-|" + "-|" * len(LOOKERS))
    for name, ways in zip(names, found, strict=True):
        print(f"| {name} |", " | ".join(f"{c:.3f} {w:.3f}" for c, w in ways.values()), "|")


def _cell(which: tuple[str, int, int], runs: int) -> Cell:
    found = cell(*which, runs)
    print(*which, file=sys.stderr, flush=True)
    return found


if __name__ == "__main__":
    main()
