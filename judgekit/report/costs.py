"""What the runs cost: tokens by role and model, seconds, money; and that for a correct answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from judgekit.analysis.cost import Cost, Spent
from judgekit.report.summary import Line
from judgekit.report.table import Cell, Column, Table, count, number, percent
from judgekit.report.tables import label_cells, label_columns, varying


def cost_table(lines: Sequence[Line]) -> Table:
    """Accuracy beside what it cost; who spent the tokens stands in the notes."""
    money = any(line.cost.money is not None for line in lines)
    columns = (
        *label_columns(lines),
        Column("accuracy", "accuracy"),
        Column("prompt", "prompt"),
        Column("own", "own"),
        Column("forced", "forced"),
        Column("discarded", "discarded"),
        Column("judge", "judge"),
        Column("seconds", "seconds"),
        Column("per_correct", "tokens / correct"),
        *((Column("money", "money"), Column("money_per_correct", "/ correct")) if money else ()),
    )
    rows = tuple(
        (
            *label_cells(lines, line),
            Cell(percent(line.accuracy.value), line.accuracy.value),
            *(count(n) for n in _roles(line.cost)),
            number(line.cost.seconds, 0),
            number(line.cost.per_correct, 0),
            *(_money(line.cost) if money else ()),
        )
        for line in lines
    )
    notes = [
        "tokens: own stand in the responses, forced were written by the strategy, discarded were "
        "generated and thrown away; tokens / correct are own and discarded ones",
        "seconds add up each response's wall time, which overlaps in a batch",
        *(note for line in lines if (note := _by_model(line))),
    ]
    if not money:
        notes.append("money: price_in and price_out of [models.*] and [judges.*] say what it costs")
    elif any(line.cost.money is None for line in lines):
        notes.append("money is left out where a model or judge that was used has no price")
    return Table("cost", "Cost", columns, rows, tuple(notes), len(varying(lines)))


def _roles(cost: Cost) -> tuple[int, ...]:
    return cost.prompt, cost.own, cost.forced, cost.discarded, cost.judge


def _money(cost: Cost) -> tuple[Cell, Cell]:
    return number(cost.money, 4), number(cost.money_per_correct, 4)


def _by_model(line: Line) -> str:
    """Who read and wrote how much, where more than one model did."""
    if len(line.cost.by_model) + len(line.cost.by_judge) < 2:
        return ""
    said = [*_spent(line.cost.by_model, ""), *_spent(line.cost.by_judge, "judge ")]
    return f"{line.setting} on {line.benchmark}: {'; '.join(said)}"


def _spent(models: Mapping[str, Spent], kind: str) -> list[str]:
    return [
        f"{kind}{name} read {each.prompt:,} and wrote {each.completion:,} tokens"
        + ("" if each.money is None else f" for {each.money:,.4f}")
        for name, each in models.items()
    ]
