"""Questions that share a run of words with a benchmark's: the model must not learn the test.

As s1 does it: words are what white space separates, in lower case, and one run of eight in common
is enough (Muennighoff et al. 2025, arXiv 2501.19393; the default of its public code is 13). A
question shorter than that is compared whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from judgekit import benchmark
from judgekit.errors import DataError, EnvironmentFault, UserError
from judgekit.formats.rows import cell_text, read_rows
from judgekit.train.curation.pool import GUESSES, Row

NGRAM = 8
NONE = "none"


@dataclass(frozen=True, slots=True)
class Benchmarks:
    """The n-grams of benchmarks, each with the problem that has it.

    `checked` says how many questions of which benchmark, `missing` which are not on this machine.
    """

    n: int = NGRAM
    grams: dict[str, str] = field(default_factory=dict)
    checked: dict[str, int] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    def add(self, name: str, questions: Iterable[tuple[str, str]]) -> None:
        """Take in a benchmark's questions, each with its id."""
        for id_, question in questions:
            self.checked[name] = self.checked.get(name, 0) + 1
            for gram in ngrams(question, self.n):
                self.grams.setdefault(gram, f"{name} {id_}")


def read_benchmarks(names: Sequence[str] = (), n: int = NGRAM) -> Benchmarks:
    """The n-grams of benchmarks by name or of files with a column of questions.

    Without names: of every benchmark that is on this machine (shipped, or in the hub's cache); the
    others are listed as missing. `none` is no benchmark. Raises what `benchmark.load` raises for
    one that was named, `DataError` for a file without questions, `UserError` for n below 1.
    """
    if n < 1:
        raise UserError(f"runs of {n} words", hint="at least one, such as 8")
    found = Benchmarks(n)
    for name in names or benchmark.names():
        if name == NONE:
            continue
        if Path(name).is_file() and Path(name).suffix != ".toml":
            found.add(Path(name).name, _questions(Path(name)))
            continue
        try:
            loaded = benchmark.load(name, fetch=bool(names))
        except EnvironmentFault:
            if names:
                raise
            found.missing.append(name)
        else:
            found.add(loaded.name, ((each.id, each.question) for each in loaded.problems))
    return found


def contaminated(rows: Sequence[Row], benchmarks: Benchmarks) -> dict[int, str]:
    """Rows whose question has an n-gram of a benchmark's."""
    dirty = {}
    for row in rows:
        gram = next((g for g in ngrams(row.question, benchmarks.n) if g in benchmarks.grams), None)
        if gram is not None:
            dirty[row.number] = f"{gram!r:.70} stands in {benchmarks.grams[gram]}"
    return dirty


def ngrams(text: str, n: int) -> Iterator[str]:
    """Every n words running, in lower case; the whole text where it has fewer."""
    words = text.lower().split()
    for i in range(max(1, len(words) - n + 1)):
        yield " ".join(words[i : i + n])


def _questions(path: Path) -> Iterator[tuple[str, str]]:
    for number, row in read_rows(path):
        name = next((guess for guess in GUESSES["question"] if guess in row), None)
        if name is None:
            raise DataError(
                f"{path}, row {number}: no column with the question",
                hint=f"one of {', '.join(GUESSES['question'])}; the row has: {', '.join(row)}",
            )
        try:
            yield str(row.get("id", number)), cell_text(row[name])
        except ValueError as fault:
            raise DataError(f"{path}, row {number}: {name} {fault}") from None
