"""Programs over a real server that fails as servers do: the laws of test_server hold for them."""

from __future__ import annotations

from typing import Any

import pytest

from .test_server import ROWS, Server, chat, check, judged, server

pytest.importorskip("dspy", reason="DSPy is not installed: pip install -e '.[judge]'")

__all__ = ["server"]


def test_a_server_in_order_is_asked_once_a_row(server: Server) -> None:
    server.faults()
    verdicts, truth, down = judged(server, program="chain-of-thought")
    assert check(verdicts, truth) == ROWS
    assert down is None
    bodies = [each["body"] for each in server.generations()]
    assert len(bodies) == ROWS
    assert all("reasoning" in str(body["messages"]) for body in bodies)


@pytest.mark.parametrize(
    "faults",
    [
        {"status": 500, "headers": {"retry-after-ms": "10"}},
        {"body": chat('{"reasoning": "", "extracted": "100", "reason": "x", "verdict": "corr')},
        {"body": chat('{"extracted": "100", "reason": "x", "verdict": "incorrect"}', "length")},
        {"body": chat("[[ ## verdict ## ]]\ncorrect\n\n[[ ## completed ## ]]")},
        {"body": chat("答案是正确的。")},
        {"body": "<html>502 Bad Gateway</html>"},
        {"cut": 60},
    ],
)
def test_what_fails_on_some_calls_loses_no_row_and_judges_none_wrongly(
    server: Server,
    faults: dict[str, Any],
) -> None:
    server.faults(share=0.3, **faults)
    verdicts, truth, _ = judged(server, program="predict")
    assert check(verdicts, truth) >= ROWS // 2


def test_no_budget_is_passed(server: Server) -> None:
    server.faults(share=0.3, body=chat("Ich weiß nicht."))
    verdicts, truth, _ = judged(server, program="predict", max_calls=15)
    assert 0 < check(verdicts, truth) <= 15
    assert len(server.generations()) <= 15
    assert sum(verdict.cost.calls for verdict in verdicts) == 15
