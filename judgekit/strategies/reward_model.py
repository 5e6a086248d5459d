"""Reward models: classifiers that score a response, or each of its steps, run by transformers.

A sequence classifier is read as an outcome reward, a token classifier at its last token as the
reward of the last step. One output is squashed by the logistic function; of two or more the
probability of the last class counts ("correct", in the models that TRL's PRM trainer makes).
"""

from __future__ import annotations

import asyncio
from typing import Any

from judgekit.config import ModelConfig
from judgekit.errors import EnvironmentFault, MissingExtra

CLASSIFIERS = ("ForSequenceClassification", "ForTokenClassification")


class RewardModel:
    """A classifier, asked for one response at a time, off the event loop."""

    def __init__(self, config: ModelConfig, architecture: str) -> None:
        import torch
        from transformers import (
            AutoModelForSequenceClassification,
            AutoModelForTokenClassification,
            AutoTokenizer,
        )

        steps = architecture.endswith(CLASSIFIERS[1])
        loader = AutoModelForTokenClassification if steps else AutoModelForSequenceClassification
        device = config.device
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(config.model)
            self._model = loader.from_pretrained(config.model).to(device).eval()
        except (OSError, ValueError) as fault:
            raise EnvironmentFault(f"reward model {config.model}: {fault}") from None
        self._lock = asyncio.Lock()

    async def __call__(self, question: str, response: str) -> float:
        """The score of the response, from 0 to 1."""
        async with self._lock:
            return await asyncio.to_thread(self._score, question, response)

    def _score(self, question: str, response: str) -> float:
        import torch

        ids = self._ids(question, response)
        limit = getattr(self._model.config, "max_position_embeddings", len(ids))
        with torch.inference_mode():
            inputs = torch.tensor([ids[-limit:]], device=self._model.device)
            logits = self._model(input_ids=inputs).logits[0]
        last = logits[-1] if logits.dim() == 2 else logits
        if last.numel() == 1:
            return float(torch.sigmoid(last.float()).item())
        return float(torch.softmax(last.float(), -1)[-1].item())

    def _ids(self, question: str, response: str) -> list[int]:
        if self._tokenizer.chat_template is None:
            text = f"{question}\n{response}"
        else:
            chat = [
                {"role": "user", "content": question},
                {"role": "assistant", "content": response},
            ]
            text = self._tokenizer.apply_chat_template(chat, tokenize=False)
        ids: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids or [0]


def classifier_of(config: ModelConfig) -> str | None:
    """The architecture of a model that is a classifier, None for any other."""
    if config.model == "embedded" or config.resolved_backend != "transformers":
        return None
    try:
        from transformers import AutoConfig
    except ImportError:
        raise MissingExtra("transformers", "local") from None
    try:
        known: Any = AutoConfig.from_pretrained(config.model).architectures
    except (OSError, ValueError):
        return None
    return next((name for name in known or () if name.endswith(CLASSIFIERS)), None)
