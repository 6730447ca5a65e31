"""The voice of one face around some frames, for renderers that draw from sound instead of motion."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from pathlib import Path

import numpy as np

from avsynth.core.errors import InputError
from avsynth.core.files import sha256
from avsynth.core.media import Waveform
from avsynth.core.span import Span
from avsynth.lipsync.base import RENDERERS, DrivingSound, SoundDriven
from avsynth.media.probe import probe, require_audio, require_video
from avsynth.media.read import read_audio
from avsynth.media.read_sound import extract_sound
from avsynth.pipeline.cache import Cache, Stage
from avsynth.pipeline.clock import frame_clock
from avsynth.pipeline.lines import SpokenLine

SAMPLE_RATE = 16_000  # what the networks that listen were trained with
_AROUND = 1  # seconds before and after the frames: what a network hears of them, and where a filter settles


@dataclass(frozen=True)
class VoicePiece:
    """A sound file and the stretch of the film in which it is heard."""

    sound: Path
    span: Span


def require_renderer(name: str) -> None:
    """Refuse a renderer that cannot run here, before hours of work.

    Raises:
        UnknownEngineError: No renderer has that name.
        MissingExtraError: It needs a package that is not installed.
        ModelError: The license of its weights was not accepted, or only the user can bring them.
    """
    for card in getattr(RENDERERS.get(name), "weights", ()):
        require(card)


def require(card: str) -> None:
    """As ``hub.require``, which brings torch: that takes seconds, and only renderers with weights need it."""
    from avsynth.models import hub

    hub.require(card)


def listens(name: str) -> bool:
    """Whether a renderer draws from sound.

    >>> listens("wav2lip"), listens("footage")
    (True, False)
    """
    engine = RENDERERS.get(name)
    return isinstance(engine, type) and issubclass(engine, SoundDriven)


def voice_of_recording(recording: Path, *, renderer: str, cache: Cache) -> tuple[VoicePiece, ...]:
    """A recorded dub from the film's time zero on; nothing for renderers that do not listen.

    Args:
        recording: A film or a sound file.
        renderer: Name of the renderer.
        cache: Where the sound is kept as a file in which any part is found at once.

    Raises:
        MediaError: The recording cannot be read.
    """
    if not listens(renderer):
        return ()
    stage = Stage("sound", {"film": sha256(recording)}, ".wav", lambda target: extract_sound(recording, target))
    sound = cache.produce(stage)
    duration = require_audio(probe(sound)).duration
    return (VoicePiece(sound, Span(Fraction(0), duration)),) if duration > 0 else ()


def voice_of_lines(lines: Sequence[SpokenLine], *, renderer: str) -> tuple[VoicePiece, ...]:
    """The spoken lines of one speaker in their places; nothing for renderers that do not listen."""
    if not listens(renderer):
        return ()
    return tuple(VoicePiece(item.folder / "speech.wav", item.line.span) for item in lines)


def driving_sound(voice: Sequence[VoicePiece], *, film: Path, frames: range) -> DrivingSound:
    """What a face is heard saying around some frames of a film.

    Args:
        voice: The pieces, in film time.
        film: The film, whose clock says when its pictures are shown.
        frames: At least one picture.

    Raises:
        InputError: There is no voice.
        MediaError: A sound file cannot be read.
    """
    if not voice:
        raise InputError("this renderer draws from sound, and this face has none; use --engine renderer=footage")
    times = frame_clock(film, video=require_video(probe(film)), frames=frames)
    around = Span(Fraction(max(0, floor(times[0]) - _AROUND)), Fraction(ceil(times[-1]) + 2 * _AROUND))
    heard = np.zeros((1, len(around.samples(SAMPLE_RATE))), np.float32)
    for piece in voice:
        if piece.span.start < around.end and around.start < piece.span.end:
            part = Span(max(piece.span.start, around.start), min(piece.span.end, around.end))
            sound = read_audio(piece.sound, sample_rate=SAMPLE_RATE, span=part.shift(-piece.span.start)).mono()
            first = round((part.start - around.start) * SAMPLE_RATE)
            sound = sound[: heard.shape[1] - first]
            heard[0, first : first + len(sound)] += sound
    return DrivingSound(Waveform(heard, SAMPLE_RATE), around.start, frames.start, tuple(times))


def identity(sound: DrivingSound) -> str:
    """Hash of what is heard and when: the same sound of the same frames draws the same mouths."""
    digest = hashlib.sha256(repr((sound.since, sound.first, sound.times)).encode())
    digest.update(np.ascontiguousarray(sound.waveform.samples).tobytes())
    return digest.hexdigest()
