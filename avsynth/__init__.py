"""avsynth dubs talking people into other languages with their own voice and with lips that match.

Everything below is loaded when first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_WHERE = {
    "dub": "avsynth.pipeline.dub",
    "plan_dub": "avsynth.pipeline.dub",
    "run_plan": "avsynth.pipeline.dub",
    "lipsync": "avsynth.pipeline.lipsync",
    "reenact": "avsynth.pipeline.reenact",
    "say": "avsynth.pipeline.say",
    "enroll": "avsynth.pipeline.enroll",
    "inspect": "avsynth.pipeline.inspect",
    "check": "avsynth.pipeline.check",
    "CheckOptions": "avsynth.pipeline.options",
    "DubOptions": "avsynth.pipeline.options",
    "LipsyncOptions": "avsynth.pipeline.options",
    "ReenactOptions": "avsynth.pipeline.options",
    "SayOptions": "avsynth.pipeline.options",
    "Options": "avsynth.pipeline.options",
}

__all__ = [
    "CheckOptions",
    "DubOptions",
    "LipsyncOptions",
    "Options",
    "ReenactOptions",
    "SayOptions",
    "__version__",
    "check",
    "dub",
    "enroll",
    "inspect",
    "lipsync",
    "plan_dub",
    "reenact",
    "run_plan",
    "say",
]

if TYPE_CHECKING:
    from avsynth.pipeline.check import check
    from avsynth.pipeline.dub import dub, plan_dub, run_plan
    from avsynth.pipeline.enroll import enroll
    from avsynth.pipeline.inspect import inspect
    from avsynth.pipeline.lipsync import lipsync
    from avsynth.pipeline.options import CheckOptions, DubOptions, LipsyncOptions, Options, ReenactOptions, SayOptions
    from avsynth.pipeline.reenact import reenact
    from avsynth.pipeline.say import say


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"avsynth has no {name!r}; it has {', '.join(_WHERE)}")
    return getattr(import_module(_WHERE[name]), name)
