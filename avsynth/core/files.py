"""Whole files or none: written under a temporary name, then renamed; hashed in chunks."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from avsynth.core.errors import InputError, OutputError


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary name beside ``path``; on success it becomes ``path``, on any error it is deleted.

    The temporary name keeps the suffix, since media libraries choose a format by it.

    Raises:
        OutputError: The folder cannot be written or the disk is full.

    Example:
        >>> import tempfile
        >>> target = Path(tempfile.mkdtemp()) / "note.txt"
        >>> with whole_file(target) as temporary:
        ...     _ = temporary.write_text("done")
        >>> target.read_text()
        'done'
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make the folder {path.parent}: {error.strerror}") from None
    if path.is_dir():
        raise OutputError(f"{path} is a folder; name a file")
    temporary = path.with_name(f".{path.stem}.{uuid.uuid4().hex[:8]}.part{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)  # noqa: PTH105 - Path.replace resolves nothing more
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        if error.filename is not None and Path(str(error.filename)) not in (temporary, path, path.parent):
            raise  # another file's trouble, not the output's
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a whole text file or none.

    Raises:
        OutputError: The file cannot be written.
    """
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def read_text(path: Path) -> str:
    """Read a text file in UTF-8, with or without a byte-order mark.

    Raises:
        InputError: The file is absent, unreadable or no UTF-8 text.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is no UTF-8 text; save it as UTF-8") from None


def sha256(path: Path) -> str:
    """Hash a file without holding it in memory.

    Raises:
        InputError: The file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from None
