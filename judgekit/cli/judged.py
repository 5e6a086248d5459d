"""What `judgekit judge` shows: report cards, comparisons, probes, thresholds."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from judgekit.cli.common import plain, remarks, screen, table

if TYPE_CHECKING:
    from judgekit.analysis.intervals import Share
    from judgekit.audit.agreement import Measured
    from judgekit.audit.report_card import Bill, ReportCard
    from judgekit.audit.versus import Compared
    from judgekit.config import Config
    from judgekit.judges.calibrate import Calibration
    from judgekit.judges.probing import Result
    from judgekit.judges.self_preference import Preference

SIDE_BY_SIDE = 2
"""Judges whose cards fit beside one another; more stand below one another."""


def show_cards(cards: Mapping[str, ReportCard]) -> None:
    names = list(cards)
    for start in range(0, len(names), SIDE_BY_SIDE):
        _show_beside({name: cards[name] for name in names[start : start + SIDE_BY_SIDE]})
    for name, card in cards.items():
        _show_curve(name, card)


def _show_beside(cards: Mapping[str, ReportCard]) -> None:
    each = list(cards.values())
    rows = [
        ["labelled rows", *(str(card.rows) for card in each)],
        ["undecided", *(f"{card.undecided} ({card.unparsed} unparsed)" for card in each)],
        ["accuracy, unchecked", *(percent(card.alone) for card in each)],
        ["overruled (rightly)", *(_overruled(card) for card in each)],
        *(
            [name, *(percent(getattr(card, name)) for card in each)]
            for name in ("accuracy", "precision", "recall", "specificity")
        ),
        *(
            [title, *(_number(getattr(card, field)) for card in each)]
            for title, field in (
                ("F1", "f1"),
                ("balanced accuracy", "balanced_accuracy"),
                ("Cohen's kappa", "kappa"),
                ("Krippendorff's alpha", "alpha"),
            )
        ),
        ["TP, FP, FN, TN", *(", ".join(map(str, card.confusion)) for card in each)],
        ["ECE, Brier, AUROC", *(_calibrated(card) for card in each)],
        ["calls", *(_calls(card.bill, card.rows) for card in each)],
        ["tokens in, out", *(_tokens(card.bill) for card in each)],
        ["seconds a row (95 %)", *(_seconds(card.bill) for card in each)],
        ["money", *("–" if c.bill.money is None else f"{c.bill.money:,.4f}" for c in each)],
    ]
    screen().print(table("Report card against human labels", ["", *cards], rows, right=len(cards)))


def _show_curve(name: str, card: ReportCard) -> None:
    """The calibration curve, where the judge has a confidence."""
    if card.calibration is None:
        return
    cells = [
        [f"{each.confidence:.3f}", percent(each.agreeing), str(each.agreeing.n)]
        for each in card.calibration.bins
    ]
    columns = ["confidence", "agrees with people", "verdicts"]
    screen().print(table(f"{name}: how far its confidence holds", columns, cells, right=2))


def show_groups(groups: Mapping[str, Mapping[str, ReportCard]], by: str) -> None:
    """For each judge the parts of its card by kind, length or model graded."""
    for name, cards in groups.items():
        cells = [
            [
                *(value or "?", f"{card.rows - card.undecided} of {card.rows}"),
                *(_share(each) for each in (card.accuracy, card.recall, card.specificity)),
                "–" if math.isnan(card.kappa.value) else f"{card.kappa.value:.2f}",
            ]
            for value, card in cards.items()
        ]
        columns = [by, "decided", "accuracy %", "recall %", "specificity %", "kappa"]
        screen().print(table(f"{name}, by {by}", columns, cells, right=5))


def show_versus(versus: Mapping[tuple[str, str], Compared]) -> None:
    for (a, b), found in versus.items():
        screen().print(
            plain(
                f"{a} - {b}: {found.difference:+.1%} [{found.low:+.1%}, {found.high:+.1%}] "
                f"of {found.rows} rows; only {a} is right on {found.only_first}, only {b} "
                f"on {found.only_second}; exact p = {found.p:.3g}"
            ),
            soft_wrap=True,
        )


def show_probes(name: str, results: Sequence[Result]) -> None:
    columns = ["", "copies", "failed %", "checked %", "open"]
    for expect, title in (
        ("same", "what may not change its verdict"),
        ("incorrect", "what it may not accept"),
        ("correct", "what it may not refuse"),
    ):
        cells = [
            [
                *(result.name, str(result.failed.n)),
                *(_share(result.failed), _share(result.held), str(result.undecided or "")),
            ]
            for result in results
            if result.expect == expect
        ]
        if cells:
            screen().print(table(f"{name}: {title}", columns, cells, right=4))
    if results:
        legend = "failed: the judge alone; checked: with its claim held against the response and "
        screen().print(f"[dim]{legend}the proof; open: undecided[/dim]", soft_wrap=True)


def show_preferences(preferences: Sequence[Preference]) -> None:
    if not preferences:
        return
    cells = []
    for each in preferences:
        gap = "–"
        if each.difference:
            value, low, high = (f"{100 * limit:+.1f}" for limit in each.difference)
            gap = f"{value} [{low}, {high}]"
        own, others = _share(each.own), _share(each.others)
        cells.append([each.error, f"{own} of {each.own.n}", f"{others} of {each.others.n}", gap])
    columns = ["", "its own %", "others %", "points"]
    title = f"Does it go easier on {preferences[0].model}?"
    screen().print(table(title, columns, cells, right=3))


def show_thresholds(results: Mapping[str, Calibration], settings: Config) -> None:
    for name, result in results.items():
        screen().print(f"[bold]{plain(name)}[/bold]: {plain(result.sentence)}", soft_wrap=True)
        if result.threshold is None:
            continue
        if name in settings.judges and settings.path:
            shown = f"decide_above = {result.threshold:.6g} written to {settings.path}"
            remarks().print(f"[dim]{plain(shown)}[/dim]")


def probe_row(result: Result) -> dict[str, Any]:
    row = dataclasses.asdict(result)
    row["examples"] = [
        {
            "id": each.row.key.id,
            "before": each.before.outcome,
            "after": each.alone.outcome,
            "evidence": each.alone.evidence,
        }
        for each in result.examples
    ]
    return row


def percent(found: Share) -> str:
    if found.value is None:
        return "–"
    return f"{100 * found.value:.1f}% [{100 * found.low:.1f}, {100 * found.high:.1f}]"


def _share(found: Share) -> str:
    """As `percent`, where the column says so."""
    return percent(found).replace("%", "")


def _overruled(card: ReportCard) -> str:
    return f"{card.overruled} ({card.overruled_rightly})" if card.overruled else "0"


def _number(found: Measured) -> str:
    if math.isnan(found.value):
        return "–"
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"


def _calibrated(card: ReportCard) -> str:
    found = card.calibration
    if found is None:
        return "no confidence"
    ranked = "–" if math.isnan(found.auroc) else f"{found.auroc:.3f}"
    return f"{found.ece:.3f}, {found.brier:.3f}, {ranked}"


def _calls(bill: Bill, rows: int) -> str:
    known = rows - bill.asked
    return f"{bill.calls:,}" + (f", {known:,} rows without one" if bill.calls and known else "")


def _tokens(bill: Bill) -> str:
    return f"{bill.prompt_tokens:,}, {bill.completion_tokens:,}" if bill.calls else "–"


def _seconds(bill: Bill) -> str:
    return f"{bill.seconds:.2f} ({bill.slowest:.2f})" if bill.asked else "–"
