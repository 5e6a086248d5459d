"""`judgekit judge …` as a user types it."""

from __future__ import annotations

import functools
import random
import tomllib
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from judgekit import cli
from judgekit.errors import ConfigError
from judgekit.judges.writing import set_option

Typed = Callable[..., tuple[int, str, str]]

JUDGE = """
from judgekit.records import Verdict

def sure(case):
    score = case.columns["score"]
    return Verdict("sure", "correct" if score >= 0.5 else "incorrect",
                   confidence=max(score, 1 - score), evidence="By its score.")

def credulous(case):
    return True
"""
CONFIG = """
# my judges
[judges.large]          # the dear one
model = "large"
base_url = "http://127.0.0.1:9/v1"
timeout = 0.5

[cascade]
stages = ["exact", "large"]
"""


@pytest.fixture
def typed(shell: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Type a command in a folder with labelled rows and a judge of one's own."""
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("JUDGEKIT_CACHE", str(tmp_path / "cache"))
    (tmp_path / "mine.py").write_text(JUDGE)
    draw = random.Random(0)
    rows = []
    for number in range(200):
        label = draw.random() < 0.5
        score = draw.uniform(0.9, 1.0) if label else draw.uniform(0.0, 0.1)
        rows.append(
            {
                "id": str(number),
                "question": f"What is {number} + 100?",
                "gold": str(number + 100),
                "response": f"It is {number + 100 + (not label)}.",
                "label": label,
                "score": round(score, 3),
                "verdict": label if number % 10 else not label,
            }
        )
    (tmp_path / "labelled.jsonl").write_bytes(b"".join(orjson.dumps(r) + b"\n" for r in rows))
    return functools.partial(shell, "judge")


def test_a_report_card_and_a_comparison(typed: Typed) -> None:
    code, out, _ = typed(
        "eval", "recorded:verdict", "mine.py:sure", "--labels", "labelled.jsonl", "--json"
    )
    assert code == 0
    found = orjson.loads(out)
    assert found["cards"]["recorded:verdict"]["accuracy"]["value"] == 0.9
    assert found["cards"]["mine.py:sure"]["accuracy"]["value"] == 1.0
    (compared,) = found["compared"]
    assert (compared["only_first"], compared["only_second"]) == (0, 20)
    assert compared["p"] < 1e-4
    code, out, _ = typed("eval", "recorded:verdict", "--labels", "labelled.jsonl", "--by", "kind")
    assert code == 0
    assert "90.0%" in out
    assert "recorded:verdict, by kind" in out


def test_names_that_are_nearly_right(typed: Typed) -> None:
    code, _, err = typed("eval", "recorded:verdct", "--labels", "labelled.jsonl")
    assert (code, "did you mean verdict?" in err) == (2, True)
    code, _, err = typed("eval", "recorded:verdict", "--labels", "labelled.json")
    assert (code, "no such file" in err) == (2, True)
    code, _, err = typed("eval", "recorded:verdict", "--labels", "labelled.jsonl", "--by", "kin")
    assert (code, "did you mean kind?" in err) == (2, True)


def test_a_probe_table(typed: Typed) -> None:
    code, out, _ = typed(
        "probe", "mine.py:credulous", "--labels", "labelled.jsonl", "--rows", "5", "--json"
    )
    assert code == 0
    found = {row["name"]: row for row in orjson.loads(out)["probes"]}
    assert found["digits transposed"]["failed"]["value"] == 1.0
    assert found["padded"]["failed"]["value"] == 0.0
    assert len(found["key 'Solution'"]["examples"]) == 5
    assert "swapped" in orjson.loads(out)["left_out"]
    code, out, err = typed(
        "probe", "mine.py:credulous", "--labels", "labelled.jsonl", "--rows", "3"
    )
    assert code == 0
    assert "what it may not accept" in out
    assert "not probed: " in err
    assert "self-preference is not measured" in err


def test_a_recorded_judge_has_no_word_on_a_copy(typed: Typed) -> None:
    code, out, err = typed("probe", "recorded:verdict", "--labels", "labelled.jsonl")
    assert (code, out) == (2, "")
    assert "has no word on a perturbed copy (--own MODEL" in err


def test_self_preference_by_the_column_model(typed: Typed, tmp_path: Path) -> None:
    path = tmp_path / "labelled.jsonl"
    rows = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    for number, row in enumerate(rows):
        row["model"] = "ours" if number % 2 else "theirs"
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    code, out, _ = typed("probe", "recorded:verdict", "--labels", "labelled.jsonl", "--own", "ours")
    assert (code, "Does it go easier on ours?" in out) == (0, True)
    assert "refused though right" in out


def test_labels_of_an_audit_and_a_rule(typed: Typed, tmp_path: Path) -> None:
    from judgekit.records import Label
    from judgekit.runs import Writer

    with Writer(tmp_path / "labelled.audit") as writer:
        for by in ("ann", "ben"):
            word = "correct" if by == "ann" else "incorrect"
            writer.append(Label("0", word, by, "2025-01-01"))  # type: ignore[arg-type]
    for rule, rows in (("majority", 200), ("last", 200)):
        code, out, err = typed(
            *("eval", "recorded:verdict", "--labels", "labelled.jsonl", "--rule", rule, "--json")
        )
        assert (code, orjson.loads(out)["divided"]) == (0, 1)
        assert orjson.loads(out)["cards"]["recorded:verdict"]["rows"] == rows
        assert "labellers disagree on 1 rows: see --rule" in err
    code, _, err = typed(
        *("eval", "recorded:verdict", "--labels", "labelled.jsonl", "--rule", "loudest")
    )
    assert (code, "unknown rule 'loudest'" in err) == (2, True)


def test_a_threshold_for_a_judge_of_ones_own(typed: Typed) -> None:
    code, out, _ = typed("calibrate", "mine.py:sure", "--labels", "labelled.jsonl")
    assert code == 0
    assert "at most 10.0% of its verdicts disagree with people (95.0% sure): 0 of 200 did" in out


def test_the_weights_of_a_jury(typed: Typed, tmp_path: Path) -> None:
    path = tmp_path / "judgekit.toml"
    members = '["recorded:verdict", "mine.py:sure"]'
    path.write_text(f"[juries.panel] # ours\nmembers = {members}\nrule = 'weighted'\n")
    code, _, err = typed("eval", "panel", "--labels", "labelled.jsonl")
    assert (code, "needs one weight a member" in err) == (2, True)
    code, out, _ = typed("calibrate", "panel", "--labels", "labelled.jsonl")
    assert (code, "what each member is worth" in out) == (0, True)
    weights = tomllib.loads(path.read_text())["juries"]["panel"]["weights"]
    assert 1.8 < weights[0] < 2.6 < weights[1]
    code, out, _ = typed("eval", "panel", "--labels", "labelled.jsonl", "--json")
    assert code == 0
    assert orjson.loads(out)["cards"]["panel"]["accuracy"]["value"] == 1.0


def test_a_fault_that_ends_grading_is_one_line(
    typed: Typed, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    missing = "from judgekit.errors import MissingExtra\ndef judge(case):\n"
    (tmp_path / "other.py").write_text(missing + "    raise MissingExtra('dspy', 'judge')\n")
    row = {"gold": "the mitochondria", "response": "It is the powerhouse of the cell."}
    (tmp_path / "rows.jsonl").write_bytes(orjson.dumps(row) + b"\n")
    code = cli.run(["grade", "rows.jsonl", "--judge", "other.py:judge", "-q"])
    _, err = capfd.readouterr()
    assert code == 3
    assert err.strip().endswith(
        "error dspy is not installed (in the clone: pip install -e '.[judge]')"
    )
    assert "Traceback" not in err


def test_a_judge_that_is_down_ends_with_4(typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "judgekit.toml").write_text(CONFIG)
    code, out, err = typed("list")
    assert (code, "model large" in out) == (0, True)
    code, out, err = typed("eval", "large", "--labels", "labelled.jsonl", "--limit", "20")
    assert code == 4
    assert "judge large stayed down" in err
    assert "20 (0 unparsed)" in out


def test_an_option_is_written_and_all_else_left(tmp_path: Path) -> None:
    path = tmp_path / "judgekit.toml"
    path.write_text(CONFIG)
    set_option(path, "judges.large", "decide_above", 0.875)
    set_option(path, "judges.large", "timeout", 3.0)
    text = path.read_text()
    assert text == CONFIG.replace("timeout = 0.5", "timeout = 3.0\ndecide_above = 0.875")
    set_option(path, "judges.large", "decide_above", 0.5)
    assert tomllib.loads(path.read_text())["judges"]["large"]["decide_above"] == 0.5


@pytest.mark.parametrize(
    "text",
    [
        '[judges]\nlarge = { model = "m" }\n',
        '[judges.large]\nprompt = """\ndecide_above = x\n"""\n',
    ],
)
def test_what_cannot_be_written_safely_is_not(tmp_path: Path, text: str) -> None:
    path = tmp_path / "judgekit.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match="decide_above"):
        set_option(path, "judges.large", "decide_above", 0.5)
    assert path.read_text() == text
