"""Excerpts of a recording: a person's stretches with their short pauses left in, joined where nobody hears it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avsynth.core.span import Span
from avsynth.media.read import read_audio
from avsynth.voice.base import PROMPT_RATE
from avsynth.voice.cleanliness import SAMPLE_RATE, signal_to_noise_db

PROMPT_SECONDS = 12
_PAUSE_SECONDS = 0.3  # the longest that stays
_FADE_SECONDS = 0.01
_WORTH_A_JOIN = 0.5  # seconds of speech
_WORTH_A_DB = 0.05
_FARTHEST_SECONDS = 120  # from the first to the last word of a prompt

Sound = NDArray[np.float32]


def with_pauses(kept: Sequence[range], *, speech: Sequence[range], length: int) -> list[range]:
    """Widen stretches by up to 0.15 s into the pauses around them, never into other speech; join those that touch.

    Args:
        kept: Somebody's stretches in samples at 16 kHz, in order.
        speech: All speech, whoever's, in order.
        length: Samples of the recording.

    Example:
        >>> with_pauses([range(3000, 8000), range(9000, 20_000)], speech=[range(3000, 20_000)], length=30_000)
        [range(600, 8000), range(9000, 22400)]
    """
    most = round(_PAUSE_SECONDS * SAMPLE_RATE) // 2
    before = sorted([0, *(part.stop for part in (*kept, *speech))])
    after = sorted([length, *(part.start for part in (*kept, *speech))])
    inside = [(part.start, part.stop) for part in speech]
    wide: list[range] = []
    for part in kept:
        starts_inside = any(start < part.start < stop for start, stop in inside)
        stops_inside = any(start < part.stop < stop for start, stop in inside)
        left = 0 if starts_inside else part.start - max(edge for edge in before if edge <= part.start)
        right = 0 if stops_inside else min(edge for edge in after if edge >= part.stop) - part.stop
        # at the recording's ends the whole pause is theirs, between two stretches half of it
        start = part.start - min(most, left if left == part.start else left // 2)
        stop = part.stop + min(most, right if part.stop + right == length else -(-right // 2))
        if wide and wide[-1].stop >= start:
            wide[-1] = range(wide[-1].start, stop)
        else:
            wide.append(range(start, stop))
    return wide


def join(pieces: Sequence[Sound], *, sample_rate: int) -> Sound:
    """One sound of several ``(T,)``; where two meet, one fades into the other for 10 ms.

    >>> join([np.ones(1000, np.float32), np.ones(500, np.float32)], sample_rate=16_000).shape
    (1340,)
    """
    if not pieces:
        return np.zeros(0, np.float32)
    whole = pieces[0]
    made = []
    for piece in pieces[1:]:
        fade = min(round(_FADE_SECONDS * sample_rate), len(whole), len(piece))
        rise = np.linspace(0, 1, fade, dtype=np.float32)
        made.append(whole[: len(whole) - fade])
        whole = np.concatenate([whole[len(whole) - fade :] * (1 - rise) + piece[:fade] * rise, piece[fade:]])
    return np.concatenate([*made, whole])


def prompt_of(path: Path, *, sound: Sound, pieces: Sequence[range]) -> NDArray[np.int16]:
    """The cleanest 12 s of a recording, or less where there is less, as an engine wants to hear a voice.

    Few joins and little noise are preferred; the end falls into a quiet moment.

    Args:
        path: The recording, which is read again at its full band.
        sound: The same ``(T,)`` at 16 kHz.
        pieces: A person's stretches in it, as ``with_pauses`` gives them, at least one.

    Returns:
        ``(T,)`` at 24 kHz, full scale 32767.
    """
    run = max((_run(sound, pieces[first:]) for first in range(len(pieces))), key=lambda run: _worth(sound, run))
    span = Span(Fraction(run[0].start, SAMPLE_RATE), Fraction(run[-1].stop, SAMPLE_RATE))
    heard = read_audio(path, sample_rate=PROMPT_RATE, span=span).mono()
    scale = Fraction(PROMPT_RATE, SAMPLE_RATE)
    parts = [heard[round((r.start - run[0].start) * scale) : round((r.stop - run[0].start) * scale)] for r in run]
    whole = join([part for part in parts if len(part)], sample_rate=PROMPT_RATE)[: PROMPT_SECONDS * PROMPT_RATE]
    prompt: NDArray[np.int16] = np.round(np.clip(whole, -1, 1) * 32767).astype(np.int16)
    return prompt


def _run(sound: Sound, pieces: Sequence[range]) -> list[range]:
    """The first pieces that together last 12 s; what would be longer ends at its quietest moment before."""
    left, run = PROMPT_SECONDS * SAMPLE_RATE, list[range]()
    for piece in pieces:
        if run and piece.stop - run[0].start > _FARTHEST_SECONDS * SAMPLE_RATE:
            break
        if len(piece) > left:
            if not run or left > PROMPT_SECONDS * SAMPLE_RATE // 4:
                run.append(
                    range(piece.start, _quiet_moment(sound, range(piece.start + left * 3 // 4, piece.start + left)))
                )
            break
        run.append(piece)
        left -= len(piece)
    return run


def _quiet_moment(sound: Sound, where: range) -> int:
    size = SAMPLE_RATE // 50
    part = sound[where.start : where.stop]
    frames = part[: len(part) // size * size].reshape(-1, size)
    if not len(frames):
        return where.stop
    return where.start + int(np.square(frames).mean(axis=1).argmin()) * size + size // 2


def _worth(sound: Sound, run: Sequence[range]) -> float:
    heard = np.concatenate([sound[piece.start : piece.stop] for piece in run])
    noise = _WORTH_A_DB * signal_to_noise_db(heard) if len(heard) > SAMPLE_RATE // 10 else 0.0
    return len(heard) / SAMPLE_RATE - _WORTH_A_JOIN * (len(run) - 1) + noise
