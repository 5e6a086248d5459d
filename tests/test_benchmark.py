"""Benchmarks by name, by file, from the hub's local cache, generated."""

from __future__ import annotations

import csv
import json
import random
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from judgekit.benchmark import describe, load, names
from judgekit.errors import (
    ConfigError,
    DataError,
    EnvironmentFault,
    MissingExtra,
    UnknownName,
    UserError,
)
from judgekit.formats.problems import kind_of
from judgekit.records import Problem
from judgekit.rows import from_row, to_row

GPQA_COLUMNS = (
    "Record ID",
    "Question",
    "Correct Answer",
    "Incorrect Answer 1",
    "Incorrect Answer 2",
    "Incorrect Answer 3",
    "Subdomain",
)


@pytest.fixture
def gpqa_rows() -> list[list[str]]:
    """Rows as the official file has them, line breaks around the options included."""
    subjects = ("Physics", "Chemistry", "Biology")
    return [
        [f"rec{i:03}", f"Question {i},\nsecond line?", f"right {i}\n"]
        + [f" wrong {i}-{k}" for k in range(3)]
        + [subjects[i % 3]]
        for i in range(200)
    ]


def gpqa_file(path: Path, rows: list[list[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([GPQA_COLUMNS, *rows])
    return path


def mine(folder: Path, toml: str, *rows: dict[str, Any]) -> Path:
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    path = folder / "mine.toml"
    path.write_text(toml)
    return path


class TestShipped:
    def test_names(self) -> None:
        assert set(names()) >= {
            *("math500", "aime24", "gsm8k", "starter"),
            *("gpqa", "gpqa-diamond", "gpqa-extended"),
        }

    @pytest.mark.parametrize("name", names())
    def test_each_says_what_it_is(self, name: str) -> None:
        facts = describe(name)
        assert facts["name"] == name
        assert facts["description"]
        assert facts["source"]

    def test_lengths_of_responses(self) -> None:
        limits = {name: describe(name)["max_tokens"] for name in names()}
        assert limits["starter"] == 256
        assert limits["gsm8k"] == 1024
        assert limits["math500"] == 4096
        assert {limits[n] for n in limits if n.startswith(("aime", "gpqa"))} == {8192}

    @pytest.mark.parametrize("name", names())
    def test_problems_survive_being_written_down(self, name: str, shared_data: Path) -> None:
        files = {"math500": "math500", "aime24": "aime24", "gsm8k": "gsm8k_test"}
        if name != "starter" and name not in files:
            pytest.skip("GPQA is not to be spread")
        data = shared_data / "benchmarks" / f"{files.get(name)}.jsonl" if name in files else None
        for problem in load(name, data=data).problems:
            assert from_row(Problem, to_row(problem)) == problem


class TestRealFiles:
    def test_math500(self, shared_data: Path) -> None:
        found = load("math500", data=shared_data / "benchmarks/math500.jsonl")
        assert len(found.problems) == 500
        first = found.problems[0]
        assert first.id == "test/precalculus/807.json"
        assert first.gold == r"\left( 3, \frac{\pi}{2} \right)"
        assert first.meta == {"subject": "Precalculus", "level": 2}
        assert {problem.kind for problem in found.problems} == {"math"}

    def test_aime24(self, shared_data: Path) -> None:
        found = load("aime24", data=shared_data / "benchmarks/aime24.jsonl")
        assert len(found.problems) == 30
        assert (found.problems[0].id, found.problems[0].gold) == ("60", "204")
        assert all(0 <= int(problem.gold) <= 999 for problem in found.problems)

    @pytest.mark.parametrize(("split", "rows"), [("test", 1319), ("train", 7473)])
    def test_gsm8k_gold_is_the_number_after_the_mark(
        self, shared_data: Path, split: str, rows: int
    ) -> None:
        found = load("gsm8k", data=shared_data / f"benchmarks/gsm8k_{split}.jsonl")
        assert len(found.problems) == rows
        assert all(float(problem.gold) is not None for problem in found.problems)
        assert [problem.id for problem in found.problems[:2]] == ["1", "2"]

    def test_the_same_rows_in_another_format(self, shared_data: Path, tmp_path: Path) -> None:
        source = shared_data / "benchmarks/gsm8k_test.jsonl"
        rows = [json.loads(line) for line in source.read_text().splitlines()]
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "a.parquet")
        with (tmp_path / "a.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, ["question", "answer"])
            writer.writeheader()
            writer.writerows(rows)
        hashes = {load("gsm8k", data=p).hash for p in (source, *tmp_path.iterdir())}
        assert len(hashes) == 1

    def test_rows_of_another_benchmark(self, shared_data: Path) -> None:
        with pytest.raises(DataError) as fault:
            load("gsm8k", data=shared_data / "benchmarks/math500.jsonl")
        assert "row 1: no column 'question' (expected: question, answer; " in str(fault.value)


class TestMultipleChoice:
    def test_official_gpqa_file(self, tmp_path: Path, gpqa_rows: list[list[str]]) -> None:
        found = load("gpqa", data=gpqa_file(tmp_path / "gpqa_main.csv", gpqa_rows))
        assert len(found.problems) == 200
        for problem, row in zip(found.problems, gpqa_rows, strict=True):
            assert problem.id == row[0]
            assert problem.kind == "choice"
            assert problem.meta == {"Subdomain": row[6]}
            assert sorted(problem.choices) == sorted(text.strip() for text in row[2:6])
            assert problem.choices["ABCD".index(problem.gold)] == row[2].strip()

    def test_right_letters_are_spread(self, tmp_path: Path, gpqa_rows: list[list[str]]) -> None:
        found = load("gpqa", data=gpqa_file(tmp_path / "a.csv", gpqa_rows))
        letters = Counter(problem.gold for problem in found.problems)
        # 200 draws among four letters: 50 each, standard deviation 6.1.
        assert all(25 <= letters[letter] <= 75 for letter in "ABCD")

    def test_order_of_rows_and_limit_change_nothing(
        self, tmp_path: Path, gpqa_rows: list[list[str]]
    ) -> None:
        whole = load("gpqa", data=gpqa_file(tmp_path / "a.csv", gpqa_rows), seed=3)
        random.Random(1).shuffle(gpqa_rows)
        mixed = load("gpqa", data=gpqa_file(tmp_path / "b.csv", gpqa_rows), seed=3, limit=20)
        by_id = {problem.id: problem for problem in whole.problems}
        assert len(mixed.problems) == 20
        assert all(by_id[problem.id] == problem for problem in mixed.problems)

    def test_seed_is_what_shuffles(self, tmp_path: Path, gpqa_rows: list[list[str]]) -> None:
        path = gpqa_file(tmp_path / "a.csv", gpqa_rows)
        zero, one = load("gpqa", data=path, seed=0), load("gpqa", data=path, seed=1)
        assert load("gpqa", data=path).problems == zero.problems
        moved = sum(
            a.choices != b.choices for a, b in zip(zero.problems, one.problems, strict=True)
        )
        assert moved > 150
        assert zero.hash != one.hash
        assert (zero.seed, one.seed) == (0, 1)

    def test_order_is_fixed_for_good(self) -> None:
        (first,) = [p for p in load("starter").problems if p.id == "choice-01"]
        assert (first.choices, first.gold) == (("river", "shoe", "chair", "banana"), "D")

    @pytest.mark.parametrize(
        ("gold_as", "gold"), [("letter", "B"), ("letter", "b"), ("index", 1), ("text", "y")]
    )
    def test_how_gold_names_an_option(self, tmp_path: Path, gold_as: str, gold: object) -> None:
        toml = f'file = "rows.jsonl"\n[fields]\nchoices = "options"\ngold_as = "{gold_as}"\n'
        row = {"question": "?", "gold": gold, "options": ["x", "y", "z"]}
        (problem,) = load(mine(tmp_path, toml, row)).problems
        assert problem.choices["ABC".index(problem.gold)] == "y"
        (problem,) = load(mine(tmp_path, toml + "shuffle = false", row)).problems
        assert (problem.choices, problem.gold) == (("x", "y", "z"), "B")

    @pytest.mark.parametrize(
        ("gold", "options", "says"),
        [
            ("D", ["x", "y"], "gold 'D' is not the letter of one of the 2 options"),
            ("A", ["x"], "1 options: from 2 to 26"),
            ("A", "x, y", "options should be a list of texts"),
            ("A", [1, 2], "options should be a list of texts"),
        ],
    )
    def test_options_that_cannot_be(
        self, tmp_path: Path, gold: str, options: object, says: str
    ) -> None:
        toml = 'file = "rows.jsonl"\n[fields]\nchoices = "options"\n'
        path = mine(tmp_path, toml, {"question": "?", "gold": gold, "options": options})
        with pytest.raises(DataError, match=f"row 1: {says}"):
            load(path)


class TestOwnFile:
    TOML = 'max_tokens = 50\nfile = "rows.jsonl"\n[fields]\nmeta = ["topic"]\n'

    def test_path_is_relative_to_the_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = mine(tmp_path, self.TOML, {"question": " Q? ", "gold": 5, "topic": "t", "x": 1})
        monkeypatch.chdir("/")
        found = load(str(path))
        assert found.problems == (Problem("1", "Q?", "5", "math", (), {"topic": "t"}),)
        assert (found.name, found.max_tokens, found.source) == ("mine", 50, "rows.jsonl")

    def test_hash_is_of_the_problems_before_the_limit(self, tmp_path: Path) -> None:
        rows = [{"id": i, "question": "Q?", "gold": i} for i in range(3)]
        path = mine(tmp_path, self.TOML, *rows)
        assert load(path).hash == load(path, limit=1).hash
        assert load(path).hash != load(mine(tmp_path, self.TOML, *rows[:2])).hash

    @pytest.mark.parametrize(
        ("toml", "says"),
        [
            ("fil = 'a'", "'fil' (did you mean file or fields?)"),
            ("file = 'a.jsonl'\n[fields]\nqestion = 'a'", "fields: 'qestion' (did you mean quest"),
            ("[hub]\nrepo = 'a/b'\nfiles = 'c'", "hub: 'files' (did you mean file?)"),
            ("max_tokens = 5", "give either file = or [hub]"),
            ("file = 'a'\n[hub]\nrepo = 'a/b'\nfile = 'c'", "give either file = or [hub]"),
            ("file = 'a.jsonl'\nmax_tokens = 'many'", "'max_tokens' should be int, is 'many'"),
            ("file = 'a.jsonl'\n[fields]\nkind = 'maths'", "should be one of auto, math, choice"),
            ("file = ", "mine.toml: "),
        ],
    )
    def test_what_it_may_not_say(self, tmp_path: Path, toml: str, says: str) -> None:
        with pytest.raises((ConfigError, UnknownName)) as fault:
            load(mine(tmp_path, toml, {"question": "Q?", "gold": "5"}))
        assert says in str(fault.value)
        assert "mine.toml" in str(fault.value)

    @pytest.mark.parametrize(
        ("row", "says"),
        [
            ({"question": "Q?", "gold": ""}, "row 2: gold is empty"),
            ({"question": "", "gold": "5"}, "row 2: question is empty"),
            ({"question": "Q?", "gold": None}, "row 2: gold is missing"),
            ({"question": "Q?", "gold": ["5"]}, "row 2: gold should be text, is a list"),
            ({"question": "Q?"}, "row 2: no column 'gold'"),
            ({"id": "1", "question": "Q?", "gold": "5"}, "the id '1' stands in row 1 too"),
        ],
    )
    def test_row_that_makes_no_problem(
        self, tmp_path: Path, row: dict[str, Any], says: str
    ) -> None:
        with pytest.raises(DataError) as fault:
            load(mine(tmp_path, self.TOML, {"id": 1, "question": "Q?", "gold": "5"}, row))
        assert says in str(fault.value)

    def test_gold_without_its_mark(self, tmp_path: Path) -> None:
        toml = self.TOML + 'gold_after = "####"\n'
        row = {"question": "Q?", "gold": "#### 3 so #### $1,000"}
        assert load(mine(tmp_path, toml, row)).problems[0].gold == "$1,000"
        cleaned = load(mine(tmp_path, toml + 'gold_remove = ",$"', row)).problems[0]
        assert cleaned.gold == "1000"
        with pytest.raises(DataError, match="gold has no '####'"):
            load(mine(tmp_path, toml, {"question": "Q?", "gold": "5"}))

    def test_broken_file_is_not_a_smaller_benchmark(self, tmp_path: Path) -> None:
        path = mine(tmp_path, self.TOML, {"question": "Q?", "gold": "5"})
        with (tmp_path / "rows.jsonl").open("a") as file:
            file.write('{"question": "torn')
        with pytest.raises(DataError, match=r"rows\.jsonl, row 2: not JSON"):
            load(path)

    def test_kind_by_row(self, tmp_path: Path) -> None:
        toml = 'file = "rows.jsonl"\n[fields]\nkind_from = "type"\n'
        row = {"question": "Q?", "gold": "5", "type": "text"}
        assert load(mine(tmp_path, toml, row)).problems[0].kind == "text"
        with pytest.raises(DataError, match="type should be math or text"):
            load(mine(tmp_path, toml, {**row, "type": "essay"}))


class TestNames:
    def test_nearly_right(self) -> None:
        with pytest.raises(UnknownName, match=r"unknown benchmark 'math50' .did you mean math500"):
            load("math50")

    @pytest.mark.parametrize("limit", [0, -1])
    def test_limit_that_leaves_nothing(self, limit: int) -> None:
        with pytest.raises(UserError, match="leaves no problems"):
            load("starter", limit=limit)


class TestHub:
    """The real client of the hub against a cache of ours, and against no network."""

    @pytest.fixture
    def offline(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        constants = pytest.importorskip("huggingface_hub.constants")
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
        return tmp_path

    def test_not_reachable(self, offline: Path) -> None:
        with pytest.raises(EnvironmentFault) as fault:
            load("math500")
        line = str(fault.value)
        assert line.startswith("math500 cannot be had from the hub (HuggingFaceH4/MATH-500): ")
        assert (
            "use --data PATH, a JSONL, CSV or Parquet file with the columns problem, answer" in line
        )
        assert "\n" not in line

    def test_gated(self, offline: Path) -> None:
        with pytest.raises(EnvironmentFault, match=r"accept the terms at .*Idavidrein/gpqa"):
            load("gpqa-diamond")

    def test_cached(self, offline: Path) -> None:
        commit = "0" * 40
        repo = offline / "datasets--openai--gsm8k"
        table = pyarrow.table({"question": ["Q?"], "answer": ["so\n#### 1,430"]})
        folder = repo / "snapshots" / commit / "main"
        folder.mkdir(parents=True)
        pyarrow.parquet.write_table(table, folder / "test-00000-of-00001.parquet")
        (repo / "refs").mkdir()
        (repo / "refs" / "main").write_text(commit)
        found = load("gsm8k")
        assert found.problems == (Problem("1", "Q?", "1430"),)
        assert found.source == "hub:openai/gsm8k/main/test-00000-of-00001.parquet@main"


class TestReasoningGym:
    def test_problems_depend_on_seed_and_number_only(self) -> None:
        few = load("reasoning_gym:chain_sum", limit=3, seed=7)
        many = load("reasoning_gym:chain_sum", limit=9, seed=7)
        assert many.problems[:3] == few.problems
        assert load("reasoning_gym:chain_sum", limit=3, seed=8).problems != few.problems
        assert few.problems[0].id == "chain_sum-0"
        assert few.problems[0].meta["seed"] == 7
        assert few.source.endswith(", seed 7")
        facts = describe("reasoning_gym:chain_sum")
        assert (facts["description"], facts["max_tokens"]) == (few.description, few.max_tokens)
        for problem in many.problems:
            terms = problem.question.partition(":")[2].strip(" =").split()
            signed = zip(["+", *terms[1::2]], terms[::2], strict=True)
            assert int(problem.gold) == sum(int(sign + term) for sign, term in signed)

    def test_prose_and_numbers(self) -> None:
        text = load("reasoning_gym:letter_jumble", limit=1).problems[0]
        assert (text.kind, text.meta["subject"]) == ("text", "letter_jumble")

    def test_task_that_is_not_there(self) -> None:
        with pytest.raises(UnknownName, match=r"task 'chain_sums' .did you mean chain_sum"):
            load("reasoning_gym:chain_sums")

    def test_task_without_a_reference_answer(self) -> None:
        with pytest.raises(UserError, match="no single reference answer"):
            load("reasoning_gym:graph_color", limit=2)

    def test_data_makes_no_sense(self, tmp_path: Path) -> None:
        with pytest.raises(UserError, match="takes no --data"):
            load("reasoning_gym:chain_sum", data=tmp_path / "a.jsonl")


@pytest.mark.parametrize(
    ("package", "name", "extra"),
    [
        ("huggingface_hub", "math500", "hub"),
        ("reasoning_gym", "reasoning_gym:chain_sum", "gym"),
        ("pyarrow", "aime24", "parquet"),
    ],
)
def test_missing_extra_names_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str, name: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    data = tmp_path / "a.parquet" if package == "pyarrow" else None
    with pytest.raises(MissingExtra) as fault:
        load(name, data=data)
    assert str(fault.value).endswith(
        f"is not installed (in the clone: pip install -e '.[{extra}]')"
    )


@pytest.mark.parametrize(
    ("gold", "kind"),
    [
        ("5", "math"),
        (r"\frac{1}{2}", "math"),
        ("x^2 + 1", "math"),
        ("3x", "math"),
        (r"2\cos(x)", "math"),
        ("sqrt(2)", "math"),
        ("Paris", "text"),
        ("the 3 wise men", "text"),
        ("1 2\n3 4", "text"),
    ],
)
def test_prose_is_told_from_mathematics(gold: str, kind: str) -> None:
    assert kind_of(gold) == kind
