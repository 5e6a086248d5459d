"""The durability contract of a run directory, kept on real files broken on purpose."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from judgekit.errors import DataError, EnvironmentFault, RunMismatch, UnknownName, UserError
from judgekit.records import Grade, Problem, Response
from judgekit.runs import Writer, differences, load, newest, owed

CONFIG = {"model": "m", "benchmark": "b", "seed": 0}


def make(path: Path, *responses: Response) -> None:
    with Writer(path) as writer:
        writer.existing(CONFIG) or writer.start(CONFIG, {"versions": {}})
        writer.append(Problem("a", "q", "1"), Problem("b", "q", "2"))
        for response in responses:
            writer.append(response)


def test_a_run_comes_back_as_it_was_written(tmp_path: Path) -> None:
    make(tmp_path / "r", Response("a", "one"), Response("b", "two\nlines", sample=1))
    run = load(tmp_path / "r")
    assert [r.text for r in run.responses] == ["one", "two\nlines"]
    assert run.config == CONFIG
    assert [p.id for p in run.problems] == ["a", "b"]


def test_a_torn_last_line_is_ignored_and_then_cut_off(tmp_path: Path) -> None:
    make(tmp_path / "r", Response("a", "one"))
    file = tmp_path / "r" / "responses.jsonl"
    with file.open("ab") as out:
        out.write(b'{"schema":1,"id":"b","te')
    assert [r.id for r in load(tmp_path / "r").responses] == ["a"]
    with Writer(tmp_path / "r") as writer:
        writer.append(Response("b", "again"))
    assert [r.text for r in load(tmp_path / "r").responses] == ["one", "again"]
    assert file.read_bytes().count(b"\n") == 2


def test_the_variants_of_a_torn_generation_are_all_done_again(tmp_path: Path) -> None:
    make(tmp_path / "r", Response("a", "x", variant="0-wait"), Response("a", "y", variant="1-wait"))
    file = tmp_path / "r" / "responses.jsonl"
    file.write_bytes(file.read_bytes()[:-5])
    with Writer(tmp_path / "r") as writer:
        writer.append(Response("b", "z"))
    assert [r.id for r in load(tmp_path / "r").responses] == ["b"]


def test_a_broken_line_in_the_middle_is_named(tmp_path: Path) -> None:
    make(tmp_path / "r", Response("a", "one"))
    file = tmp_path / "r" / "responses.jsonl"
    file.write_bytes(b"not json\n" + file.read_bytes())
    with pytest.raises(DataError, match=r"responses\.jsonl line 1 is no JSON.*delete the line"):
        _ = load(tmp_path / "r").responses


def test_the_last_row_of_a_key_counts(tmp_path: Path) -> None:
    failed = Response("a", "", finish_reason="error", error="500")
    make(tmp_path / "r", failed, Response("a", "now"))
    assert [r.text for r in load(tmp_path / "r").responses] == ["now"]


def test_another_configuration_is_refused_with_what_differs(tmp_path: Path) -> None:
    make(tmp_path / "r")
    with Writer(tmp_path / "r") as writer, pytest.raises(RunMismatch) as caught:
        writer.existing({**CONFIG, "seed": 1})
    assert "seed was 0, is 1" in str(caught.value)


def test_another_version_is_refused(tmp_path: Path) -> None:
    make(tmp_path / "r")
    manifest = tmp_path / "r" / "run.toml"
    manifest.write_text(manifest.read_text().replace("schema = 1", "schema = 99"))
    with pytest.raises(RunMismatch, match="schema 99, this version reads schema 1"):
        load(tmp_path / "r")


@pytest.mark.parametrize("text", ["schema = [", "", "\x00"])
def test_a_broken_manifest_is_one_line(tmp_path: Path, text: str) -> None:
    make(tmp_path / "r")
    (tmp_path / "r" / "run.toml").write_text(text)
    with pytest.raises((DataError, RunMismatch)) as caught:
        load(tmp_path / "r")
    assert "\n" not in str(caught.value)


def test_no_run_here(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no run directory"):
        load(tmp_path / "absent")
    with pytest.raises(UserError, match=r"no run\.toml"):
        load(tmp_path)


def test_the_newest_run_is_the_one_written_to_last(tmp_path: Path) -> None:
    make(tmp_path / "one")
    make(tmp_path / "two")
    os.utime(tmp_path / "one" / "problems.jsonl", (4e9, 4e9))
    assert newest(tmp_path).name == "one"


def test_one_writer_at_a_time_across_processes(tmp_path: Path) -> None:
    hold = (
        "import sys\nfrom pathlib import Path\nfrom judgekit.runs import Writer\n"
        f"with Writer(Path({str(tmp_path / 'r')!r})):\n print('held', flush=True)\n"
        " sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(UserError, match="being written by another process"):
            Writer(tmp_path / "r")
        other.kill()
    with Writer(tmp_path / "r"):
        pass


def test_a_full_disk_is_one_line_and_loses_nothing(tmp_path: Path) -> None:
    make(tmp_path / "r", Response("a", "one"))
    (tmp_path / "r" / "grades.jsonl").symlink_to("/dev/full")
    with Writer(tmp_path / "r") as writer, pytest.raises(EnvironmentFault) as caught:
        writer.append(Grade("a", "correct", "exact"))
    assert "No space left" in str(caught.value)
    assert "run the same command again" in str(caught.value)
    assert load(tmp_path / "r").responses[0].text == "one"


def test_the_newest_complete_grading_is_shown(tmp_path: Path) -> None:
    make(tmp_path / "r", Response("a", "one"), Response("b", "two"))
    with Writer(tmp_path / "r") as writer:
        writer.append(Grade("a", "correct", "exact", grading="old"))
        writer.append(Grade("b", "correct", "exact", grading="old"))
        writer.append(Grade("a", "incorrect", "judge", grading="new"))
    run = load(tmp_path / "r")
    assert {g.grading for g in run.grades} == {"old"}
    assert [g.outcome for g in run.graded("new")] == ["incorrect"]
    with pytest.raises(UnknownName):
        run.graded("absent")
    with Writer(tmp_path / "r") as writer:
        writer.append(Grade("b", "incorrect", "judge", grading="new"))
    assert {g.grading for g in load(tmp_path / "r").grades} == {"new"}


def test_owed_is_what_is_missing_or_failed() -> None:
    problems = [Problem("a", "q", "1"), Problem("b", "q", "2")]
    done = [Response("a", "x"), Response("b", "", finish_reason="error")]
    assert [(p.id, s) for p, s in owed(problems, 2, done)] == [("b", 0), ("a", 1), ("b", 1)]


def test_differences_read_like_a_sentence() -> None:
    assert differences({"a": 1, "b": 2}, {"a": 1, "c": 3}) == (
        "b was 2, is 'not set', c was 'not set', is 3"
    )
