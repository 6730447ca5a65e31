"""Voice profiles as files: one JSON each, with the consent inside."""

from __future__ import annotations

from pathlib import Path

from avsynth.core.errors import InputError
from avsynth.core.files import read_text, write_text
from avsynth.core.serial import from_json, to_json
from avsynth.core.speech import VoiceProfile


def save_profile(path: Path, profile: VoiceProfile) -> None:
    """Write a profile as JSON, whole or not at all. The usual suffix is ``.voice.json``.

    Raises:
        OutputError: The file cannot be written.
    """
    write_text(path, to_json(profile))


def load_profile(path: Path) -> VoiceProfile:
    """Read a profile. Its consent must still hold today.

    Raises:
        InputError: The file is absent or no profile.
        ConsentError: The consent in it has expired or was revoked.
    """
    text = read_text(path)
    if not text.lstrip().startswith("{"):
        raise InputError(f"{path} is no voice profile; make one with: avsynth enroll")
    return from_json(text, VoiceProfile, source=str(path))
