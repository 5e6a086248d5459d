"""judgekit: run small reasoning language models, and know what they got right.

The public functions are imported when they are first used, so that `import judgekit` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from judgekit.version import __version__

if TYPE_CHECKING:
    from judgekit import rewards
    from judgekit.analysis.corrected import corrected_accuracy
    from judgekit.loops import detect_loop
    from judgekit.records import Grade, Label, Loop, Problem, Response, Verdict
    from judgekit.runs import Run, load
    from judgekit.verifier import verify, verify_many

__all__ = [
    "Grade",
    "Label",
    "Loop",
    "Problem",
    "Response",
    "Run",
    "Verdict",
    "__version__",
    "corrected_accuracy",
    "detect_loop",
    "load",
    "rewards",
    "verify",
    "verify_many",
]

_HOME = {
    "corrected_accuracy": "analysis.corrected",
    "detect_loop": "loops",
    "load": "runs",
    "Run": "runs",
    "verify": "verifier",
    "verify_many": "verifier",
    **dict.fromkeys(("Grade", "Label", "Loop", "Problem", "Response", "Verdict"), "records"),
}


def __getattr__(name: str) -> Any:
    if name == "rewards":
        return importlib.import_module("judgekit.rewards")
    if name in _HOME:
        return getattr(importlib.import_module(f"judgekit.{_HOME[name]}"), name)
    raise AttributeError(f"module 'judgekit' has no attribute {name!r}")
