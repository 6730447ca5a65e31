"""Puts spoken lines to their exact samples, lowers the original under them, and adds both."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from avsynth.core.errors import InputError
from avsynth.core.media import Waveform
from avsynth.core.span import Seconds, Span, ceil_fraction

_CENTER = 2  # third of L R C ..., in layouts of 3, 5 and more channels


def place(lines: Sequence[tuple[Span, Waveform]], *, duration: Seconds, sample_rate: int) -> Waveform:
    """Put lines on a silent track, each beginning at the first sample of its span.

    Args:
        lines: When each line begins, and its sound; lines that overlap are added.
        duration: Length of the track in seconds.
        sample_rate: Hz of the track and of every line.

    Returns:
        ``(C, ceil(duration * sample_rate))`` with the lines' number of channels; one without lines.

    Raises:
        InputError: Lines differ in rate or channels, or one reaches outside the track.

    Example:
        >>> line = Waveform(np.ones((1, 2), np.float32), 4)
        >>> place([(Span(Fraction(1), Fraction(3, 2)), line)], duration=Fraction(2), sample_rate=4).samples
        array([[0., 0., 0., 0., 1., 1., 0., 0.]], dtype=float32)
    """
    total = ceil_fraction(duration * sample_rate)
    channels = lines[0][1].channels if lines else 1
    out = np.zeros((channels, total), np.float32)
    for span, line in lines:
        if line.sample_rate != sample_rate:
            raise InputError(f"a line has {line.sample_rate} Hz, the track {sample_rate} Hz; resample the line first")
        if line.channels != channels:
            raise InputError(f"lines have {channels} and {line.channels} channels; mix them to the same number")
        start = span.samples(sample_rate).start
        end = start + line.samples.shape[1]
        # A line of the length of its span may be a sample longer than the samples in it; at the end that one is lost.
        if start < 0 or end > total + 1:
            raise InputError(
                f"a line from {float(span.start):.3f} s to {end / sample_rate:.3f} s reaches outside the track of "
                f"{float(duration):.3f} s; move or shorten it"
            )
        out[:, start:end] += line.samples[:, : total - start]
    return Waveform(out, sample_rate)


def duck(
    bed: Waveform, *, spans: Sequence[Span], gain_db: float = -18.0, fade_seconds: Fraction = Fraction(1, 10)
) -> Waveform:
    """Lower a sound in some spans, with smooth fades before and after them.

    Samples outside spans and fades stay bit-identical.

    Args:
        bed: The original sound.
        spans: Where it is lowered; spans may overlap.
        gain_db: By how much: -18 leaves an eighth of the amplitude, minus infinity nothing.
        fade_seconds: Length of each fade.

    Raises:
        InputError: ``gain_db`` is above 0 or the fade is negative.
    """
    if gain_db > 0:
        raise InputError(f"ducking lowers: gain_db must be at most 0, got {gain_db}")
    if fade_seconds < 0:
        raise InputError(f"a fade cannot last {float(fade_seconds)} s")
    total = bed.samples.shape[1]
    fade = ceil_fraction(fade_seconds * bed.sample_rate)
    ramp = (0.5 - 0.5 * np.cos(np.pi * np.arange(1, fade + 1) / (fade + 1))).astype(np.float64)
    depth = np.zeros(total)
    for span in spans:
        inside = span.samples(bed.sample_rate)
        _deepen(depth, inside.start - fade, ramp)
        _deepen(depth, inside.start, np.ones(len(inside)))
        _deepen(depth, inside.stop, ramp[::-1])
    low = 10 ** (gain_db / 20)
    touched = depth > 0
    out = bed.samples.copy()
    out[:, touched] *= (1 - (1 - low) * depth[touched]).astype(np.float32)
    return Waveform(out, bed.sample_rate)


def mix(dialogue: Waveform, bed: Waveform) -> Waveform:
    """Add speech to music and effects.

    One channel of speech goes to the center where the bed has one, else to left and right 3 dB lower each: both are as
    loud as the speech by itself (ITU-R BS.1770). The sum may pass full scale; see ``loudness.limit_peaks``.

    Args:
        dialogue: Speech of one channel, or of as many as the bed.
        bed: Music, effects and what else is to be heard.

    Returns:
        The bed's channels, as long as the longer of both.

    Raises:
        InputError: Rates or channels do not fit.
    """
    if dialogue.sample_rate != bed.sample_rate:
        raise InputError(f"speech has {dialogue.sample_rate} Hz, the bed {bed.sample_rate} Hz; resample the speech")
    out = np.zeros((bed.channels, max(dialogue.samples.shape[1], bed.samples.shape[1])), np.float32)
    out[:, : bed.samples.shape[1]] = bed.samples
    out[:, : dialogue.samples.shape[1]] += _spread(dialogue, bed.channels)
    return Waveform(out, bed.sample_rate)


def _spread(dialogue: Waveform, channels: int) -> NDArray[np.float32]:
    if dialogue.channels == channels:
        return dialogue.samples
    if dialogue.channels != 1:
        raise InputError(f"speech of {dialogue.channels} channels does not fit a bed of {channels}; mix it to mono")
    out = np.zeros((channels, dialogue.samples.shape[1]), np.float32)
    if channels in (2, 4):
        out[:2] = dialogue.samples * np.float32(0.5**0.5)
    else:
        out[_CENTER] = dialogue.samples[0]
    return out


def _deepen(depth: NDArray[np.float64], start: int, values: NDArray[np.float64]) -> None:
    """Raise ``depth`` to ``values`` from ``start`` on, where they lie inside it."""
    first, last = max(start, 0), min(start + len(values), len(depth))
    if first < last:
        part = depth[first:last]
        np.maximum(part, values[first - start : last - start], out=part)
