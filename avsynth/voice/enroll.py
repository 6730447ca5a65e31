"""Make a voice profile from recordings or films, with the speaker's consent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from avsynth.audio.resample import resample
from avsynth.core.consent import VerifiedConsent
from avsynth.core.errors import ConsentError, InputError
from avsynth.core.files import sha256
from avsynth.core.media import Waveform
from avsynth.core.span import Span
from avsynth.core.speech import VoiceProfile
from avsynth.media.read import read_audio
from avsynth.voice.activity import find_speech
from avsynth.voice.base import ENCODERS, SpeakerEncoder
from avsynth.voice.statistics import measure

SAMPLE_RATE = 16_000
LEAST_SECONDS = 3.0
LEAST_SNR_DB = 10.0
MOST_CLIPPED = 0.005  # of the samples of speech
_RUMBLE_HZ = 40.0  # below every voice


def enroll(
    sources: Sequence[Path],
    *,
    speaker: str,
    consent: VerifiedConsent,
    encoder: str = "ge2e",
    spans: Mapping[Path, Sequence[Span]] | None = None,
) -> VoiceProfile:
    """Measure a voice.

    Args:
        sources: Sound files or films in which the speaker is heard.
        speaker: The name in the consent.
        consent: Must cover the use of the voice.
        encoder: Engine, one of ``ENCODERS``.
        spans: Where in a source the speaker speaks, if others speak too; a source not named here is taken whole.
            Pauses inside are left out in any case.

    Raises:
        ConsentError: The consent is another person's or does not cover the voice.
        InputError: Less than 3 s of speech, or speech that is too noisy or clipped to copy.
        MediaError: A source cannot be read or has no sound.
    """
    _check_consent(consent, speaker)
    files = [Path(source) for source in sources]
    if not files:
        raise InputError("there are no recordings to enroll; name at least one sound file or film")
    wanted = {Path(path): tuple(parts) for path, parts in (spans or {}).items()}
    for path in wanted.keys() - set(files):
        raise InputError(f"spans are given for {path}, which is not one of the sources")
    speech = Waveform(np.concatenate([_usable(path, wanted.get(path)) for path in files])[None], SAMPLE_RATE)
    if speech.duration < LEAST_SECONDS:
        raise InputError(
            f"only {float(speech.duration):.1f} s of speech was found; a voice needs at least {LEAST_SECONDS:g} s "
            "(10 s or more are better): add recordings"
        )
    engine: SpeakerEncoder = ENCODERS.get(encoder)()
    return VoiceProfile(
        speaker=speaker,
        embedding=engine.embed(speech),
        encoder=encoder,
        statistics=measure(speech),
        sample_hashes=tuple(sha256(path) for path in files),
        speech_seconds=float(speech.duration),
        consent=consent,
    )


def _check_consent(consent: VerifiedConsent, speaker: str) -> None:
    if consent.speaker != speaker:
        raise ConsentError(f"the consent is of {consent.speaker!r}, not of {speaker!r}; give {speaker!r}'s own")
    # enrolling makes nobody speak a language yet: any one that is allowed will do
    consent.require("voice", language=consent.consent.languages[0])


def _usable(path: Path, spans: tuple[Span, ...] | None) -> NDArray[np.float32]:
    """The speech in one source, ``(T,)`` at 16 kHz, after a check of its quality."""
    source = read_audio(path)
    recording = Waveform(without_rumble(resample(source, SAMPLE_RATE).mono())[None], SAMPLE_RATE)
    whole = (Span(recording.duration * 0, recording.duration),) if recording.samples.size else ()
    heard = [
        part for found in find_speech(recording) for own in (whole if spans is None else spans) if (part := found & own)
    ]
    if not heard:
        return np.zeros(0, np.float32)
    speech = np.concatenate([recording.cut(part).samples[0] for part in heard])
    # flat tops are looked for before any filter rounds them
    if (share := clipped_share(np.concatenate([source.cut(part).samples[0] for part in heard]))) > MOST_CLIPPED:
        raise InputError(f"{path} is clipped ({share:.1%} of its speech is cut off); give a cleaner recording")
    if (ratio := signal_to_noise_db(speech)) < LEAST_SNR_DB:
        raise InputError(
            f"{path} is too noisy ({ratio:.0f} dB between speech and the noise below it, {LEAST_SNR_DB:g} are needed); "
            "separate the voice first or give a cleaner recording"
        )
    return speech


def without_rumble(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Take out what lies below 40 Hz in sound ``(T,)`` at 16 kHz: a constant offset hides pauses and noise.

    >>> bool(abs(without_rumble(np.full(16_000, 0.25, np.float32))).max() < 1e-3)
    True
    """
    if len(sound) < SAMPLE_RATE // 10:
        return sound
    sections = signal.butter(2, _RUMBLE_HZ, "highpass", fs=SAMPLE_RATE, output="sos")
    filtered: NDArray[np.float32] = signal.sosfiltfilt(sections, sound).astype(np.float32)
    return filtered


def clipped_share(speech: NDArray[np.float32]) -> float:
    """Share of samples in flat runs of three or more at the highest level.

    >>> tone = np.sin(np.arange(16_000) / 20, dtype=np.float32)
    >>> clipped_share(tone * 0.9), clipped_share(np.clip(tone * 2, -1, 1)) > 0.5
    (0.0, True)
    """
    top = float(np.abs(speech).max(initial=0.0))
    if top < 0.1:
        return 0.0
    cut = np.abs(speech) >= 0.998 * top
    run = cut[:-2] & cut[1:-1] & cut[2:] & (np.abs(np.diff(speech, 2)) < 1e-3 * top)
    return float(np.convolve(run, np.ones(3)).astype(bool).sum() / len(speech))


def signal_to_noise_db(speech: NDArray[np.float32]) -> float:
    """Loud frames of speech against its quietest, in dB: between syllables only the noise is left.

    Args:
        speech: ``(T,)`` at 16 kHz, at least a tenth of a second.
    """
    frames = speech[: len(speech) // 320 * 320].reshape(-1, 320)
    level = 10 * np.log10(np.mean(np.square(frames, dtype=np.float64), axis=1) + 1e-10)
    quiet, loud = np.percentile(level, [5, 80])
    return float(loud - quiet)
