"""Voices and what they say: the enrolled voice, the spoken line, and when each phoneme sounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from avsynth.core.consent import VerifiedConsent
from avsynth.core.media import Waveform
from avsynth.core.span import Seconds, Span


@dataclass(frozen=True)
class PhonemeSpan:
    """One phoneme in IPA and when it sounds. ``score`` is the aligner's confidence; 1 where the timing is known."""

    symbol: str
    span: Span
    score: float = 1.0


@dataclass(frozen=True)
class PhonemeTimeline:
    """The phonemes of a stretch of speech, in order, not overlapping; what no phoneme covers is silence.

    Raises:
        ValueError: Phonemes overlap, are out of order, or reach outside ``[0, duration]``.

    Example:
        >>> hello = PhonemeTimeline((PhonemeSpan("a", Span(Fraction(1), Fraction(2))),), Fraction(3))
        >>> [(p.symbol, str(p.span.start)) for p in hello.stretch(Fraction(1, 2))]
        [('a', '1/2')]
    """

    phonemes: tuple[PhonemeSpan, ...]
    duration: Seconds

    def __post_init__(self) -> None:
        edge = Fraction(0)
        for phoneme in self.phonemes:
            if phoneme.span.start < edge:
                raise ValueError(f"phoneme {phoneme.symbol!r} starts at {phoneme.span.start}, before {edge}")
            edge = phoneme.span.end
        if edge > self.duration:
            raise ValueError(f"the last phoneme ends at {edge}, after the end at {self.duration}")

    def __iter__(self) -> Iterator[PhonemeSpan]:
        return iter(self.phonemes)

    def __len__(self) -> int:
        return len(self.phonemes)

    def stretch(self, factor: Fraction) -> PhonemeTimeline:
        """Every time multiplied by ``factor``."""
        moved = (
            PhonemeSpan(p.symbol, Span(p.span.start * factor, p.span.end * factor), p.score) for p in self.phonemes
        )
        return PhonemeTimeline(tuple(moved), self.duration * factor)

    def within(self, duration: Seconds) -> PhonemeTimeline:
        """The same times on a timeline of ``duration``; what lies beyond its end is cut off."""
        kept = (
            p if p.span.end <= duration else PhonemeSpan(p.symbol, Span(p.span.start, duration), p.score)
            for p in self.phonemes
            if p.span.start < duration
        )
        return PhonemeTimeline(tuple(kept), duration)

    def place(self, start: Seconds, duration: Seconds) -> PhonemeTimeline:
        """The same phonemes, later by ``start``, on a timeline of ``duration`` (a line put into its film)."""
        moved = (PhonemeSpan(p.symbol, p.span.shift(start), p.score) for p in self.phonemes)
        return PhonemeTimeline(tuple(moved), duration)


@dataclass(frozen=True)
class VoiceStatistics:
    """How a voice sounds in the mean, as the WORLD vocoder measures it.

    Attributes:
        f0_median_hz: Median pitch of the voiced frames.
        f0_deviation: Standard deviation of log pitch.
        envelope: Mean coded spectral envelope of voiced speech, shape ``(K,)``, natural log units.
        envelope_deviation: Its standard deviation, shape ``(K,)``.
    """

    f0_median_hz: float
    f0_deviation: float
    envelope: NDArray[np.float32]
    envelope_deviation: NDArray[np.float32]

    def __post_init__(self) -> None:
        if not 30 <= self.f0_median_hz <= 1000:
            raise ValueError(f"a median pitch of {self.f0_median_hz} Hz is no voice")
        if self.envelope.ndim != 1 or self.envelope.shape != self.envelope_deviation.shape:
            raise ValueError(f"envelope shapes differ: {self.envelope.shape}, {self.envelope_deviation.shape}")


@dataclass(frozen=True)
class VoiceSample:
    """Speech of the enrolled voice as a cloner looks it up, 100 times a second.

    Attributes:
        mel: Log mel magnitudes ``(M, R)`` of 16 kHz speech, as loud as it was recorded.
        f0_hz: Pitch ``(R,)``, 0 where the voice does not sound.
    """

    mel: NDArray[np.float16]
    f0_hz: NDArray[np.float16]

    def __post_init__(self) -> None:
        if self.mel.ndim != 2 or self.f0_hz.shape != self.mel.shape[1:] or not self.f0_hz.size:
            raise ValueError(f"mel and pitch must be (M, R) and (R,), got {self.mel.shape} and {self.f0_hz.shape}")


@dataclass(frozen=True)
class VoiceProfile:
    """An enrolled voice. It cannot exist without the speaker's verified consent to the use of their voice.

    Attributes:
        speaker: The same name as in the consent.
        embedding: The speaker encoder's unit vector, shape ``(D,)``.
        encoder: Engine that made the embedding.
        statistics: Pitch and timbre in the mean.
        sample_hashes: SHA-256 of every recording it was made from.
        speech_seconds: How much speech that was.
        consent: The permission.
        sample: Some of the speech itself, where the profile was made with it.
        adapted: Weights that were fitted to this voice, by their names in the network ``adapted_from``.
        adapted_from: SHA-256 of the weights they replace; empty where nothing was fitted.
        prompt: A few seconds of the cleanest speech, ``(T,)`` at 24 kHz in one channel (``voice.base.PROMPT_RATE``),
            for engines that imitate a recording; None where the profile was made without.

    Raises:
        TypeError: ``consent`` is not a ``VerifiedConsent``.
        ValueError: The names of speaker and consent differ, the embedding is no unit vector, or the prompt no sound.
    """

    speaker: str
    embedding: NDArray[np.float32]
    encoder: str
    statistics: VoiceStatistics
    sample_hashes: tuple[str, ...]
    speech_seconds: float
    consent: VerifiedConsent
    sample: VoiceSample | None = None
    adapted: Mapping[str, NDArray[np.float16]] = field(default_factory=dict)
    adapted_from: str = ""
    prompt: NDArray[np.int16] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.consent, VerifiedConsent):
            raise TypeError("a voice profile needs a VerifiedConsent; see avsynth.provenance.consent.verify_consent")
        if self.consent.speaker != self.speaker:
            raise ValueError(f"the consent is of {self.consent.speaker!r}, the voice of {self.speaker!r}")
        if self.embedding.ndim != 1 or abs(float(np.linalg.norm(self.embedding)) - 1) > 1e-3:
            raise ValueError(f"the embedding must be a unit vector (D,), got shape {self.embedding.shape}")
        prompt = self.prompt
        if prompt is not None and (prompt.ndim != 1 or prompt.dtype != np.int16 or not prompt.size):
            raise ValueError(f"a prompt must be (T,) of int16, got {prompt.shape} of {prompt.dtype}")


@dataclass(frozen=True)
class Speech:
    """A spoken line: its sound and its exact phoneme timeline, both of the same length.

    Attributes:
        waveform: One channel, ``(1, T)``.
        timeline: When each phoneme sounds; ``timeline.duration`` equals ``waveform.duration``.
        language: BCP 47 tag.
        stretch: Length over natural length: 1 as spoken, 0.8 a fifth faster.
    """

    waveform: Waveform
    timeline: PhonemeTimeline
    language: str
    stretch: float = 1.0

    def __post_init__(self) -> None:
        if self.timeline.duration != self.waveform.duration:
            raise ValueError(
                f"the timeline lasts {self.timeline.duration} s, the sound {self.waveform.duration} s; they must agree"
            )
