r"""What a model is asked: a prompt file (TOML), and a problem put into it as chat messages.

A template holds names in braces: `{question}`, `{choices}`, `{letters}`, `{examples}`, and those
that the file declares under `variables`. One pass replaces exactly these; every other brace is
literal (`\boxed{}`, `\frac{1}{2}`), and what is put in is never read as a template again. For
multiple choice the wording under `[choice]` replaces that of the file; where the wording does not
place `{choices}` itself, the options follow the question.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from judgekit import assets
from judgekit.config import read_toml, section
from judgekit.errors import ConfigError, DataError, UnknownName, UserError
from judgekit.records import Problem

BUILT_IN = ("question", "choices", "letters", "examples")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

_UNDESCRIBED = ("name", "description", "source")
_NAMED = re.compile(r"(?<![\\\w}\]])\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Wording:
    """What replaces a prompt's own wording for multiple choice; None keeps it."""

    user: str | None = None
    system: str | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """A worked example; one with `choices` is shown with multiple-choice problems only."""

    question: str
    answer: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt file.

    `tags` says which pair encloses the thinking (`<think>` or `<reasoning>`), where the prompt asks
    for one. `start` is text that the assistant's turn is made to begin with. `example` is how one
    worked example is written where `{examples}` stands in `user`; without that, examples are
    earlier turns of the conversation. `then` are later turns of the user, each sent after a reply
    of the model (judges: commit first, then see the gold answer).
    """

    name: str
    user: str
    description: str = ""
    source: str = ""
    system: str | None = None
    start: str | None = None
    tags: Literal["think", "reasoning"] | None = None
    variables: tuple[str, ...] = ()
    then: tuple[str, ...] = ()
    choice: Wording = Wording()
    example: str | None = None
    examples: tuple[Example, ...] = ()

    def wording(self, *, choice: bool) -> tuple[str | None, str]:
        """The system and user templates for multiple choice or for anything else."""
        if not choice:
            return self.system, self.user
        system = self.system if self.choice.system is None else self.choice.system
        return system, self.user if self.choice.user is None else self.choice.user


def prompt_names() -> list[str]:
    """The prompts that ship with judgekit, judges' included (`judge/reference`)."""
    return assets.names("prompts")


def load_prompt(name: str | Path) -> Prompt:
    """A shipped prompt by name, or the user's own by the path of its `.toml` file.

    Raises `UnknownName` for a name or key that is not known, `ConfigError` for a file that cannot
    be a prompt.
    """
    if str(name).endswith(".toml"):
        path, name = Path(name), Path(name).stem
    else:
        known = prompt_names()
        if name not in known:
            raise UnknownName("prompt", str(name), known, hint="or the path of a .toml file")
        path = assets.folder("prompts") / f"{name}.toml"
    return _parse(read_toml(path), str(name), str(path))


def messages(
    prompt: Prompt,
    problem: Problem,
    *,
    system: bool = True,
    shots: int = 0,
    **variables: str,
) -> list[dict[str, str]]:
    """The chat that asks the problem, ending with a user's turn.

    With `system=False` the system text opens the first user message instead. `shots` is how many
    worked examples are shown. `variables` are what the prompt declares. Raises `UserError` when one
    is missing, or for more examples than the prompt has.
    """
    _check_variables(prompt, variables)
    choice = problem.kind == "choice"
    system_text, user_text = prompt.wording(choice=choice)
    values = {name: variables[name] for name in prompt.variables}
    examples = _examples(prompt, choice=choice, shots=shots)
    inline = "{examples}" in user_text
    shown = "".join(_written(prompt, example) for example in examples) if inline else ""
    chat: list[dict[str, str]] = []
    for example in () if inline else examples:
        asked = {**values, **_asked(example.question, example.choices, user_text)}
        chat.append(_message("user", fill(user_text, asked)))
        chat.append(_message("assistant", example.answer))
    asked = {
        **values,
        **_asked(problem.question, problem.choices, user_text),
        "examples": shown,
    }
    chat.append(_message("user", fill(user_text, asked)))
    if system_text:
        opening = fill(system_text, asked)
        if system:
            chat.insert(0, _message("system", opening))
        else:
            chat[0] = _message("user", f"{opening}\n\n{chat[0]['content']}")
    return chat


def fill(template: str, values: Mapping[str, str]) -> str:
    """The template with each `{name}` of `values` replaced, in one pass."""
    if not values:
        return template
    names = "|".join(map(re.escape, values))
    return re.sub(r"\{(" + names + r")\}", lambda match: values[match[1]], template)


def options(choices: Sequence[str]) -> str:
    """The options as the model sees them, one a line: `A) first`."""
    return "\n".join(f"{letter}) {text}" for letter, text in zip(LETTERS, choices, strict=False))


def prompt_hash(prompt: Prompt) -> str:
    """SHA-256 of all that can change what a model sees; name, description and source cannot."""
    content = {key: value for key, value in asdict(prompt).items() if key not in _UNDESCRIBED}
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _asked(question: str, choices: Sequence[str], template: str) -> dict[str, str]:
    if len(choices) > len(LETTERS):
        raise DataError(f"a question with {len(choices)} options: there are letters for 26")
    listed = options(choices)
    if choices and "{choices}" not in template:
        question = f"{question}\n\n{listed}"
    letters = ", ".join(LETTERS[: len(choices)])
    return {"question": question, "choices": listed, "letters": letters}


def _written(prompt: Prompt, example: Example) -> str:
    template = prompt.example or ""
    values = _asked(example.question, example.choices, template)
    return fill(template, {**values, "answer": example.answer})


def _message(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def _examples(prompt: Prompt, *, choice: bool, shots: int) -> Sequence[Example]:
    fitting = [example for example in prompt.examples if bool(example.choices) == choice]
    if shots > len(fitting):
        kind = "multiple-choice examples" if choice else "examples"
        raise UserError(
            f"prompt {prompt.name!r} has {len(fitting)} {kind}, {shots} were asked for",
            hint="ask for fewer shots, or add [[examples]] to a copy of the file",
        )
    return fitting[:shots]


def _check_variables(prompt: Prompt, given: Mapping[str, str]) -> None:
    if missing := [name for name in prompt.variables if name not in given]:
        raise UserError(f"prompt {prompt.name!r} needs {', '.join(missing)}")
    for name in given:
        if name not in prompt.variables and any(f"{{{name}}}" in text for text in _texts(prompt)):
            raise UserError(
                f"prompt {prompt.name!r} uses {{{name}}} without declaring it",
                hint=f'add "{name}" to its variables',
            )


def _parse(table: Mapping[str, object], name: str, where: str) -> Prompt:
    if "choice" in table:
        section(Wording, table["choice"], f"{where}: choice")
    examples = table.get("examples", ())
    if not isinstance(examples, list | tuple):
        raise ConfigError(f"{where}: examples should be a list of tables, [[examples]]")
    for number, example in enumerate(examples, 1):
        section(Example, example, f"{where}: examples[{number}]")
    prompt = section(Prompt, {"name": name, **table}, where)
    _check(prompt, where)
    return prompt


def _check(prompt: Prompt, where: str) -> None:
    """Refuse what would ask a model something else than its author meant."""
    known = (*BUILT_IN, *prompt.variables)
    for text in _texts(prompt):
        for found in _NAMED.findall(text):
            if found not in known and (near := difflib.get_close_matches(found, known, 1, 0.75)):
                raise ConfigError(
                    f"{where}: {{{found}}} is not replaced by anything",
                    hint=f"did you mean {{{near[0]}}}?",
                )
    for choice in (False, True):
        _, user = prompt.wording(choice=choice)
        if not any(f"{{{name}}}" in user for name in ("question", *prompt.variables)):
            raise ConfigError(
                f"{where}: the user's turn contains neither {{question}} nor a variable"
            )
        if "{examples}" in user and prompt.example is None:
            raise ConfigError(
                f"{where}: {{examples}} needs to know how one is written",
                hint=r'example = "Q: {question}\nA: {answer}\n"',
            )
    for name in prompt.variables:
        if name in BUILT_IN:
            raise ConfigError(f"{where}: variable {name!r} is built in")
        if not any(f"{{{name}}}" in text for text in _texts(prompt)):
            raise ConfigError(f"{where}: variable {name!r} is declared but used nowhere")


def _texts(prompt: Prompt) -> list[str]:
    texts = (prompt.system, prompt.user, *prompt.then, prompt.choice.system, prompt.choice.user)
    return [text for text in texts if text]
