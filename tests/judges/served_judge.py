"""The embedded small model as a judge over a real server: report card, probes, and what a cascade
leaves it to spoil.

    JUDGEKIT_SERVE_PYTHON=.venv-vllm/bin/python python tests/judges/served_judge.py --rows 12

`judgekit serve` runs the server (vLLM, where the named Python has it: `make test-vllm` makes that
environment), and it is asked by the command line as a user would. The labelled rows are ours:
`labelled.jsonl` beside this file, eight responses of the judge itself and twelve by hand, four of
them prose that no verifier decides.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LABELLED = Path(__file__).with_name("labelled.jsonl")
CONFIGURATION = """
[judges.small]
model = "{model}"
base_url = "{url}"
prompt = "judge/small"
max_tokens = 64
concurrency = 16

[cascade]
stages = ["exact", "symbolic", "small"]
"""


@contextmanager
def serving(log: Path) -> Iterator[str]:
    """The address of a server with the embedded model, once it answers."""
    python = os.environ.get("JUDGEKIT_SERVE_PYTHON", sys.executable)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [python, "-m", "judgekit", "serve", "embedded", "--port", str(port)]
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            for _ in range(600):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/health").close()
                    break
                except OSError:
                    if server.poll() is not None:
                        raise SystemExit(log.read_text(errors="replace")[-2000:]) from None
                    time.sleep(0.5)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait()


def served_model(url: str) -> str:
    with urllib.request.urlopen(f"{url}/models") as answer:
        return str(json.load(answer)["data"][0]["id"])


def judgekit(*arguments: str, folder: Path) -> None:
    """Run a command and show what it prints."""
    print(f"\n$ judgekit {' '.join(arguments)}", flush=True)
    began = time.monotonic()
    subprocess.run([sys.executable, "-m", "judgekit", *arguments], cwd=folder, check=True)
    print(f"({time.monotonic() - began:.0f} s)", flush=True)


def cascades(folder: Path) -> None:
    """Rows that the verifier decides, with and without the bad judge behind it."""
    found = {}
    for name in ("none", "small"):
        out = folder / f"{name}.jsonl"
        judgekit("grade", "labelled.jsonl", "--judge", name, "--out", out.name, folder=folder)
        grades = (json.loads(line) for line in out.read_text().splitlines())
        found[name] = {grade["id"]: grade for grade in grades}
    truth = {
        row["id"]: "correct" if row["label"] else "incorrect"
        for row in map(json.loads, LABELLED.read_text(encoding="utf-8").splitlines())
    }
    decided = [id for id, grade in found["none"].items() if grade["stage"] != "none"]
    print("\n| cascade | rows the verifier decides | right | all rows | right | undecided |")
    print("|-|-|-|-|-|-|")
    for name, grades in found.items():
        right = sum(grades[id]["outcome"] == truth[id] for id in decided)
        every = sum(grades[id]["outcome"] == truth[id] for id in grades)
        open_rows = sum(grade["outcome"] == "undecided" for grade in grades.values())
        title = "verifier" if name == "none" else "verifier and judge"
        print(f"| {title} | {len(decided)} | {right} | {len(grades)} | {every} | {open_rows} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--rows", type=int, default=12, help="copies of each kind of probe; 0: none"
    )
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "labelled.jsonl").write_bytes(LABELLED.read_bytes())
        with serving(folder / "log") as url:
            os.environ["JUDGEKIT_CACHE"] = name  # No verdict of an earlier run.
            settings = CONFIGURATION.format(model=served_model(url), url=url)
            (folder / "judgekit.toml").write_text(settings)
            common = ("--labels", "labelled.jsonl")
            judgekit("judge", "eval", "small", *common, folder=folder)
            cascades(folder)
            of_each = ("--rows", str(rows), "--own", "SmolLM2-135M-Instruct")
            if rows:
                judgekit("judge", "probe", "small", *common, *of_each, folder=folder)


if __name__ == "__main__":
    main()
