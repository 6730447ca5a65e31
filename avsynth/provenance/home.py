"""Where this computer keeps what provenance must remember: revocations and the development certificate."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def home() -> Path:
    """``$AVSYNTH_HOME`` where it is set, else the folder the system has for an application's data."""
    chosen = os.environ.get("AVSYNTH_HOME", "")
    return Path(chosen).expanduser() if chosen else platformdirs.user_data_path("avsynth")
