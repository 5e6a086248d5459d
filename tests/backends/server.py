"""A real server process that speaks the OpenAI protocol in several dialects, with faults to order.

    python server.py '{"dialect": "vllm"}'        prints its port, serves until it is killed

The model behind it is `ScriptedEngine` over `reply` below, so that what an engine should make of
the server's answers is what the scripted engine itself says. `POST /test/faults` sets the faults of
all later generations, `GET /test/seen` tells the requests since the last call and how
many were under way at once.

Faults: `status`, `share` (of the generations), `first` (only so many),
`headers`, `stall` (seconds before the reply), `drip` (seconds between bytes), `cut` (bytes of the
body that are sent), `body` (a text instead of the reply).
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from judgekit.backends.engine import Ask, Context, Piece
from judgekit.backends.scripted import ByteTokenizer, ScriptedEngine

MODEL = "scripted-model"
KEY = "sk-secret-0123456789"
TOKENIZER = ByteTokenizer()
RICH = ("vllm", "llamacpp", "sglang")
"""Dialects with log-probabilities and JSON schemas; the others: prefill, serve, plain, hosted."""


def reply(messages: Any, written: str) -> str:
    """What the model behind the server says: it thinks, can be told to wait, and answers."""
    question = next(m["content"] for m in reversed(messages) if m["role"] == "user")
    if question.startswith("Count"):
        whole = "one, two, three, four, five, six"
    elif question == "loop":
        whole = "again and " * 400
    elif written.endswith("Wait"):
        return ", it is 43.</think>43 – ½"
    else:
        whole = f"<think>{len(question)} letters, so 42.</think>The answer is 42 – ½."
    return whole[len(written) :] if whole.startswith(written) else " 43"


class Refusal(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Model:
    """The dialects: what each route takes and gives."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.dialect = settings.get("dialect", "plain")
        self.reasoning = settings.get("reasoning")
        self.length = settings.get("max_model_len", 4096)
        self.root = settings.get("root", "/no/such/folder")
        self.usage = settings.get("usage", True)
        # A reasoning model's own end of thinking is one token, and its template may open thinking.
        self.own = settings.get("own", [])
        self.opens = settings.get("opens", "")
        self.engine = ScriptedEngine(reply)

    def models(self) -> dict[str, Any]:
        entry: dict[str, Any] = {"id": MODEL, "object": "model"}
        if self.dialect in ("vllm", "sglang"):
            entry |= {"max_model_len": self.length, "root": self.root}
        return {"object": "list", "data": [entry]}

    def tokenize(self, body: dict[str, Any]) -> dict[str, Any]:
        """vLLM names a text `prompt`, llama.cpp `content`; what is not named is no text."""
        if "messages" in body and self.dialect == "vllm":
            return {"tokens": TOKENIZER.encode(self.render(body["messages"]))}
        text = body.get("content" if self.dialect == "llamacpp" else "prompt", "")
        return {"tokens": [300] if text in self.own else TOKENIZER.encode(text)}

    def render(self, messages: Any) -> str:
        return TOKENIZER.render(messages) + self.opens

    def chat(self, body: dict[str, Any]) -> dict[str, Any]:
        messages = body["messages"]
        written = ""
        goes_on = self.dialect in ("llamacpp", "prefill") or (
            self.dialect in ("vllm", "sglang") and body.get("continue_final_message")
        )
        if messages[-1]["role"] == "assistant" and goes_on:
            *messages, last = messages
            written = last["content"]
        found = self.run(self.render(messages) + written, body)
        message: dict[str, Any] = {"role": "assistant", "content": found["text"]}
        thought = re.match(r"<think>(.*?)(?:</think>(.*))?$", found["text"], re.DOTALL)
        if self.reasoning and thought:
            message = {"role": "assistant", "content": thought[2], self.reasoning: thought[1]}
        choice = {"index": 0, "message": message, **found["ending"]}
        if found["logprobs"]:
            choice["logprobs"] = {
                "content": [
                    {"token": token, "bytes": list(token.encode()), "logprob": -0.5}
                    for token in found["named"]
                ]
            }
        return self.answer(choice, found)

    def completions(self, body: dict[str, Any]) -> dict[str, Any]:
        prompt = body["prompt"]
        if not isinstance(prompt, str):
            if self.dialect != "vllm":
                raise Refusal(400, "prompt must be a string.")
            prompt = TOKENIZER.decode(prompt)
        found = self.run(prompt, body)
        choice = {"index": 0, "text": found["text"], **found["ending"]}
        if found["logprobs"]:
            choice["logprobs"] = {
                "tokens": found["named"],
                "token_logprobs": [-0.5] * found["tokens"],
            }
        if body.get("return_token_ids") and self.dialect == "vllm":
            choice["token_ids"] = found["ids"]
        return self.answer(choice, found)

    def run(self, prompt: str, body: dict[str, Any]) -> dict[str, Any]:
        """One generation, and what of it this dialect shows."""
        if self.dialect == "hosted":
            if "max_tokens" in body:
                raise Refusal(400, "Unsupported parameter: use 'max_completion_tokens' instead.")
            for name in ("temperature", "logprobs", "stop"):
                if name in body:
                    raise Refusal(400, f"Unsupported parameter: '{name}' with this model.")
            body = {"max_tokens": body["max_completion_tokens"], "temperature": 0, **body}
        if body.get("model") not in (MODEL, None):
            raise Refusal(404, f"The model `{body.get('model')}` does not exist.")
        extended = self.dialect in ("vllm", "sglang")
        max_tokens, min_tokens = body["max_tokens"], body.get("min_tokens", 0) if extended else 0
        if min_tokens > max_tokens:
            raise Refusal(400, "min_tokens must be at most max_tokens")
        detection = body.get("repetition_detection") if self.dialect == "vllm" else None
        if detection and detection["min_count"] < 2:
            raise Refusal(400, "min_count must be at least 2")
        count = len(TOKENIZER.encode(prompt))
        if extended and count + max_tokens > self.length:
            raise Refusal(400, f"maximum context length is {self.length} tokens")
        structured = body.get("response_format") and self.dialect in RICH
        stop = tuple(body.get("stop") or ())
        ask = Ask(
            max_tokens,
            min_tokens=min_tokens,
            stop=stop,
            temperature=body["temperature"],
            seed=body.get("seed", 0),
            stop_on_loop=bool(detection),
        )
        engine = ScriptedEngine(lambda m, w: '{"ok": true}') if structured else self.engine
        got = asyncio.run(engine.extend(parsed(prompt), ask))
        ids, text = list(got.ids or ()), got.text
        if got.stopped == "end":
            ids.append(ByteTokenizer.END)
        elif got.stopped == "stop":
            ids += TOKENIZER.encode(got.matched or "")
            if self.dialect == "serve":
                text += got.matched or ""
        finish = {"end": "stop", "loop": "repetition"}.get(got.stopped, got.stopped)
        ending: dict[str, Any] = {"finish_reason": finish}
        if self.dialect == "vllm":
            ending["stop_reason"] = got.matched
        elif self.dialect == "sglang":
            ending["matched_stop"] = got.matched or ByteTokenizer.END
        return {
            "text": text,
            "ids": ids,
            "named": [TOKENIZER.decode([id_]) for id_ in ids],
            "tokens": len(ids),
            "prompt_tokens": count,
            "ending": ending,
            "logprobs": body.get("logprobs") and self.dialect in RICH,
        }

    def answer(self, choice: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
        body: dict[str, Any] = {"object": "completion", "model": MODEL, "choices": [choice]}
        if self.usage:
            body["usage"] = {
                "prompt_tokens": found["prompt_tokens"],
                "completion_tokens": found["tokens"],
            }
        return body


def parsed(prompt: str) -> Context:
    """A rendered prompt back as messages and what was written after them."""
    *turns, written = re.split(r"<\|end\|>(?=<\|)", prompt)
    messages = []
    for turn in turns:
        role, _, content = turn.removeprefix("<|").partition("|>")
        messages.append({"role": role, "content": content})
    written = written.removeprefix("<|assistant|>")
    ids = tuple(TOKENIZER.encode(written))
    rendered = TOKENIZER.render(messages)
    context = Context(tuple(messages), rendered, tuple(TOKENIZER.encode(rendered)))
    return replace(context, pieces=[Piece(written, ids, len(ids), "model")])


class Faults:
    """The faults set, drawn for one generation after another.

    `share` is drawn from the request itself and how often it came, not from the order of arrival.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.set({})

    def set(self, faults: dict[str, Any]) -> None:
        self.faults, self.drawn, self.came = faults, 0, Counter[str]()

    def draw(self, body: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            name = json.dumps(body, sort_keys=True)
            self.drawn += 1
            self.came[name] += 1
            hit = random.Random(f"{name} {self.came[name]}").random() < self.faults.get("share", 1)
            return self.faults if hit and self.drawn <= self.faults.get("first", 1e9) else {}


class Handler(BaseHTTPRequestHandler):
    model: Model
    key: str | None = None
    faults = Faults()
    seen: list[dict[str, Any]] = []  # noqa: RUF012
    under_way = peak = 0
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        if self.path == "/test/seen":
            seen, peak = Handler.seen, Handler.peak
            Handler.seen, Handler.peak = [], 0
            return self.send(200, {"requests": seen, "peak": peak})
        if not self.authorised():
            return self.send(401, error("Incorrect API key provided: " + self.given_key()))
        if self.path == "/v1/models":
            return self.send(200, self.model.models())
        return self.send(404, {"detail": "Not Found"})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path == "/test/faults":
            Handler.faults.set(body)
            return self.send(200, {})
        if not self.authorised():
            return self.send(401, error("Incorrect API key provided: " + self.given_key()))
        routes = {"/v1/chat/completions": self.model.chat}
        dialect = self.model.dialect
        if dialect in ("vllm", "llamacpp", "serve"):
            routes["/v1/completions"] = self.model.completions
        if dialect in ("vllm", "llamacpp", "sglang"):
            routes["/tokenize"] = self.model.tokenize
        if dialect == "vllm":
            routes["/detokenize"] = lambda b: {"prompt": TOKENIZER.decode(b["tokens"])}
        if dialect == "llamacpp":
            routes["/apply-template"] = lambda b: {"prompt": self.model.render(b["messages"])}
        Handler.seen.append({"path": self.path, "body": body, "at": time.time()})
        if self.path not in routes:
            return self.send(404, {"detail": "Not Found"})
        Handler.under_way += 1
        Handler.peak = max(Handler.peak, Handler.under_way)
        try:
            return self.serve(routes[self.path], body)
        finally:
            Handler.under_way -= 1

    def serve(self, route: Callable[[dict[str, Any]], Any], body: dict[str, Any]) -> None:
        faults = Handler.faults.draw(body) if self.path.endswith("completions") else {}
        time.sleep(faults.get("stall", 0))
        if "status" in faults:
            return self.send(faults["status"], error("on purpose"), faults)
        try:
            return self.send(200, route(body), faults)
        except Refusal as refusal:
            return self.send(refusal.status, error(str(refusal)))

    def send(self, status: int, body: Any, faults: dict[str, Any] | None = None) -> None:
        faults = faults or {}
        data = json.dumps(body).encode()
        if "body" in faults:
            data = faults["body"].encode("utf-8", "surrogatepass")
        try:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            for name, value in faults.get("headers", {}).items():
                self.send_header(name, value)
            self.end_headers()
            if "cut" in faults:
                data, self.close_connection = data[: faults["cut"]], True
            for start in range(0, len(data), 1 if "drip" in faults else len(data) or 1):
                self.wfile.write(data[start : start + 1] if "drip" in faults else data)
                self.wfile.flush()
                time.sleep(faults.get("drip", 0))
        except OSError:
            self.close_connection = True

    def authorised(self) -> bool:
        return self.key is None or self.given_key() == self.key

    def given_key(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ")

    def log_message(self, *_: Any) -> None:
        """Quiet."""


def error(message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "test"}}


def main() -> None:
    settings = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}
    Handler.model = Model(settings)
    Handler.key = settings.get("key")
    server = ThreadingHTTPServer(("127.0.0.1", settings.get("port", 0)), Handler)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
