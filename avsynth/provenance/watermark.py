"""Marks generated speech inaudibly, and finds the mark again in any sound."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from avsynth.core.media import Waveform
from avsynth.core.span import Span
from avsynth.provenance.base import WATERMARKS, AudioWatermark

ENGINE = "perth"
FOUND = 0.6  # a score from here on is called a mark: 1 of 1065 unmarked windows of speech reached it
WINDOW_SECONDS = 4  # what one score is taken of; shorter ones give false alarms more often
BEST_PART = 20  # the score of a sound is the mean of its best windows, one in 20 but at least one
_SILENCE_SECONDS = 0.02  # zeros for as long are digital silence, not a zero crossing
_LINE_GAP_SECONDS = 0.5  # lines closer than this are marked as one
_CHUNK_SECONDS, _OVERLAP_SECONDS = 20, 1  # memory does not grow with the film
_FADE_SECONDS = 0.005
_STRENGTHS = (1.0, 1.5, 2.0)  # a moment of speech may need more of the mark to hold it: the least that is heard
_SURE = 0.9
_LEAST_SECONDS = 1  # windows with less sound are not scored, unless there is no other


@dataclass(frozen=True)
class MarkWindow:
    """How surely a stretch of sound is marked, 0 to 1."""

    span: Span
    score: float


def mark_speech(waveform: Waveform, *, engine: str = ENGINE) -> Waveform:
    """Mark speech: same length, rate, channels and bandwidth; digital silence stays digital silence.

    Only what the engine adds is put on top of the samples, so nothing is resampled and no band is lost.

    Args:
        waveform: Speech; its lines may lie in silence, each is marked by itself.
        engine: One of ``WATERMARKS``.

    Returns:
        The marked sound. It does not exceed full scale where ``waveform`` did not.

    Raises:
        UnknownEngineError: No such engine.
        ModelError: The engine's weights are absent or not the right ones.
    """
    samples = waveform.samples
    added = np.zeros_like(samples)
    for index, channel in enumerate(samples):
        same = next((i for i in range(index) if np.array_equal(samples[i], channel)), None)
        added[index] = added[same] if same is not None else _channel(channel, waveform.sample_rate, engine)
    limit = max(1.0, float(np.abs(samples).max(initial=0)))
    return Waveform(np.clip(samples + added, -limit, limit, dtype=np.float32), waveform.sample_rate)


def detect_mark(waveform: Waveform, *, engine: str = ENGINE) -> float:
    """How surely a sound carries the mark: 0 no sign of it, 1 surely; from ``FOUND`` on it is called found.

    A low score is no proof that no machine made the sound: marks get lost, and not everybody marks.
    """
    return best_score(score_windows(waveform, engine=engine))


def score_windows(waveform: Waveform, *, engine: str = ENGINE) -> tuple[MarkWindow, ...]:
    """Score a sound window by window; stretches that are almost wholly silent are left out."""
    sample_rate = waveform.sample_rate
    mono = waveform.mono()
    step = WINDOW_SECONDS * sample_rate
    starts = range(0, max(len(mono) - step // 2, 1), step)  # the last window takes the rest, up to half a window
    edges = [*starts, len(mono)]
    windows = [(a, b) for a, b in itertools.pairwise(edges) if mono[a:b].any()]
    loud = [w for w in windows if np.count_nonzero(mono[slice(*w)]) >= _LEAST_SECONDS * sample_rate]
    found = _engine(engine)
    return tuple(
        MarkWindow(
            Span(Fraction(a, sample_rate), Fraction(b, sample_rate)),
            found.score(_resample(mono[a:b], sample_rate, found.sample_rate)),
        )
        for a, b in loud or windows
    )


def best_score(windows: tuple[MarkWindow, ...]) -> float:
    """The score of the whole: the mean of the best twentieth of the windows, of one at least; 0 without any.

    Not the best window alone: a long film has so many that one will look marked by chance.

    >>> best_score(())
    0.0
    """
    scores = sorted((window.score for window in windows), reverse=True)
    best = scores[: max(1, len(scores) // BEST_PART)]
    return float(np.mean(best)) if best else 0.0


@lru_cache(maxsize=2)
def _engine(name: str) -> AudioWatermark:
    engine: AudioWatermark = WATERMARKS.get(name)()
    return engine


def _channel(samples: NDArray[np.float32], sample_rate: int, engine: str) -> NDArray[np.float32]:
    """What to add to one channel: line by line, and nothing in the silence between."""
    added = np.zeros_like(samples)
    for line in lines(samples, gap=round(_LINE_GAP_SECONDS * sample_rate)):
        added[line] = _line(samples[line], sample_rate, _engine(engine))
    fade = max(round(_FADE_SECONDS * sample_rate), 1)
    ramp = (np.arange(1, fade + 1) / (fade + 1)).astype(np.float32)
    sounding = np.zeros(len(samples), bool)
    for part in lines(samples, gap=max(round(_SILENCE_SECONDS * sample_rate), 1)):
        sounding[part] = True
        edge = min(fade, (part.stop - part.start) // 2)
        added[part.start : part.start + edge] *= ramp[:edge]
        added[part.stop - edge : part.stop] *= ramp[:edge][::-1]
    return np.where(sounding, added, np.float32(0))


def lines(samples: NDArray[np.float32], *, gap: int) -> Iterator[slice]:
    """Stretches of sound that are ``gap`` or more zeros apart.

    >>> list(lines(np.array([0, 1, 0, 1, 0, 0, 0, 1], np.float32), gap=2))
    [slice(1, 4, None), slice(7, 8, None)]
    """
    sounding = np.flatnonzero(samples)
    if not len(sounding):
        return
    breaks = np.flatnonzero(np.diff(sounding) > gap)
    starts = sounding[np.concatenate(([0], breaks + 1))]
    ends = sounding[np.concatenate((breaks, [len(sounding) - 1]))] + 1
    for start, end in zip(starts, ends, strict=True):
        yield slice(int(start), int(end))


def _line(samples: NDArray[np.float32], sample_rate: int, engine: AudioWatermark) -> NDArray[np.float32]:
    """The engine's residual at the sound's own rate, made in chunks that fade into each other."""
    added = np.zeros_like(samples)
    chunk, overlap = _CHUNK_SECONDS * sample_rate, _OVERLAP_SECONDS * sample_rate
    rise = ((np.arange(overlap) + 1) / (overlap + 1)).astype(np.float32)
    start = 0
    while True:
        end = min(start + chunk, len(samples))
        part = _strong_enough(_resample(samples[start:end], sample_rate, engine.sample_rate), engine)
        part = _resample(part, engine.sample_rate, sample_rate)[: end - start]
        part = np.pad(part, (0, end - start - len(part)))
        if start > 0:
            part[:overlap] *= rise
        if end < len(samples):
            part[-overlap:] *= rise[::-1]
        added[start:end] += part
        if end == len(samples):
            return added
        start = end - overlap


def _strong_enough(samples: NDArray[np.float32], engine: AudioWatermark) -> NDArray[np.float32]:
    """The engine's residual, as strong as the detector needs it."""
    added = engine.residual(samples)
    for strength in _STRENGTHS:
        stronger = np.float32(strength) * added
        if engine.score(samples + stronger) >= _SURE:
            break
    return stronger


def _resample(samples: NDArray[np.float32], source: int, target: int) -> NDArray[np.float32]:
    if source == target or not len(samples):
        return samples
    ratio = Fraction(target, source)  # a linear-phase filter: no delay, so the residual fits its samples
    resampled: NDArray[np.float32] = resample_poly(samples, ratio.numerator, ratio.denominator).astype(np.float32)
    return resampled
