"""What a response says of its own certainty, and how that is scored."""

from __future__ import annotations

import pytest

from judgekit.analysis.confidence import confidence, declines, said_confidence
from judgekit.analysis.frame import frame
from judgekit.records import Grade, Problem, Response


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\\boxed{5}\nConfidence: 85%", 0.85),
        ("\\boxed{5}\n**Confidence:** 85 %", 0.85),
        ("My confidence in this answer is 0.7.", 0.7),
        ("Confidence: .5", 0.5),
        ("Confidence: 8/10", 0.8),
        ("Confidence: 70 out of 100", 0.7),
        ("Confidence: 90", 0.9),
        ("Confidence: 85\\%", 0.85),
        ("I am 60% sure.", 0.6),
        ("I am 100 percent confident", 1.0),
        ("Confidence: 20%. No: Confidence: 40%", 0.4),
        ("Confidence: 140%", None),
        ("a 95% confidence interval of 40%", None),
        ("for sure it is 5", None),
        ("Confidence: high, 5 apples" + "x" * 1000, None),
        ("", None),
    ],
)
def test_what_is_said(text: str, said: float | None) -> None:
    assert said_confidence(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\\boxed{I don't know}\nConfidence: 10%", True),
        ("\\boxed{\\text{I do not know}}", True),
        ("<answer> I don’t know </answer>", True),
        ("The answer is: I don't know.", True),
        ("Hard.\nI don't know.", True),
        ("I don't know yet, so let us see. \\boxed{5}", False),
        ("He says he does not know.", False),
    ],
)
def test_who_does_not_know(text: str, said: bool) -> None:
    assert declines(text) is said


def test_calibration_of_a_run() -> None:
    texts = ["Confidence: 90%", "Confidence: 90%", "Confidence: 20%", "\\boxed{I don't know}", "?"]
    outcomes = ["correct", "incorrect", "incorrect", "incorrect", "undecided"]
    responses = [Response(f"p{i}", t, logprob=-0.1 * i) for i, t in enumerate(texts)]
    grades = [Grade(f"p{i}", o, "exact") for i, o in enumerate(outcomes)]  # type: ignore[arg-type]
    found = confidence(frame([Problem(r.id, "", "") for r in responses], responses, grades))
    assert (found.n, found.declined) == (5, 1)
    assert (found.said.n, found.said.missing, found.logprob.n) == (3, 0, 3)
    assert found.said.ece == pytest.approx((2 * 0.4 + 0.2) / 3)
    assert found.said.brier == pytest.approx((0.01 + 0.81 + 0.04) / 3)
    assert found.said.auroc == 0.75
    assert found.logprob.mean_confidence == pytest.approx((1 + 0.904837 + 0.818731) / 3)
