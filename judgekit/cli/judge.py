"""`judgekit judge list|eval|probe|calibrate|tune`: the judge of the judge."""

from __future__ import annotations

import dataclasses
import typing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from judgekit import errors
from judgekit.cli.calibrate import EPILOG as CALIBRATE_EPILOG
from judgekit.cli.calibrate import calibrate_judges
from judgekit.cli.common import configuration, examples, plain, print_json, remarks, screen, table
from judgekit.cli.judged import (
    probe_row,
    show_cards,
    show_groups,
    show_preferences,
    show_probes,
    show_versus,
)
from judgekit.cli.labelled import (
    Judges,
    Labels,
    Limit,
    OneJudge,
    Reduced,
    examined,
    gaps,
    verdicts_beside,
)
from judgekit.cli.options import ConfigFile, Json, Quiet
from judgekit.cli.tune import EPILOG as TUNE_EPILOG
from judgekit.cli.tune import tune_judge

if TYPE_CHECKING:
    from judgekit.judges.probing import Result
    from judgekit.judges.self_preference import Preference

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
        str | None, typer.Option(help="Also for each kind, length or model graded.")
    ] = None,
    rule: Reduced = "majority",
    limit: Limit = None,
    config: ConfigFile = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> int:
    """A judge's report card against human labels; several judges are compared on the same rows."""
    from judgekit.analysis.cost import Prices
    from judgekit.audit.report_card import by_group, report_card
    from judgekit.audit.versus import each_pair

    if by not in (None, "kind", "length", "model"):
        raise errors.UnknownName("--by", str(by), ("kind", "length", "model"))
    settings = configuration(config)
    rated, found, down = examined(judges, labels, rule, limit, settings, quiet)
    prices = Prices.of(settings).judges
    cards = {name: report_card(rows, prices.get(name)) for name, rows in rated.items()}
    groups = {
        name: by_group(rows, by, prices.get(name)) if by else {} for name, rows in rated.items()
    }
    versus = each_pair(rated)
    if as_json:
        print_json(
            {
                "cards": {name: dataclasses.asdict(card) for name, card in cards.items()},
                "by": {
                    name: {value: dataclasses.asdict(card) for value, card in each.items()}
                    for name, each in groups.items()
                },
                "compared": [
                    {"first": a, "second": b, **dataclasses.asdict(each)}
                    for (a, b), each in versus.items()
                ],
                "left_out": found.left_out,
                "unsure": found.unsure,
                "divided": found.divided,
            }
        )
    else:
        show_cards(cards)
        if by:
            show_groups(groups, by)
        show_versus(versus)
    return gaps(found, down)


@judge.command(
    "probe",
    epilog=examples(
        "judgekit judge probe small --labels labelled.jsonl --rows 20",
        "judgekit judge probe recorded:gpt --labels labelled.jsonl --own openai/gpt-4o",
    ),
)
def probe_judge(
    name: OneJudge,
    labels: Labels,
    rows: Annotated[int, typer.Option(min=1, help="Copies of each kind.")] = 50,
    only: Annotated[list[str] | None, typer.Option(help="Only this probe; repeatable.")] = None,
    own: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="The judge's own among the rows' models."),
    ] = None,
    rule: Reduced = "majority",
    config: ConfigFile = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> int:
    """How often perturbed copies of labelled rows move a judge, or take it in.

    Where the rows name at least two models that wrote them (column model), one of them the judge's
    own, whether it goes easier on that one.
    """
    import asyncio

    from judgekit.judges import open_judges
    from judgekit.judges.labelled import read_labelled
    from judgekit.judges.probing import probe, probe_names
    from judgekit.judges.self_preference import self_preference

    settings, found = configuration(config), read_labelled(labels, typing.cast(Any, rule))

    async def work() -> tuple[list[Result], list[Preference], str | None]:
        async with open_judges(
            [name], settings, cache=verdicts_beside(labels), columns=found.columns
        ) as opened:
            judge = opened[name]
            results = await probe(judge, found.rows, limit=rows, only=only or ())
            preferences = (
                [] if only else await self_preference(judge, found.rows, limit=rows, own=own)
            )
            return results, preferences, judge.down

    remarks(quiet).print(f"[dim]asking {plain(name)} about perturbed copies …[/dim]")
    results, preferences, fault = asyncio.run(work())
    if not (results or preferences or only):
        raise errors.UserError(
            f"{name} repeats what is recorded: it has no word on a perturbed copy",
            hint="--own MODEL, one of the column model, measures its self-preference",
        )
    made = {result.name for result in results}
    left_out = [each for each in only or probe_names() if each not in made]
    if as_json:
        print_json(
            {
                "probes": [probe_row(result) for result in results],
                "left_out": left_out,
                "self_preference": [dataclasses.asdict(each) for each in preferences],
            }
        )
    else:
        show_probes(name, results)
        show_preferences(preferences)
        if results and left_out:
            remarks(quiet).print(
                f"[dim]not probed: {', '.join(left_out)} (no row allows it, or this kind of judge "
                "has no prompt to change)[/dim]",
                soft_wrap=True,
            )
        if not preferences and not only:
            remarks(quiet).print(
                "[dim]self-preference is not measured: the rows do not name two models that wrote "
                "them (column model), or none of them is the judge's own (--own)[/dim]",
                soft_wrap=True,
            )
    return gaps(found, {name: fault} if fault else {})


judge.command("calibrate", epilog=CALIBRATE_EPILOG)(calibrate_judges)
judge.command("tune", epilog=TUNE_EPILOG)(tune_judge)
