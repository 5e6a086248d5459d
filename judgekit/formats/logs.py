"""Logs of other harnesses, read as the table of responses that they stand for.

lm-evaluation-harness   `samples_TASK_*.jsonl` of `--log_samples`: a line for a document and filter,
                        all samples of the document in it
inspect                 `.eval` (a zip archive, a file a sample) and `.json` (one document)

A row has `id`, `question`, `gold`, `response`, `finish_reason` and `choices` where known, and what
the harness itself said of it, so that its scorers can be audited by `recorded:COLUMN`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from judgekit.errors import DataError
from judgekit.formats.archive import members
from judgekit.formats.rows import LeftOut, loads, read_rows

Numbered = tuple[int, dict[str, Any]]

QUESTIONS = ("question", "problem", "input", "query")
"""Fields of a document that hold the question as asked, without the prompt around it."""

VALUES: Mapping[Any, str] = {"C": "correct", "I": "incorrect", "N": "incorrect"}
"""What inspect's scores mean; `P`, partly correct, decides nothing."""

CUT = ("max_tokens", "model_length")
"""inspect's stop reasons of a response that was cut off."""


def read_table(path: Path | str, left_out: list[LeftOut]) -> list[Numbered]:
    """The rows of a table, or of a log as the table it stands for, each with its number.

    Raises what `read_rows` raises, and `DataError` for a log that holds no text to grade.
    """
    path = Path(path)
    samples = _inspect_samples(path)
    if samples is not None:
        return list(_from_inspect(path, samples, left_out))
    rows = list(read_rows(path, left_out))
    if rows and rows[0][1].keys() >= {"doc_id", "doc", "target", "resps"}:
        return list(_from_lm_eval(path, rows))
    return rows


def _from_lm_eval(path: Path, rows: Iterable[Numbered]) -> Iterator[Numbered]:
    """A document stands once for each filter; its texts are the same in all of them."""
    found: dict[Any, list[Numbered]] = {}
    for number, row in rows:
        document = row["doc_id"]
        if document not in found:
            found[document] = [(number, each) for each in _samples(path, number, row)]
        for metric in row.get("metrics", ()):
            # A filter takes the first sample, or votes: only where there is one sample is the
            # metric a word on that sample.
            if len(found[document]) == 1:
                found[document][0][1][f"{metric},{row.get('filter')}"] = row.get(metric)
    for samples in found.values():
        yield from samples


def _samples(path: Path, number: int, row: Mapping[str, Any]) -> list[dict[str, Any]]:
    texts = [text for texts in row["resps"] for text in (texts if _listed(texts) else [texts])]
    if not all(isinstance(text, str) for text in texts):
        raise DataError(
            f"{path}, row {number}: scores of given options and no text to grade",
            hint="only tasks of lm-evaluation-harness that generate can be graded",
        )
    document = row["doc"] if isinstance(row["doc"], dict) else {}
    asked = next((document[name] for name in QUESTIONS if name in document), None)
    if not isinstance(asked, str):
        asked = _first_argument(row)
    shared = {"id": str(row["doc_id"]), "question": asked, "gold": row["target"]}
    return [{**shared, "response": text} for text in texts]


def _first_argument(row: Mapping[str, Any]) -> str:
    """The prompt as it was sent: what is left to show where the document names no question."""
    arguments = row.get("arguments")
    first = arguments.get("gen_args_0", {}) if isinstance(arguments, dict) else {}
    return str(first.get("arg_0", "")) if isinstance(first, dict) else ""


def _inspect_samples(path: Path) -> Iterator[dict[str, Any]] | None:
    """The samples of an inspect log; None where the file is none."""
    if path.suffix == ".eval":
        return (loads(text) for text in members(path, "samples/"))
    if path.suffix != ".json" or not path.is_file():
        return None
    with path.open("rb") as file:
        if not file.read(64).lstrip().startswith(b"{"):
            return None
    try:
        log = loads(path.read_bytes())
    except ValueError:
        return None
    if not isinstance(log, dict) or not log.keys() >= {"version", "eval"}:
        return None
    return iter(log.get("samples") or ())


def _from_inspect(
    path: Path, samples: Iterator[dict[str, Any]], left_out: list[LeftOut]
) -> Iterator[Numbered]:
    found = 0
    for found, sample in enumerate(samples, 1):
        try:
            yield found, _sample(sample)
        except (KeyError, TypeError, AttributeError, IndexError):
            left_out.append(LeftOut(found, "not a sample as inspect writes them"))
        except ValueError as fault:
            left_out.append(LeftOut(found, f"sample {sample['id']!r}: {fault}"))
    if not found:
        raise DataError(f"{path}: the log has no samples")


def _sample(sample: Mapping[str, Any]) -> dict[str, Any]:
    """Raises `ValueError` saying why a sample cannot be graded."""
    targets = sample["target"] if _listed(sample["target"]) else [sample["target"]]
    if len(targets) != 1:
        raise ValueError(f"has {len(targets)} targets, one is compared with")
    if not sample["output"]["choices"]:
        error = (sample.get("error") or {}).get("message", "no output")
        raise ValueError(f"failed: {' '.join(str(error).split())[:120]}")
    choice = sample["output"]["choices"][0]
    attached = sample.get("attachments") or {}
    scores = sample.get("scores") or {}
    row = {
        "id": str(sample["id"]),
        "question": _question(sample["input"], attached),
        "gold": targets[0],
        "response": _content(choice["message"]["content"], attached),
        "finish_reason": "length" if choice.get("stop_reason") in CUT else "stop",
        "choices": sample.get("choices") or [],
    }
    for name, score in scores.items():
        value = score.get("value")
        row.setdefault(name, VALUES.get(value, value) if isinstance(value, str) else value)
    return row


def _question(asked: Any, attached: Mapping[str, str]) -> str:
    """The input; of a conversation what the user said last."""
    if isinstance(asked, str):
        return _content(asked, attached)
    said = [message for message in asked if message.get("role") == "user"]
    return _content(said[-1]["content"], attached) if said else ""


def _content(content: Any, attached: Mapping[str, str]) -> str:
    """A message's text; reasoning that inspect keeps apart stands between think tags again."""
    if isinstance(content, str):
        return attached.get(content.removeprefix("attachment://"), content)
    parts = []
    for block in content:
        if block.get("type") == "reasoning":
            thought = block.get("reasoning") or block.get("summary") or ""
            parts.append(f"<think>\n{_content(thought, attached)}\n</think>\n\n")
        elif block.get("type") == "text":
            parts.append(_content(block["text"], attached))
    return "".join(parts)


def _listed(value: Any) -> bool:
    return isinstance(value, list)
