"""Rows -> what TRL trains on: exactly the ids that `judgekit generate` will put before the model.

Prompts go through the chat template; replies do not, since the templates of reasoning models drop
the thinking of an assistant's turn. A reply is its own ids and the token that ends the turn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from judgekit.backends.transformers.loading import ChatTokenizer
from judgekit.errors import DataError, UserError
from judgekit.formats.rows import LeftOut
from judgekit.prompt import Prompt, messages
from judgekit.rewards import Tags, written
from judgekit.train.data import problem
from judgekit.train.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Encoded:
    """Rows in TRL's format; those that are too long are left out and counted.

    `prompt` is the first row's as rendered, and `end` the id that ends a turn.
    """

    rows: Sequence[Mapping[str, Any]]
    left_out: Sequence[LeftOut]
    prompt: str
    end: int


class Encoder:
    """Turns rows into prompts and replies for one tokenizer, prompt and tag pair."""

    def __init__(self, tokenizer: ChatTokenizer, recipe: Recipe) -> None:
        self.tokenizer = tokenizer
        self.prompt: Prompt = recipe.load_prompt()
        self.tags: Tags = recipe.tags
        end = tokenizer.end_of_turn()
        self.end: int = tokenizer.inner.eos_token_id if end is None else end
        if self.end is None:
            raise UserError(f"{tokenizer.inner.name_or_path} has no token that ends a turn")

    def sft(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """`input_ids`, and a `completion_mask` that is 1 where there is loss: on the reply."""
        before, ids = self.asked(row)
        reply = self._reply(before, written(row["trace"], row["answer"], self.tags))
        return {
            "input_ids": [*ids, *reply],
            "completion_mask": [0] * len(ids) + [1] * len(reply),
        }

    def dpo(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """`prompt_ids`, `chosen_ids`, `rejected_ids`."""
        before, ids = self.asked(row)
        return {
            "prompt_ids": ids,
            "chosen_ids": self._reply(before, row["chosen"]),
            "rejected_ids": self._reply(before, row["rejected"]),
        }

    def rl(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The chat as `prompt`, and the row's columns for the rewards; `solution` is TRL's gold."""
        if self.prompt.start:
            raise UserError(
                f"prompt {self.prompt.name!r} begins the model's turn, which TRL's RL cannot do",
                hint="take a prompt without `start`",
            )
        chat = messages(self.prompt, problem(row), system=self._takes_system)
        return {"solution": row["gold"], **row, "prompt": chat}

    def asked(self, row: Mapping[str, Any]) -> tuple[str, list[int]]:
        """The prompt as rendered, and its ids."""
        rendered = self.tokenizer.render(messages(self.prompt, problem(row)))
        start = self.prompt.start or ""
        # In two parts, as a strategy forces it: ids do not merge across the seam.
        ids = self.tokenizer.encode(rendered) + (self.tokenizer.encode(start) if start else [])
        return rendered + start, ids

    def _reply(self, before: str, text: str) -> list[int]:
        if before.rstrip().endswith(f"<{self.tags}>"):
            text = text.lstrip().removeprefix(f"<{self.tags}>").lstrip("\n")
        return [*self.tokenizer.encode(text), self.end]

    @property
    def _takes_system(self) -> bool:
        """Whether the chat template accepts a system message; some (Gemma's) refuse it."""
        from jinja2 import TemplateError

        chat = [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]
        try:
            self.tokenizer.inner.apply_chat_template(chat, tokenize=False)
        except TemplateError:
            return False
        return True


def encode(
    tokenizer: ChatTokenizer, recipe: Recipe, rows: Sequence[Mapping[str, Any]], longest: int | None
) -> Encoded:
    """All rows; those with more than `longest` tokens are left out.

    The tokens of a row are those of prompt and reply, the longer one of a pair; in reinforcement
    learning those of the prompt and of the longest reply that may be sampled. Raises `DataError`
    where nothing is left.
    """
    encoder = Encoder(tokenizer, recipe)
    kept: list[Mapping[str, Any]] = []
    left_out: list[LeftOut] = []
    make = {"sft": encoder.sft, "dpo": encoder.dpo}.get(recipe.method, encoder.rl)
    for number, row in enumerate(rows, 1):
        tokens = _tokens(encoder, recipe, row, made := make(row))
        if longest is not None and tokens > longest:
            reason = f"{tokens:,} tokens, more than the {longest:,} that fit"
            left_out.append(LeftOut(number, reason))
        else:
            kept.append(made)
    if not kept:
        raise DataError(
            f"every row is too long: row 1 has {left_out[0].reason}", hint=_hint(recipe)
        )
    return Encoded(kept, left_out, encoder.asked(rows[0])[0], encoder.end)


def _tokens(
    encoder: Encoder, recipe: Recipe, row: Mapping[str, Any], made: Mapping[str, Any]
) -> int:
    if recipe.method == "sft":
        return len(made["input_ids"])
    if recipe.method == "dpo":
        replies = max(len(made["chosen_ids"]), len(made["rejected_ids"]))
        return len(made["prompt_ids"]) + replies
    return len(encoder.asked(row)[1]) + recipe.count("max_completion_length", 512)


def _hint(recipe: Recipe) -> str:
    if recipe.method in ("grpo", "rloo"):
        return "-o max_completion_length=…, or a model with a longer context"
    return "-o max_length=…, or a model with a longer context"
