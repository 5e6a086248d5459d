"""What tests share: where real data lies, and the commands as a user types them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from judgekit import cli

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real benchmarks and labelled responses; the test skips where it is absent."""
    folder = Path(os.environ.get("JUDGEKIT_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("real data is not here: point JUDGEKIT_DATA at the folder")
    return folder


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Type commands in an empty folder, 120 columns wide; exit code, output and remarks of each."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")

    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.run(list(arguments))
        out, err = capfd.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    return run
