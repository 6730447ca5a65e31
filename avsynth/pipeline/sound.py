"""What the finished film sounds like: lines at the original's loudness on stems or on the ducked original."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from avsynth.audio.loudness import integrated_loudness
from avsynth.audio.resample import resample
from avsynth.core.media import MediaInfo, Waveform
from avsynth.core.plan import DubPlan
from avsynth.core.span import Span
from avsynth.media.probe import probe, require_audio, require_video
from avsynth.media.read import read_audio
from avsynth.pipeline.lines import FILM_SAMPLE_RATE, SpokenLine
from avsynth.provenance.soundtrack import SoundLine, Soundtrack

FALLBACK_LUFS = -23.0  # EBU R 128, where there is no original speech to match
LISTEN_SECONDS = 60  # enough speech to measure its loudness by
GAIN_DB = (-30.0, 30.0)


def dub_soundtrack(
    plan: DubPlan, spoken: Sequence[SpokenLine], *, info: MediaInfo, original: Path | None
) -> Soundtrack:
    """Lay the spoken lines on the stems or, without stems, on the original, which steps back under them.

    The lines get the integrated loudness the original has in their spans, so the dub is as loud as the film was.

    Args:
        plan: What is dubbed.
        spoken: Every line of every speaker.
        info: The film.
        original: Its sound as a file of its own; ``None`` where it has none.
    """
    video = require_video(info)
    spans = [item.line.span for item in spoken]
    wanted = _loudness(_original(original, spans)) if original else None
    got = _loudness(_dialogue(spoken))
    gain = (FALLBACK_LUFS if wanted is None else wanted) - got if got is not None else 0.0
    bed = plan.stems or original
    lines = []
    for item in sorted(spoken, key=lambda item: item.line.span):
        place = item.line.span.samples(FILM_SAMPLE_RATE)
        sound = item.folder / "speech.wav"
        lines.append(SoundLine(place.start, len(place), sound, float(np.clip(gain, *GAIN_DB))))
    return Soundtrack(
        duration=video.duration,
        lines=tuple(lines),
        bed=bed,
        ducked=() if plan.stems else tuple(sorted(spans)),
        channels=_channels(probe(bed)) if bed else 2,
        sample_rate=FILM_SAMPLE_RATE,
    )


def recorded_soundtrack(recording: Path, *, info: MediaInfo) -> Soundtrack:
    """The recorded dub alone, from the film's time zero, as long as the film."""
    video = require_video(info)
    duration = video.duration
    length = len(Span(Fraction(0), duration).samples(FILM_SAMPLE_RATE))
    return Soundtrack(duration=duration, lines=(SoundLine(0, length, recording),), bed=None, channels=2)


def _channels(info: MediaInfo) -> int:
    return require_audio(info).channels


def _original(film: Path, spans: Sequence[Span]) -> Iterator[Waveform]:
    for span in spans:
        yield read_audio(film, sample_rate=FILM_SAMPLE_RATE, span=span)


def _dialogue(spoken: Sequence[SpokenLine]) -> Iterator[Waveform]:
    for item in spoken:
        yield resample(item.speech().waveform, FILM_SAMPLE_RATE)


def _loudness(parts: Iterator[Waveform]) -> float | None:
    """Integrated loudness in LUFS of the first minute of the parts; ``None`` where they are silent."""
    heard: list[np.ndarray] = []
    seconds = Fraction(0)
    for part in parts:
        heard.append(part.mono())
        seconds += part.duration
        if seconds >= LISTEN_SECONDS:
            break
    if not heard:
        return None
    level = integrated_loudness(Waveform(np.concatenate(heard)[None], FILM_SAMPLE_RATE))
    return level if np.isfinite(level) else None
