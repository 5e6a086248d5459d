"""`judgekit judge list|eval|probe|calibrate|tune`: the judge of the judge."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from judgekit import errors
from judgekit.cli.common import (
    ConfigFile,
    Json,
    Quiet,
    configuration,
    examples,
    plain,
    print_json,
    remarks,
    screen,
    table,
)
from judgekit.cli.labelled import Judges, Labels, Limit, OneJudge, gaps, verdicts_beside
from judgekit.cli.tune import EPILOG, tune_judge

if TYPE_CHECKING:
    from judgekit.analysis.intervals import Share
    from judgekit.audit.agreement import Measured
    from judgekit.audit.report_card import Compared, Rated, ReportCard
    from judgekit.config import Config
    from judgekit.judges.calibrate import Calibration
    from judgekit.judges.labelled import Labelled
    from judgekit.judges.probing import Result

judge = typer.Typer(
    help="Judges: which there are, how good they are, what fools them, what they may decide.",
    epilog=examples(
        "judgekit judge list",
        "judgekit judge eval small --labels labelled.jsonl",
        "judgekit judge probe small --labels labelled.jsonl",
        "judgekit judge calibrate small --labels labelled.jsonl",
        "judgekit judge tune small --labels labelled.jsonl",
    ),
    no_args_is_help=True,
)


def register(app: typer.Typer, name: str) -> None:
    app.add_typer(judge, name=name)


@judge.command("list", epilog=examples("judgekit judge list"))
def list_judges(config: ConfigFile = None, as_json: Json = False) -> int:
    """The judges of the configuration and of installed packages."""
    from judgekit.judges import known_judges

    known = known_judges(configuration(config))
    if as_json:
        print_json([{"name": name, "what": what} for name, what in known.items()])
    elif known:
        screen().print(table(None, ["judge", "what it is"], [[*each] for each in known.items()]))
    else:
        line = "no judges: add a table [judges.NAME] to judgekit.toml, or use recorded:COLUMN"
        remarks().print(plain(line))
    return errors.DONE


@judge.command(
    "eval",
    epilog=examples(
        "judgekit judge eval small --labels labelled.jsonl --by kind",
        "judgekit judge eval recorded:gpt recorded:qwen --labels labelled.jsonl",
    ),
)
def evaluate(
    judges: Judges,
    labels: Labels,
    by: Annotated[
        str | None, typer.Option(help="A card for each kind, length or model graded.")
    ] = None,
    limit: Limit = None,
    config: ConfigFile = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> int:
    """A judge's report card against human labels; several judges are compared on the same rows."""
    from judgekit.audit.report_card import by_group, mcnemar, report_card

    if by not in (None, "kind", "length", "model"):
        raise errors.UnknownName("--by", str(by), ("kind", "length", "model"))
    rated, found, down = _examined(judges, labels, limit, configuration(config), quiet)
    cards = {name: report_card(rows) for name, rows in rated.items()}
    if by:
        cards = {
            f"{name}, {value or '?'}": card
            for name, rows in rated.items()
            for value, card in by_group(rows, by).items()
        }
    first = judges[0]
    compared = {name: mcnemar(rated[first], rated[name]) for name in judges[1:]}
    if as_json:
        print_json(
            {
                "cards": {name: dataclasses.asdict(card) for name, card in cards.items()},
                "compared_with_first": {n: dataclasses.asdict(c) for n, c in compared.items()},
                "left_out": found.left_out,
                "unsure": found.unsure,
            }
        )
    else:
        _show_cards(cards, compared, first)
    return gaps(found, down)


@judge.command(
    "probe",
    epilog=examples("judgekit judge probe small --labels labelled.jsonl --rows 20"),
)
def probe_judge(
    name: OneJudge,
    labels: Labels,
    rows: Annotated[int, typer.Option(min=1, help="Copies of each kind.")] = 50,
    only: Annotated[list[str] | None, typer.Option(help="Only this probe; repeatable.")] = None,
    config: ConfigFile = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> int:
    """How often perturbed copies of labelled rows move a judge, or take it in."""
    import asyncio

    from judgekit.judges import open_judges
    from judgekit.judges.labelled import read_labelled
    from judgekit.judges.probing import probe

    settings, found = configuration(config), read_labelled(labels)

    async def work() -> tuple[list[Result], str | None]:
        async with open_judges(
            [name], settings, cache=verdicts_beside(labels), columns=found.columns
        ) as opened:
            results = await probe(opened[name], found.rows, limit=rows, only=only or ())
            return results, opened[name].down

    remarks(quiet).print(f"[dim]asking {plain(name)} about perturbed copies …[/dim]")
    results, fault = asyncio.run(work())
    if as_json:
        print_json([_probe_row(result) for result in results])
    else:
        cells = [
            [
                result.name,
                {"same": "no change"}.get(result.expect, f"not {_opposite(result.expect)}"),
                str(result.failed.n),
                _percent(result.failed),
                _percent(result.held),
                str(result.undecided or ""),
            ]
            for result in results
        ]
        columns = ["probe", "wanted", "copies", "failed", "after the check", "undecided"]
        screen().print(table(f"{name}: what moves it or takes it in", columns, cells, right=4))
    return gaps(found, {name: fault} if fault else {})


@judge.command(
    "calibrate",
    epilog=examples(
        "judgekit judge calibrate small --labels labelled.jsonl --alpha 0.1",
        "judgekit judge calibrate small large --labels labelled.jsonl",
    ),
)
def calibrate_judges(
    judges: Judges,
    labels: Labels,
    alpha: Annotated[float, typer.Option(help="Disagreement with people allowed.")] = 0.1,
    delta: Annotated[float, typer.Option(help="Chance that more disagree after all.")] = 0.05,
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
        return _weigh(judges[0], labels, limit, settings, quiet, as_json)
    # A threshold that is set already would hide the verdicts below it.
    opened = {
        name: dataclasses.replace(each, decide_above=None) for name, each in settings.judges.items()
    }
    rated, found, down = _examined(
        judges, labels, limit, dataclasses.replace(settings, judges=opened), quiet, alone=True
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
        _show_thresholds(results, settings)
    return gaps(found, down)


judge.command("tune", epilog=EPILOG)(tune_judge)


def _weigh(
    jury: str, labels: Path, limit: int | None, settings: Config, quiet: bool, as_json: bool
) -> int:
    """The weights of a jury's members, from labels, written into the configuration."""
    from judgekit.judges.weights import from_labels
    from judgekit.judges.writing import set_option

    members = settings.juries[jury].members
    rated, found, down = _examined([*members], labels, limit, settings, quiet)
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


def _examined(
    judges: list[str],
    labels: Path,
    limit: int | None,
    config: Config,
    quiet: bool,
    alone: bool = False,
) -> tuple[dict[str, list[Rated]], Labelled, dict[str, str]]:
    """Every judge's verdicts on the labelled rows, one row a problem where they have to be
    independent of one another."""
    import asyncio

    from judgekit.audit.examining import examine, one_a_problem
    from judgekit.judges import open_judges
    from judgekit.judges.labelled import read_labelled

    found = read_labelled(labels)
    rows = one_a_problem(found.rows) if alone else list(found.rows)
    if len(rows) < len(found.rows):
        remarks(quiet).print(
            f"[dim]{len(rows)} of {len(found.rows)} labelled rows, one a problem[/dim]"
        )

    async def work() -> tuple[dict[str, list[Rated]], dict[str, str]]:
        async with open_judges(
            judges, config, cache=verdicts_beside(labels), columns=found.columns
        ) as opened:
            rated = {name: await examine(each, rows[:limit]) for name, each in opened.items()}
            return rated, {name: each.down for name, each in opened.items() if each.down}

    rated, down = asyncio.run(work())
    return rated, found, down


def _show_cards(cards: dict[str, ReportCard], compared: dict[str, Compared], first: str) -> None:
    names = list(cards)
    rows = [
        ["labelled rows", *(str(card.rows) for card in cards.values())],
        ["undecided", *(f"{card.undecided} ({card.unparsed} unparsed)" for card in cards.values())],
        ["overruled (rightly)", *(_overruled(card) for card in cards.values())],
        *(
            [label, *(_percent(getattr(card, field)) for card in cards.values())]
            for label, field in (
                ("accuracy", "accuracy"),
                ("precision", "precision"),
                ("recall", "recall"),
                ("specificity", "specificity"),
            )
        ),
        *(
            [label, *(_number(getattr(card, field)) for card in cards.values())]
            for label, field in (
                ("F1", "f1"),
                ("balanced accuracy", "balanced_accuracy"),
                ("Cohen's kappa", "kappa"),
                ("Krippendorff's alpha", "alpha"),
            )
        ),
        ["TP, FP, FN, TN", *(", ".join(map(str, card.confusion)) for card in cards.values())],
        ["ECE, Brier, AUROC", *(_calibrated(card) for card in cards.values())],
        ["calls, tokens", *(f"{card.calls}, {card.tokens}" for card in cards.values())],
    ]
    screen().print(table("Report card against human labels", ["", *names], rows, right=len(names)))
    for name, found in compared.items():
        screen().print(
            plain(
                f"{first} - {name}: {found.difference:+.1%} [{found.low:+.1%}, {found.high:+.1%}] "
                f"of {found.rows} rows; only {first} is right on {found.only_first}, only {name} "
                f"on {found.only_second}; McNemar p = {found.p:.3g}"
            ),
            soft_wrap=True,
        )


def _show_thresholds(results: dict[str, Calibration], settings: Config) -> None:
    for name, result in results.items():
        screen().print(f"[bold]{plain(name)}[/bold]: {plain(result.sentence)}", soft_wrap=True)
        if result.threshold is None:
            continue
        if name in settings.judges and settings.path:
            shown = f"decide_above = {result.threshold:.6g} written to {settings.path}"
            remarks().print(f"[dim]{plain(shown)}[/dim]")


def _probe_row(result: Result) -> dict[str, Any]:
    row = dataclasses.asdict(result)
    row["examples"] = [
        {
            "id": each.row.key.id,
            "before": each.before,
            "after": each.alone.outcome,
            "evidence": each.alone.evidence,
        }
        for each in result.examples
    ]
    return row


def _opposite(expect: str) -> str:
    return "correct" if expect == "incorrect" else "incorrect"


def _overruled(card: ReportCard) -> str:
    return f"{card.overruled} ({card.overruled_rightly})" if card.overruled else "0"


def _percent(found: Share) -> str:
    if found.value is None:
        return "–"
    return f"{found.value:.1%} [{found.low:.1%}, {found.high:.1%}]"


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
