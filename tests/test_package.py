"""A built wheel works outside the clone, prompts and benchmarks in it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel unpacked by pip, and nothing of the clone."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("judgekit_slm-*.whl")
    target = folder / "site"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", str(target), str(wheel)], check=True, capture_output=True)
    return target


def run(installed: Path, cwd: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "judgekit", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_is_what_runs(installed: Path, tmp_path: Path) -> None:
    code = "import judgekit; print(judgekit.__file__)"
    env = {**os.environ, "PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True
    )
    assert done.stdout.startswith(str(installed))


def test_prompts_and_benchmarks_are_in_it(installed: Path, tmp_path: Path) -> None:
    assert '"gsm8k"' in run(installed, tmp_path, "benchmarks", "--json")
    assert '"judge/reference"' in run(installed, tmp_path, "prompts", "--json")


def test_the_main_job_runs_from_it(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "script.toml").write_text('default = "\\\\boxed{4}"\n')
    run(installed, tmp_path, "generate", "--backend", "scripted", "--model", "script.toml")
    run(installed, tmp_path, "grade")
    assert "Accuracy" in run(installed, tmp_path, "report")
