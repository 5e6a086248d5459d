"""What can go wrong, whose fault it is, and what the user is told.

The tree, with the exit code that each branch ends a command with::

    JudgekitError
    ├── UserError            2   a bad name, file, option or selection
    │   ├── UnknownName          a name nobody knows, with the nearest ones
    │   ├── ConfigError          judgekit.toml, a prompt or benchmark file
    │   ├── DataError            a row or file that cannot be read
    │   └── RunMismatch          a run directory made by another configuration or version
    ├── EnvironmentFault     3   disk, permission, something not installed
    │   └── MissingExtra         names the install command
    └── BackendError         4   a model server or judge that stayed down
        └── RequestFailed        one request failed for good: data, not a crash

Four rules:

* **The user's fault** and **the environment's** are raised before any work starts where that is
  possible, as one line: what, where, what to do.
* **A backend's fault on one request** (`RequestFailed`) becomes a `Response` with
  `finish_reason="error"`, or an *undecided* `Verdict`: one failed response is data in the run.
  Only a backend that stays down (`BackendError` itself) ends the command; what was done is kept.
* **Ours**: every other exception is a defect. The command line says so, asks for a report, and
  exits with 1; nothing catches it silently.
* Foreign exceptions are turned into these at the one place where the foreign library is called.

A command that finishes although rows were left out or responses failed exits with 5, and one that
was interrupted with 130; neither is an exception of this module.
"""

from __future__ import annotations

from collections.abc import Iterable

DONE = 0
INCOMPLETE = 5
INTERRUPTED = 130


class JudgekitError(Exception):
    """Root of everything judgekit raises on purpose.

    `hint` is the second half of the line: what the user can do about it.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class UserError(JudgekitError):
    """The input is wrong: a bad name, file, option or an empty selection."""

    exit_code = 2


class UnknownName(UserError):
    """A name that is not known; the message lists the nearest known ones."""

    def __init__(self, what: str, name: str, known: Iterable[str], *, hint: str | None = None):
        import difflib

        known = sorted(known)
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        if near:
            did_you_mean = f"did you mean {' or '.join(near)}?"
            hint = f"{did_you_mean} {hint}" if hint else did_you_mean
        elif known:
            listed = f"known: {', '.join(known[:20])}{', …' if len(known) > 20 else ''}"
            hint = f"{listed}; {hint}" if hint else listed
        super().__init__(f"unknown {what} {name!r}", hint=hint)


class ConfigError(UserError):
    """A configuration, prompt or benchmark file that says something it cannot say."""


class DataError(UserError):
    """A file or row that cannot be read as what it should be."""


class RunMismatch(UserError):
    """A run directory that another configuration or version has made."""


class EnvironmentFault(JudgekitError):
    """The machine: disk full, no permission, a device or package that is not there."""

    exit_code = 3


class MissingExtra(EnvironmentFault):
    """An optional dependency is not installed; the hint is the command that installs it."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(
            f"{what} is not installed", hint=f"in the clone: pip install -e '.[{extra}]'"
        )


class BackendError(JudgekitError):
    """A backend or judge that stayed down after every retry."""

    exit_code = 4


class RequestFailed(BackendError):
    """One request failed for good, while the backend itself still answers."""
