"""The labelling application: one response at a time, one key a label.

Everything it knows of the work is the `Queue`; here is only what is on the screen. What a model
wrote is put there as text without markup, its control characters escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ClassVar, Literal

from rich.table import Table
from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Footer, Input, Static

from judgekit.audit.queue import Queue, Task
from judgekit.audit.reading import pieces, plain_line, short_id, visible
from judgekit.errors import JudgekitError
from judgekit.prompt import options
from judgekit.records import Label, Outcome, Verdict

WORDS: dict[Outcome, str] = {"correct": "correct", "incorrect": "incorrect", "undecided": "unsure"}
STYLES: dict[Outcome, str] = {"correct": "green", "incorrect": "red", "undecided": "yellow"}
LOOKS = {
    "thinking": "dim italic",
    "forced": "magenta",
    "text": "",
    "answer": "bold black on yellow",
    "folded": "dim",
}

KEYS = frozenset({"label", "skip", "previous", "ask", "undo", "unfold", "filter"})
"""Actions that rest while a note or a search is written."""

LEAST_ID = 20
"""Characters that an id keeps in the bar; what stands last there gives way to it."""

Entry = Literal["note", "search"]


class Bar(Static):
    """One line, made for the width that it has."""

    def __init__(self, line: Callable[[int], str]) -> None:
        super().__init__(id="bar", markup=False)
        self._line = line

    def write(self) -> None:
        if width := self.content_size.width:  # none before the first layout
            self.update(Text(self._line(width)))

    def on_resize(self) -> None:
        self.write()


class LabelApp(App[None]):
    """Label the rows of a queue; the app ends when the person leaves.

    It ends too where a label cannot be saved: `fault` then says why.
    """

    TITLE = "judgekit audit"
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    Screen { layout: vertical; }
    #bar { height: 1; background: $primary; color: $text; padding: 0 1; text-style: bold; }
    .box { border: round $surface-lighten-2; border-title-color: $text-muted; padding: 0 1; }
    .box:focus { border: round $accent; }
    #question { height: auto; max-height: 30%; }
    #gold { height: auto; max-height: 6; }
    #response { height: 1fr; min-height: 5; }
    #verdicts { height: auto; max-height: 35%; }
    #said { height: auto; max-height: 3; padding: 0 2; }
    #entry { display: none; height: 3; border: round $accent; }
    #entry.asked { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "label('correct')", "correct"),
        Binding("i", "label('incorrect')", "incorrect"),
        Binding("u", "label('undecided')", "unsure"),
        Binding("s,right", "skip", "skip", key_display="s"),
        Binding("left", "previous", "back", key_display="←", show=False),
        Binding("n", "ask('note')", "note"),
        Binding("z,ctrl+z", "undo", "undo", key_display="z"),
        Binding("t", "unfold", "thinking"),
        Binding("f", "filter", "filter"),
        Binding("slash", "ask('search')", "search", key_display="/"),
        Binding("escape", "leave_entry", "leave the entry", show=False),
        Binding("q", "quit", "quit"),
    ]

    def __init__(self, queue: Queue, title: str) -> None:
        super().__init__()
        self.fault: JudgekitError | None = None
        self.queue = queue
        self.heading = title
        self.unfolded = False
        self.asked: Entry | None = None
        self.message = ""

    def compose(self) -> ComposeResult:
        yield Bar(self._bar)
        with VerticalScroll(id="question", classes="box", can_focus=True) as question:
            question.border_title = "question"
            yield Static(id="question-text", markup=False)
        with Vertical(id="gold", classes="box") as gold:
            gold.border_title = "gold answer"
            yield Static(id="gold-text", markup=False)
        with VerticalScroll(id="response", classes="box", can_focus=True) as response:
            response.border_title = "response"
            yield Static(id="response-text", markup=False)
        with VerticalScroll(id="verdicts", classes="box", can_focus=False) as verdicts:
            verdicts.border_title = "verdicts"
            yield Static(id="verdicts-text", markup=False)
        yield Static(id="said", markup=False)
        yield Input(id="entry")
        yield Footer()

    def on_mount(self) -> None:
        self.query_one("#response").focus()
        self._show()

    # --- keys -------------------------------------------------------------------------------------

    def action_label(self, outcome: Outcome) -> None:
        if self.queue.current is not None:
            self.message = f"{short_id(self.queue.current.row.key.id, 40)}: {WORDS[outcome]}"
            with self._saving():
                self.queue.label(outcome)
            self._turn()

    def action_skip(self) -> None:
        self.queue.forward()
        self._turn()

    def action_previous(self) -> None:
        self.queue.back()
        self._turn()

    def action_undo(self) -> None:
        self.message = "nothing to undo"
        with self._saving():
            if self.queue.undo():
                self.message = "undone"
        self._turn()

    def action_unfold(self) -> None:
        self.unfolded = not self.unfolded
        self._show()

    def action_filter(self) -> None:
        self.message = f"filter: {self.queue.next_filter()}"
        self._turn()

    def action_ask(self, entry: Entry) -> None:
        if entry == "note" and self.queue.current is None:
            return
        self.asked = entry
        line = self.query_one("#entry", Input)
        line.border_title = "note on this row" if entry == "note" else "search (empty: all rows)"
        line.value = self.queue.note_here if entry == "note" else self.queue.sought
        line.border_subtitle = "enter keeps it, esc leaves"
        line.add_class("asked")
        line.focus()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While a line is being written, keys write."""
        del parameters
        return self.asked is None or action not in KEYS

    def action_leave_entry(self) -> None:
        self.asked = None
        self.query_one("#entry", Input).remove_class("asked")
        self.refresh_bindings()
        self.query_one("#response").focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if self.asked == "note":
            with self._saving():
                self.queue.note(event.value.strip())
            self._show()
        else:
            found = self.queue.search(event.value)
            sought = plain_line(event.value, 40)
            self.message = f"rows with “{sought}”: {found}" if sought else "all rows"
            self._turn()
        self.action_leave_entry()

    @contextmanager
    def _saving(self) -> Iterator[None]:
        try:
            yield
        except JudgekitError as fault:
            self.fault = fault
            self.exit()

    # --- the screen -------------------------------------------------------------------------------

    def _turn(self) -> None:
        """Show another row, folded again."""
        self.unfolded = False
        self._show()

    def _show(self) -> None:
        queue, task = self.queue, self.queue.current
        self.query_one(Bar).write()
        for name in ("question", "gold", "response"):
            self.query_one(f"#{name}").display = task is not None
        self.query_one("#verdicts").display = task is not None and not queue.blind
        if task is None:
            self._write("said", Text(self._nothing(), style="bold"))
            return
        row = task.row
        asked = visible(row.problem.question) or "(the question is not known)"
        if row.problem.choices:
            asked += "\n" + visible(options(row.problem.choices))
        self._write("question-text", Text(asked))
        self._write("gold-text", Text(visible(row.problem.gold), style="bold"))
        self._write("response-text", self._response(task))
        self._write("verdicts-text", _verdicts(task))
        self._write("said", self._said(queue.label_here, queue.note_here))
        self.query_one("#question").scroll_home(animate=False)
        self.query_one("#response").scroll_end(animate=False)

    def _write(self, name: str, text: Text | Table) -> None:
        self.query_one(f"#{name}", Static).update(text)

    def _bar(self, width: int) -> str:
        queue = self.queue
        at, shown = queue.place
        parts = [f"{queue.done} of {len(queue.tasks)} labelled"]
        if queue.unsure:
            parts.append(f"{queue.unsure} unsure")
        if queue.current is not None:
            parts.insert(0, f"{at}/{shown} {queue.filter}")
        if queue.sought:
            parts.append(f"search: {queue.sought}")
        parts += ["blind" if queue.blind else "", f"by {queue.by}", self.heading]
        line = plain_line(" · ".join(filter(None, parts)), 300)
        if queue.current is not None:
            room = width - len(f" · {line}")
            line = f"{short_id(queue.current.row.key.id, max(room, LEAST_ID))} · {line}"
        return plain_line(line, width)

    def _response(self, task: Task) -> Text:
        text = Text()
        for piece in pieces(task.row, unfolded=self.unfolded):
            text.append(piece.text, LOOKS[piece.look])
        if not task.row.response.text.strip():
            text = Text("(the response is empty)", style="dim")
        text.rstrip()
        if task.row.response.finish_reason in ("length", "loop"):
            ended = {"length": "cut off here", "loop": "stopped as a loop"}
            text.append(f" [… {ended[task.row.response.finish_reason]}]", LOOKS["folded"])
        return text

    def _said(self, label: Label | None, note: str) -> Text:
        text = Text()
        if label is not None:
            text.append(f"labelled {WORDS[label.outcome]}", f"bold {STYLES[label.outcome]}")
        elif self.message:
            text.append(self.message, "dim")
        if note:
            text.append("  note: ", "dim").append(plain_line(note, 120))
        return text

    def _nothing(self) -> str:
        queue = self.queue
        if queue.sought:
            among = "" if queue.filter == "all" else f" under the filter {queue.filter!r}"
            return f"No row fits the search{among}: / changes it, f the filter."
        if queue.filter == "open" and queue.tasks:
            return "All rows are labelled. f shows them again, z takes the last back, q leaves."
        return f"No row is shown under the filter {queue.filter!r}: f changes it."


def _verdicts(task: Task) -> Table:
    """Every verdict with its evidence, and why the row is looked at."""
    table = Table.grid(padding=(0, 2))
    for style, fixed in (("bold", True), ("", True), ("", False), ("", False)):
        table.add_column(style=style, no_wrap=fixed, overflow="fold")
    for several in task.row.verdicts.values():
        for verdict in several:
            table.add_row(*_verdict(verdict))
    if task.why:
        table.add_row("why", "", "", Text(plain_line("; ".join(task.why), 300), style="dim"))
    return table


def _verdict(verdict: Verdict) -> tuple[Text, ...]:
    confidence = "" if verdict.confidence is None else f" {verdict.confidence:.2f}"
    read = "" if verdict.extracted is None else f"read {plain_line(verdict.extracted, 60)}"
    evidence = Text(plain_line(verdict.evidence, 400))
    if verdict.flags:
        evidence.append(f" ({', '.join(verdict.flags)})", "dim")
    return (
        Text(plain_line(verdict.stage, 30)),
        Text(verdict.outcome + confidence, style=STYLES[verdict.outcome]),
        Text(read),
        evidence,
    )
