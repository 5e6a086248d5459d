"""Files -> tokenizer and model, as transformers reads them, in silence; GGUF is converted once."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from judgekit.errors import MissingExtra


def convert_gguf(gguf: Path, folder: Path) -> None:
    """Write the GGUF file's model and tokenizer into the folder as safetensors, in fp32."""
    require_extra()
    with quiet():
        tokenizer, model = read(str(gguf.parent), {"gguf_file": gguf.name}, "float32")
        tokenizer.save_pretrained(folder)
        model.save_pretrained(folder)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers' notices and progress bars off the user's terminal while inside."""
    from huggingface_hub.utils import logging as hub_logging
    from transformers.utils import logging

    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    hub_verbosity = hub_logging.get_verbosity()
    logging.set_verbosity(logging.CRITICAL)
    hub_logging.set_verbosity(logging.CRITICAL)
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        hub_logging.set_verbosity(hub_verbosity)
        if bars:
            logging.enable_progress_bar()


def require_extra() -> None:
    """Raises `MissingExtra` where torch or transformers is not installed."""
    try:
        import torch  # noqa: F401
        import transformers  # noqa: F401
    except ImportError:
        raise MissingExtra("torch and transformers", "local") from None


def read(source: str, options: dict[str, Any], dtype: str) -> tuple[Any, Any]:
    """Tokenizer and model of what `source` and its options name."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    tokenizer = AutoTokenizer.from_pretrained(source, **options)
    options = {**options, "dtype": getattr(torch, dtype)}
    if "gguf_file" not in options:
        return tokenizer, AutoModelForCausalLM.from_pretrained(source, **options)
    # Otherwise a quantised model comes back that can neither be saved nor trusted to be the same
    # on every machine.
    options["quantization_config"] = GgufConfig(dequantize=True)
    # The GGUF reader shows a progress bar that no setting of transformers hides.
    with contextlib.redirect_stderr(io.StringIO()):
        return tokenizer, AutoModelForCausalLM.from_pretrained(source, **options)
