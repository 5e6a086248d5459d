"""What runs wrote, on a page: to be seen, never obeyed."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Any

from judgekit.texts import escaped

_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls, but not tab and line feed
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # turn text around (UAX #9)
    r"\u200b\u2028\u2029\u2060-\u2064\u206a-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def seen(text: str) -> str:
    """The text with escapes for characters that turn it around, hide in it or control a screen.

    Spaces of all widths and the joiners of emoji and scripts stay as they are.
    """
    return _UNSEEN.sub(lambda found: escaped(found[0]), text.replace("\r\n", "\n"))


def all_seen(value: Any) -> Any:
    """`seen` for every text in lists and dictionaries, keys apart."""
    if isinstance(value, str):
        return seen(value)
    if isinstance(value, dict):
        return {key: all_seen(each) for key, each in value.items()}
    if isinstance(value, list):
        return [all_seen(each) for each in value]
    return value


def asset(name: str) -> str:
    """A file of ours that stands in pages."""
    return files("judgekit.report").joinpath("templates", name).read_text(encoding="utf-8")


def render(template: str, **values: Any) -> str:
    """A page. Whatever is not markup of ours is escaped and made visible."""
    from jinja2 import Environment, PackageLoader, select_autoescape

    environment = Environment(
        loader=PackageLoader("judgekit.report"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        finalize=lambda value: seen(value) if type(value) is str else value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**values)
