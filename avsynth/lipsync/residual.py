"""How this person's mouth differs from the prior's, learnt from their footage where it holds enough speech."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from avsynth.core.face import FaceTrack
from avsynth.core.media import Waveform
from avsynth.lipsync.offset import UNKNOWN, AVOffset, SeenOpening, best_offset
from avsynth.lipsync.person import PersonMouth
from avsynth.lipsync.prior import SoundPrior, Taps, speaking
from avsynth.lipsync.visemes import COMPONENTS
from avsynth.models.ear import FRAME_RATE, Array, Hearing, sample

LEARN_SECONDS = 8.0  # of speech, from which on a residual is learnt; below, in the study, it made the prior worse
RANGE_SECONDS = 1.5  # of speech, from which on mean and range are the person's own
LARGEST_GAIN = 1.8  # more looks wrong: what is heard does not tell how far a mouth opens
_AROUND = np.array([-0.05, 0.0, 0.05])
_PENALTIES = (30.0, 100.0, 300.0, 1000.0, 3000.0, 10_000.0)
_FOLDS = 5
_LEAST_GAIN_R = 0.01  # by which the residual must improve the correlation of what was left out
_AS_GOOD = 0.01  # penalties whose correlations differ by less are equally good; then the greatest is taken
_SCALED = tuple(COMPONENTS.index(name) for name in ("opening", "width", "jaw"))  # what is heard well enough to scale

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Heard:
    """A person's face while their own voice is heard.

    Attributes:
        track: The face.
        usable: ``(T,)`` bool.
        sound: The film's sound from its time 0.
        frame_rate: Frames a second.
        times: ``(T,)`` seconds of the sound when each frame is shown; None where the rate is constant and the sound
            begins with the film.
        source: Of pieces with the same name, picture and sound are equally far apart; empty: of those that share a
            sound.
    """

    track: FaceTrack
    usable: NDArray[np.bool_]
    sound: Waveform
    frame_rate: Fraction
    times: Values | None = None
    source: str = ""

    def clock(self) -> Values:
        """When each frame is shown, ``(T,)`` seconds of the sound."""
        if self.times is not None:
            return self.times
        return np.array([float((self.track.start + i) / self.frame_rate) for i in range(len(self.track))])


@dataclass(frozen=True)
class Habits:
    """What a person does with the prior's mouth.

    Attributes:
        offset: Of the footage. It was taken out before anything was fitted, so what these habits make is in sync.
        speech_seconds: How much speech was seen and heard.
        gain: ``(K,)`` what the prior's coefficients are multiplied by.
        shift: ``(K,)`` and what is added then.
        residual: From the ear's last layer to what is still missing; None where it was not learnt or did not help.
        note: The rule that applied, in words.
    """

    offset: AVOffset
    speech_seconds: float
    gain: Array
    shift: Array
    residual: Taps | None
    note: str

    def apply(self, prior: Array, *, heard: Hearing, times: Values) -> Array:
        """This person's coefficients ``(T, K)``, from the prior's at times ``(T,)`` of a sound."""
        own = prior * self.gain + self.shift
        return own + self.residual.at(heard.hidden, times=times) if self.residual is not None else own


@dataclass(frozen=True)
class _Lesson:
    """All usable frames of the footage: what was seen ``(N, K)`` and what was heard then."""

    seen: Values
    prior: Values
    hidden: Values
    speech: NDArray[np.bool_]
    seconds: float


def generic(note: str, *, offset: AVOffset = UNKNOWN) -> Habits:
    """No habits of one's own."""
    count = len(COMPONENTS)
    return Habits(offset, 0.0, np.ones(count, np.float32), np.zeros(count, np.float32), None, note)


def learn_habits(footage: Sequence[Heard], *, person: PersonMouth) -> Habits:
    """Learn how a person's own mouth differs from the prior's.

    First the footage's offset between picture and sound is found and taken out. From ``RANGE_SECONDS`` of speech on,
    mean and range are matched; from ``LEARN_SECONDS`` on, a residual is fitted and kept if it helps on stretches
    that were left out of the fit.

    Args:
        footage: Pieces of film that show the person while their voice is heard.
        person: Learnt from the same footage.

    Raises:
        ModelError: The weights of the prior are absent or wrong.
    """
    footage = [piece for piece in footage if piece.usable.any() and np.abs(piece.sound.samples).max(initial=0) > 1e-4]
    if not footage:
        return generic("motion: the generic prior, because the footage has no sound to learn from")
    prior = SoundPrior.load()
    hearings = {id(piece.sound): prior.hear(piece.sound) for piece in footage}
    sources: dict[str, list[Heard]] = {}
    for piece in footage:
        sources.setdefault(piece.source or str(id(piece.sound)), []).append(piece)
    found, lessons = [], []
    for pieces in sources.values():
        offset = _offset(prior, hearings, pieces)
        found.append((sum(int(piece.usable.sum()) for piece in pieces), offset))
        if offset.trusted:
            lessons += [_lesson(piece, person, prior, hearings[id(piece.sound)], offset.seconds) for piece in pieces]
    offset = max(found, key=lambda pair: (pair[1].trusted, pair[0]))[1]
    if not lessons:
        return generic(f"motion: the generic prior; {_about(0.0, offset)}", offset=offset)
    lesson = _joined(lessons)
    about = _about(lesson.seconds, offset)
    if lesson.seconds < RANGE_SECONDS:
        return generic(f"motion: the generic prior; {about}", offset=offset)
    gain, shift = _range(lesson)
    if lesson.seconds < LEARN_SECONDS:
        note = f"motion: the generic prior in the person's own range; {about}"
        return Habits(offset, lesson.seconds, gain, shift, None, note)
    return _with_residual(lesson, offset, about)


def _about(seconds: float, offset: AVOffset) -> str:
    if not offset.trusted:
        return f"the footage's lips do not follow its sound clearly enough to learn from (r {offset.peak:.2f})"
    side = "after" if offset.seconds > 0 else "before"
    late = f"picture {1000 * abs(offset.seconds):.0f} ms {side} the sound (corrected)"
    return f"{seconds:.1f} s of speech in the footage, {late}"


def _offset(prior: SoundPrior, hearings: Mapping[int, Hearing], pieces: Sequence[Heard]) -> AVOffset:
    pairs = []
    for piece in pieces:
        heard = hearings[id(piece.sound)]
        told = prior.coefficients(heard, times=np.arange(len(heard)) / FRAME_RATE)[:, 0]
        opening = piece.track.layout.mouth_opening(piece.track.landmarks_px).astype(np.float64)
        good = piece.usable & np.isfinite(opening)
        pairs.append((SeenOpening(piece.clock()[good], opening[good]), told))
    return best_offset(pairs)


def _joined(lessons: Sequence[_Lesson]) -> _Lesson:
    return _Lesson(
        seen=np.concatenate([part.seen for part in lessons]),
        prior=np.concatenate([part.prior for part in lessons]),
        hidden=np.concatenate([part.hidden for part in lessons]),
        speech=np.concatenate([part.speech for part in lessons]),
        seconds=sum(part.seconds for part in lessons),
    )


def _lesson(piece: Heard, person: PersonMouth, prior: SoundPrior, heard: Hearing, late: float) -> _Lesson:
    seen = person.read(piece.track, frame_rate=piece.frame_rate).coefficients.astype(np.float64)
    clock = piece.clock()
    good = piece.usable & np.isfinite(seen).all(axis=1)
    times = clock[good] - late
    told = prior.coefficients(heard, times=times).astype(np.float64)
    hidden = sample(heard.hidden, times=times, around=_AROUND)
    speech = speaking(heard, times=times)
    step = float(np.median(np.diff(clock))) if len(clock) > 1 else 1 / float(piece.frame_rate)
    return _Lesson(seen[good], told, hidden, speech, float(speech.sum() * step))


def _range(lesson: _Lesson) -> tuple[Array, Array]:
    """Gain and shift that give the prior the mean and, where it hears well, the range of the seen speech."""
    seen, told = lesson.seen[lesson.speech], lesson.prior[lesson.speech]
    gain = np.ones(seen.shape[1])
    ratio = seen.std(axis=0) / np.maximum(told.std(axis=0), 1e-6)
    for k in _SCALED:
        gain[k] = float(np.clip(ratio[k], 1 / LARGEST_GAIN, LARGEST_GAIN))
    shift = seen.mean(axis=0) - gain * told.mean(axis=0)
    return gain.astype(np.float32), shift.astype(np.float32)


def _with_residual(lesson: _Lesson, offset: AVOffset, about: str) -> Habits:
    """Fit a residual for the penalty that does best on left-out stretches, and keep it if it beats the prior there."""
    slope, level = _affine(lesson.prior, lesson.seen)
    fitted = lesson.prior * slope + level
    missing = lesson.seen - fitted
    base = _opening_r(lesson, fitted)
    tried = {penalty: fitted + _left_out(lesson.hidden, missing, penalty=penalty) for penalty in _PENALTIES}
    scores = {penalty: _opening_r(lesson, made) for penalty, made in tried.items()}
    best = max(penalty for penalty in scores if scores[penalty] >= max(scores.values()) - _AS_GOOD)
    if scores[best] < base + _LEAST_GAIN_R:
        gain, shift = _range(lesson)
        note = f"motion: the generic prior in the person's own range, which their residual did not improve; {about}"
        return Habits(offset, lesson.seconds, gain, shift, None, note)
    weight, bias = ridge(lesson.hidden, missing, penalty=best)
    stretch, move = _range(replace(lesson, prior=tried[best]))
    taps = Taps(_AROUND, (weight * stretch).astype(np.float32), (bias * stretch).astype(np.float32))
    own_gain, own_shift = (slope * stretch).astype(np.float32), (level * stretch + move).astype(np.float32)
    better = f"r {base:.2f} to {scores[best]:.2f} on left-out parts"
    note = f"motion: the prior and the person's own residual ({better}); {about}"
    return Habits(offset, lesson.seconds, own_gain, own_shift, taps, note)


def _left_out(hidden: Values, missing: Values, *, penalty: float) -> Values:
    """What a residual says of stretches that were left out of its fit, ``(N, K)``."""
    folds = np.arange(len(missing)) * _FOLDS // len(missing)
    guess = np.zeros_like(missing)
    for fold in range(_FOLDS):
        weight, bias = ridge(hidden[folds != fold], missing[folds != fold], penalty=penalty)
        guess[folds == fold] = hidden[folds == fold] @ weight + bias
    return guess


def _opening_r(lesson: _Lesson, made: Values) -> float:
    return float(np.corrcoef(made[:, 0], lesson.seen[:, 0])[0, 1])


def _affine(told: Values, seen: Values) -> tuple[Values, Values]:
    """Least squares of every component on its own prior, which never turns it around."""
    spread = told - told.mean(axis=0)
    slope = (spread * seen).sum(axis=0) / np.maximum((spread**2).sum(axis=0), 1e-9)
    gain = np.clip(slope, 0, LARGEST_GAIN)
    return gain, seen.mean(axis=0) - gain * told.mean(axis=0)


def ridge(inputs: Values, outputs: Values, *, penalty: float) -> tuple[Values, Values]:
    """Least squares with a penalty on all but the mean: weight ``(D, K)`` and bias ``(K,)``."""
    middle, mean = inputs.mean(axis=0), outputs.mean(axis=0)
    spread = inputs - middle
    weight: Values = np.linalg.solve(spread.T @ spread + penalty * np.eye(inputs.shape[1]), spread.T @ (outputs - mean))
    return weight, mean - middle @ weight
