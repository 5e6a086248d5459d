"""The label queue: which row is next, what was said of it, how to take it back. No screen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from judgekit.audit.subject import Row
from judgekit.records import Design, Key, Label, Outcome

Filter = Literal["open", "all", "labelled", "unsure"]
FILTERS: tuple[Filter, ...] = ("open", "all", "labelled", "unsure")

SEARCHED = 100_000
"""Characters of a response that a search looks through, from its end."""


@dataclass(frozen=True, slots=True)
class Task:
    """A row to label, how it came to be chosen, and (for triage) why it stands where it does."""

    row: Row
    design: Design
    probability: float | None = None
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Step:
    """What one label replaced, so that it can be taken back."""

    key: Key
    before: Label | None


class Queue:
    """Rows to label by one person, in order.

    `save` is called with every label as it is made; an undone one is saved again as it was before,
    or as withdrawn. `earlier` are the standing labels of everybody; those of this person for a
    task's design count as done. What is shown is one task at a time (`current`, None where the
    filter leaves none).
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        by: str,
        save: Callable[[Label], None],
        *,
        earlier: Iterable[Label] = (),
        blind: bool = False,
        now: Callable[[], str] | None = None,
    ) -> None:
        self.tasks = list(tasks)
        self.by = by
        self.blind = blind
        self.filter: Filter = "open"
        self.sought = ""
        self.labels: dict[Key, Label] = {}
        self._save = save
        self._now = now or (lambda: datetime.now(UTC).isoformat(timespec="seconds"))
        self._history: list[_Step] = []
        self._notes: dict[Key, str] = {}
        self._at = 0
        designs = {task.row.key: task.design for task in self.tasks}
        for label in earlier:
            mine = label.by == by and label.key in designs
            if mine and (label.design == designs[label.key] or designs[label.key] == "triage"):
                self.labels[label.key] = label
        self._settle(0)

    # --- where one is -----------------------------------------------------------------------------

    @property
    def current(self) -> Task | None:
        return self.tasks[self._at] if self.tasks and self._shown(self._at) else None

    @property
    def label_here(self) -> Label | None:
        """What this person has said of the current row."""
        return self.labels.get(self.current.row.key) if self.current else None

    @property
    def note_here(self) -> str:
        """The note that the current row has, or will have when it is labelled."""
        if self.current is None:
            return ""
        label = self.label_here
        return self._notes.get(self.current.row.key, label.note if label else "")

    @property
    def done(self) -> int:
        return len(self.labels)

    @property
    def unsure(self) -> int:
        return sum(label.outcome == "undecided" for label in self.labels.values())

    @property
    def place(self) -> tuple[int, int]:
        """The current row's number among those shown, and how many are shown."""
        shown = [i for i in range(len(self.tasks)) if self._shown(i)]
        return (shown.index(self._at) + 1 if self._at in shown else 0), len(shown)

    # --- saying something -------------------------------------------------------------------------

    def label(self, outcome: Outcome) -> None:
        """Label the current row and go to the next; a label given before is replaced."""
        if self.current is None:
            return
        task, key = self.current, self.current.row.key
        label = Label(
            id=key.id,
            sample=key.sample,
            variant=key.variant,
            outcome=outcome,
            by=self.by,
            at=self._now(),
            note=self.note_here,
            blind=self.blind,
            design=task.design,
            probability=task.probability,
        )
        self._put(key, label)
        self._notes.pop(key, None)
        self.forward()

    def note(self, text: str) -> None:
        """Note something on the current row: saved with its label, or at once if it has one."""
        if self.current is None:
            return
        key, label = self.current.row.key, self.label_here
        if label is None:
            self._notes[key] = text
        else:
            self._put(key, replace(label, note=text, at=self._now()))

    def undo(self) -> Key | None:
        """Take the last label or changed note back and go to its row; None if there is none."""
        if not self._history:
            return None
        step = self._history[-1]
        if step.before is None:
            self._save(replace(self.labels[step.key], at=self._now(), withdrawn=True))
            del self.labels[step.key]
        else:
            before = replace(step.before, at=self._now())
            self._save(before)
            self.labels[step.key] = before
        self._history.pop()
        self._go_to(step.key)
        return step.key

    # --- going about ------------------------------------------------------------------------------

    def forward(self) -> None:
        """The next row that is shown, from the start again after the last."""
        self._settle(self._at + 1)

    def back(self) -> None:
        for i in range(1, len(self.tasks) + 1):
            at = (self._at - i) % len(self.tasks)
            if self._shown(at):
                self._at = at
                return

    def show(self, name: Filter) -> None:
        """Show only the rows of a filter."""
        self.filter = name
        self._settle(self._at)

    def next_filter(self) -> Filter:
        self.show(FILTERS[(FILTERS.index(self.filter) + 1) % len(FILTERS)])
        return self.filter

    def search(self, text: str) -> int:
        """Show only rows with the text in id, question, gold or response; how many there are.

        An empty text ends the search.
        """
        self.sought = text.strip().casefold()
        self._settle(self._at)
        return self.place[1]

    def _settle(self, start: int) -> None:
        """Stand on the first shown row from `start` on, wrapping round."""
        for i in range(len(self.tasks)):
            at = (start + i) % len(self.tasks)
            if self._shown(at):
                self._at = at
                return

    def _go_to(self, key: Key) -> None:
        self._at = next(i for i, task in enumerate(self.tasks) if task.row.key == key)
        if not self._shown(self._at):
            self.filter, self.sought = "all", ""

    def _shown(self, at: int) -> bool:
        row = self.tasks[at].row
        label = self.labels.get(row.key)
        if self.filter == "open" and label is not None:
            return False
        if self.filter == "labelled" and label is None:
            return False
        if self.filter == "unsure" and (label is None or label.outcome != "undecided"):
            return False
        return not self.sought or self.sought in _searched(row)

    def _put(self, key: Key, label: Label) -> None:
        before = self.labels.get(key)
        self._save(label)
        self.labels[key] = label
        self._history.append(_Step(key, before))


def _searched(row: Row) -> str:
    problem = row.problem
    parts = (problem.id, problem.question, problem.gold, row.response.text[-SEARCHED:])
    return "\n".join(parts).casefold()
