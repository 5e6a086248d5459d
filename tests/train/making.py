"""Training data of our own, made from templates: `python tests/train/making.py` writes it again.

traces.jsonl    64 short reasoning traces over easy questions of several kinds (SFT)
sums.jsonl      sums of two digits, with the gold answer (GRPO, RLOO)
worked.jsonl    the same kind of sums worked out at several lengths (SFT before RLOO)
pairs.jsonl     the shortest against the longest of those (DPO)
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
PEOPLE = ("Mara", "Ivo", "Lena", "Tom", "Ada", "Nils", "Rosa", "Karl")
THINGS = ("apples", "stamps", "marbles", "books", "shells", "coins", "pencils", "cards")


def traces(rng: random.Random) -> Iterator[Mapping[str, Any]]:
    """Eight of each of eight kinds."""
    for kind in range(8):
        for _ in range(8):
            question, trace, answer = KINDS[kind](rng)
            yield {"question": question, "trace": trace, "answer": answer}


def _bought(rng: random.Random) -> tuple[str, str, str]:
    who, what, a, b = rng.choice(PEOPLE), rng.choice(THINGS), rng.randint(2, 40), rng.randint(2, 40)
    return (
        f"{who} has {a} {what} and buys {b} more. How many {what} does {who} have now?",
        f"There are {a} {what} at first. {who} buys {b} more, so both are added: "
        f"{a} + {b} = {a + b}.",
        str(a + b),
    )


def _gave(rng: random.Random) -> tuple[str, str, str]:
    who, what, a = rng.choice(PEOPLE), rng.choice(THINGS), rng.randint(20, 60)
    b = rng.randint(1, 19)
    return (
        f"{who} had {a} {what} and gave {b} away. How many are left?",
        f"{b} of {a} {what} are taken away: {a} - {b} = {a - b}.",
        str(a - b),
    )


def _boxes(rng: random.Random) -> tuple[str, str, str]:
    what, a, b = rng.choice(THINGS), rng.randint(2, 9), rng.randint(2, 12)
    return (
        f"A box holds {b} {what}. How many {what} are in {a} boxes?",
        f"Each of {a} boxes holds {b} {what}, which makes {a} * {b} = {a * b}.",
        str(a * b),
    )


def _equation(rng: random.Random) -> tuple[str, str, str]:
    x, a, b = rng.randint(1, 12), rng.randint(2, 6), rng.randint(1, 15)
    return (
        f"Solve ${a}x + {b} = {a * x + b}$ for $x$.",
        f"Taking {b} from both sides gives {a}x = {a * x}. Dividing by {a} gives x = {x}.",
        str(x),
    )


def _fraction(rng: random.Random) -> tuple[str, str, str]:
    d = rng.randint(3, 11)
    a = rng.randint(1, d - 2)
    b = rng.randint(1, d - 1 - a)
    return (
        rf"What is $\frac{{{a}}}{{{d}}} + \frac{{{b}}}{{{d}}}$?",
        f"Both have the denominator {d}, so the numerators are added: {a} + {b} = {a + b}.",
        rf"\frac{{{a + b}}}{{{d}}}",
    )


def _sequence(rng: random.Random) -> tuple[str, str, str]:
    first, step = rng.randint(1, 20), rng.randint(2, 9)
    shown = [first + k * step for k in range(5)]
    return (
        f"Which number comes next in {', '.join(map(str, shown[:4]))}?",
        f"Each number is {step} more than the one before. {shown[3]} + {step} = {shown[4]}.",
        str(shown[4]),
    )


def _point(rng: random.Random) -> tuple[str, str, str]:
    a, b = rng.randint(1, 9), rng.randint(1, 9)
    return (
        f"A point lies {a} to the right of the origin and {b} above it. Give its coordinates.",
        f"To the right is the first coordinate, {a}; above is the second, {b}.",
        f"({a}, {b})",
    )


def _capital(rng: random.Random) -> tuple[str, str, str]:
    country, city = rng.choice(
        [("France", "Paris"), ("Italy", "Rome"), ("Spain", "Madrid"), ("Japan", "Tokyo")]
    )
    return (
        f"What is the capital of {country}?",
        f"The government of {country} sits in {city}, so that is its capital.",
        city,
    )


KINDS = (_bought, _gave, _boxes, _equation, _fraction, _sequence, _point, _capital)


def sums(rng: random.Random, count: int) -> list[tuple[int, int]]:
    """Pairs of one-digit numbers, in random order and with repetition."""
    return [(rng.randint(1, 9), rng.randint(1, 9)) for _ in range(count)]


def problem(a: int, b: int) -> Mapping[str, Any]:
    return {"question": f"What is {a} + {b}?", "gold": str(a + b)}


def worked(a: int, b: int, sentences: int) -> str:
    """The sum in one to five sentences that all say the same."""
    says = [
        f"{a} + {b} = {a + b}.",
        f"The numbers are {a} and {b}.",
        f"Adding {b} to {a} gives {a + b}.",
        f"To check, {a + b} - {b} = {a}.",
        f"So the sum of {a} and {b} is {a + b}.",
    ]
    return " ".join(says[:sentences])


def reply(a: int, b: int, sentences: int) -> str:
    from judgekit.rewards import written

    return written(worked(a, b, sentences), str(a + b))


def write(name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    lines = [json.dumps({"id": f"{i:03}", **row}) for i, row in enumerate(rows)]
    (DATA / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    DATA.mkdir(exist_ok=True)
    rng = random.Random(0)
    mixed = list(traces(rng))
    rng.shuffle(mixed)
    write("traces.jsonl", mixed)
    write("sums.jsonl", [problem(a, b) for a, b in sums(rng, 128)])
    lengths = [
        {
            "question": f"What is {a} + {b}?",
            "trace": worked(a, b, rng.randint(1, 5)),
            "answer": str(a + b),
        }
        for a, b in sums(rng, 256)
    ]
    write("worked.jsonl", lengths)
    write(
        "pairs.jsonl",
        [
            {
                "question": f"What is {a} + {b}?",
                "chosen": reply(a, b, 1),
                "rejected": reply(a, b, 5),
            }
            for a, b in sums(rng, 64)
        ],
    )


if __name__ == "__main__":
    main()
