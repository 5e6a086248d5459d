"""Every exception has the exit code of its branch, and says its line in one piece."""

from __future__ import annotations

import re

import pytest

from judgekit import errors


def _subclasses(cls: type) -> list[type]:
    return [cls, *(deeper for sub in cls.__subclasses__() for deeper in _subclasses(sub))]


def test_the_drawn_tree_is_the_real_tree() -> None:
    """The docstring's drawing names each exception, in the tree's own order and depth."""
    drawn = re.findall(r"^ {4}([│ ]*)(?:[├└]── )?([A-Z]\w+)", errors.__doc__ or "", re.MULTILINE)
    names = [name for _, name in drawn]
    real = [cls.__name__ for cls in _subclasses(errors.JudgekitError)]
    own = [name for name in real if hasattr(errors, name)]
    assert sorted(names) == sorted(own)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (errors.UserError("x"), 2),
        (errors.UnknownName("thing", "x", []), 2),
        (errors.ConfigError("x"), 2),
        (errors.DataError("x"), 2),
        (errors.RunMismatch("x"), 2),
        (errors.EnvironmentFault("x"), 3),
        (errors.MissingExtra("x", "local"), 3),
        (errors.BackendError("x"), 4),
        (errors.RequestFailed("x"), 4),
    ],
)
def test_exit_codes(fault: errors.JudgekitError, code: int) -> None:
    assert fault.exit_code == code


def test_a_near_name_is_suggested_and_a_far_one_gets_the_list() -> None:
    near = errors.UnknownName("strategy", "cto", ["cot", "cod", "standard"])
    assert str(near).startswith("unknown strategy 'cto' (did you mean cot")
    far = errors.UnknownName("strategy", "xyzzy", ["cot", "cod"])
    assert str(far) == "unknown strategy 'xyzzy' (known: cod, cot)"


def test_a_missing_extra_names_the_command() -> None:
    line = str(errors.MissingExtra("torch", "local"))
    assert line == "torch is not installed (in the clone: pip install -e '.[local]')"
