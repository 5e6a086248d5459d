"""Who runs the model, and the turn that strategies drive."""

from __future__ import annotations

from judgekit.backends.engine import Engine
from judgekit.config import ModelConfig
from judgekit.errors import MissingExtra

__all__ = ["open_engine"]


def open_engine(config: ModelConfig) -> Engine:
    """The engine that the configuration names, ready to be asked; close it with `aclose`.

    Raises `UserError` or `EnvironmentFault` where the model or the backend is not to be had.
    """
    match config.resolved_backend:
        case "openai":
            from judgekit.backends.openai.server import connect

            return connect(config)
        case "scripted":
            from judgekit.backends import scripted

            return scripted.load(config.model)
        case "replay":
            from judgekit.backends import replay

            return replay.load(config.model, concurrency=config.concurrency)
        case "vllm":
            return _vllm(config)
        case _:
            from judgekit.backends.transformers.engine import TransformersEngine

            return TransformersEngine(config)


def _vllm(config: ModelConfig) -> Engine:
    import importlib.util

    if importlib.util.find_spec("vllm") is None:
        raise MissingExtra("vLLM", "vllm")
    from judgekit.backends.vllm.engine import VLLMEngine

    return VLLMEngine(config)
