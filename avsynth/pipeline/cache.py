"""A content-addressed cache of stage results: what a killed run left is found again, half a result never is."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import platformdirs

import avsynth
from avsynth.core.errors import OutputError
from avsynth.core.serial import to_plain


@dataclass(frozen=True)
class Stage:
    """One step of a job, and everything that decides its result.

    Attributes:
        name: What it does, such as ``"clone"``.
        inputs: Plain values, hashes of files and settings. Same inputs, same result.
        output: Suffix of its artefact, such as ``".wav"``; empty for a folder.
        run: Writes the artefact to the path it is given.
    """

    name: str
    inputs: Mapping[str, Any]
    output: str
    run: Callable[[Path], None]

    @property
    def key(self) -> str:
        """SHA-256 over name, inputs and the code of this package."""
        text = json.dumps([self.name, code_digest(), to_plain(dict(self.inputs))], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


@cache
def code_digest() -> str:
    """Hash of this package's source, so that no result of older code is ever taken for a new one's."""
    digest = hashlib.sha256(avsynth.__version__.encode())
    for path in sorted(Path(avsynth.__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def default_folder() -> Path:
    """Where results are kept: ``$AVSYNTH_HOME/work``, or the user's cache folder."""
    home = os.environ.get("AVSYNTH_HOME")
    return (Path(home) if home else Path(platformdirs.user_cache_dir("avsynth", appauthor=False))) / "work"


class Cache:
    """Results by key in one folder; several processes may share it.

    Example:
        >>> import tempfile
        >>> results = Cache(Path(tempfile.mkdtemp()))
        >>> stage = Stage("greet", {"name": "Ada"}, ".txt", lambda path: path.write_text("hello") and None)
        >>> results.produce(stage).read_text()
        'hello'
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or default_folder()

    def path(self, stage: Stage) -> Path:
        """Where the artefact of a stage is, or will be."""
        return self.folder / stage.name / f"{stage.key}{stage.output}"

    def holds(self, stage: Stage) -> bool:
        """Whether the artefact is there."""
        return self.path(stage).exists()

    def produce(self, stage: Stage) -> Path:
        """Return the artefact of a stage, running the stage only if it is not there.

        Raises:
            OutputError: The folder cannot be written or the disk is full.
        """
        target = self.path(stage)
        if target.exists():
            os.utime(target)
            return target
        temporary = target.with_name(f".{uuid.uuid4().hex}{stage.output}")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if not stage.output:
                temporary.mkdir()
            stage.run(temporary)
            if not target.exists():
                temporary.rename(target)
        except OSError as error:
            if isinstance(error, OutputError):
                raise
            raise OutputError(f"cannot write the cache in {self.folder}: {error.strerror or error}") from error
        finally:
            _remove(temporary)
        return target

    def prune(self, *, days: int = 14) -> None:
        """Delete what no run has used for ``days``, and what killed runs left half-made a day ago."""
        now = time.time()
        for path in self.folder.glob("*/*") if self.folder.exists() else ():
            age = now - path.stat().st_mtime
            if age > days * 86_400 or (path.name.startswith(".") and age > 86_400):
                _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)
