"""Coverage-guided fuzzing of the verifier with atheris; run by hand, replayed by test_corpus.py.

    python -m pip install atheris
    python tests/verifier/fuzz_verifier.py -max_total_time=3600 FOLDER tests/verifier/corpus

An input is a gold answer, a line `%%`, and a response. Whatever it is, no exception may come, no
verdict may contradict the same comparison from the other side, and every row ends in its bound.
"""

from __future__ import annotations

import sys
from pathlib import Path

SEPARATOR = "\n%%\n"


def check(data: bytes) -> None:
    """One input, and what must hold of it."""
    from judgekit.verifier import exact, extract, make_case
    from judgekit.verifier.equivalence import compare, same_form

    text = data.decode("utf-8", "replace")
    gold, _, response = text.partition(SEPARATOR)
    finished = len(data) % 5 != 0
    for kind in ("math", "choice", "text"):
        found = extract(response, kind=kind, choices=("x", "1/2"), finished=finished)
        for candidate in found.candidates:
            assert 0 <= candidate.start <= candidate.end <= len(response)
            assert candidate.text
    case = make_case(gold, response)
    exact(case)
    answer = case.extraction.answer
    said = answer.text if answer else response[:2_000]
    there = compare(case.gold, said, use_sympy=False)
    assert there.evidence
    back = compare(said, case.gold, use_sympy=False)
    assert {there.outcome, back.outcome} != {"correct", "incorrect"}, (case.gold, said)
    if same_form(case.gold, said).outcome == "correct":
        assert there.outcome == "correct"
    itself = compare(said, said, use_sympy=False)
    assert itself.outcome != "incorrect", said


def main() -> None:
    """Fuzz until told to stop."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    import atheris

    with atheris.instrument_imports(include=["judgekit"]):
        import judgekit.verifier
        import judgekit.verifier.equivalence  # noqa: F401

    atheris.Setup(sys.argv, check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
