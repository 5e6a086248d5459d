"""One extension while it is being written: when it ends, and what of it is kept.

A stop string counts when the token that completes it comes after the least number of tokens. It may
begin inside a token. Then the tokens before that one are kept as they are, and
only the rest, up to the stop string, is encoded anew.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence

from judgekit.backends.engine import Ask, Extension, Stopped, Tokenizer
from judgekit.backends.segments import token_ends
from judgekit.loops import LoopDetector

_CHARACTER = 8
"""Tokens after which undecodable bytes are taken as they are: no character has as many."""


class Writing:
    """Takes the model's tokens one by one, and tells when to stop.

    `before` is what stands in front of the extension. `prompt_tokens` and `cached_tokens` go into
    the extension as they are.
    """

    def __init__(
        self,
        ask: Ask,
        tokenizer: Tokenizer,
        ends: Collection[int],
        before: Sequence[int],
        prompt_tokens: int,
        cached_tokens: int = 0,
    ) -> None:
        self.ask = ask
        self.cached_tokens = cached_tokens
        self._tokenizer = tokenizer
        self._ends = ends
        # One token of context: some tokenizers drop the leading space of what stands first.
        self._before = list(before[-1:])
        self._prompt_tokens = prompt_tokens
        self._ids: list[int] = []
        self._logprobs: list[float] = []
        self._text = ""
        # Where the text is known to end with a token: (characters, tokens), ascending.
        self._seams = [(0, 0)]
        self._stops = [stop for stop in ask.stop if stop]
        self._detector = LoopDetector() if ask.stop_on_loop else None

    @property
    def barred(self) -> Collection[int]:
        """The ids that may not come next: the ends, before the least number of tokens."""
        return self._ends if len(self._ids) < self.ask.min_tokens else ()

    def take(self, id_: int, logprob: float | None) -> Extension | None:
        """Take the next token; the finished extension if it was the last."""
        if id_ in self._ends and len(self._ids) >= self.ask.min_tokens:
            return self._finished("end")
        self._ids.append(id_)
        self._logprobs.append(logprob or 0.0)
        if self._stops and (found := self._stop_found()):
            return self._cut(*found)
        if self._detector is not None and self._detector.feed([id_]) is not None:
            return self._finished("loop")
        if len(self._ids) >= self.ask.max_tokens:
            return self._finished("length")
        return None

    def _stop_found(self) -> tuple[int, str] | None:
        """Where the stop string begins that the last token completed, and which it is."""
        clean = self._seams[-1][1]
        grown = self._decoded(self._ids[clean - 1 : clean] or self._before, self._ids[clean:])
        if grown.endswith("\N{REPLACEMENT CHARACTER}") and len(self._ids) - clean < _CHARACTER:
            return None
        old = len(self._text)
        self._text += grown
        self._seams.append((len(self._text), len(self._ids)))
        if len(self._ids) <= self.ask.min_tokens:
            return None
        found = [
            (at, stop)
            for stop in self._stops
            if (at := self._text.find(stop, max(0, old - len(stop) + 1))) >= 0
        ]
        return min(found, key=lambda each: each[0] + len(each[1]), default=None)

    def _cut(self, at: int, stop: str) -> Extension:
        """The extension up to the stop string that begins at character `at`."""
        seam = bisect_right(self._seams, at, key=lambda seam: seam[0])
        (characters, kept), (_, after) = self._seams[seam - 1], self._seams[seam]
        rest = self._text[characters:at]
        # Tokens between two seams have bytes of one character, or none of any.
        for longer in range(after - 1, kept, -1):
            part = self._decoded(self._ids[kept - 1 : kept] or self._before, self._ids[kept:longer])
            if part and rest.startswith(part):
                kept, rest = longer, rest[len(part) :]
                break
        ids = self._ids[:kept] + (self._tokenizer.encode(rest) if rest else [])
        return self._extension("stop", ids, self._text[:at], kept, matched=stop)

    def _finished(self, stopped: Stopped) -> Extension:
        text = self._decoded(self._before, self._ids)
        return self._extension(stopped, self._ids, text, len(self._ids))

    def _decoded(self, before: Sequence[int], ids: Sequence[int]) -> str:
        lead = self._tokenizer.decode(before)
        return self._tokenizer.decode([*before, *ids])[len(lead) :]

    def _extension(
        self,
        stopped: Stopped,
        ids: Sequence[int],
        text: str,
        kept: int,
        matched: str | None = None,
    ) -> Extension:
        """`kept` of the model's own tokens are in the ids, and perhaps what was encoded anew."""
        return Extension(
            text=text,
            ids=tuple(ids),
            tokens=len(ids),
            stopped=stopped,
            matched=matched,
            prompt_tokens=self._prompt_tokens,
            cached_tokens=self.cached_tokens,
            discarded=max(0, len(self._ids) - len(ids)),
            logprob=sum(self._logprobs[:kept]) if self.ask.logprobs else None,
            token_logprobs=self._token_logprobs(kept) if self.ask.logprobs else None,
        )

    def _token_logprobs(self, kept: int) -> tuple[tuple[str, float], ...]:
        text, ends = token_ends(self._ids[:kept], self._tokenizer)
        starts = [0, *ends]
        return tuple(
            (text[start:end], logprob)
            for start, end, logprob in zip(starts, ends, self._logprobs, strict=False)
        )
