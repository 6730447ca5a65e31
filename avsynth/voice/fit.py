"""Speech made exactly as long as its place: pauses first, then all of it by WSOLA, then silence at the end."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from avsynth.audio.stretch import stretch
from avsynth.core.errors import InputError
from avsynth.core.media import Waveform
from avsynth.core.span import Span
from avsynth.core.speech import Speech
from avsynth.voice.rhythm import SLOWEST, Piece, cut_into_pieces, place_phonemes, whole_edges

_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.4, 1.8  # of its own length
_CUTTABLE_SECONDS = 0.06  # a shorter gap is part of a stop consonant, not a pause
_FADE_SECONDS = 0.005


def fit(speech: Speech, duration: Fraction) -> Speech:
    """Give the same speech, exactly ``duration`` long.

    Speech is not slowed beyond 1.4 of its natural length: what is left of a longer place is silence at its end.
    It is hurried as far as it must; ``Speech.stretch`` of the result says how far.

    Args:
        speech: Of any engine.
        duration: Seconds, rounded to whole samples of the speech's rate, since a timeline and its sound must
            agree exactly.

    Raises:
        InputError: The place is empty, or less than a quarter of what the speech needs.

    Example:
        >>> from avsynth.core.speech import PhonemeTimeline
        >>> hum = Waveform(np.zeros((1, 16_000), np.float32), 16_000)
        >>> fit(Speech(hum, PhonemeTimeline((), Fraction(1)), "en"), Fraction("1.2")).waveform.duration
        Fraction(6, 5)
    """
    rate, length = speech.waveform.sample_rate, speech.waveform.samples.shape[1]
    samples = round(duration * rate)
    if samples <= 0:
        raise InputError(f"a line cannot last {float(duration):g} s; give it a longer place")
    if samples == length:
        return speech
    longest = int(length * SLOWEST / Fraction(speech.stretch).limit_denominator(10_000))
    spoken = min(samples, max(longest, length)) if samples > length else samples
    pieces = cut_into_pieces(speech.timeline.phonemes, within=Span(Fraction(0), speech.timeline.duration))
    lengths = _pause_lengths(pieces, sample_rate=rate, change=spoken - length)
    sound = _change_pauses(speech.waveform.samples, pieces, lengths, sample_rate=rate)
    if sound.shape[1] != spoken:
        sound = stretch(Waveform(sound, rate), Fraction(spoken, sound.shape[1])).samples
    ends = np.cumsum(lengths) * (spoken / sum(lengths))
    edges = whole_edges([float(end) for end in ends], samples=spoken)
    return Speech(
        Waveform(np.pad(sound, ((0, 0), (0, samples - spoken))), rate),
        place_phonemes(pieces, edges=edges, samples=samples, sample_rate=rate),
        speech.language,
        stretch=speech.stretch * spoken / length,
    )


def _pause_lengths(pieces: tuple[Piece, ...], *, sample_rate: int, change: int) -> list[int]:
    """Samples of every piece after the pauses took as much of ``change`` as they may."""
    edges = [round(piece.span.start * sample_rate) for piece in pieces]
    edges.append(round(pieces[-1].span.end * sample_rate))
    lengths = [b - a for a, b in itertools.pairwise(edges)]
    cuttable = [
        i for i, piece in enumerate(pieces) if piece.phoneme is None and lengths[i] >= _CUTTABLE_SECONDS * sample_rate
    ]
    held = sum(lengths[i] for i in cuttable)
    room = held * ((_LONGEST_PAUSE if change > 0 else _SHORTEST_PAUSE) - 1)
    share = max(-1.0, min(1.0, abs(change) / abs(room))) if room else 0.0
    left = change
    for i in cuttable:
        step = round(lengths[i] * room / held * share)
        step = max(step, left) if change < 0 else min(step, left)
        lengths[i] += step
        left -= step
    return lengths


def _change_pauses(
    samples: NDArray[np.float32], pieces: tuple[Piece, ...], lengths: list[int], *, sample_rate: int
) -> NDArray[np.float32]:
    parts, fade = [], round(_FADE_SECONDS * sample_rate)
    for piece, length in zip(pieces, lengths, strict=True):
        part = samples[:, round(piece.span.start * sample_rate) : round(piece.span.end * sample_rate)]
        parts.append(part if part.shape[1] == length else _resize(part, length, fade))
    return np.concatenate(parts, axis=1)


def _resize(pause: NDArray[np.float32], length: int, fade: int) -> NDArray[np.float32]:
    """Take out of, or put into, the middle of a pause, with no step in the sound."""
    half, ramp = length // 2, np.linspace(0, 1, fade, dtype=np.float32)
    out = np.zeros((pause.shape[0], length), np.float32)
    if length > pause.shape[1]:
        half = pause.shape[1] // 2
        head, tail = pause[:, :half].copy(), pause[:, half:].copy()
        head[:, half - fade :] *= ramp[::-1]
        tail[:, :fade] *= ramp
        out[:, :half] = head
        out[:, length - tail.shape[1] :] = tail
        return out
    head, tail = pause[:, : half + fade].copy(), pause[:, pause.shape[1] - (length - half) :].copy()
    head[:, half:] *= ramp[::-1]
    tail[:, :fade] *= ramp
    out[:, : half + fade] += head
    out[:, half:] += tail
    return out
