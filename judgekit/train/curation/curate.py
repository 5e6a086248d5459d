"""The s1K recipe on a pool: one filter after the other, each on what the one before has left."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from judgekit.config import Config
from judgekit.errors import UserError
from judgekit.rows import SCHEMA, to_row
from judgekit.runs import Run
from judgekit.train.curation import quality
from judgekit.train.curation.contamination import Benchmarks, contaminated
from judgekit.train.curation.difficulty import Solvers, short
from judgekit.train.curation.diversity import Like, Pick, draw, weights
from judgekit.train.curation.domains import Watch, label_domains
from judgekit.train.curation.duplicates import NEAR, exact_duplicates, near_duplicates
from judgekit.train.curation.pool import Pool, Row, chosen_rows
from judgekit.train.selection.files import file_hash, refuse_foreign, write_record, write_rows
from judgekit.train.selection.rows import Trace
from judgekit.verifier import verify
from judgekit.version import __version__

TOTAL = 1000
EXAMPLES = 3

Filter = Callable[[Sequence[Row]], Mapping[int, str]]
"""From rows to those that are dropped, by number, each with the reason."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is kept. The defaults are s1K's where it has any.

    `near` None keeps near duplicates. `minimum` is the shortest trace. `judge` gives the domains,
    where no column does. `picks` and `likes`: see `judgekit.train.curation.diversity`.
    """

    total: int = TOTAL
    near: float | None = NEAR
    minimum: float = 0.0
    judge: str | None = None
    picks: tuple[Pick, ...] = ()
    likes: tuple[Like, ...] = ()
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """What one filter did: rows before, removed and left, and some of the removed with reasons."""

    filter: str
    before: int
    removed: int
    left: int
    examples: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Curated:
    """A curated set on the disk. `record` is what stands in the record file, `removed` the file
    with every row that was dropped, by which filter and why."""

    out: Path
    removed: Path
    steps: tuple[Step, ...]
    record: Mapping[str, Any]


async def curate(
    pool: Pool,
    recipe: Recipe,
    benchmarks: Benchmarks,
    out: Path,
    *,
    runs: Sequence[Run] = (),
    config: Config | None = None,
    watch: Watch | None = None,
) -> Curated:
    """Curate the pool into `out`, with its record and a file of what was removed.

    `runs` are graded runs of models that tried the problems. Raises `UserError` where nothing is
    left, and what `label_domains` raises.
    """
    removed_file = out.with_suffix(".removed.jsonl")
    refuse_foreign(out, pool.path)
    _check(pool, recipe)
    solvers = Solvers(pool.solvers, runs)
    books = Books(pool.rows)
    for name, rule in _filters(recipe, benchmarks, solvers):
        books.apply(name, rule(books.rows))
    if recipe.judge is not None:
        kept = out.with_suffix(".domains.jsonl")
        labels = await label_domains(books.rows, recipe.judge, config or Config(), kept, watch)
        why = "no domain could be had"
        books.apply("unlabelled", {r.number: why for r in books.rows if r.number not in labels})
        books.rows = [replace(row, domain=labels[row.number]) for row in books.rows]
    picked = [row for row in books.rows if is_picked(row, recipe.picks)]
    chosen = draw(
        books.rows,
        recipe.total,
        seed=recipe.seed,
        picked=picked,
        like=weights(books.rows, recipe.likes),
    )
    drawn = {row.number: row for row in chosen}
    books.apply("not drawn", {r.number: "not drawn" for r in books.rows if r.number not in drawn})
    if not drawn:
        emptied = next((step.filter for step in books.steps if not step.left), "errors")
        raise UserError(f"nothing of {pool.path} is left after the filter {emptied!r}")
    digest = write_rows(out, _curated(pool, drawn))
    write_rows(removed_file, books.removed)
    record = {
        "schema": SCHEMA,
        "judgekit": __version__,
        "method": "curate",
        "options": asdict(recipe),
        "pool": {
            "path": str(pool.path),
            "sha256": file_hash(pool.path),
            "columns": dict(pool.columns),
            "rows": len(pool.rows),
            "unreadable": len(pool.left_out),
        },
        "solvers": list(solvers.names),
        "ngram": benchmarks.n,
        "checked_against": benchmarks.checked,
        "not_checked_against": benchmarks.missing,
        "steps": [asdict(step) for step in books.steps],
        "picked": len(picked),
        "domains": len({row.domain for row in chosen}),
        "rows": len(chosen),
        "sha256": digest,
    }
    write_record(out, record)
    return Curated(out, removed_file, tuple(books.steps), record)


def _filters(
    recipe: Recipe, benchmarks: Benchmarks, solvers: Solvers
) -> Iterator[tuple[str, Filter]]:
    """Quality, then what must not be learnt twice or at all, then difficulty."""
    yield "errors", quality.errors
    yield "format", quality.layout
    yield "duplicates", exact_duplicates
    if recipe.near is not None:
        yield "near duplicates", partial(near_duplicates, threshold=recipe.near)
    yield "contaminated", partial(contaminated, benchmarks=benchmarks)
    if solvers.names:
        yield "solved", solvers.solved
        yield "unsettled", solvers.unsettled
    if recipe.minimum:
        yield "short", partial(short, minimum=recipe.minimum)


class Books:
    """The rows that are left, and what each filter has removed."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows: Sequence[Row] = rows
        self.steps: list[Step] = []
        self.removed: list[dict[str, Any]] = []

    def apply(self, name: str, dropped: Mapping[int, str]) -> None:
        """Drop rows, and write down which and why."""
        gone = [row for row in self.rows if row.number in dropped]
        left = [row for row in self.rows if row.number not in dropped]
        examples = tuple((row.id, dropped[row.number]) for row in gone[:EXAMPLES])
        self.steps.append(Step(name, len(self.rows), len(gone), len(left), examples))
        self.removed += (
            {
                "schema": SCHEMA,
                "id": row.id,
                "row": row.place,
                "filter": name,
                "reason": dropped[row.number],
            }
            for row in gone
        )
        self.rows = left


def is_picked(row: Row, picks: Sequence[Pick]) -> bool:
    """Whether a pick takes the row: by source, length, and an answer proven correct."""
    if not any(pick.matches(row) for pick in picks):
        return False
    return verify(row.gold, row.answer, question=row.question).outcome == "correct"


def _check(pool: Pool, recipe: Recipe) -> None:
    if recipe.total < 1:
        raise UserError(f"a set of {recipe.total} rows", hint="at least one")
    if recipe.near is not None and not 0 < recipe.near <= 1:
        raise UserError(f"{recipe.near:g} is no overlap", hint="above 0 and up to 1, such as 0.8")
    needed = {"source"} if recipe.likes else set[str]()
    needed |= {"source", "gold"} if recipe.picks else set()
    for role in sorted(needed):
        if pool.columns[role] is None:
            raise UserError(
                f"{pool.path} has no column that looks like the {role}, which picks or likes need",
                hint=f"name it with --{role}",
            )


def _curated(pool: Pool, drawn: Mapping[int, Row]) -> Iterator[dict[str, Any]]:
    """The chosen rows as rows for supervised fine-tuning, with their domain and gold answer."""
    for row, texts in chosen_rows(pool, drawn.keys()):
        trace = Trace(row.id, row.question, texts["trace"], row.answer, row.source)
        yield {**to_row(trace), "domain": drawn[row.number].domain, "gold": row.gold}
