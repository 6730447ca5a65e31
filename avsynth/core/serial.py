"""Values to JSON and back, exactly: fractions stay fractions, unknown keys are errors."""

from __future__ import annotations

import base64
import dataclasses
import difflib
import json
import types
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

from avsynth.core.errors import InputError

T = TypeVar("T")
SCHEMA_VERSION = 1


def to_plain(value: Any) -> Any:
    """Turn a value into what JSON and TOML can hold.

    >>> to_plain(Fraction(24000, 1001))
    '24000/1001'
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Path):
        return value.as_posix()
    if isinstance(value, np.ndarray):
        data = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
        return {"dtype": str(value.dtype), "shape": list(value.shape), "base64": data}
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(item) for item in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"cannot write {type(value).__name__} as JSON")


def to_json(value: Any) -> str:
    """Write a dataclass as JSON with its schema, such as ``"DubPlan.1"``, as the first key."""
    plain = {"schema": f"{type(value).__name__}.{SCHEMA_VERSION}", **to_plain(value)}
    return json.dumps(plain, indent=2, ensure_ascii=False) + "\n"


def from_json(text: str, kind: type[T], *, source: str = "the file") -> T:
    """Read a dataclass from JSON that ``to_json`` wrote or a person edited.

    Args:
        text: The JSON.
        kind: The dataclass to make.
        source: What to call the text in errors.

    Raises:
        InputError: No JSON, another schema, an unknown key, or a value of the wrong kind.

    Example:
        >>> from avsynth.core.span import Span
        >>> line = Span(Fraction(1, 3), Fraction(2))
        >>> from_json(to_json(line), Span) == line
        True
    """
    try:
        plain = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{source} is no JSON: {error}") from None
    if not isinstance(plain, dict):
        raise InputError(f"{source} holds no {kind.__name__}")
    expected = f"{kind.__name__}.{SCHEMA_VERSION}"
    schema = plain.pop("schema", None)
    if schema != expected:
        raise InputError(f"{source} has schema {schema!r}, expected {expected!r}")
    return from_plain(plain, kind, source=source)


def from_plain(plain: Any, kind: type[T], *, source: str = "the file") -> T:
    """Build ``kind`` from what JSON or TOML held, strictly.

    Raises:
        InputError: An unknown or missing key, or a value of the wrong kind; the message says where.
    """
    result: T = _build(plain, kind, source)
    return result


def _build(plain: Any, kind: Any, where: str) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _build_optional(plain, get_args(kind), where)
    if dataclasses.is_dataclass(kind):
        return _build_dataclass(plain, kind, where)
    if origin is np.ndarray or kind is np.ndarray:
        return _build_array(plain, where)
    if origin is tuple:
        return _build_tuple(plain, get_args(kind), where)
    if origin in (dict, Mapping):
        if not isinstance(plain, dict):
            raise InputError(f"{where}: expected a table, got {plain!r}")
        item = get_args(kind)[1]
        return {key: _build(value, item, f"{where}.{key}") for key, value in plain.items()}
    if origin is Literal:
        if plain not in get_args(kind):
            raise InputError(f"{where}: {plain!r} is not one of {', '.join(map(str, get_args(kind)))}")
        return plain
    return _build_scalar(plain, kind, where)


def _build_optional(plain: Any, choices: tuple[Any, ...], where: str) -> Any:
    if plain is None and type(None) in choices:
        return None
    choice, *others = (c for c in choices if c is not type(None))
    if any(get_origin(c) is not np.ndarray for c in others):
        raise TypeError(f"{where}: cannot choose between {choices}")  # arrays say their own type
    return _build(plain, choice, where)


def _build_dataclass(plain: Any, kind: Any, where: str) -> Any:
    if not isinstance(plain, dict):
        raise InputError(f"{where}: expected a table for {kind.__name__}, got {plain!r}")
    hints = get_type_hints(kind)
    fields = {field.name: field for field in dataclasses.fields(kind)}
    for key in plain:
        if key not in fields:
            near = difflib.get_close_matches(key, fields, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; there are: {', '.join(fields)}"
            raise InputError(f"{where}: unknown key {key!r}{hint}")
    values = {key: _build(value, hints[key], f"{where}.{key}") for key, value in plain.items()}
    for name, field in fields.items():
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if required and name not in values:
            raise InputError(f"{where}: {name!r} is missing")
    try:
        return kind(**values)
    except (ValueError, TypeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{where}: {error}") from None


def _build_array(plain: Any, where: str) -> Any:
    try:
        data = base64.b64decode(plain["base64"], validate=True)
        return np.frombuffer(data, dtype=np.dtype(plain["dtype"])).reshape(plain["shape"]).copy()
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{where}: no array: {error}") from None


def _build_tuple(plain: Any, items: tuple[Any, ...], where: str) -> Any:
    if not isinstance(plain, list):
        raise InputError(f"{where}: expected a list, got {plain!r}")
    if len(items) == 2 and items[1] is Ellipsis:
        return tuple(_build(value, items[0], f"{where}[{i}]") for i, value in enumerate(plain))
    if len(plain) != len(items):
        raise InputError(f"{where}: expected {len(items)} values, got {len(plain)}")
    return tuple(_build(value, item, f"{where}[{i}]") for i, (value, item) in enumerate(zip(plain, items, strict=True)))


def _build_scalar(plain: Any, kind: Any, where: str) -> Any:
    try:
        if kind is Fraction and isinstance(plain, (str, int)) and not isinstance(plain, bool):
            return Fraction(plain)
        if kind is date:
            return plain if type(plain) is date else date.fromisoformat(plain)
        if kind is Path and isinstance(plain, str):
            return Path(plain)
        if kind is float and isinstance(plain, (int, float)) and not isinstance(plain, bool):
            return float(plain)
    except (ValueError, TypeError, ZeroDivisionError):
        raise InputError(f"{where}: {plain!r} is no {kind.__name__}") from None
    if kind is Any or (isinstance(kind, type) and type(plain) is kind):
        return plain
    raise InputError(f"{where}: expected {getattr(kind, '__name__', kind)}, got {plain!r}")
