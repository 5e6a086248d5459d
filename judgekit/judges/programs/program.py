"""A program is data: a form, and for each of its steps instructions and examples.

Forms: `predict` (one reply), `chain-of-thought` (reasoning first), `agent` (ReAct with the tools
of `judgekit.judges.tools`, then reasoning and the verdict). A program file is JSON of our own and
holds nothing that is executed; DSPy's own files can name classes to import. It says which fields
its steps have, and a file made for other fields is refused; DSPy would load it without a word.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import dspy

from judgekit.errors import ConfigError, DataError
from judgekit.judges.programs.adapter import frame_and_instructions
from judgekit.judges.sheet import asked_of
from judgekit.judges.tools import Toolbox
from judgekit.lines import disk
from judgekit.rows import from_row, to_row
from judgekit.runs import digest
from judgekit.verifier import Case, make_case

Form = Literal["predict", "chain-of-thought", "agent"]
FORMS: tuple[Form, ...] = ("predict", "chain-of-thought", "agent")

_tools: ContextVar[Toolbox] = ContextVar("tools of the case that is being judged")


class Judgement(dspy.Signature):  # type: ignore[misc]
    """What every judge is given and says; its instructions stand in prompts/judge/program.toml."""

    question: str = dspy.InputField(desc="the question")
    gold: str = dspy.InputField(desc="the gold answer")
    response: str = dspy.InputField(desc="the response to judge")
    extracted: str | None = dspy.OutputField(
        desc="the final answer, copied from the response, or null"
    )
    reason: str = dspy.OutputField(desc="one sentence")
    verdict: Literal["correct", "incorrect", "undecided"] = dspy.OutputField()


@dataclass(frozen=True, slots=True)
class Step:
    """What one step of a program is asked, and the examples that it is shown."""

    instructions: str
    examples: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Program:
    """A program as its file holds it.

    `steps` are by the names that DSPy gives a module's predictors; those not named are as they
    come. `fields` are each step's inputs and outputs, `tuned` how the program was made and what
    came of it.
    """

    form: Form
    steps: Mapping[str, Step] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    tuned: Mapping[str, Any] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        """Changes whenever what a model sees could."""
        steps = {name: [s.instructions, s.examples] for name, s in self.steps.items()}
        return digest([self.form, steps])

    def module(self, tool_steps: int = 0) -> JudgeModule:
        """The program as a DSPy module."""
        module = JudgeModule(self.form, tool_steps)
        for name, predictor in module.named_predictors():
            if step := self.steps.get(name):
                predictor.signature = predictor.signature.with_instructions(step.instructions)
                predictor.demos = [dspy.Example(**example) for example in step.examples]
        return module


class JudgeModule(dspy.Module):  # type: ignore[misc]
    """A form as a module over the fields of `Judgement`; an agent's predictions have a `trail`."""

    def __init__(self, form: Form, tool_steps: int = 0) -> None:
        super().__init__()
        signature = Judgement.with_instructions(frame_and_instructions()[1])
        self.tool_steps = tool_steps
        self.judge: Any
        match form:
            case "predict":
                self.judge = dspy.Predict(signature)
            case "chain-of-thought":
                self.judge = dspy.ChainOfThought(signature)
            case "agent":
                self.judge = dspy.ReAct(signature, _offered(), max_iters=tool_steps)

    def forward(self, **inputs: str) -> Any:
        with self._toolbox(inputs) as tools:
            said = self.judge(**inputs)
        return dspy.Prediction(**{**said, "trail": tools.trail})

    async def aforward(self, **inputs: str) -> Any:
        with self._toolbox(inputs) as tools:
            said = await self.judge.acall(**inputs)
        return dspy.Prediction(**{**said, "trail": tools.trail})

    @contextmanager
    def _toolbox(self, inputs: Mapping[str, str]) -> Any:
        case = make_case(inputs["gold"], inputs["response"], question=inputs["question"])
        tools = Toolbox(case, self.tool_steps)
        token = _tools.set(tools)
        try:
            yield tools
        finally:
            _tools.reset(token)


def inputs_of(case: Case) -> dict[str, str]:
    """A case as a program's inputs."""
    question, gold = asked_of(case)
    return {"question": question, "gold": gold, "response": case.response}


def steps_of(module: JudgeModule) -> dict[str, Step]:
    """What the steps of a module are asked, as it now is; examples with the steps' own fields."""
    return {
        name: Step(
            predictor.signature.instructions,
            tuple(
                {key: demo[key] for key in predictor.signature.fields if key in demo}
                for demo in predictor.demos
            ),
        )
        for name, predictor in module.named_predictors()
    }


def fields_of(module: JudgeModule) -> dict[str, str]:
    """Each step's inputs and outputs, such as `question, gold, response -> verdict`."""
    return {
        name: f"{', '.join(p.signature.input_fields)} -> {', '.join(p.signature.output_fields)}"
        for name, p in module.named_predictors()
    }


def read_program(name: str) -> Program:
    """The program that a configuration names: a form, or a file that `save` wrote.

    Raises `ConfigError` for anything else, and for a file that another version made for other
    fields.
    """
    if name in FORMS:
        return Program(name)
    path = Path(name)
    if path.suffix != ".json":
        raise ConfigError(
            f"program {name!r} is neither a form nor a .json file",
            hint=f"{', '.join(FORMS)}, or a file that judgekit judge tune has written",
        )
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as fault:
        raise ConfigError(f"{path} is no program: {fault}") from None
    if not isinstance(row, dict):
        raise ConfigError(f"{path} is no program: it holds no JSON object")
    try:
        program = from_row(Program, row, where=str(path))
    except DataError as fault:
        raise ConfigError(fault.message, hint=fault.hint) from None
    if program.fields != fields_of(JudgeModule(program.form, 1)):
        raise ConfigError(
            f"{path} was made for other fields than a judge has",
            hint="tune again with this version of judgekit",
        )
    return program


def save(program: Program, path: Path) -> None:
    """Write the program as JSON; the whole file or none."""
    text = json.dumps(to_row(program), ensure_ascii=False, indent=1, default=str)
    with disk(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.new")
        draft.write_text(text + "\n", encoding="utf-8")
        draft.replace(path)


def _offered() -> list[Any]:
    """The tools, as DSPy describes them to the model; arguments are checked by the toolbox."""
    sample = Toolbox(Case(None, "", "", "text"), 0)
    return [_offer(name, tool) for name, tool in sample.tools.items()]


def _offer(name: str, tool: Any) -> Any:
    def call(**arguments: Any) -> str:
        return _tools.get().use(name, arguments)

    parameters = inspect.signature(tool).parameters.values()
    return dspy.Tool(
        call,
        name=name,
        desc=tool.__doc__,
        args={p.name: {} if p.default is p.empty else {"default": p.default} for p in parameters},
        arg_types={},
    )
