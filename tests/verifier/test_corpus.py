"""What fuzzing found worth keeping, replayed."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

HERE = Path(__file__).parent
INPUTS = sorted((HERE / "corpus").glob("*.txt"))


@pytest.fixture(scope="module")
def fuzz():  # type: ignore[no-untyped-def]
    spec = importlib.util.spec_from_file_location("fuzz_verifier", HERE / "fuzz_verifier.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_there_is_a_corpus() -> None:
    assert INPUTS


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: path.stem)
def test_holds(path: Path, fuzz) -> None:  # type: ignore[no-untyped-def]
    fuzz.check(path.read_bytes())
