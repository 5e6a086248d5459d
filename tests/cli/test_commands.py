"""The commands as a user types them: what they print, and how they end."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from judgekit import cli
from judgekit.cli import COMMANDS

Typed = Callable[..., tuple[int, str, str]]

SCRIPT = 'default = "So the answer is \\\\boxed{4}."\n'


@pytest.fixture
def typed(shell: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Type a command in an empty folder with a scripted model; exit code, output, remarks."""
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "script.toml").write_text(SCRIPT)
    return shell


GENERATE = ("generate", "--backend", "scripted", "--model", "script.toml", "--limit", "6")


def test_generate_grade_report_show(typed: Typed) -> None:
    code, out, err = typed(*GENERATE)
    assert (code, out) == (0, "")
    assert "6 of 6 responses" in err
    assert "next: judgekit grade runs/starter-script.toml-cot-" in err
    code, out, err = typed("grade", "--json")
    graded = orjson.loads(out)
    assert code == 0
    assert "newest run: runs/starter" in err
    assert graded["correct"] + graded["incorrect"] + graded["undecided"] == graded["graded"] == 6
    code, out, _ = typed("report")
    assert code == 0
    assert "Accuracy" in out
    code, out, _ = typed("report", "--json")
    assert code == 0
    orjson.loads(out)
    run = graded["out"]
    first = orjson.loads((Path(run) / "problems.jsonl").read_bytes().splitlines()[0])
    code, out, _ = typed("show", run, first["id"])
    assert code == 0
    assert first["question"].split()[0] in out
    assert "ended by stop" in out


def test_a_run_named_twice_is_one_and_models_stand_together(typed: Typed) -> None:
    Path("other.toml").write_text(SCRIPT)
    for name, model, strategy in (
        ("a", "script", "cot"),
        ("b", "other", "cot"),
        ("c", "script", "cod"),
    ):
        typed(*GENERATE, "--model", f"{model}.toml", "--strategy", strategy, "--out", name, "-q")
        typed("grade", name, "-q")
    code, out, _ = typed("report", "a", "b", "./a", "c", "--json")
    assert code == 0
    assert [(line["run"], line["model"]) for line in orjson.loads(out)["runs"]] == [
        *(("a", "script.toml"), ("c", "script.toml"), ("b", "other.toml")),
    ]
    code, _, err = typed("compare", "a", "./a")
    assert code == 2
    assert "comparing needs two different graded runs" in err


def test_grading_again_asks_and_writes_nothing(typed: Typed) -> None:
    typed(*GENERATE)
    _, out, _ = typed("grade", "--json", "--quiet")
    grades = Path(orjson.loads(out)["out"]) / "grades.jsonl"
    before = grades.read_bytes()
    code, again, _ = typed("grade", "--json", "--quiet")
    assert code == 0
    assert again == out
    assert grades.read_bytes() == before


def test_another_policy_stands_beside_the_earlier_grading(typed: Typed) -> None:
    typed(*GENERATE)
    typed("grade", "--quiet")
    Path("judgekit.toml").write_text('[cascade]\nno_answer = "undecided"\n')
    code, out, _ = typed("grade", "--quiet", "--json")
    assert code == 0
    rows = [
        orjson.loads(line)
        for line in (Path(orjson.loads(out)["out"]) / "grades.jsonl").read_bytes().splitlines()
    ]
    assert len(rows) == 12
    assert len({row["grading"] for row in rows}) == 2


FOREIGN = [
    {"id": "a", "question": "1+1?", "gold": "2", "response": "It is \\boxed{2}.", "said": True},
    {"id": "a", "question": "1+1?", "gold": "2", "response": "It is \\boxed{3}.", "said": True},
    {"id": "b", "question": "Who?", "gold": "Euler", "response": "A Swiss man.", "said": False},
]


def _foreign(rows: list[dict[str, object]]) -> None:
    Path("rows.jsonl").write_bytes(b"\n".join(map(orjson.dumps, rows)) + b"\n")


@pytest.mark.parametrize("workers", [(), ("--workers", "2")])
def test_grade_a_foreign_file(typed: Typed, workers: tuple[str, ...]) -> None:
    _foreign(FOREIGN)
    code, _, _ = typed("grade", "rows.jsonl", "--judge", "none", "--out", "g.jsonl", *workers)
    assert code == 0
    rows = [orjson.loads(line) for line in Path("g.jsonl").read_bytes().splitlines()]
    assert [(r["id"], r["sample"]) for r in rows] == [("a", 0), ("a", 1), ("b", 0)]
    assert [r["outcome"] for r in rows] == ["correct", "incorrect", "undecided"]
    assert all(r["trail"] and r["evidence"] for r in rows)


def test_a_recorded_judge_decides_what_the_verifier_cannot(typed: Typed) -> None:
    _foreign(FOREIGN)
    code, _, _ = typed("grade", "rows.jsonl", "--judge", "recorded:said", "--out", "g.jsonl")
    assert code == 0
    rows = [orjson.loads(line) for line in Path("g.jsonl").read_bytes().splitlines()]
    assert [r["stage"] for r in rows] == ["exact", "exact", "recorded:said"]


def test_rows_that_cannot_be_read_are_left_out_by_number(typed: Typed) -> None:
    _foreign(FOREIGN)
    with Path("rows.jsonl").open("a") as file:
        file.write('{"id": "c", "gold": "1"}\nnot json\n')
    code, _, err = typed("grade", "rows.jsonl", "--out", "g.jsonl")
    assert code == 5
    assert "row 4 left out: response is missing" in err
    assert "row 5 left out: not JSON" in err


def test_verify_prints_the_trail(typed: Typed) -> None:
    code, out, _ = typed("verify", "0.5", r"Thus \boxed{1/2}.")
    assert code == 0
    assert out.startswith("correct  by exact")
    code, out, _ = typed("verify", "0.5", r"Thus \boxed{1/2}.", "--json")
    assert orjson.loads(out)["outcome"] == "correct"


def test_hostile_text_cannot_write_to_the_terminal(typed: Typed) -> None:
    code, out, _ = typed("verify", "1", "[bold]\x1b[31m\x1b]0;title\x07 \\boxed{\x1b[2J}")
    assert code == 0
    assert "\x1b" not in out
    assert "\x07" not in out


BAD: list[tuple[tuple[str, ...], int, str]] = [
    (("generat",), 2, "Did you mean 'generate'"),
    (("generate", "--strateg", "cot"), 2, "--strategy"),
    (("generate", "--strategy", "cott"), 2, "unknown strategy 'cott' (did you mean cot"),
    (("generate", "--benchmark", "gsm8"), 2, "unknown benchmark 'gsm8' (did you mean gsm8k"),
    (("generate", "--backend", "vlm"), 2, "unknown backend 'vlm' (did you mean vllm"),
    (("generate", "-o", "shots"), 2, "no KEY=VALUE"),
    (("generate", "--limit", "many"), 2, "--limit"),
    (("generate", "--model", "no/such/folder/at/all"), 2, "no/such/folder/at/all"),
    (("generate", "--data", "absent.jsonl", "--benchmark", "gsm8k"), 2, "absent.jsonl"),
    (("generate", "--backend", "scripted", "--model", "absent.toml"), 2, "absent.toml"),
    (("generate", "--config", "absent.toml"), 2, "absent.toml: no such file"),
    (("grade", "absent"), 2, "absent"),
    (("grade", "empty.jsonl"), 2, "empty.jsonl"),
    (("grade", "broken.jsonl"), 2, "broken.jsonl"),
    (("grade", "rows.jsonl", "--gold", "glod"), 2, "'glod' (did you mean gold"),
    (("grade", "rows.jsonl", "--kind", "maths"), 2, "'maths' (did you mean math"),
    (("grade", "rows.jsonl", "--judge", "larg"), 2, "'larg' (did you mean large"),
    (("grade", "rows.jsonl", "--judge", "recorded:sad"), 2, "'sad' (did you mean said"),
    (("grade", "rows.jsonl", "--out", "notes.txt"), 2, "notes.txt exists and holds no grades"),
    (("grade", "rows.xlsx"), 2, "rows.xlsx"),
    (("grade",), 2, "there is no run below ./runs"),
    (("report", "absent"), 2, "absent is no run directory"),
    (("report", "other"), 2, "other has no run.toml"),
    (("report", "newer"), 2, "schema 99, this version reads schema 1"),
    (("show", "newer", "x"), 2, "schema 99"),
    (("show",), 2, "its ID is missing (judgekit show [RUN] ID)"),
    (("compare",), 2, "Missing argument 'RUN'"),
    (("prompts", "show", "cto"), 2, "unknown prompt 'cto' (did you mean co"),
    (("benchmarks", "show", "aime"), 2, "unknown benchmark 'aime' (did you mean aime24"),
    (("strategies", "show", "zero"), 2, "did you mean zero-shot"),
    (("models", "show", "embeded"), 2, "did you mean embedded"),
    (("verify", "1", "2", "--kind", "number"), 2, "unknown kind 'number'"),
]


def test_a_benchmark_is_told_line_by_line(typed: Typed) -> None:
    code, out, _ = typed("benchmarks", "show", "gsm8k")
    assert code == 0
    assert "repo: openai/gsm8k" in out
    assert "{" not in out
    assert "None" not in out


@pytest.mark.parametrize(("arguments", "code", "line"), BAD, ids=lambda value: str(value)[:40])
def test_bad_input_is_one_line(
    typed: Typed, arguments: tuple[str, ...], code: int, line: str
) -> None:
    _foreign(FOREIGN)
    Path("empty.jsonl").touch()
    Path("broken.jsonl").write_text("{\nnot json\n")
    Path("notes.txt").write_text("my notes\n")
    Path("rows.xlsx").write_text("x")
    Path("other").mkdir()
    Path("newer").mkdir()
    Path("newer/run.toml").write_text("schema = 99\n")
    config = '[judges.large]\nmodel = "x"\nbase_url = "http://127.0.0.1:9/v1"\n'
    Path("judgekit.toml").write_text(config)
    ended, out, err = typed(*arguments)
    errors = [each for each in err.splitlines() if each.startswith("error ")]
    assert line in err
    assert len(errors) == 1
    assert (ended, out) == (code, "")
    assert Path("notes.txt").read_text() == "my notes\n"


@pytest.mark.parametrize("command", list(COMMANDS))
def test_help_teaches_by_example(command: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.run([command, "--help"]) == 0
    out, _ = capfd.readouterr()
    assert "Examples:" in out
    assert f"$ judgekit {command}" in out


def test_every_command_is_in_the_root_help_and_in_the_readme() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    for command in COMMANDS:
        assert re.search(rf"judgekit {command}\b", readme), command


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from judgekit.cli import run; run(['--help']); "
        "heavy = {'torch', 'transformers', 'pandas', 'numpy', 'scipy', 'sympy', 'openai', "
        "'jinja2', 'asyncio', 'orjson'}; "
        "print('heavy:', sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr.strip() == "heavy: []"


@pytest.mark.parametrize(
    ("words", "offered"),
    [("judgekit gen", "generate"), ("judgekit generate --strat", "--strategy")],
)
def test_completion_offers_commands_and_options(words: str, offered: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "judgekit"],
        env={
            **os.environ,
            "_JUDGEKIT_COMPLETE": "complete_bash",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split()) - 1),
        },
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == [offered]


def test_a_closed_pipe_is_no_error() -> None:
    done = subprocess.run(
        f"{sys.executable} -m judgekit benchmarks --json | head -c 1",
        shell=True,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.stderr == ""


def test_ctrl_c_says_how_to_go_on(tmp_path: Path) -> None:
    import signal
    import time

    script = tmp_path / "slow.toml"
    script.write_text('default = "thinking about it \\\\boxed{4}"\nseconds_per_token = 0.05\n')
    with subprocess.Popen(
        [sys.executable, "-m", "judgekit", *GENERATE[:3], "--model", str(script)],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob("runs/*/problems.jsonl")) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        remarks = process.stderr.read()
        assert process.wait(30) == 130
    assert "the same command goes on from here" in remarks
    assert "Traceback" not in remarks


def test_ctrl_c_anywhere_is_said(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(path: Path | None) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("judgekit.config.load", stopped)
    assert typed("models")[0::2] == (130, "interrupted\n")


def test_ctrl_c_in_a_terminal_stands_on_a_line_of_its_own(tmp_path: Path) -> None:
    import pty
    import signal

    script = tmp_path / "slow.toml"
    script.write_text('default = "thinking about it \\\\boxed{4}"\nseconds_per_token = 0.05\n')
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "judgekit", *GENERATE[:3], "--model", str(script)],
        cwd=tmp_path,
        env={**os.environ, "TERM": "xterm"},
        stderr=theirs,
    ) as process:
        os.close(theirs)
        shown = b""
        while b"/86" not in shown:
            shown += os.read(ours, 4096)
        process.send_signal(signal.SIGINT)
        # Linux ends a terminal that nobody writes to any more with an error, others with nothing.
        with contextlib.suppress(OSError):
            while more := os.read(ours, 4096):
                shown += more
        assert process.wait(30) == 130
    os.close(ours)
    wiped, said = shown.rindex(b"\x1b[2K"), shown.index(b"interrupted; what is done")
    assert wiped < said


def test_a_changed_file_is_not_graded_by_the_grades_of_the_old_one(typed: Typed) -> None:
    _foreign(FOREIGN)
    typed("grade", "rows.jsonl", "--out", "g.jsonl")
    _foreign([{**FOREIGN[0], "response": "It is \\boxed{5}."}])
    code, _, err = typed("grade", "rows.jsonl", "--out", "g.jsonl")
    assert code == 2
    assert "g.jsonl holds another grading" in err
    (named,) = re.findall(r"--out (\S+) keeps both", err)
    before = Path("g.jsonl").read_bytes()
    for _ in range(2):
        assert typed("grade", "rows.jsonl", "--out", named)[0] == 0
    assert Path("g.jsonl").read_bytes() == before
    assert len(Path(named).read_bytes().splitlines()) == 1


@pytest.mark.parametrize("text", ['{"keep": "data"}', "one line without an end"])
def test_a_file_that_is_no_grades_is_left_alone(typed: Typed, text: str) -> None:
    _foreign(FOREIGN)
    Path("mine.json").write_text(text)
    code, _, err = typed("grade", "rows.jsonl", "--out", "mine.json")
    assert (code, Path("mine.json").read_text()) == (2, text)
    assert "holds no grades" in err


def test_a_full_disk_and_a_folder_as_out(typed: Typed) -> None:
    _foreign(FOREIGN)
    code, _, err = typed("grade", "rows.jsonl", "--out", "/dev/full")
    assert code == 3
    assert "No space left" in err
    assert typed("grade", "rows.jsonl", "--out", ".")[0] == 2


def test_a_run_that_never_began_leaves_nothing(typed: Typed) -> None:
    typed("generate", "--model", "embeded", "--limit", "1")
    assert not Path("runs").exists()


def test_show_takes_the_newest_run(typed: Typed) -> None:
    typed(*GENERATE)
    code, out, err = typed("show", "integer-01")
    assert code == 0
    assert "newest run" in err
    assert "integer-01" in out
    code, _, err = typed("show", "integer-01", "--sample", "5")
    assert code == 2
    assert re.search(r"integer-01 has no sample 5 in runs/\S+ \(it has 0\)", err)


def test_a_judge_that_is_down_is_told_with_its_fault(typed: Typed) -> None:
    _foreign(FOREIGN)
    Path("judgekit.toml").write_text(
        '[judges.gone]\nmodel = "m"\nbase_url = "http://127.0.0.1:9/v1"\n'
    )
    code, _, err = typed("grade", "rows.jsonl", "--judge", "gone")
    assert code == 4
    (line,) = [line for line in err.splitlines() if line.startswith("error")]
    assert line.startswith("error judge gone stayed down, what it should have judged is undecided:")
    assert "does not accept connections" in line


def test_another_configuration_is_told_without_whole_hashes(typed: Typed) -> None:
    typed(*GENERATE, "--out", "mine")
    code, _, err = typed(*GENERATE, "--out", "mine", "--strategy", "cod")
    assert code == 2
    assert "strategy was 'cot', is 'cod'" in err
    assert re.search(r"prompt_hash was '\w{8}', is '\w{8}'", err)


def test_doctor_says_which_backends_and_devices_work(typed: Typed) -> None:
    code, out, _ = typed("doctor", "--json")
    found = {row["name"]: row for row in orjson.loads(out)}
    assert code == 0
    assert found["backend openai"]["state"] == "ok"
    assert "CPU" in found["devices"]["detail"]
    assert all(row["todo"] for row in found.values() if row["state"] != "ok")


STRATEGY = """
async def broken(model, problem):
    \"\"\"Divides by zero.\"\"\"
    return 1 / 0
"""


def test_a_fault_in_the_users_own_code_is_told_as_theirs(typed: Typed) -> None:
    Path("mine.py").write_text(STRATEGY)
    code, _, err = typed(*GENERATE, "--strategy", "mine.py:broken", "--quiet")
    assert code == 2
    assert "mine.py, line 4: ZeroDivisionError: division by zero" in err


def test_an_address_that_is_none_is_refused_before_it_is_tried(typed: Typed) -> None:
    code, _, err = typed("generate", "--base-url", "notaurl", "--model", "m")
    assert code == 2
    assert "base_url 'notaurl' is no address of a server" in err
