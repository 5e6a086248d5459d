"""The verifier: does a response's final answer equal the gold answer? Decided without any model."""

from judgekit.verifier.batch import verify, verify_many
from judgekit.verifier.case import Case, make_case
from judgekit.verifier.extraction import Extraction, extract
from judgekit.verifier.extraction.spans import Candidate
from judgekit.verifier.stages import exact, symbolic

__all__ = [
    "Candidate",
    "Case",
    "Extraction",
    "exact",
    "extract",
    "make_case",
    "symbolic",
    "verify",
    "verify_many",
]
