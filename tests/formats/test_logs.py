"""Logs as lm-evaluation-harness 0.4.13 and inspect 0.3.285 wrote them, over problems of ours.

The files in `logs/` were made by those tools: a task of three arithmetic questions, two samples
each, answered by a server that says fixed sentences; inspect's also as its JSON form (without
events).
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from judgekit.cli import run
from judgekit.errors import DataError
from judgekit.formats.archive import members
from judgekit.formats.foreign import read_responses
from judgekit.formats.logs import read_table
from judgekit.records import Key

LOGS = Path(__file__).parent / "logs"
LM_EVAL = LOGS / "lm-eval-arithmetic.jsonl"
INSPECT = LOGS / "inspect-arithmetic.eval"


def test_lm_eval_has_every_sample_once() -> None:
    found = read_responses(LM_EVAL)
    keys = [response.key for response in found.responses]
    assert keys == [(str(i), sample, "") for i in range(3) for sample in range(2)]
    assert [problem.gold for problem in found.problems][::2] == ["2+2=4\n#### 4", "1/2", "42"]
    assert found.problems[0].question == "What is 2+2?"
    assert found.responses[3].text == "Half is \\boxed{\\frac{1}{2}}"


def test_lm_eval_metrics_are_columns_where_there_is_one_sample(tmp_path: Path) -> None:
    rows = [json.loads(line) for line in LM_EVAL.read_text().splitlines()]
    for row in rows:
        row["resps"] = [row["resps"][0][:1]]
    path = tmp_path / "samples_mini.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    table = read_table(path, [])
    assert len(table) == 3
    assert {"exact_match,strict-match", "exact_match,flexible-extract"} <= table[0][1].keys()
    assert not any("exact_match" in name for _, row in read_table(LM_EVAL, []) for name in row)


def test_lm_eval_scores_of_options_are_refused() -> None:
    with pytest.raises(DataError, match="no text to grade"):
        read_responses(LOGS / "lm-eval-choice.jsonl")


@pytest.mark.parametrize("name", ["inspect-arithmetic.eval", "inspect-arithmetic.json"])
def test_inspect_samples_epochs_and_reasoning(name: str) -> None:
    found = read_responses(LOGS / name)
    assert sorted(response.key for response in found.responses) == [
        (id_, sample, "") for id_ in ("4", "a", "b") for sample in (0, 1)
    ]
    by_key = {response.key: response for response in found.responses}
    assert by_key[Key("4", 0)].finish_reason == "length"
    assert by_key[Key("a", 1)].text == "We add 2 and 2.\nANSWER: 4"
    assert all("2 targets" in each.reason for each in found.left_out)
    assert [each.number for each in found.left_out] == sorted(n for n, _ in found.left_out)
    columns = dict(zip((r.key for r in found.responses), found.columns, strict=True))
    assert columns[Key("a", 0)]["match"] == "correct"
    assert columns[Key("b", 0)]["match"] == "incorrect"


def test_reasoning_stands_between_think_tags(tmp_path: Path) -> None:
    log = json.loads((LOGS / "inspect-arithmetic.json").read_text())
    for sample in log["samples"]:
        sample["target"] = "42"
    path = tmp_path / "log.json"
    path.write_text(json.dumps(log))
    texts = [response.text for response in read_responses(path).responses]
    assert "<think>\nthink 7*6=42\n</think>\n\nIt is 42." in texts


def test_inspect_choices_are_kept() -> None:
    found = read_responses(LOGS / "inspect-choice.eval")
    assert found.problems[0].choices == ("Rome", "Paris", "Bonn")
    assert found.problems[0].gold == "B"


def test_attached_texts_are_put_back(tmp_path: Path) -> None:
    log = json.loads((LOGS / "inspect-arithmetic.json").read_text())
    sample = log["samples"][0]
    sample["output"]["choices"][0]["message"]["content"] = "attachment://abc"
    sample["attachments"] = {"abc": "a long text, so \\boxed{4}"}
    path = tmp_path / "log.json"
    path.write_text(json.dumps(log))
    assert read_responses(path).responses[0].text == "a long text, so \\boxed{4}"


def test_failed_and_broken_samples_are_left_out_by_name(tmp_path: Path) -> None:
    log = json.loads((LOGS / "inspect-arithmetic.json").read_text())
    log["samples"][0]["output"]["choices"] = []
    log["samples"][0]["error"] = {"message": "the server\nwent away"}
    del log["samples"][1]["output"]
    path = tmp_path / "log.json"
    path.write_text(json.dumps(log))
    reasons = [each.reason for each in read_responses(path).left_out]
    assert any("failed: the server went away" in reason for reason in reasons)
    assert "not a sample as inspect writes them" in reasons


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "damaged"), (b"PK\x03\x04 no archive", "damaged"), (None, "no such file")],
)
def test_a_broken_archive_is_one_line(tmp_path: Path, content: bytes | None, says: str) -> None:
    path = tmp_path / "log.eval"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=says):
        read_responses(path)


def test_a_damaged_member_is_one_line(tmp_path: Path) -> None:
    raw = bytearray(INSPECT.read_bytes())
    with zipfile.ZipFile(INSPECT) as archive:
        info = next(each for each in archive.infolist() if each.filename.startswith("samples/"))
    raw[info.header_offset + 80 : info.header_offset + 400] = b"\xff" * 320
    path = tmp_path / "log.eval"
    path.write_bytes(raw)
    with pytest.raises(DataError, match="damaged"):
        list(members(path, "samples/"))


def test_members_without_zstandard_compression(tmp_path: Path) -> None:
    path = tmp_path / "log.eval"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("samples/1.json", '{"id": 1}')
        archive.writestr("header.json", "{}")
    assert list(members(path, "samples/")) == [b'{"id": 1}']


@pytest.mark.parametrize("log", [LM_EVAL, INSPECT])
def test_grade_and_audit_take_a_log_as_it_is(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    copy = tmp_path / log.name
    copy.write_bytes(log.read_bytes())
    assert run(["grade", str(copy), "--out", "graded.jsonl", "--quiet", "--json"]) in (0, 5)
    graded = json.loads(capsys.readouterr().out)
    assert graded["graded"] == 6
    assert graded["correct"] == {LM_EVAL: 1, INSPECT: 4}[log]
    assert run(["audit", str(copy), "--json"]) in (0, 5)
    assert json.loads(capsys.readouterr().out)
