"""How a character that may act on a screen or hide in a text is written so that it is seen."""

from __future__ import annotations


def escaped(char: str) -> str:
    """The character by its code point, as Python writes it: `\\x1b`, `\\u202e`, `\\U000e0001`."""
    code = ord(char)
    return (
        f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
    )
