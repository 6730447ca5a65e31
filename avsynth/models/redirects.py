"""Makes SpeechBrain's lazy modules harmless for whoever looks at all modules."""

from __future__ import annotations

import sys

from speechbrain.utils.importutils import LazyModule


def quiet_redirects() -> None:
    """Let others look at SpeechBrain's old module names without importing what stands behind them.

    It leaves lazy modules in ``sys.modules`` that import optional packages when asked for any attribute, and fail.
    Whoever walks over all modules for their ``__file__`` (``inspect``, hypothesis) would crash on them. Call it after
    the import of any part of SpeechBrain.
    """
    for name, module in list(sys.modules.items()):
        if name.startswith("speechbrain.") and isinstance(module, LazyModule):
            vars(module).setdefault("__file__", None)
