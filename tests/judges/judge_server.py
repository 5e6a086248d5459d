"""The real server of tests/backends, with a judge behind it that compares as it should.

python judge_server.py '{"dialect": "plain"}'        prints its port, serves until it is killed
"""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

PATH = Path(__file__).resolve().parents[1] / "backends" / "server.py"


def reply(messages: Any, written: str) -> str:
    """Its verdict on the fenced texts: the last number of the response against the gold answer."""
    prompt = next(m["content"] for m in reversed(messages) if m["role"] == "user")
    gold = re.search(r"=== gold answer \w+ ===\n(.*?)\n=== end", prompt, re.DOTALL)
    response = re.search(r"=== response \w+ ===\n(.*?)\n=== end", prompt, re.DOTALL)
    if gold is None or response is None:
        return "I was shown nothing to compare."
    read = re.findall(r"\d+", response[1])[-1]
    verdict = "correct" if read == gold[1] else "incorrect"
    whole = json.dumps({"extracted": read, "reason": "Compared numbers.", "verdict": verdict})
    return whole[len(written) :]


def main() -> None:
    spec = importlib.util.spec_from_file_location("server", PATH)
    assert spec
    assert spec.loader
    server = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(server)
    server.reply = reply
    server.main()


if __name__ == "__main__":
    main()
