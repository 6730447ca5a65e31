"""Settings from TOML into strict dataclasses: nothing is executed, nothing unknown is ignored."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TypeVar

from avsynth.core.errors import InputError
from avsynth.core.serial import from_plain

T = TypeVar("T")


def read_settings(path: Path, kind: type[T]) -> T:
    """Read a dataclass from a TOML file.

    Args:
        path: The TOML file.
        kind: The dataclass; its fields are the file's keys.

    Raises:
        InputError: The file is absent or no TOML, or a key is unknown, missing or of the wrong kind.
    """
    try:
        plain = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is no TOML: {error}") from None
    return from_plain(plain, kind, source=str(path))
