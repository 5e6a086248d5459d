"""One run measure by measure, and every run as one row of numbers."""

from __future__ import annotations

from collections.abc import Sequence

from judgekit.analysis.confidence import Confidence
from judgekit.analysis.cost import Cost
from judgekit.audit.correction import Corrected
from judgekit.report.summary import Line
from judgekit.report.table import Column, Table, interval, percent, words


def summary_rows(line: Line) -> list[tuple[str, str]]:
    """One run as a list of measures, each in words."""
    found, spent = line.accuracy, line.completion
    size = f"{found.n:,}"
    if line.samples > 1:
        at_most = "" if found.n == found.problems * line.samples else "up to "
        size += f", {found.problems:,} problems, {at_most}{line.samples} samples each"
    rows = [("Responses", size)]
    if line.owed:
        rows.append(("Unfinished", f"{line.owed:,} are missing, and short responses finish first"))
    if found.value is not None:
        rows.append(
            (
                "Accuracy",
                f"{percent(found.value)} %, {found.correct:,} of {found.n:,}, "
                f"{100 * found.level:g} % interval {interval(found.low, found.high)}",
            )
        )
        if found.open:
            ones = "open one was" if found.open == 1 else f"{found.open:,} open ones were all"
            rows.append(("", f"{percent(found.best)} % if the {ones} right"))
        rows += _corrected_rows(line.corrected)
        rows += [
            (name, f"{percent(each.value, sign=True)}, interval {interval(each.low, each.high)}")
            for name, each in line.sampled.items()
        ]
        if line.seed_std:
            rows.append(("Over samples", f"standard deviation {100 * line.seed_std:.1f} points"))
        rows.append(("Decided by", _counts(line.stages)))
    rows.append(("Undecided", f"{found.reasons.get('undecided', 0):,}"))
    for name, hint in (
        ("failed", "generate again to retry them"),
        ("ungraded", "judgekit grade"),
    ):
        if name in found.reasons:
            rows.append((name.capitalize(), f"{found.reasons[name]:,} ({hint})"))
    if spent.n:
        text = f"mean {spent.mean:,.1f}, median {spent.median:,.0f}, longest {spent.longest:,}"
        extra = (("forced", line.cost.forced), ("discarded", line.cost.discarded))
        rows.append(("Tokens", ", ".join([text, *(f"{n:,} {name}" for name, n in extra if n)])))
    ended = sum(line.at_limit.values())
    fates = f": {_counts(line.at_limit)}" if ended else ""
    rows.append(("At limit", f"{ended:,}{_of(ended, found.n)}{fates}"))
    rows.append(("Loops", _counts(line.loops) or "0"))
    rows += _confidence_rows(line.confidence)
    if line.cost.money is not None:
        rows.append(("Money", _bill(line.cost)))
    if line.format_asked:
        kept = round((line.format_kept.value or 0) * line.format_kept.n)
        rows.append(
            (
                "Format kept",
                f"{kept:,} of {line.format_kept.n:,}{_of(kept, line.format_kept.n)}"
                f", asked for {line.format_asked}",
            )
        )
    return rows


def _corrected_rows(found: Corrected | None) -> list[tuple[str, str]]:
    """The accuracy that labels correct, what it rests on, or why there is none."""
    if found is None:
        return []
    if found.estimate is None:
        return [("Corrected", f"no number: {found.refused}"), *(("", n) for n in found.notes)]
    made = found.estimate
    text = (
        f"{percent(made.value)} % by {made.labels_used:,} labels, "
        f"{100 * made.level:g} % interval {interval(made.low, made.high)} ({made.target})"
    )
    return [("Corrected", text), *(("", note) for note in found.notes)]


def _confidence_rows(found: Confidence) -> list[tuple[str, str]]:
    """How far what the responses say of themselves can be trusted."""
    rows = []
    if found.said.n:
        made = found.said
        auroc = "" if made.auroc is None else f", AUROC {made.auroc:.2f}"
        rows.append(
            (
                "Confidence",
                f"mean {percent(made.mean_confidence)} %, {percent(made.accuracy)} % are right, "
                f"ECE {made.ece:.3f}, Brier {made.brier:.3f}{auroc}, {made.n:,} responses",
            )
        )
    if found.declined:
        rows.append(("Unknown", f"{found.declined:,}{_of(found.declined, found.n)}"))
    return rows


def _bill(cost: Cost) -> str:
    text = f"{cost.money:,.4f}"
    if cost.money_per_correct is not None:
        text += f", {cost.money_per_correct:,.4f} for each correct answer"
    return text


def summary_table(line: Line) -> Table:
    """One run, measure by measure."""
    rows = tuple((words(name), words(text)) for name, text in summary_rows(line))
    columns = (Column("measure", "", "left"), Column("value", "", "left"))
    return Table("summary", heading(line), columns, rows)


def heading(line: Line) -> str:
    return " · ".join(filter(None, (line.benchmark, line.model, line.setting)))


def flat_table(lines: Sequence[Line]) -> Table:
    """Every number of every line, one row a line: for CSV."""
    names = (
        *("benchmark", "model", "setting", "n", "problems", "accuracy", "low", "high", "best"),
        *("correct", "wrong", "truncated", "looped", "no_answer", "undecided"),
        *("failed", "ungraded", "corrected", "corrected_low", "corrected_high", "labels"),
        *("tokens_mean", "tokens_median", "tokens_total", "forced_tokens", "discarded_tokens"),
        *("judge_tokens", "seconds", "money", "tokens_per_correct", "money_per_correct"),
        *("at_limit", "loops", "format_kept", "said_ece", "said_unknown", "stages", "run"),
    )
    rows = []
    for line in lines:
        found, reasons = line.accuracy, line.accuracy.reasons
        low, high = (None, None) if found.value is None else (found.low, found.high)
        values = (
            *(line.benchmark, line.model, line.setting, found.n, found.problems),
            *(found.value, low, high, found.best, found.correct),
            *(reasons.get(k, 0) for k in ("wrong", "truncated", "looped", "no answer")),
            *(reasons.get(k, 0) for k in ("undecided", "failed", "ungraded")),
            *_corrected_values(line.corrected),
            *(line.completion.mean, line.completion.median, line.completion.total),
            *(line.cost.forced, line.cost.discarded, line.cost.judge, line.cost.seconds),
            *(line.cost.money, line.cost.per_correct, line.cost.money_per_correct),
            *(sum(line.at_limit.values()), _counts(line.loops), line.format_kept.value),
            *(line.confidence.said.ece, line.confidence.declined),
            *(_counts(line.stages), line.run),
        )
        rows.append(tuple(words(value) for value in values))
    return Table("runs", "Runs", tuple(Column(name, name) for name in names), tuple(rows))


def _corrected_values(found: Corrected | None) -> tuple[float | int | None, ...]:
    if found is None or found.estimate is None:
        return None, None, None, found.labelled if found else None
    made = found.estimate
    return made.value, made.low, made.high, made.labels_used


def _counts(counted: object) -> str:
    items = counted.items() if isinstance(counted, dict) else ()
    return ", ".join(f"{name} {times:,}" for name, times in items)


def _of(part: int, whole: int) -> str:
    return f" ({percent(part / whole)} %)" if whole else ""
