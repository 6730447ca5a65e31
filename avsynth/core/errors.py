"""Every error avsynth raises on purpose, and the exit code each one ends a command with."""

from __future__ import annotations

from typing import ClassVar


class AvsynthError(Exception):
    """Root of the errors a caller may want to catch.

    The message is one line for a person: what is wrong, and how to mend it.
    """

    exit_code: ClassVar[int] = 2


class AvsynthWarning(UserWarning):
    """Something a person should know that does not stop the work."""


class InputError(AvsynthError, ValueError):
    """What was given cannot be used."""


class MediaError(InputError):
    """A media file is missing, broken, hostile, or lacks the stream that is needed."""


class ScriptError(InputError):
    """A dubbing script cannot be read or contradicts itself or its film."""


class ConsentError(AvsynthError, PermissionError):
    """The speaker has not agreed to this use of their voice or face."""

    exit_code: ClassVar[int] = 3


class UnknownEngineError(AvsynthError, LookupError):
    """No engine of that name is registered."""


class MissingExtraError(AvsynthError, ImportError):
    """The engine exists, but a package it needs is not installed."""


class ModelError(AvsynthError, RuntimeError):
    """Weights are absent, or are not the ones their card describes."""


class OutputError(AvsynthError, OSError):
    """A result cannot be written; nothing was left half-written."""
