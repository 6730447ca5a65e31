"""One recording as enrolment hears it: where there is clean speech, and what is left out and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avsynth.audio.resample import resample
from avsynth.core.media import Waveform
from avsynth.core.span import Span
from avsynth.media.read import read_audio
from avsynth.voice.activity import find_speech
from avsynth.voice.cleanliness import (
    FRAME_SECONDS,
    SAMPLE_RATE,
    clipped_share,
    lasting_tones_db,
    signal_to_noise_db,
    without_rumble,
)

LEAST_SNR_DB = 10.0
MOST_CLIPPED = 0.005  # of the samples of speech
# Speech alone stays below it, chords 20 dB below speech lie above: see tests/real/test_enrolment.py.
MOST_MUSIC_DB = -36.0
MOST_SECONDS = 600  # of speech that is listened to; more tells nothing new of a voice
_EVEN_PIECES = 10


@dataclass(frozen=True)
class LeftOut:
    """Seconds of speech that were not used, and why, in words."""

    reason: str
    seconds: float


@dataclass(frozen=True)
class Recording:
    """Sound and the speech in it.

    Attributes:
        path: The file.
        sound: ``(T,)`` at 16 kHz without rumble.
        speech: All speech of anybody, in samples.
        clean: What of it can be used.
        snr_db: Loud against quiet frames of the speech; 0 where there is none.
        left_out: Why the rest cannot.
        chosen: Whether a person said where the speaker speaks.
    """

    path: Path
    sound: NDArray[np.float32]
    speech: tuple[range, ...]
    clean: tuple[range, ...]
    snr_db: float
    left_out: tuple[LeftOut, ...]
    chosen: bool


def seconds_of(parts: Sequence[range]) -> float:
    """How long stretches of samples at 16 kHz last.

    >>> seconds_of([range(0, 8000), range(16_000, 24_000)])
    1.0
    """
    return sum(map(len, parts)) / SAMPLE_RATE


def listen(path: Path, *, spans: Sequence[Span] | None, most_seconds: float = MOST_SECONDS) -> Recording:
    """Find the speech in a recording and judge it.

    Args:
        path: A sound file or film.
        spans: Where the speaker speaks; None: anywhere.
        most_seconds: Of more speech, as much in ten even pieces is taken.

    Raises:
        MediaError: The file cannot be read or has no sound.
    """
    source = read_audio(path)
    sound = without_rumble(resample(source, SAMPLE_RATE).mono())
    found = find_speech(Waveform(sound[None], SAMPLE_RATE)) if sound.size else ()
    everybody = tuple(_range(part, len(sound)) for part in found)
    own = found if spans is None else [part for one in found for span in spans if (part := one & span)]
    speech = [_range(part, len(sound)) for part in own]
    if not speech:
        return Recording(path, sound, everybody, (), 0.0, (), spans is not None)
    taken = _thinned(speech, most_seconds)
    left = [LeftOut("more than is needed", seconds_of(speech) - seconds_of(taken))]
    heard = np.concatenate([sound[part.start : part.stop] for part in taken])
    ratio = signal_to_noise_db(heard) if len(heard) >= SAMPLE_RATE // 10 else 0.0
    # flat tops are looked for before any filter rounds them
    cut = clipped_share(np.concatenate([source.cut(part).samples[0] for part in own]))
    clean: list[range] = []
    if cut > MOST_CLIPPED:
        left.append(LeftOut(f"clipped: {cut:.1%} of its speech is cut off", seconds_of(taken)))
    elif ratio < LEAST_SNR_DB:
        why = f"too noisy: {ratio:.0f} dB between speech and the noise below it, {LEAST_SNR_DB:g} are needed"
        left.append(LeftOut(why, seconds_of(taken)))
    else:
        clean = _without_music(sound, taken)
        left.append(LeftOut("music under the words", seconds_of(taken) - seconds_of(clean)))
    real = tuple(item for item in left if item.seconds > 0)
    return Recording(path, sound, everybody, tuple(clean), ratio, real, spans is not None)


def _range(span: Span, length: int) -> range:
    samples = span.samples(SAMPLE_RATE)
    return range(samples.start, min(samples.stop, length))


def _without_music(sound: NDArray[np.float32], parts: Sequence[range]) -> list[range]:
    level, hop = lasting_tones_db(sound, speech=parts), round(FRAME_SECONDS * SAMPLE_RATE)
    return [part for part in parts if np.median(level[part.start // hop : part.stop // hop + 1]) <= MOST_MUSIC_DB]


def _thinned(parts: Sequence[range], most_seconds: float) -> list[range]:
    """Of long speech, parts from ten places, evenly spread."""
    total = seconds_of(parts)
    if total <= most_seconds:
        return list(parts)
    kept, before = [], 0.0
    for part in parts:
        place = before / total * _EVEN_PIECES % 1
        if place < most_seconds / total:
            kept.append(part)
        before += len(part) / SAMPLE_RATE
    return kept
