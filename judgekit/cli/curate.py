"""`judgekit curate POOL`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from judgekit import errors
from judgekit.cli.common import configuration, examples, plain, print_json, remarks, screen, table
from judgekit.cli.options import (
    ConfigFile,
    GoldField,
    IdField,
    Json,
    QuestionField,
    Quiet,
    SeedOfDraw,
)

if TYPE_CHECKING:
    from judgekit.train.curation.curate import Curated
    from judgekit.train.curation.diversity import Like, Pick
    from judgekit.train.curation.pool import Pool

EPILOG = examples(
    "judgekit curate pool.jsonl --total 1000",
    "judgekit curate pool.jsonl --solved qwen7b --solved qwen32b --domain subject",
    "judgekit curate pool.jsonl --solved runs/pool-small-… --solved runs/pool-large-… "
    "--domains-by large",
    "judgekit curate pool.jsonl --gold gold --pick aime --pick math:5600 --like aime "
    "--like gpqa=0.5 --against math500 --against my-test.jsonl",
)


def register(app: typer.Typer, name: str) -> None:
    app.command(name, epilog=EPILOG)(curate)


def curate(
    pool: Annotated[Path, typer.Argument(metavar="POOL", help="A JSONL, CSV or Parquet file.")],
    total: Annotated[int, typer.Option(min=1, metavar="N", help="Rows to draw.")] = 1000,
    solved: Annotated[
        list[str] | None,
        typer.Option(
            metavar="F|RUN", help="Field or graded run: did this model solve it? Repeatable."
        ),
    ] = None,
    minimum: Annotated[
        float, typer.Option("--min-length", metavar="N", help="Drop shorter traces.")
    ] = 0.0,
    domains_by: Annotated[
        str | None, typer.Option(metavar="JUDGE", help="A judge labels the domains (MSC).")
    ] = None,
    pick: Annotated[
        list[str] | None,
        typer.Option(metavar="SOURCE[:LENGTH]", help="Take its correct longer traces. Repeatable."),
    ] = None,
    like: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SOURCE[=SHARE]", help="Last 30 %: distribute domains like it. Repeatable."
        ),
    ] = None,
    against: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME|FILE",
            help="Decontaminate against this benchmark or file; default: all on this machine; "
            "none. Repeatable.",
        ),
    ] = None,
    ngram: Annotated[int, typer.Option(min=1, metavar="N", help="Words in common.")] = 8,
    near: Annotated[
        float, typer.Option(metavar="SHARE", help="Overlap of near duplicates; 0 keeps them.")
    ] = 0.8,
    question: QuestionField = None,
    trace: Annotated[str | None, typer.Option(metavar="F", help="Field: the thinking.")] = None,
    answer: Annotated[str | None, typer.Option(metavar="F", help="Field: the answer.")] = None,
    id_field: IdField = None,
    domain: Annotated[str | None, typer.Option(metavar="F", help="Field: the domain.")] = None,
    source: Annotated[str | None, typer.Option(metavar="F", help="Field: the source.")] = None,
    length: Annotated[
        str | None, typer.Option(metavar="F", help="Field: the trace's tokens; default: its words.")
    ] = None,
    gold: GoldField = None,
    seed: SeedOfDraw = 0,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Default: POOL.curated.jsonl.")
    ] = None,
    config: ConfigFile = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> int:
    """A small training set from a large pool of traces, after s1K.

    Quality (nothing missing, no leftovers of layout), no duplicates, no benchmark questions,
    difficulty (solved by neither model), then a draw over domains that prefers long traces.
    """
    import asyncio

    from judgekit.cli.progress import labelling
    from judgekit.runs import load
    from judgekit.train.curation.contamination import read_benchmarks
    from judgekit.train.curation.curate import Recipe
    from judgekit.train.curation.curate import curate as make
    from judgekit.train.curation.pool import read_pool

    columns = {
        "question": question,
        "trace": trace,
        "answer": answer,
        "id": id_field,
        "domain": domain,
        "source": source,
        "length": length,
        "gold": gold,
    }
    if domain is not None and domains_by is not None:
        raise errors.UserError("--domain and --domains-by exclude one another")
    solvers = solved or []
    runs = [load(name) for name in solvers if Path(name).is_dir()]
    recipe = Recipe(
        total=total,
        near=near or None,
        minimum=minimum,
        judge=domains_by,
        picks=tuple(_pick(each) for each in pick or ()),
        likes=tuple(_like(each) for each in like or ()),
        seed=seed,
    )
    settings = configuration(config)
    benchmarks = read_benchmarks(against or (), ngram)
    rows = read_pool(pool, columns, [name for name in solvers if not Path(name).is_dir()])
    with labelling(quiet) as watch:
        found = asyncio.run(
            make(
                rows,
                recipe,
                benchmarks,
                out or pool.with_suffix(".curated.jsonl"),
                runs=runs,
                config=settings,
                watch=watch,
            )
        )
    if as_json:
        print_json({"out": str(found.out), "removed": str(found.removed), **found.record})
    else:
        _show(found)
    _remark(found, rows, quiet)
    return errors.INCOMPLETE if rows.left_out else errors.DONE


def _pick(text: str) -> Pick:
    from judgekit.train.curation.diversity import Pick

    source, above = _source_and_number(text, ":", "--pick", 0.0)
    return Pick(source, above)


def _like(text: str) -> Like:
    from judgekit.train.curation.diversity import Like

    source, share = _source_and_number(text, "=", "--like", 1.0)
    return Like(source, share)


def _source_and_number(text: str, mark: str, option: str, default: float) -> tuple[str, float]:
    source, found, number = text.rpartition(mark)
    if not found:
        return text, default
    try:
        value = float(number)
    except ValueError:
        raise errors.UserError(f"{option} {text!r}: {number!r} is no number") from None
    if not source or not 0 <= value < float("inf"):
        raise errors.UserError(f"{option} {text!r}", hint=f"such as {option} aime{mark}1")
    return source, value


def _show(found: Curated) -> None:
    rows = [
        [
            step.filter,
            "; ".join(f"{id_}: {reason}" for id_, reason in step.examples[:1]),
            *(f"{n:,}" for n in (step.before, step.removed, step.left)),
        ]
        for step in found.steps
    ]
    columns = ["filter", "such as", "before", "removed", "left"]
    screen().print(table(None, columns, rows, right=3))


def _remark(found: Curated, pool: Pool, quiet: bool) -> None:
    """What the table does not show: domains, benchmarks, unreadable rows, files."""
    say, record = remarks(quiet), found.record
    if record["domains"] == 1:
        say.print("all rows are of one domain: --domain F or --domains-by JUDGE tells them apart")
    checked = ", ".join(f"{name} ({n:,})" for name, n in record["checked_against"].items())
    say.print(f"decontaminated against {plain(checked or 'nothing')}")
    if missing := record["not_checked_against"]:
        say.print(
            f"[yellow]not against {', '.join(missing)}[/yellow]: not on this machine; "
            "--against NAME fetches one, --against FILE reads one"
        )
    for number, reason in pool.left_out[:10]:
        say.print(f"[yellow]row {number} left out:[/yellow] {plain(reason)}", soft_wrap=True)
    if len(pool.left_out) > 10:
        say.print(f"[yellow]and {len(pool.left_out) - 10} more rows left out[/yellow]")
    say.print(f"rows: {plain(str(found.out))}", soft_wrap=True)
    say.print(f"removed rows and why: {plain(str(found.removed))}", soft_wrap=True)
    say.print(f"next: judgekit train sft {plain(str(found.out))}", soft_wrap=True)
