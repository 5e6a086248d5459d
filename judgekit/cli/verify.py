"""`judgekit verify`: one pair, with the trail."""

from __future__ import annotations

from typing import Annotated

import typer

from judgekit import errors
from judgekit.cli.common import examples, print_json, screen
from judgekit.cli.options import Json

EPILOG = examples(
    r"judgekit verify '\frac{1}{2}' 'So the answer is \boxed{0.5}.'",
    "judgekit verify B 'The answer is (B).' --kind choice",
    "cat response.txt | judgekit verify 42 -",
)


def register(app: typer.Typer, name: str) -> None:
    app.command(name, epilog=EPILOG)(verify)


def verify(
    gold: Annotated[str, typer.Argument(help="The right answer.")],
    response: Annotated[str, typer.Argument(help="The response; - reads standard input.")],
    question: Annotated[str | None, typer.Option(help="The question, where it helps.")] = None,
    kind: Annotated[str, typer.Option(help="auto, math, choice or text.")] = "auto",
    as_json: Json = False,
) -> int:
    """Whether a response's answer equals the gold answer, decided without any model."""
    import sys
    import typing

    from judgekit.cli.trail import show_grade
    from judgekit.records import Kind
    from judgekit.rows import to_row
    from judgekit.verifier import verify as decide

    kinds = ("auto", *typing.get_args(Kind))
    if kind not in kinds:
        raise errors.UnknownName("kind", kind, kinds)
    text = sys.stdin.read() if response == "-" else response
    grade = decide(gold, text, question=question, kind=typing.cast("Kind", kind))
    if as_json:
        print_json(to_row(grade))
    else:
        show_grade(screen(), grade)
    return errors.DONE
