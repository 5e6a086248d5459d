"""A name the user gave -> a causal language model and its tokenizer, ready on a device.

A name is `embedded`, a hub id, a local folder or a GGUF file. Everything that can go wrong here is
the user's or the environment's, and is said in one line before any work starts.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from judgekit.backends.engine import Message
from judgekit.backends.transformers import embedded
from judgekit.backends.transformers.reading import quiet, read, require_extra
from judgekit.config import ModelConfig
from judgekit.errors import EnvironmentFault, UnknownName, UserError

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+|[\w.-]+")
_HUB_PATIENCE = 15.0
"""Seconds to wait for the hub's first answer."""
_DTYPES = {
    "float32": "float32",
    "fp32": "float32",
    "float16": "float16",
    "fp16": "float16",
    "bfloat16": "bfloat16",
    "bf16": "bfloat16",
}


class ChatTokenizer:
    """A transformers tokenizer as the engines see it (`judgekit.backends.engine.Tokenizer`).

    `inner` is the wrapped tokenizer. A lock guards it: strategies and the engine's own thread use
    it at once, and the Rust tokenizers refuse to be borrowed twice.
    """

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self._lock = threading.Lock()

    def encode(self, text: str) -> list[int]:
        with self._lock:
            return list(self.inner(text, add_special_tokens=False)["input_ids"])

    def decode(self, ids: Sequence[int]) -> str:
        with self._lock:
            return str(
                self.inner.decode(
                    list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False
                )
            )

    def render(self, messages: Sequence[Message]) -> str:
        """The chat template, opened for the assistant.

        A template that refuses a system message (Gemma's) gets it in front of the user's first.
        """
        from jinja2 import TemplateError

        try:
            return self._template(messages)
        except TemplateError as fault:
            if messages and messages[0]["role"] == "system" and len(messages) > 1:
                system, first, *rest = messages
                merged = {"role": "user", "content": f"{system['content']}\n\n{first['content']}"}
                return self.render([merged, *rest])
            raise UserError(f"the model's chat template refuses the messages: {fault}") from None

    def end_of_turn(self) -> int | None:
        """The special token that the template writes after an assistant's message, if any."""
        from jinja2 import TemplateError

        marker = "end-of-turn-probe"
        turns = [{"role": "user", "content": "?"}, {"role": "assistant", "content": marker}]
        try:
            rendered = self._template(turns, opened=False)
        except TemplateError:
            return None
        tail = self.encode(rendered.rpartition(marker)[2].lstrip())
        special = {*self.inner.all_special_ids, *self.inner.added_tokens_decoder}
        return tail[0] if tail and tail[0] in special else None

    def _template(self, messages: Sequence[Message], opened: bool = True) -> str:
        with self._lock:
            return str(
                self.inner.apply_chat_template(
                    [dict(message) for message in messages],
                    tokenize=False,
                    add_generation_prompt=opened,
                )
            )


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model on its device. `ends` are the ids that end a turn, `source` what was read."""

    model: Any = field(repr=False)
    tokenizer: ChatTokenizer
    ends: frozenset[int] = field(repr=False)
    source: str
    device: str
    dtype: str

    @property
    def context_length(self) -> int | None:
        """The window that the configuration states, in tokens."""
        config = self.model.config.get_text_config()
        length = getattr(config, "max_position_embeddings", None)
        return int(length) if length else None


def load(config: ModelConfig) -> Loaded:
    """Read the model that the configuration names.

    Raises `UserError` (no such model, not a chat model), `EnvironmentFault` (hub out of reach,
    gated, no such device) or `MissingExtra` (torch or transformers absent).
    """
    require_extra()
    device = _device(config.device)
    dtype = dtype_of(config.dtype, device)
    source, options = source_of(config.model)
    with quiet(), _named_faults(config.model):
        options = _reachable(source, options)
        tokenizer, model = read(source, options, dtype)
    chat = _chat(tokenizer, config.model)
    return Loaded(
        model=model.to(device).eval(),
        tokenizer=chat,
        ends=ends(getattr(model.generation_config, "eos_token_id", None), chat),
        source=source,
        device=device,
        dtype=dtype,
    )


def load_tokenizer(name: str) -> ChatTokenizer:
    """The tokenizer and chat template of a model alone; raises as `load`."""
    require_extra()
    from transformers import AutoTokenizer

    source, options = source_of(name)
    with quiet(), _named_faults(name):
        tokenizer = AutoTokenizer.from_pretrained(source, **_reachable(source, options))
    return _chat(tokenizer, name)


def source_of(name: str) -> tuple[str, dict[str, Any]]:
    """What to hand to `from_pretrained`, and with which options (`gguf_file`).

    Raises `UserError` for a name that can be no model.
    """
    if name == embedded.NAME:
        if embedded.prepared_folder().is_dir() or embedded.locate():
            return str(embedded.prepared()), {}
        return embedded.HUB_ID, {}
    path = Path(name).expanduser()
    if path.is_file():
        if path.suffix != ".gguf":
            raise UserError(f"{name} is not a model", hint="give a folder or a .gguf file")
        return str(path.parent), {"gguf_file": path.name}
    if path.is_dir():
        return _folder(path)
    if path.is_absolute() or name.startswith((".", "~")) or path.suffix == ".gguf":
        raise UserError(f"{name}: no such model folder or file")
    if not _HUB_ID.fullmatch(name) or _nearly_embedded(name):
        raise _unknown(name)
    return name, {}


def _folder(path: Path) -> tuple[str, dict[str, Any]]:
    if (path / "config.json").is_file():
        return str(path), {}
    match sorted(path.glob("*.gguf")):
        case [one]:
            return str(path), {"gguf_file": one.name}
        case []:
            raise UserError(f"{path} holds no model", hint="it has no config.json and no .gguf")
        case several:
            names = ", ".join(each.name for each in several)
            raise UserError(f"{path} holds several GGUF files", hint=f"name one of {names}")


def _reachable(source: str, options: dict[str, Any]) -> dict[str, Any]:
    return options if Path(source).is_dir() else _hub_options(source)


def _chat(tokenizer: Any, name: str) -> ChatTokenizer:
    if not tokenizer.chat_template:
        raise UserError(
            f"model {name!r} has no chat template",
            hint="take its instruction-tuned variant, often named -Instruct, -it or -Chat",
        )
    return ChatTokenizer(tokenizer)


def _hub_options(hub_id: str) -> dict[str, Any]:
    """One quick question to the hub, so that neither a wrong name nor a dead line is retried for
    minutes; without the hub, what its cache on this machine holds will do."""
    from huggingface_hub import HfApi, errors, try_to_load_from_cache

    try:
        HfApi().model_info(hub_id, timeout=_HUB_PATIENCE)
    except errors.RepositoryNotFoundError:
        raise
    except (_http_error(), errors.OfflineModeIsEnabled):
        if isinstance(try_to_load_from_cache(hub_id, "config.json"), str):
            return {"local_files_only": True}
        raise
    return {}


def _http_error() -> type[BaseException]:
    """The root of what the hub client's HTTP library raises (httpx or httpx2, by its version)."""
    from huggingface_hub.errors import HfHubHTTPError

    return HfHubHTTPError.__bases__[0]


def _nearly_embedded(name: str) -> bool:
    return bool(difflib.get_close_matches(name.lower(), [embedded.NAME], cutoff=0.75))


def _unknown(name: str) -> UnknownName:
    hint = "give `embedded`, a hub id (owner/name), a model folder or a .gguf file"
    return UnknownName("model", name, [embedded.NAME], hint=hint)


@contextlib.contextmanager
def _named_faults(name: str) -> Iterator[None]:
    """Turn what transformers and the hub's client raise into one line."""
    try:
        yield
    except (OSError, ValueError, KeyError, RuntimeError, _http_error()) as fault:
        chain: list[BaseException] = [fault]
        while chain[-1].__cause__ is not None:
            chain.append(chain[-1].__cause__)
        raise _fault(name, chain) from fault


def _fault(name: str, chain: list[BaseException]) -> UserError | EnvironmentFault:
    from huggingface_hub import errors as hub

    def any_is(*kinds: type[BaseException]) -> bool:
        return any(isinstance(each, kinds) for each in chain)

    first_line = str(chain[0]).strip().partition("\n")[0]
    if any_is(hub.GatedRepoError):
        return EnvironmentFault(
            f"model {name!r} is gated on the hub",
            hint="accept its terms there, then log in with `hf auth login`",
        )
    if any_is(hub.RepositoryNotFoundError, hub.HFValidationError):
        return _unknown(name)
    if any_is(hub.LocalEntryNotFoundError, hub.OfflineModeIsEnabled, _http_error()):
        if name == embedded.NAME:
            return EnvironmentFault(
                "the embedded model is not installed, and the hub cannot be reached",
                hint=embedded.INSTALL,
            )
        if "/" not in name:
            return _unknown(name)
        return EnvironmentFault(
            f"model {name!r} is not on this machine, and the hub cannot be reached",
            hint="check the connection, or give a local folder or `embedded`",
        )
    if any_is(OSError) and (number := getattr(chain[-1], "errno", None)):
        return EnvironmentFault(f"cannot read model {name!r}: {os.strerror(number)}")
    return UserError(f"cannot load model {name!r}: {first_line}")


def _device(wanted: str) -> str:
    import torch

    has = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wanted == "auto":
        return next((name for name, there in has.items() if there), "cpu")
    kind, _, index = wanted.partition(":")
    if kind not in ("cpu", *has):
        raise UnknownName("device", wanted, ["auto", "cpu", *has])
    if kind == "cuda" and index and has["cuda"] and not _counts(index, torch.cuda.device_count()):
        raise EnvironmentFault(f"device {wanted!r} is not there")
    if not has.get(kind, True):
        raise EnvironmentFault(f"device {wanted!r} is not there", hint="use --device auto or cpu")
    return wanted


def _counts(index: str, count: int) -> bool:
    return index.isdecimal() and int(index) < count


def dtype_of(wanted: str, device: str) -> str:
    if wanted == "auto":
        # On a CPU without native bf16 arithmetic bf16 is several times slower than fp32.
        return "float32" if device == "cpu" else "bfloat16"
    if wanted not in _DTYPES:
        raise UnknownName("data type", wanted, ["auto", *_DTYPES])
    return _DTYPES[wanted]


def ends(stated: int | Sequence[int] | None, tokenizer: ChatTokenizer) -> frozenset[int]:
    """What ends a turn: the ends that the model's generation configuration states, the
    tokenizer's, and the template's end of turn."""
    ids = list(stated) if isinstance(stated, Sequence) else [stated]
    ids += [tokenizer.inner.eos_token_id, tokenizer.end_of_turn()]
    return frozenset(id_ for id_ in ids if id_ is not None)
