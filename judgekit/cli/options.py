"""Options and arguments that several commands take, said in the same words by all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no remarks.")]
ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", help="Configuration instead of ./judgekit.toml.", metavar="FILE"),
]
RunOrFile = Annotated[
    Path | None,
    typer.Argument(
        metavar="RUN|FILE", help="A run, or a JSONL, CSV or Parquet file; default: newest run."
    ),
]
BackendName = Annotated[
    str, typer.Option(help="auto, transformers, vllm, openai, scripted or replay.")
]
BaseUrl = Annotated[
    str | None, typer.Option(help="An OpenAI-compatible server, such as http://host:8000/v1.")
]
ApiKeyEnv = Annotated[
    str | None, typer.Option(help="Name of the variable that holds the server's key.")
]
QuestionField = Annotated[
    str | None, typer.Option("--question", metavar="F", help="Field: the question.")
]
GoldField = Annotated[
    str | None, typer.Option("--gold", metavar="F", help="Field: the right answer.")
]
ResponseField = Annotated[
    str | None, typer.Option("--response", metavar="F", help="Field: response text.")
]
IdField = Annotated[str | None, typer.Option("--id", metavar="F", help="Field: id.")]
SeedOfDraw = Annotated[int, typer.Option("--seed", help="Of the draw.")]
TableFormat = Annotated[
    str, typer.Option("--format", help="terminal, markdown, latex, csv or json.")
]
