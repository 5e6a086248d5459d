"""Two real judges against two human raters each: what an audit finds, on real rows.

    python tests/audit/recorded_judges.py --draws 2000

* The judges' report cards, and where they disagree.
* Accuracy corrected from 100 labels that a plan draws: how often the 95 % interval holds the truth
  (all labels), and its mean width beside labels alone (Wilson on 100 uniform labels) and PPI++.
* The cascade of verifier and judge beside the judge alone, with every row that it changes.

Both rows of a table are drawn from the same file, each judge as the only stage. Data: the folder in
JUDGEKIT_DATA, else ../shared/data beside the repository.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import pandas as pd

from judgekit import corrected_accuracy
from judgekit.analysis.intervals import wilson
from judgekit.analysis.planning import JUDGE, allocate
from judgekit.audit.disagreements import Pair, disagreements
from judgekit.audit.mending import Beside, beside
from judgekit.audit.report_card import Rated, ReportCard, report_card
from judgekit.audit.subject import Row, Subject, of_file, truth
from judgekit.config import Config
from judgekit.formats.foreign import read_responses

SETS = {
    "gpqa_diamond_human.jsonl": ("judge_deepseek_v3", "judge_qwen25_7b"),
    "mmlu_pro_human.jsonl": ("judge_deepseek_v3",),
}
LABELS = 100


def audited(folder: Path, name: str) -> Subject:
    """The rows of a set, with every judge's verdict and the verifier's."""
    path = folder / "labelled" / name
    judges = [f"recorded:{column}" for column in SETS[name]]
    return asyncio.run(of_file(path, read_responses(path), Config(), judges))


def card(rows: Sequence[Row], judge: str) -> ReportCard:
    known = truth(rows, {})
    return report_card(
        [
            Rated(row.judges[judge], known[row.key], row.problem.question or row.key.id)
            for row in rows
        ]
    )


def pairs(rows: Sequence[Row]) -> list[Pair]:
    return disagreements(rows, truth(rows, {}))


# --- accuracy corrected by 100 labels -----------------------------------------------------------


@dataclass(frozen=True)
class Corrections:
    """Of all draws: the share of intervals that held the truth, and their mean width."""

    coverage: float
    width: float
    ppi_coverage: float
    ppi_width: float
    labels_coverage: float
    labels_width: float


def corrections(rows: Sequence[Row], judge: str, draws: int, seed: int = 0) -> Corrections:
    """Draw 100 labels again and again, by plan and uniformly, with the judge as the only stage."""
    known = truth(rows, {})
    frame = pd.DataFrame(
        [(row.key.id, row.judges[judge].outcome, judge, known[row.key]) for row in rows],
        columns=["id", "outcome", "stage", "label"],
    )
    right = float(frame["label"].mean())
    graded = frame[["id", "outcome", "stage"]]
    strata = list(frame.groupby("outcome").indices.values())
    plan = allocate([len(each) for each in strata], [JUDGE] * len(strata), LABELS)
    chooser = random.Random(seed)
    found: list[tuple[bool, float]] = []
    ppi: list[tuple[bool, float]] = []
    alone: list[tuple[bool, float]] = []
    for _ in range(draws):
        chosen = [
            i for each, n in zip(strata, plan, strict=True) for i in chooser.sample(list(each), n)
        ]
        made = corrected_accuracy(graded, frame.loc[chosen, ["id", "label"]])
        found.append((made.low <= right <= made.high, made.high - made.low))
        labels = frame.loc[chooser.sample(range(len(frame)), LABELS), ["id", "label"]]
        made = corrected_accuracy(graded, labels, method="ppi")
        ppi.append((made.low <= right <= made.high, made.high - made.low))
        low, high = wilson(float(labels["label"].sum()), LABELS)
        alone.append((low <= right <= high, high - low))
    return Corrections(
        *(fmean(held for held, _ in found), fmean(width for _, width in found)),
        *(fmean(held for held, _ in ppi), fmean(width for _, width in ppi)),
        *(fmean(held for held, _ in alone), fmean(width for _, width in alone)),
    )


# --- the cascade beside the judge alone ---------------------------------------------------------


def cascade(folder: Path, name: str, column: str) -> Beside:
    """The default cascade with one recorded judge, and that judge alone."""
    path = folder / "labelled" / name
    judge = f"recorded:{column}"
    subject = asyncio.run(of_file(path, read_responses(path), Config(), [judge]))
    (found,) = beside(subject.rows, truth(subject.rows, {}))
    return found


# --- the tables ---------------------------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--draws", type=int, default=2000)
    beside_repository = Path(__file__).resolve().parents[3] / "shared" / "data"
    folder = Path(os.environ.get("JUDGEKIT_DATA", beside_repository))
    draws = parser.parse_args().draws
    subjects = {name: audited(folder, name) for name in SETS}
    cases = [(name, column) for name, columns in SETS.items() for column in columns]

    print("| rows | judge | n | accuracy | recall | specificity | kappa |\n|-|-|-|-|-|-|-|")
    for name, column in cases:
        found = card(subjects[name].rows, f"recorded:{column}")
        shares = (found.accuracy, found.recall, found.specificity)
        cells = [f"{s.value:.1%} [{s.low:.1%}, {s.high:.1%}]" for s in shares]
        kappa = f"{found.kappa.value:.2f} [{found.kappa.low:.2f}, {found.kappa.high:.2f}]"
        print("|", " | ".join([_set(name), column, str(found.rows), *cells, kappa]), "|")

    print("\n| rows | A | B | both correct | only A | only B | no verdict | A right | B right |")
    print("|-|-|-|-|-|-|-|-|-|")
    for name in SETS:
        for pair in pairs(subjects[name].rows):
            counts = (pair.both, pair.first_only, pair.second_only, pair.no_answer)
            counts += (pair.first_right, pair.second_right)
            cells = [_set(name), pair.first, pair.second, *map(str, counts)]
            print("|", " | ".join(cells).replace("recorded:", ""), "|")

    print(f"\n{draws} draws of {LABELS} labels: coverage, mean width")
    print("| rows | judge | corrected | PPI++ | labels alone | ratio to labels | to PPI++ |")
    print("|-|-|-|-|-|-|-|")
    for name, column in cases:
        c = corrections(subjects[name].rows, f"recorded:{column}", draws)
        cells = [
            *(_set(name), column, f"{c.coverage:.3f}, {c.width:.3f}"),
            *(f"{c.ppi_coverage:.3f}, {c.ppi_width:.3f}",),
            *(f"{c.labels_coverage:.3f}, {c.labels_width:.3f}",),
            *(f"{c.width / c.labels_width:.2f}", f"{c.width / c.ppi_width:.2f}"),
        ]
        print("|", " | ".join(cells), "|", flush=True)

    print("\n| rows | judge | right alone | right in the cascade | changed | mended | spoiled |")
    print("|-|-|-|-|-|-|-|")
    changed = []
    for name, column in cases:
        each = cascade(folder, name, column)
        mended = sum(row.mended for row in each.changed)
        spoiled = sum(row.spoiled for row in each.changed)
        counts = (each.right_alone, each.right_in_cascade, len(each.changed), mended, spoiled)
        print("|", " | ".join([_set(name), column, *map(str, counts)]), "|")
        changed += [(column, row) for row in each.changed]
    print("\n| row | judge | said alone | cascade | by | who was right |\n|-|-|-|-|-|-|")
    for column, row in changed:
        right = "cascade" if row.mended else "judge"
        cells = [row.key.id, column, row.alone, row.cascade, row.stage, right]
        print("|", " | ".join(cells), "|")


def _set(name: str) -> str:
    return name.removesuffix("_human.jsonl")


if __name__ == "__main__":
    main()
