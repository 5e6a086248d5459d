"""`judgekit doctor`."""

from __future__ import annotations

import typer

from judgekit import errors
from judgekit.cli.common import examples, plain, print_json, screen
from judgekit.cli.options import Json

EPILOG = examples("judgekit doctor", "judgekit doctor --json")
COLOURS = {"ok": "green", "missing": "yellow", "broken": "red"}


def register(app: typer.Typer, name: str) -> None:
    app.command(name, epilog=EPILOG)(doctor)


def doctor(
    as_json: Json = False,
) -> int:
    """What is installed, which backends and devices work, and what to do about the rest."""
    from dataclasses import asdict

    from rich.table import Table

    from judgekit.doctor import examine

    findings = list(examine())
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        shown = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        shown.add_column(no_wrap=True)
        shown.add_column(no_wrap=True)
        shown.add_column(overflow="fold")
        for finding in findings:
            colour = COLOURS[finding.state]
            detail = plain(finding.detail)
            if finding.todo:
                detail += f"\n[bold]{plain(finding.todo)}[/bold]"
            shown.add_row(finding.name, f"[{colour}]{finding.state}[/{colour}]", detail)
        screen().print(shown)
    broken = any(finding.state == "broken" for finding in findings)
    return errors.EnvironmentFault.exit_code if broken else errors.DONE
