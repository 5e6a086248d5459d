"""What a model can be made to do: the traits that decide which strategies can work on it at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from judgekit.backends.engine import Engine, told
from judgekit.backends.turn import Model, Sampling, Turn
from judgekit.prompt import load_prompt
from judgekit.records import Problem
from judgekit.strategies.answering import solve
from judgekit.strategies.together import together

SYSTEM = "probe/system"
WORD = "heron"
"""What every reply to the prompt `probe/system` should begin with."""


@dataclass(frozen=True, slots=True)
class Trait:
    """In how many of the replies something held; of none where the backend cannot show it.

    `otherwise` is what to do where it does not hold. `fails` is the end of a reply that failed.
    """

    name: str
    asks: str
    held: int
    of: int
    otherwise: str
    fails: str = ""

    @property
    def holds(self) -> bool:
        """It held in more than half of the replies."""
        return 2 * self.held > self.of


async def probe(engine: Engine, problems: Sequence[Problem], max_tokens: int = 256) -> list[Trait]:
    """Ask the model a few easy problems in each way, greedily, and see what it does."""

    async def replies(prompt: str, system: bool = True) -> list[Turn]:
        model = Model(engine, load_prompt(prompt), Sampling(max_tokens), system=system)
        return await together(solve(model, problem) for problem in problems)

    async def forced() -> list[Turn]:
        return await replies("progressive-expansion") if "text" in engine.features else []

    told, folded, tagged, boxed, begun = await together(
        [replies(SYSTEM), replies(SYSTEM, False), replies("reasoning"), replies("cot"), forced()]
    )
    return [
        _trait(
            "system prompt",
            "does what its system prompt says",
            told,
            _begins,
            "-o system=false puts it into the user's message",
        ),
        _trait(
            "instruction",
            "does it when the user's message says so",
            folded,
            _begins,
            "prompts that ask for a format cannot be relied on",
        ),
        _trait(
            "tags",
            "thinks in <think> and answers in <answer> when asked",
            tagged,
            _is_tagged,
            "take cot instead of reasoning, or progressive-expansion, which forces its tags",
        ),
        _trait(
            "box",
            "puts its answer in a box when asked",
            boxed,
            lambda turn: "\\boxed" in turn.text,
            "answers are read from weaker cues; a forced cue helps",
        ),
        _trait(
            "stops",
            f"ends its turn by itself within {max_tokens} tokens",
            boxed,
            _ends,
            "--stop-loops, a cut-off or a thinking-budget",
        ),
        _trait(
            "forced start",
            "goes on from a forced <reasoning>",
            begun,
            lambda turn: turn.own > 0,
            "strategies that force text will not work",
        ),
        _trait(
            "closes",
            "closes by itself the tag that was opened for it",
            begun,
            lambda turn: "</reasoning>" in turn.text,
            "forcing strategies close it by force",
        ),
    ]


def delimiter_tokens(engine: Engine) -> int | None:
    """How many tokens `</think>` is: 1 in models trained to think; None where nobody can tell."""
    return told(engine).tokens.get("</think>")


def _trait(
    name: str, asks: str, turns: Sequence[Turn], holds: Callable[[Turn], bool], otherwise: str
) -> Trait:
    failed = [turn for turn in turns if not holds(turn)]
    fails = failed[0].text[-_SHOWN:] if failed else ""
    return Trait(name, asks, len(turns) - len(failed), len(turns), otherwise, fails)


_SHOWN = 200
"""Characters of a reply that failed."""


def _begins(turn: Turn) -> bool:
    return turn.text.lstrip("*\"'#“ \n").lower().startswith(WORD)


def _is_tagged(turn: Turn) -> bool:
    """The tags are all there, in order."""
    places = [turn.text.find(tag) for tag in ("</think>", "<answer>", "</answer>")]
    opened = "<think>" in turn.text or turn.context.prompt.rstrip().endswith("<think>")
    return opened and -1 not in places and places == sorted(places)


def _ends(turn: Turn) -> bool:
    return turn.last is not None and turn.last.stopped == "end"
