"""How far the confidence of responses can be trusted."""

from __future__ import annotations

from collections.abc import Sequence

from judgekit.analysis.confidence import Calibration
from judgekit.report.summary import Line
from judgekit.report.table import Cell, Column, Table, count, number, percent, words
from judgekit.report.tables import label_cells, label_columns, varying


def confidence_table(lines: Sequence[Line]) -> Table:
    """Calibration of what responses say and of their log-probabilities, a row each."""
    columns = (
        *label_columns(lines),
        Column("source", "confidence", "left"),
        Column("n", "n"),
        Column("mean", "mean %"),
        Column("accuracy", "right %"),
        Column("ece", "ECE"),
        Column("brier", "Brier"),
        Column("auroc", "AUROC"),
        Column("unknown", "says unknown"),
    )
    rows = []
    for line in lines:
        found = line.confidence
        unknown = found.declined / found.n if found.n else None
        sources = [("said", found.said), ("log-probability", found.logprob)]
        for source, each in [one for one in sources if one[1].n] or sources[:1]:
            rows.append(
                (
                    *label_cells(lines, line),
                    words(source),
                    *_calibration_cells(each),
                    Cell(percent(unknown, sign=True), unknown),
                )
            )
    notes = (
        "said: what a response states of its answer (-o prompt=confidence asks for it); "
        "log-probability: exp of the mean over the model's own tokens (-o logprobs=true keeps it)",
        "over the decided responses that have one; ECE over ten bins of equal width",
        "says unknown: the share of all responses whose answer is that they do not know",
    )
    return Table("confidence", "Confidence", columns, tuple(rows), notes, len(varying(lines)))


def _calibration_cells(found: Calibration) -> tuple[Cell, ...]:
    return (
        count(found.n),
        Cell(percent(found.mean_confidence), found.mean_confidence),
        Cell(percent(found.accuracy), found.accuracy),
        number(found.ece, 3),
        number(found.brier, 3),
        number(found.auroc, 2),
    )
