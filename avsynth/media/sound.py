"""Writes sound files, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from avsynth.core.errors import InputError, OutputError
from avsynth.core.files import whole_file
from avsynth.core.media import Waveform

_CONTAINERS = {".wav": "WAV", ".flac": "FLAC"}
_WAV_LIMIT = 2**32 - 2**20  # bytes: the size field of WAV has 32 bits; beyond it RF64 is written under the same name


def write_audio(path: Path, waveform: Waveform, *, subtype: str = "PCM_24") -> None:
    """Write a WAV or FLAC file.

    Samples beyond full scale are clipped unless ``subtype`` is ``"FLOAT"``.

    Args:
        path: Ends in ``.wav`` or ``.flac``.
        waveform: The sound.
        subtype: libsndfile's name of the sample format, such as ``"PCM_16"``, ``"PCM_24"`` or ``"FLOAT"``.

    Raises:
        InputError: Another suffix, or the container does not hold such samples.
        OutputError: The file cannot be written; nothing is left of it.

    Example:
        >>> import tempfile
        >>> note = Path(tempfile.mkdtemp()) / "note.wav"
        >>> write_audio(note, Waveform(np.zeros((1, 480), np.float32), 48_000))
        >>> soundfile.info(note).frames, soundfile.info(note).subtype
        (480, 'PCM_24')
    """
    container = _CONTAINERS.get(path.suffix.lower())
    if container is None:
        raise InputError(f"cannot write sound as {path.name!r}; name a file that ends in .wav or .flac")
    if not soundfile.check_format(container, subtype):
        names = ", ".join(sorted(soundfile.available_subtypes(container)))
        raise InputError(f"{container} holds no {subtype!r} samples; choose one of {names}")
    if not np.isfinite(waveform.samples).all():
        raise InputError(f"the sound for {path} holds samples that are no numbers; the engine that made it failed")
    if container == "WAV" and waveform.samples.size * 4 > _WAV_LIMIT:
        container = "RF64"
    with whole_file(path) as temporary:
        try:
            soundfile.write(temporary, waveform.samples.T, waveform.sample_rate, subtype=subtype, format=container)
        except soundfile.LibsndfileError as error:
            raise OutputError(f"cannot write {path}: {error.error_string}") from error
