"""When each phone of one speaker sounds, found from that speech alone: no other voice's habits are carried over.

A network that was taught on other voices aligns a new one by what it mistakes; taught again on that, it mistakes the
more. A speaker that says minutes of known phones can instead be aligned by the phones themselves: models of them and
their times are estimated in turns, beginning with times that only share out the length.

Source:
    Viterbi training of monophone models from a flat start, as recognizers have long begun (Rabiner 1989; Young et al.,
    "The HTK Book"), with durations of another synthesizer instead of equal ones at the start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct
from scipy.ndimage import uniform_filter1d

from avsynth.core.span import Span
from avsynth.core.speech import PhonemeSpan, PhonemeTimeline
from avsynth.models.voice_mel import FRAME_RATE
from avsynth.voice.phones import phones_of

STATES = 2  # of a phone, so that none is shorter than so many frames
_PAUSE_STATES = 6  # of a pause between two phones
_PAUSE_COST = 12.0  # in natural log units
_CEPSTRA = 13
_DELTA_FRAMES = 5
_VARIANCE_FLOOR = 0.05  # of the variance of all speech
_SILENT = 5.0  # natural log of magnitude below the loudest frame
_ROUNDS = 12
_SHORTEST_SECONDS = 0.02  # thought of a phone at the start

Array = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Line:
    """One line that a speaker says.

    Attributes:
        mel: Log mels ``(MELS, T)``.
        phones: What is said, as whole numbers above 0, in order; there must be room for ``STATES`` frames each.
        lengths: How long the phones are thought to be, in any unit.
    """

    mel: Array
    phones: Sequence[int]
    lengths: Sequence[float]


def align_speaker(lines: Sequence[Line], *, rounds: int = _ROUNDS) -> list[Whole]:
    """When the phones of each line sound: for every line ``(phones, 2)``, first frame and the one after the last.

    Args:
        lines: Of one speaker; some minutes in all, in which every phone is said often.
        rounds: How often models and times are estimated.
    """
    features = [_features(line.mel) for line in lines]
    paths = [_shared_out(line) for line in lines]
    for _ in range(rounds):
        means, variances = _models(features, paths)
        paths = [_path(frames, line.phones, means, variances) for frames, line in zip(features, lines, strict=True)]
    return [_spans(path, count=len(line.phones)) for path, line in zip(paths, lines, strict=True)]


@dataclass(frozen=True)
class _Path:
    """What sounds in every frame: which phone of the line (-1 in silence), and which model."""

    owner: Whole
    model: Whole


def _features(mel: Array) -> Array:
    """Cepstra and how they change, ``(T, F)``."""
    shape = dct(mel.T, norm="ortho", axis=1)[:, :_CEPSTRA]
    shape = shape - shape.mean(axis=0)
    change = np.gradient(uniform_filter1d(shape, _DELTA_FRAMES, axis=0), axis=0)
    return np.concatenate([shape, 2 * change], axis=1)


def _shared_out(line: Line) -> _Path:
    """The frames that are not silent, shared out by the lengths that are thought."""
    level = np.logaddexp.reduce(2 * line.mel, axis=0) / 2
    sounds = np.flatnonzero(level > level.max() - _SILENT)
    edges = np.cumsum([0, *line.lengths]) / np.sum(line.lengths) * len(sounds)
    owner = np.full(len(level), -1, np.int64)
    owner[sounds] = np.searchsorted(edges[1:-1], np.arange(len(sounds)), side="right")
    within = (np.arange(len(sounds)) + 0.5 - edges[owner[sounds]]) / np.diff(edges)[owner[sounds]]
    state = np.zeros(len(level), np.int64)
    state[sounds] = np.clip((within * STATES).astype(int), 0, STATES - 1)
    phones = np.asarray(line.phones)
    return _Path(owner, np.where(owner < 0, 0, phones[owner] * STATES + state))


def _models(features: Sequence[Array], paths: Sequence[_Path]) -> tuple[Array, Array]:
    """Mean and variance of every model, ``(models, F)``; those that were never heard are as all speech."""
    frames, model = np.concatenate(features), np.concatenate([path.model for path in paths])
    count = int(model.max()) + 1
    weight = np.bincount(model, minlength=count)[:, None]
    sums, squares = (
        np.stack([np.bincount(model, values, minlength=count) for values in part.T], axis=1)
        for part in (frames, frames**2)
    )
    means = np.where(weight > 0, sums / np.maximum(weight, 1), frames.mean(axis=0))
    variances = np.where(weight > STATES, squares / np.maximum(weight, 1) - means**2, frames.var(axis=0))
    return means, np.maximum(variances, _VARIANCE_FLOOR * frames.var(axis=0))


def _path(frames: Array, phones: Sequence[int], means: Array, variances: Array) -> _Path:
    """The best way through the phones in their order, with pauses between any two of them where they pay."""
    block = STATES + _PAUSE_STATES
    model, owner = np.zeros(1 + block * len(phones), np.int64), np.full(1 + block * len(phones), -1)
    begins = 1 + block * np.arange(len(phones))  # first state of every phone; silence is before and after each
    for state in range(STATES):
        model[begins + state] = np.asarray(phones) * STATES + state
        owner[begins + state] = np.arange(len(phones))
    used, where = np.unique(model, return_inverse=True)
    scores = np.stack(
        [-0.5 * (((frames - means[m]) ** 2 / variances[m]) + np.log(variances[m])).sum(axis=1) for m in used],
        axis=1,
    )[:, where]
    count, length = len(model), len(frames)
    skips = begins[1:]  # reached from the last state of the phone before too, past its pause
    pauses = begins + STATES
    best = np.full(count, -np.inf)
    best[0], best[1] = scores[0, 0], scores[0, 1]
    came = np.zeros((length, count), np.int64)
    stay = np.arange(count)
    for time in range(1, length):
        step = np.concatenate([[-np.inf], best[:-1]])
        step[pauses] -= _PAUSE_COST
        choice = np.where(step > best, stay - 1, stay)
        value = np.maximum(step, best)
        past = best[skips - block + STATES - 1]
        better = past > value[skips]
        choice[skips[better]] = skips[better] - block + STATES - 1
        value[skips] = np.maximum(past, value[skips])
        came[time], best = choice, value + scores[time]
    # It ends in the last phone or in the silence after it.
    at = int(max((count - 1 - _PAUSE_STATES, count - 1), key=lambda state: best[state]))
    states = np.empty(length, np.int64)
    for time in range(length - 1, -1, -1):
        states[time] = at
        at = int(came[time, at])
    return _Path(owner[states], model[states])


def timelines(mels: Sequence[Array], *, said: Sequence[Sequence[PhonemeSpan]]) -> list[PhonemeTimeline | None]:
    """When the phonemes of one speaker's lines sound; None for a line that is too short to hold them.

    Args:
        mels: Log mels ``(MELS, T)`` of the lines.
        said: Their phonemes, as another voice says them; only how long they are beside each other counts.
    """
    lines, owners = [], []
    for mel, phonemes in zip(mels, said, strict=True):
        phones: list[int] = []
        lengths: list[float] = []
        whose: list[int] = []
        for index, phoneme in enumerate(phonemes):
            own = phones_of(phoneme.symbol)
            phones += own
            lengths += [max(float(phoneme.span.duration), _SHORTEST_SECONDS) / len(own)] * len(own)
            whose += [index] * len(own)
        lines.append(Line(mel, phones, lengths))
        owners.append(np.array(whose))
    fitting = [bool(line.phones) and line.mel.shape[1] >= STATES * len(line.phones) + 2 for line in lines]
    found = iter(align_speaker([line for line, fits in zip(lines, fitting, strict=True) if fits]))
    return [
        _timeline(phonemes, next(found), owner=owner, frames=line.mel.shape[1]) if fits else None
        for phonemes, line, owner, fits in zip(said, lines, owners, fitting, strict=True)
    ]


def _timeline(phonemes: Sequence[PhonemeSpan], spans: Whole, *, owner: Whole, frames: int) -> PhonemeTimeline:
    placed = []
    for index, phoneme in enumerate(phonemes):
        own = np.flatnonzero(owner == index)
        if len(own):
            edges = (Fraction(int(frame), FRAME_RATE) for frame in (spans[own[0], 0], spans[own[-1], 1]))
            placed.append(PhonemeSpan(phoneme.symbol, Span(*edges)))
    return PhonemeTimeline(tuple(placed), Fraction(frames, FRAME_RATE))


def _spans(path: _Path, *, count: int) -> Whole:
    """First frame of every phone and the one after its last; each has ``STATES`` frames at least."""
    rows = [np.flatnonzero(path.owner == index) for index in range(count)]
    return np.array([(own[0], own[-1] + 1) for own in rows])
