"""How text of others is shown: what acts or hides in it made visible, what is long cut short."""

from __future__ import annotations


def escaped(char: str) -> str:
    """The character by its code point, as Python writes it: `\\x1b`, `\\u202e`, `\\U000e0001`."""
    code = ord(char)
    return (
        f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
    )


def shortened(line: str, longest: int) -> str:
    """The line without its middle where it is too long: names of one kind differ at their ends."""
    if len(line) <= longest:
        return line
    tail = longest // 2
    return f"{line[: longest - 1 - tail]}…{line[-tail:]}"
