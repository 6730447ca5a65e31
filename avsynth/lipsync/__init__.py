"""From phonemes to a mouth that says them: visemes, motion, renderers and compositing."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class _Room(ModuleType):
    """This room bears the name of a public function, ``avsynth.lipsync(...)``, and must not hide it once loaded."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return import_module("avsynth.pipeline.lipsync").lipsync(*args, **kwargs)


sys.modules[__name__].__class__ = _Room
