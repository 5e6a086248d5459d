"""Frozen dataclasses as rows of plain JSON values, and back.

`to_row` turns a record into a row, `from_row` reads it back equal, and an error of `from_row` names
the field by its dotted path ("segments[2].role").
"""

from __future__ import annotations

import dataclasses
import gc
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, Literal, NamedTuple, TypeVar, Union

from judgekit.errors import DataError

SCHEMA = 1
"""Version of the row formats; a file of a newer version is refused, never guessed at."""

T = TypeVar("T")
_Reader = Callable[[Any], Any]


def to_row(record: Any) -> dict[str, Any]:
    """The record as plain JSON values, with the `schema` that every row carries."""
    return {"schema": SCHEMA, **_plain(record)}


def from_row(cls: type[T], row: Mapping[str, Any], *, where: str = "") -> T:
    """The record that `to_row` wrote; fields it does not know are ignored.

    Raises `DataError` naming the field and `where` it stood ("responses.jsonl line 12").
    """
    schema = row.get("schema", SCHEMA)
    place = f"{where}: " if where else ""
    if schema != SCHEMA:
        raise DataError(
            f"{place}row of schema {schema!r}, this version reads {SCHEMA}",
            hint="use the judgekit version that wrote it",
        )
    try:
        return typing.cast(T, _reader(typing.cast(Any, cls))(row))
    except _Unreadable as fault:
        raise DataError(f"{place}{fault}") from None


@contextmanager
def in_bulk() -> Iterator[None]:
    """While many records are made and kept, without the collector of cycles.

    They have no cycles, and its looking through them again and again while their number grows costs
    as much as reading them.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Unreadable(Exception):
    """What is wrong with a value; whoever read around it adds where it stood."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.path = ""

    def within(self, place: str) -> _Unreadable:
        self.path = f"{place}{self.path}"
        return self

    def __str__(self) -> str:
        return f"field {self.path.lstrip('.')!r} {self.problem}" if self.path else self.problem


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value


@cache
def _reader(hint: Any) -> _Reader:
    """A function that checks a JSON value against a type and builds the value."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if dataclasses.is_dataclass(hint):
        return _record_reader(typing.cast(type, hint))
    if origin in (Union, types.UnionType):
        (inner,) = [_reader(arg) for arg in args if arg is not type(None)]
        return lambda value: None if value is None else inner(value)
    if origin is Literal:
        return _literal_reader(args)
    if origin is tuple:
        return _tuple_reader(args[0])
    if origin is not None and issubclass(origin, Mapping):
        return _mapping_reader(args[1])
    if hint is Any:
        return lambda value: value
    if hint is float:
        return lambda value: value if type(value) is float else float(_expect((int, float), value))
    return lambda value: value if type(value) is hint else _expect(hint, value)


def _expect(wanted: Any, value: Any) -> Any:
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        name = wanted.__name__ if isinstance(wanted, type) else "number"
        raise _Unreadable(f"should be {name}, is {value!r:.60}")
    return value


def _literal_reader(allowed: tuple[Any, ...]) -> _Reader:
    def read(value: Any) -> Any:
        if value not in allowed:
            raise _Unreadable(f"should be one of {', '.join(allowed)}, is {value!r:.60}")
        return value

    return read


def _tuple_reader(hint: Any) -> _Reader:
    item = _reader(hint)

    def read(value: Any) -> Any:
        items = []
        for each in _expect(list, value):
            try:
                items.append(item(each))
            except _Unreadable as fault:
                raise fault.within(f"[{len(items)}]") from None
        return tuple(items)

    return read


def _mapping_reader(hint: Any) -> _Reader:
    item = _reader(hint)

    def read(value: Any) -> Any:
        found = {}
        for key, each in _expect(dict, value).items():
            try:
                found[key] = item(each)
            except _Unreadable as fault:
                raise fault.within(f".{key}") from None
        return found

    return read


class _Field(NamedTuple):
    name: str
    read: _Reader
    required: bool


def _record_reader(cls: type) -> _Reader:
    hints = typing.get_type_hints(cls)
    fields = [
        _Field(
            f.name,
            _reader(hints[f.name]),
            f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING,
        )
        for f in dataclasses.fields(cls)
    ]

    def read(row: Any) -> Any:
        _expect(dict, row)
        values, name = {}, ""
        try:
            for name, reader, required in fields:
                if name in row:
                    values[name] = reader(row[name])
                elif required:
                    raise _Unreadable("is missing")
        except _Unreadable as fault:
            raise fault.within(f".{name}") from None
        return cls(**values)

    return read
