"""A recipe: a method's hyperparameters, rewards and prompt as one TOML file.

`judgekit/train/recipes/METHOD/NAME.toml` ship with judgekit; a path ending in `.toml` names the
user's own. What stands under `[trainer]` are TRL's own options for the method (`SFTConfig`,
`DPOConfig`, `GRPOConfig`, `RLOOConfig`), by their own names, and checked by TRL.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

from judgekit.config import read_toml, section
from judgekit.errors import ConfigError, UnknownName, UserError
from judgekit.prompt import Prompt, load_prompt
from judgekit.rewards import Tags
from judgekit.runs import without_none

Method = Literal["sft", "dpo", "grpo", "rloo"]
METHODS: tuple[Method, ...] = get_args(Method)

DEFAULTS: Mapping[Method, str] = {
    "sft": "s1",
    "dpo": "shortest",
    "grpo": "gsm8k",
    "rloo": "efficient",
}
"""The recipe of each method where none is named."""

PROMPTS: Mapping[Tags, str] = {"think": "reasoning", "reasoning": "xml"}
"""The prompt that asks for a tag pair: DeepSeek-R1's, and the GSM8K recipe's."""

_FOLDER = Path(__file__).parent / "recipes"


@dataclass(frozen=True, slots=True)
class Lora:
    """Low-rank adapters (Hu et al. 2021, arXiv 2106.09685); merged into the saved checkpoint.

    `four_bit` holds the base model as NF4 with double quantisation (QLoRA, Dettmers et al. 2023,
    arXiv 2305.14314), on a GPU; on a CPU the base model stays as it is.
    """

    r: int = 16
    alpha: int = 32
    dropout: float = 0.05
    targets: str = "all-linear"
    four_bit: bool = False


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column of the data holds what, where it is not called so already."""

    id: str = "id"
    question: str = "question"
    trace: str = "trace"
    answer: str = "answer"
    chosen: str = "chosen"
    rejected: str = "rejected"
    gold: str = "gold"
    kind: str = "kind"
    choices: str = "choices"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a sweep runs each checkpoint on; None is the default of `judgekit generate`."""

    benchmark: str = "starter"
    data: str | None = None
    limit: int | None = None
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is trained how; every field can be set by `-o`.

    `tags` is the one setting of the tag pair: it names the prompt (unless `prompt` does), the form
    of the data and of the form rewards, and the format that is watched. `rewards` has a table for
    each: its `weight` and the reward's own options. `advantages` is RLOO's: `leave-one-out` (the
    paper's text), `whitened` over the batch (the paper's code) or divided by each prompt's
    deviation (`per-prompt`, its ablation). `held_back` problems are kept out of training, and every
    reward is compared with the graded accuracy on them.
    """

    name: str
    method: Method
    description: str = ""
    source: str = ""
    tags: Tags = "think"
    prompt: str | None = None
    seed: int = 0
    advantages: Literal["leave-one-out", "whitened", "per-prompt"] = "leave-one-out"
    held_back: int = 0
    lora: Lora | None = None
    columns: Columns = Columns()
    evaluation: Evaluation = Evaluation()
    rewards: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    trainer: Mapping[str, Any] = field(default_factory=dict)

    @property
    def prompt_name(self) -> str:
        return self.prompt or PROMPTS[self.tags]

    def count(self, option: str, default: int) -> int:
        """One of TRL's options that count something; `default` is TRL's where it is not set."""
        value = self.trainer.get(option, default)
        if type(value) is not int or value < 1:
            raise ConfigError(f"{option} should be a whole number from 1, is {value!r}")
        return value

    def load_prompt(self) -> Prompt:
        """The prompt that asks; one that asks for the other tag pair is refused."""
        prompt = load_prompt(self.prompt_name)
        if prompt.tags not in (None, self.tags):
            raise UserError(
                f"recipe {self.name} has tags = {self.tags!r}, and its prompt "
                f"{self.prompt_name!r} asks for {prompt.tags!r}",
                hint=f"-o tags={prompt.tags}, or another prompt",
            )
        return prompt


def names(method: Method) -> list[str]:
    """The recipes of a method that ship with judgekit."""
    return sorted(path.stem for path in (_FOLDER / method).glob("*.toml"))


def load(method: str, name: str | None = None, settings: Mapping[str, str] | None = None) -> Recipe:
    """A recipe by name or path, with `-o` settings over it.

    Raises `UnknownName` or `ConfigError` naming the file and the option.
    """
    if method not in METHODS:
        raise UnknownName("method", method, METHODS)
    name = name or DEFAULTS[method]
    if name.endswith(".toml"):
        path = Path(name)
    elif name in names(method):
        path = _FOLDER / method / f"{name}.toml"
    else:
        hint = "or the path of a .toml file"
        raise UnknownName(f"recipe of {method}", name, names(method), hint=hint)
    table = read_toml(path)
    for key, text in (settings or {}).items():
        assign(table, key, text)
    return parse({"name": path.stem, **table, "method": method}, str(path))


def parse(table: Mapping[str, Any], where: str) -> Recipe:
    """Check the tables and build the recipe."""
    for key, cls in (("lora", Lora), ("columns", Columns), ("evaluation", Evaluation)):
        if key in table:
            section(cls, table[key], f"{where}: {key}")
    recipe = section(Recipe, table, where)
    if recipe.method in ("grpo", "rloo") and not recipe.rewards:
        raise ConfigError(f"{where}: {recipe.method} needs a reward", hint="[rewards.correctness]")
    if recipe.method in ("sft", "dpo") and recipe.rewards:
        raise ConfigError(f"{where}: {recipe.method} takes no rewards")
    recipe.load_prompt()
    return recipe


def assign(table: dict[str, Any], key: str, text: str) -> None:
    """Set one option: a field of the recipe, `table.option`, or the name alone.

    A name alone is looked for in the tables that the recipe has, and is TRL's otherwise.
    """
    value = _value(text)
    *path, leaf = key.split(".")
    if not path and leaf not in {f.name for f in fields(Recipe)}:
        path = _home(table, leaf)
    for step in path:
        table = table.setdefault(step, {})
        if not isinstance(table, dict):
            raise ConfigError(f"-o {key}: {step} is no table")
    table[leaf] = value


def as_table(recipe: Recipe) -> dict[str, Any]:
    """The recipe as its file would hold it.

    What is at its default is left out, but for the switches that one should know of.
    """
    default = Recipe(recipe.name, recipe.method)
    switches = ("tags", "advantages") if recipe.method == "rloo" else ("tags",)
    table: dict[str, Any] = {}
    for each in fields(Recipe):
        value = getattr(recipe, each.name)
        if each.name in ("name", "method"):
            continue
        if value == getattr(default, each.name) and each.name not in switches:
            continue
        if isinstance(value, Lora | Columns | Evaluation):
            value = {f.name: getattr(value, f.name) for f in fields(value)}
        table[each.name] = value
    found: dict[str, Any] = without_none(table)
    return found


def _home(table: Mapping[str, Any], leaf: str) -> list[str]:
    """The table of the recipe that has this option: one reward's, else the trainer's."""
    rewards = [name for name, options in table.get("rewards", {}).items() if leaf in options]
    if len(rewards) > 1:
        raise ConfigError(
            f"-o {leaf}: rewards {' and '.join(rewards)} both have it",
            hint=f"-o rewards.{rewards[0]}.{leaf}=…",
        )
    return ["rewards", rewards[0]] if rewards else ["trainer"]


def _value(text: str) -> Any:
    """A TOML value, else the text itself."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
