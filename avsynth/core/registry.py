"""Engines by name, imported only when asked for."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from avsynth.core.errors import MissingExtraError, UnknownEngineError


class Registry:
    """The engines of one kind, such as ``"cloner"``.

    Built-in ones are named here; other packages add theirs through the entry-point group ``avsynth.<kind>``
    and may not take a built-in's name. Nothing falls back: a wrong name is an error.

    Example:
        >>> tools = Registry("demo", {"json": "json:JSONDecoder"})
        >>> tools.names()
        ['json']
        >>> tools.get("json").__name__
        'JSONDecoder'
        >>> tools.get("yaml")
        Traceback (most recent call last):
            ...
        avsynth.core.errors.UnknownEngineError: no demo named 'yaml'; there are: json
    """

    def __init__(self, kind: str, builtin: Mapping[str, str], *, extras: Mapping[str, str] | None = None) -> None:
        self.kind = kind
        self._builtin = dict(builtin)
        self._extras = dict(extras or {})

    def names(self) -> list[str]:
        """Every engine's name, sorted."""
        return sorted(self._targets())

    def get(self, name: str) -> Any:
        """Import and return the engine's class.

        Raises:
            UnknownEngineError: No engine has that name.
            MissingExtraError: It needs a package that is not installed.
        """
        targets = self._targets()
        if name not in targets:
            raise UnknownEngineError(f"no {self.kind} named {name!r}; there are: {', '.join(self.names())}")
        module, _, attribute = targets[name].partition(":")
        try:
            return getattr(import_module(module), attribute)
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] == "avsynth":
                raise  # our own mistake, not a missing extra
            extra = self._extras.get(name)
            cure = f"pip install 'avsynth[{extra}]'" if extra else f"pip install {error.name}"
            raise MissingExtraError(f"{self.kind} {name!r} needs {error.name!r}: {cure}") from error

    def _targets(self) -> dict[str, str]:
        plugins = entry_points(group=f"avsynth.{self.kind}")
        return {point.name: point.value for point in plugins} | self._builtin
