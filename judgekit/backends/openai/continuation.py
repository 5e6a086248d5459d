"""How forced text is gone on from: the strongest way that a server has, found by asking it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from judgekit.backends.engine import THINKING_ENDS, Message, Tokenizer, Told, told_by
from judgekit.backends.openai.asking import PROBE, Asking
from judgekit.backends.openai.local_tokenizer import local_tokenizer, without_begin

Continuation = Literal["token ids", "text", "continue_final_message", "assistant prefill"]
Render = Callable[[Sequence[Message]], str]

CONTINUE = {"continue_final_message": True, "add_generation_prompt": False}


@dataclass(frozen=True, slots=True)
class Way:
    """How forced text is gone on from.

    `render` makes messages into text where the server has no template of its own to give;
    `tokenizer` is the model's where it lies on this machine and agrees with the server. `told` is
    what was seen of how the model thinks.
    """

    continuation: Continuation | None = None
    render: Render | None = None
    tokenizer: Tokenizer | None = None
    told: Told = field(default_factory=Told)


async def strongest_way(ask: Asking, root: object, counted: int) -> Way:
    """The strongest way to go on from what was written.

    `root` is where the server read the model, if it says; `counted` the tokens that it counted
    in the probe's messages.
    """
    if ids := await _ids(ask):
        tokenizer = local_tokenizer(root if isinstance(root, str) else ask.model)
        if tokenizer is not None and tokenizer.encode(tokenizer.render(PROBE)) == ids:
            return Way("token ids", tokenizer=tokenizer, told=told_by(tokenizer))
        return Way("token ids", told=Told(await _counted(ask), await _detokenized(ask, ids)))
    applied = await _applied(ask)
    if applied is not None and await _is_whole(ask, applied, counted):
        return Way("text", told=Told(await _counted(ask), applied))
    if tokenizer := local_tokenizer(ask.model):
        render = without_begin(tokenizer)
        rendered = render(PROBE)
        if await _is_whole(ask, rendered, counted):
            return Way("text", render, told=replace(told_by(tokenizer), opening=rendered))
    # What was written is rendered as a message here: no template opens thinking before it.
    told = Told(await _counted(ask))
    if await _goes_on(ask, {}):
        return Way("assistant prefill", told=told)
    if await _goes_on(ask, CONTINUE):
        return Way("continue_final_message", told=told)
    return Way(told=told)


async def _ids(ask: Asking) -> list[int] | None:
    """vLLM: `/tokenize` renders messages to ids, `/completions` takes ids and returns ids."""
    rendered = await ask.tried(
        f"{ask.server.root}/tokenize",
        {"model": ask.model, "messages": list(PROBE), "add_generation_prompt": True},
    )
    ids = rendered.get("tokens") if rendered else None
    if not isinstance(ids, list) or not ids:
        return None
    reply = await ask.completed({"prompt": ids, "return_token_ids": True})
    return ids if reply is not None and reply.ids is not None else None


async def _detokenized(ask: Asking, ids: Sequence[int]) -> str:
    body = {"model": ask.model, "tokens": list(ids)}
    reply = await ask.tried(f"{ask.server.root}/detokenize", body)
    return str(reply.get("prompt", "")) if reply else ""


async def _counted(ask: Asking) -> dict[str, int]:
    """How many tokens each end of thinking is, by the server's `/tokenize`; empty without one.

    vLLM and SGLang name the text `prompt`, llama.cpp `content`.
    """
    counts: dict[str, int] = {}
    for end in THINKING_ENDS:
        for body in (
            {"model": ask.model, "prompt": end, "add_special_tokens": False},
            {"content": end, "add_special": False, "parse_special": True},
        ):
            reply = await ask.tried(f"{ask.server.root}/tokenize", body)
            ids = reply.get("tokens") if reply else None
            if isinstance(ids, list) and ids:
                counts[end] = len(ids)
                break
        else:
            return {}
    return counts


async def _applied(ask: Asking) -> str | None:
    """llama.cpp: `/apply-template` renders messages to text."""
    reply = await ask.tried(f"{ask.server.root}/apply-template", {"messages": list(PROBE)})
    prompt = reply.get("prompt") if reply else None
    return prompt if isinstance(prompt, str) else None


async def _is_whole(ask: Asking, prompt: str, counted: int) -> bool:
    """Whether `/completions` takes a rendered prompt as it stands.

    Some servers put a text into the chat template once more, or a second beginning before it:
    then the count differs from that of the same messages in a chat.
    """
    reply = await ask.completed({"prompt": prompt})
    return reply is not None and reply.prompt_tokens == counted


async def _goes_on(ask: Asking, fields: Mapping[str, Any]) -> bool:
    """Whether a last assistant message is gone on from, by the server's own token counts.

    A turn that is closed and opened again costs the end of turn and the next header; a second
    word costs only itself.
    """
    counts = []
    for said in ((), ("one",), ("one one",)):
        messages = [*PROBE, *({"role": "assistant", "content": text} for text in said)]
        body = {"model": ask.model, "messages": messages, ask.limit: 1, **ask.greedy}
        reply = await ask.tried("/chat/completions", {**body, **(fields if said else {})})
        usage = reply.get("usage") if reply else None
        count = usage.get("prompt_tokens") if isinstance(usage, dict) else None
        if not isinstance(count, int) or count <= 0:
            return False
        counts.append(count)
    opened, one, two = counts
    return 0 < one - opened <= two - one
