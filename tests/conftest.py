"""What tests share: where real data lies, and the real small model."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real benchmarks and labelled responses; the test skips where it is absent."""
    folder = Path(os.environ.get("JUDGEKIT_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("real data is not here: point JUDGEKIT_DATA at the folder")
    return folder
