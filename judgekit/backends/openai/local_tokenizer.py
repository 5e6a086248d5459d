"""The tokenizer of a model that is served elsewhere, where it happens to lie on this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from judgekit.backends.engine import Message

if TYPE_CHECKING:
    from judgekit.backends.transformers.loading import ChatTokenizer


def local_tokenizer(model: str) -> ChatTokenizer | None:
    """The tokenizer of a model in a folder or in the hub's cache, None where it is in neither."""
    if not _is_here(model):
        return None
    try:
        from transformers import AutoTokenizer

        from judgekit.backends.transformers.loading import ChatTokenizer
    except ImportError:
        return None
    try:
        tokenizer = AutoTokenizer.from_pretrained(model, local_files_only=True)
    except (OSError, ValueError):
        return None
    return ChatTokenizer(tokenizer) if tokenizer.chat_template else None


def _is_here(model: str) -> bool:
    """Whether the model's tokenizer lies on this machine; importing transformers takes seconds."""
    if Path(model).is_dir():
        return True
    try:
        from huggingface_hub import try_to_load_from_cache

        return isinstance(try_to_load_from_cache(model, "tokenizer_config.json"), str)
    except (ImportError, ValueError):
        return False


def without_begin(tokenizer: ChatTokenizer) -> Callable[[Sequence[Message]], str]:
    """The template without the beginning-of-text token, where the server adds that to a text."""
    inner = tokenizer.inner
    begin = inner.bos_token_id
    adds = begin is not None and inner("one")["input_ids"][:1] == [begin]
    return lambda messages: tokenizer.render(messages).removeprefix(
        str(inner.bos_token) if adds else ""
    )
