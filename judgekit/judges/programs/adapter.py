"""How a program speaks: DSPy's signatures in our own words, read by our own parser.

DSPy's default adapter puts inputs into the prompt as they are, takes the first header for the field
and the last object for the reply, repairs broken JSON, and lets a truncated reply pass: each of
these turns text of the response into a verdict. Here inputs are fenced and neutralised as for every
judge, the reply is one JSON object and nothing after it, and what cannot be read is asked once more
and then refused.
"""

from __future__ import annotations

import json
import typing
from collections.abc import Generator, Mapping, Sequence
from typing import Any, Literal

import dspy
from dspy.utils.exceptions import AdapterParseError
from pydantic import TypeAdapter, ValidationError

from judgekit.backends.engine import Engine, Message
from judgekit.judges.asking import Turns
from judgekit.judges.fence import Fenced, between, fence, middle_out, neutralise
from judgekit.judges.parse import Unparsed, latex_kept, parse, without_code_fence, without_thinking
from judgekit.judges.programs.seam import request_of
from judgekit.judges.sheet import fitted, remark
from judgekit.prompt import fill, load_prompt

PROMPT = "judge/program"
ATTEMPTS = 2
MAX_INPUT = 8_000
MAX_EXAMPLE = 1_000
"""Characters of any input that is not the case's own, and of a response shown as an example."""

CASE = ("question", "gold", "response")
NOT_NEEDED = ("reasoning",)
"""What an example may lack: people who label rows do not say how they got there."""

Fields = dict[str, Any]


class FencedAdapter(dspy.Adapter):  # type: ignore[misc]
    """Asks what a signature wants of fenced inputs. `salt` makes the fence's mark the judge's own.

    `before_reply` tokens may be written before the reply; `opinions` are what other judges said.
    """

    def __init__(
        self, engine: Engine, salt: str, before_reply: int = 0, opinions: str = ""
    ) -> None:
        super().__init__()
        self._engine = engine
        self._salt = salt
        self._before_reply = before_reply
        self._opinions = opinions

    def __call__(
        self, lm: Any, lm_kwargs: Any, signature: Any, demos: Any, inputs: Any
    ) -> list[Fields]:
        """The fields of the reply. Raises `AdapterParseError`, and what the engine raises."""
        asking = self._ask(lm, signature, demos, inputs)
        request = next(asking)
        while True:
            try:
                request = asking.send(lm(request))
            except StopIteration as done:
                return [done.value]

    async def acall(
        self, lm: Any, lm_kwargs: Any, signature: Any, demos: Any, inputs: Any
    ) -> list[Fields]:
        """As `__call__`, in the event loop."""
        asking = self._ask(lm, signature, demos, inputs)
        request = next(asking)
        while True:
            try:
                request = asking.send(await lm.acall(request))
            except StopIteration as done:
                return [done.value]

    def format_user_message_content(
        self, signature: Any, inputs: Mapping[str, Any], *args: Any, **options: Any
    ) -> str:
        """What an agent is shown of its own steps so far."""
        return "\n".join(f"{name}: {_written(value)}" for name, value in inputs.items())

    def _ask(
        self, lm: Any, signature: Any, demos: Sequence[Any], inputs: Mapping[str, Any]
    ) -> Generator[Any, Any, Fields]:
        """Requests out, responses in: the same for threads and for the event loop."""
        schema = schema_of(signature)
        text = why = ""
        for _ in range(ATTEMPTS):
            chat = self.chat(signature, demos, inputs, why)
            response = yield request_of(chat, lm.kwargs.get("temperature"), schema)
            text = response.text or ""
            try:
                return fields_of(
                    signature, text, inputs, cut_off=response.finish_reason == "length"
                )
            except Unparsed as unread:
                why = str(unread)
        raise AdapterParseError(type(self).__name__, signature, text, message=why)

    def chat(
        self, signature: Any, demos: Sequence[Any], inputs: Mapping[str, Any], why: str = ""
    ) -> Sequence[Message]:
        """The messages: frame and instructions, examples as earlier turns, and the case.

        As much of the response's end as the context holds. Raises `RequestFailed` where hardly
        anything of it would be left.
        """
        given = {n: _written(inputs[n]) for n in signature.input_fields if n in inputs}
        question, gold, response = (given.pop(name, "") for name in CASE)
        rest = {name: middle_out(neutralise(text), MAX_INPUT) for name, text in given.items()}
        judging = "response" in signature.input_fields
        if not judging:  # a proposer's signature: the mark is to stand in none of its texts either
            question = "\n".join(rest.values())

        def fence_to(limit: int) -> Fenced:
            return fence(question, gold, response, limit=limit, salt=self._salt)

        def turns_of(fenced: Fenced) -> Turns:
            case = dict(zip(CASE, (fenced.question, fenced.gold, fenced.response), strict=True))
            blocks = [fill(load_prompt(PROMPT).user.strip(), case)] if judging else []
            blocks += [between(name, text, fenced.mark) for name, text in rest.items()]
            asked = [*blocks, shape_of(signature)]
            last = "\n\n".join(asked) + remark(fenced.mark, self._opinions, why)
            frame = fill(frame_and_instructions()[0], {"mark": fenced.mark})
            return Turns(
                [
                    {"role": "system", "content": f"{frame}\n\n{signature.instructions}"},
                    *_examples(signature, demos, fenced.mark),
                    {"role": "user", "content": last},
                ]
            )

        return fitted(fence_to, turns_of, self._engine, self._before_reply).chat


def frame_and_instructions() -> tuple[str, str]:
    """What every program is told of the data it sees, and what it is asked at first."""
    frame, _, instructions = (load_prompt(PROMPT).system or "").strip().partition("\n\n")
    return frame, instructions


def fields_of(
    signature: Any, reply: str, inputs: Mapping[str, Any], *, cut_off: bool = False
) -> Fields:
    """The reply's fields, each of its type. Raises `Unparsed`.

    A verdict is read by the parser of all judges. A reply that is to be one text, such as proposed
    instructions, is that text where it is no object.
    """
    fields: Fields
    if "verdict" in signature.output_fields:
        opinion = parse(reply, response=str(inputs.get("response", "")), cut_off=cut_off)
        fields = {
            "extracted": opinion.extracted,
            "reason": opinion.reason,
            "verdict": opinion.verdict,
        }
        if "reasoning" in signature.output_fields:
            try:
                fields["reasoning"] = str(_object(reply).get("reasoning", ""))
            except Unparsed:  # a verdict in lines
                fields["reasoning"] = ""
        return fields
    try:
        if cut_off:
            raise Unparsed("the reply was cut off")
        said, fields = _object(reply), {}
    except Unparsed:
        (name, field), *others = signature.output_fields.items()
        if others or field.annotation is not str:
            raise
        return {name: reply.strip()}
    for name, field in signature.output_fields.items():
        try:
            fields[name] = TypeAdapter(field.annotation).validate_python(said.get(name))
        except ValidationError:
            raise Unparsed(f"the reply's {name} is not what was asked for") from None
    return fields


def shape_of(signature: Any) -> str:
    """What the reply has to look like, in words that are the same for every form."""
    shown = ", ".join(
        f'"{name}": {_wanted(name, field)}' for name, field in signature.output_fields.items()
    )
    return f"Reply with one JSON object and nothing else, its keys in this order:\n{{{shown}}}"


def schema_of(signature: Any) -> Mapping[str, Any] | None:
    """The JSON schema of the reply; None where a field is an object of any shape."""
    properties = {}
    for name, field in signature.output_fields.items():
        if field.annotation is dict or typing.get_origin(field.annotation) is dict:
            return None
        properties[name] = TypeAdapter(field.annotation).json_schema()
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _wanted(name: str, field: Any) -> str:
    if typing.get_origin(field.annotation) is Literal:
        *others, last = typing.get_args(field.annotation)
        return json.dumps(f"{', '.join(others)} or {last}" if others else last)
    if typing.get_origin(field.annotation) is dict:
        return '{"argument": "value"}'
    described = (field.json_schema_extra or {}).get("desc") or ""
    return json.dumps("step by step" if described.startswith("$") else described)


def _examples(signature: Any, demos: Sequence[Any], mark: str) -> list[Message]:
    """Worked examples as earlier turns; one that lacks a field teaches nothing and is left out."""
    turns: list[Message] = []
    needed = [name for name in signature.output_fields if name not in NOT_NEEDED]
    for demo in demos:
        if any(name not in demo for name in needed):
            continue
        blocks = [
            between(
                "gold answer" if name == "gold" else name,
                neutralise(_written(demo[name]))[-MAX_EXAMPLE:],
                mark,
            )
            for name in signature.input_fields
            if name in demo
        ]
        said = {name: demo[name] for name in signature.output_fields if name in demo}
        asked = "\n\n".join([*blocks, shape_of(signature)])
        turns.append({"role": "user", "content": asked})
        turns.append({"role": "assistant", "content": json.dumps(said, ensure_ascii=False)})
    return turns


def _object(reply: str) -> Mapping[str, Any]:
    """The JSON object with which a reply ends. Raises `Unparsed`."""
    text = without_code_fence(without_thinking(reply).strip())
    start = text.find("{")
    try:
        said = json.loads(latex_kept(text[max(0, start) :]), strict=False)
    except (json.JSONDecodeError, RecursionError):
        raise Unparsed("the reply is not one JSON object") from None
    if not isinstance(said, dict):
        raise Unparsed("the reply is not one JSON object")
    return said


def _written(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)
