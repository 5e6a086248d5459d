"""Accuracy corrected for the judge: what the verdicts say, put right by a few labels.

`method="stratified"` is judgekit's own (`strata`), for a number of labels, or of looks at them,
that was fixed beforehand; `anytime` holds whenever one looks and stops (`analysis.anytime`).
`ppi`, `rogan-gladen` and `labels` are there for comparison (`correctors`). Labels must be drawn at
random: uniformly, or within each stage and outcome by a plan. Rows that were labelled because they
looked suspicious estimate nothing.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from judgekit.analysis import correctors
from judgekit.analysis.anytime import anytime_interval
from judgekit.analysis.planning import guess
from judgekit.analysis.strata import Stratum, Target, stratified_interval
from judgekit.errors import DataError, UnknownName

if TYPE_CHECKING:
    import pandas as pd

Method = Literal["stratified", "anytime", "ppi", "rogan-gladen", "labels"]

FEWEST = 3
"""Labels that a stratum should have; also what is asked for where it has none."""
FEWEST_UNIFORM = 5
"""With uniform labels, a stratum with fewer is merged with the largest of the same outcome."""

KEY = ["id", "sample", "variant"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A corrected accuracy. `notes` say what it rests on and belong beside it."""

    value: float
    low: float
    high: float
    level: float
    method: str
    target: str
    labels_used: int
    notes: tuple[str, ...] = ()


def corrected_accuracy(
    graded: pd.DataFrame,
    labels: pd.DataFrame,
    method: Method = "stratified",
    target: Target = "benchmark",
    level: float = 0.95,
    assume: Mapping[str, float] | None = None,
) -> Estimate:
    """The share of responses that are truly right.

    `graded` has one row a response: the key, `outcome`, `stage`, and `probability` where a plan
    drew rows of one stratum with different known chances. `labels` has the key, `label` (true:
    right; missing: unsure), and where known `design` and `probability`. `sample` and `variant` may
    be absent. `target="benchmark"` is the accuracy on these very responses, `"population"` on
    responses like them. `assume` maps a stage to the largest share of its verdicts that may be
    wrong, where nobody labelled any of them.

    Raises `DataError` for labels that do not fit the rows, stand twice, were not drawn at random,
    or do not allow the method, and `UnknownName` for a method, target or assumed stage that there
    is not.
    """
    _check(method, get_args(Method), "method")
    _check(target, get_args(Target), "target")
    assume = dict(assume or {})
    for stage, share in assume.items():
        _check(stage, sorted(map(str, graded["stage"].unique())), "stage")
        if not 0 <= share <= 1:
            raise DataError(f"assume: the share for {stage} is {share}, must lie in [0, 1]")
    rows, notes = _joined(graded, labels)
    if method not in ("stratified", "anytime"):
        return _compared(rows, method, target, level, notes)
    named = _strata(rows, assume, notes, merge=method == "stratified")
    strata = list(named.values())
    if method == "anytime":
        _check_anytime(strata, target)
        guesses = [guess(name.split()[0]) for name in named]
        value, low, high = anytime_interval(strata, level, guesses)
    else:
        value, low, high = stratified_interval(strata, target, level)
    used = sum(stratum.labelled for stratum in named.values())
    notes += _remarks(named, rows, target, level)
    return Estimate(value, low, high, level, method, target, used, tuple(notes))


def _check(name: str, known: Any, what: str) -> None:
    if name not in known:
        raise UnknownName(what, name, known)


def _check_anytime(strata: Sequence[Stratum], target: Target) -> None:
    if target != "benchmark":
        raise DataError(
            "the any-time interval holds for these very rows only",
            hint='target="benchmark", or plan a number of looks',
        )
    if any(stratum.effective for stratum in strata):
        raise DataError(
            "the any-time interval needs labels that were equally likely within a stage and outcome"
        )


# --- labels on rows -----------------------------------------------------------------------------


def _joined(graded: pd.DataFrame, labels: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Every graded row with its `label` (or none) and the `chance` with which it was drawn."""
    import pandas as pd

    notes: list[str] = []
    if "design" in labels:
        drawn = labels["design"].isna() | labels["design"].isin(["uniform", "plan"])
        if dropped := int((~drawn).sum()):
            notes.append(f"{dropped} labels were not drawn at random and are left out.")
        labels = labels[drawn]
        if not len(labels):
            raise DataError(
                "none of the labels was drawn at random",
                hint="label rows of a plan: judgekit audit --plan WIDTH",
            )
    if unsure := int(labels["label"].isna().sum()):
        notes.append(f"{unsure} rows were labelled unsure and count as not labelled.")
        labels = labels[labels["label"].notna()]
    if not len(labels):
        raise DataError("there are no labels", hint="judgekit audit --label makes some")
    rows, keys = _keyed(graded, "graded rows"), _keyed(labels, "labels")
    strangers = keys.index.difference(rows.index)
    if len(strangers):
        raise DataError(f"{len(strangers)} labels belong to no graded row, such as {strangers[0]}")
    if not set(keys["label"].unique()) <= {True, False}:
        raise DataError(f"a label {keys['label'].iloc[0]!r}: it must be true or false")
    chance = keys.get("probability", pd.Series(float("nan"), index=keys.index)).astype(float)
    if (bad := chance[chance.notna() & ~((chance > 0) & (chance <= 1))]).size:
        raise DataError(f"a probability of {bad.iloc[0]}: it must lie in (0, 1]")
    rows["label"] = keys["label"].astype(bool).astype(object)
    rows["label"] = rows["label"].where(rows.index.isin(keys.index), None)
    rows["chance"] = chance
    rows["uniform"] = "design" in labels and bool((labels["design"] == "uniform").all())
    return rows.reset_index(), notes


def _keyed(frame: pd.DataFrame, what: str) -> pd.DataFrame:
    """A copy indexed by the key; without `sample` and `variant` it means the first response."""
    frame = frame.copy()
    for name, default in (("sample", 0), ("variant", "")):
        if name not in frame:
            frame[name] = default
    frame = frame.set_index(KEY)
    if not frame.index.is_unique:
        twice = frame.index[frame.index.duplicated()][0]
        raise DataError(f"two {what} have the key {twice}")
    return frame


# --- strata -------------------------------------------------------------------------------------


def _strata(
    rows: pd.DataFrame, assume: Mapping[str, float], notes: list[str], *, merge: bool
) -> dict[str, Stratum]:
    """The strata by name: stage and outcome, and class of probability where the rows have one.

    `merge` joins those with few uniform labels; for an any-time interval they have to stay.
    """
    by = ["stage", "outcome"] + (["probability"] if "probability" in rows else [])
    groups: dict[tuple[Hashable, ...], pd.DataFrame] = {
        tuple(key): part for key, part in rows.groupby(by, sort=False, dropna=False)
    }
    if merge and rows["uniform"].any():
        groups = _merged(groups, notes)
    named = {}
    unlabelled = []
    for key, part in groups.items():
        stage, outcome = str(key[0]), str(key[1])
        named[" ".join(map(str, key))] = _stratum(part, outcome == "correct", assume.get(stage))
        labelled = int(part["label"].notna().sum())
        needed = min(FEWEST, len(part))
        if not labelled and stage in assume:
            notes.append(
                f"Assumes at most {assume[stage]:g} of {stage} verdicts are wrong; "
                "no label checks this."
            )
        elif not labelled:
            unlabelled.append(f"{needed} of {len(part)} ({stage}, {outcome})")
        elif labelled < needed:
            notes.append(
                f"Stage {stage} ({outcome}) has {labelled} of the {needed} labels that it needs."
            )
    if unlabelled:
        notes.append(
            "Rows of a stage without labels are counted anywhere from all wrong to all right. "
            f"Label at least {', '.join(unlabelled)}."
        )
    return named


def _merged(
    groups: Mapping[tuple[Hashable, ...], pd.DataFrame], notes: list[str]
) -> dict[tuple[Hashable, ...], pd.DataFrame]:
    """Strata with too few uniform labels joined to the largest of the same outcome."""
    import pandas as pd

    merged = dict(groups)
    for key in sorted(groups, key=lambda k: len(groups[k])):
        same = [other for other in merged if other[1] == key[1] and other != key]
        if not same or merged[key]["label"].notna().sum() >= FEWEST_UNIFORM:
            continue
        largest = max(same, key=lambda other: len(merged[other]))
        merged[largest] = pd.concat([merged[largest], merged.pop(key)])
        notes.append(f"{key[0]} ({key[1]}) has too few labels and is counted with {largest[0]}.")
    return merged


def _stratum(part: pd.DataFrame, verdict: bool, assumed: float | None) -> Stratum:
    """Counts of one stratum; Kish's effective size where its labels were unequally likely."""
    labelled = part[part["label"].notna()]
    right, chance = labelled["label"].to_numpy(float), labelled["chance"].to_numpy(float)
    effective = None
    if len(labelled) and not (chance != chance).any() and chance.min() < chance.max():
        weight = 1 / chance
        size = float(weight.sum() ** 2 / (weight**2).sum())
        effective = (size * float(weight @ right) / float(weight.sum()), size)
    return Stratum(
        *(len(part), len(labelled), float(right.sum()), verdict),
        effective=effective,
        assumed=None if len(labelled) else assumed,
    )


def _remarks(
    named: Mapping[str, Stratum], rows: pd.DataFrame, target: Target, level: float
) -> list[str]:
    labelled = rows[rows["label"].notna() & (rows["outcome"] != "undecided")]
    wrong = labelled["label"].astype(bool) != (labelled["outcome"] == "correct")
    notes = []
    if len(labelled) and not wrong.any():
        errors = [
            s.mirrored() if s.verdict else s
            for name, s in named.items()
            if s.labelled and "undecided" not in name.split()
        ]
        if errors:
            _, _, most = stratified_interval(errors, "benchmark", level)
            notes.append(
                f"No errors were seen among {len(labelled)} labels; this does not show there are "
                f"none: the interval allows up to {100 * most:.1f} % of the labelled stages' rows."
            )
    if target == "population":
        notes.append(
            f"Also includes the chance of which {rows['id'].nunique()} problems were drawn."
        )
        if len(rows) > rows["id"].nunique():
            notes.append("Several responses share a problem: the interval is too narrow.")
    return notes


# --- the methods it is compared with ------------------------------------------------------------


def _compared(
    rows: pd.DataFrame, method: Method, target: Target, level: float, notes: list[str]
) -> Estimate:
    labelled = rows["label"].notna().to_numpy()
    chance = rows.loc[labelled, "chance"]
    if chance.nunique() > 1:
        raise DataError(
            f"method {method} needs labels that were equally likely",
            hint='use method="stratified"',
        )
    verdict = (rows["outcome"] == "correct").to_numpy(float)
    truth = rows.loc[labelled, "label"].to_numpy(float)
    if method == "ppi":
        found = correctors.ppi(truth, verdict[labelled], verdict[~labelled], level)
    elif method == "rogan-gladen":
        found = correctors.rogan_gladen(truth, verdict[labelled], verdict, level)
    else:
        found = correctors.labels_only(truth, level)
    if target == "benchmark":
        notes.append(f"Method {method} aims at the population, not at these very responses.")
    notes.append("Supposes that labels were drawn uniformly from all rows.")
    return Estimate(*found, level, method, target, len(truth), tuple(notes))
