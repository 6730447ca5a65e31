"""Asking any file which marks it carries."""

from __future__ import annotations

from pathlib import Path

from avsynth.provenance.inspect import Inspection, inspect_file


def inspect(file: Path | str) -> Inspection:
    """Find Content Credentials and watermark in a film or sound file.

    Args:
        file: Any film or sound file.

    Raises:
        MediaError: The file is no media file.
    """
    return inspect_file(Path(file))
