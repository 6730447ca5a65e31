"""Phonemes in time to a mouth in motion: targets that overlap, closures that hold, rest in silence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from avsynth.core.face import MouthMotion
from avsynth.core.span import Span
from avsynth.core.speech import PhonemeTimeline
from avsynth.lipsync.prior import CHANCE_SCALE, RULES_SCALE, SHIPPED, Taps, shipped_phonemes
from avsynth.lipsync.visemes import BASIS, COMPONENTS, Contact, Viseme, visemes
from avsynth.models.ear import CLASSES, FRAME_RATE
from avsynth.voice.forced import class_of

PAUSE_SECONDS = 0.12  # a gap longer than this is a pause, in which the mouth rests
ONSET_SECONDS = 0.09  # lips lead the voice, by 100-300 ms in Chandrasekaran et al. 2009; here at the short end
RELEASE_SECONDS = 0.10  # and is closed this long after it
CONTACT_SECONDS = 0.06  # how long lips take to part from, or come to, a contact
TEETH_GAP = 0.12  # opening while the lower lip touches the upper teeth

# How far a target reaches beyond its phoneme, in seconds, before and after: rounding is anticipated 100-200 ms.
_REACH = {
    "opening": (0.055, 0.055),
    "width": (0.10, 0.07),
    "protrusion": (0.13, 0.08),
    "tuck": (0.045, 0.045),
    "jaw": (0.07, 0.07),
}
_BEFORE = np.array([_REACH[name][0] for name in COMPONENTS])
_AFTER = np.array([_REACH[name][1] for name in COMPONENTS])
_OPENING, _TUCK = COMPONENTS.index("opening"), COMPONENTS.index("tuck")
_NOTHING = 1e-9  # of a flank: less is rounding
_LEARNT = [_OPENING, COMPONENTS.index("jaw")]
_WINDOW = 0.75  # seconds beyond which no phoneme is felt


@dataclass(frozen=True)
class _Sounds:
    """The timeline as arrays: times in seconds ``(N,)``, targets and dominance ``(N, K)``."""

    start: NDArray[np.float64]
    end: NDArray[np.float64]
    target: NDArray[np.float64]
    dominance: NDArray[np.float64]


def animate(
    timeline: PhonemeTimeline,
    *,
    frame_rate: Fraction,
    frame_count: int,
    start: int = 0,
    prior: Taps | None = SHIPPED,
    heard: MouthMotion | None = None,
) -> MouthMotion:
    """Move a mouth so that it says the timeline.

    Every frame is computed from its own time alone, so the motion is the same at any frame rate and however the film
    is cut into chunks. Targets of neighbouring phonemes overlap by dominance functions (Cohen and Massaro 1993); a map
    learnt from filmed mouths then corrects timing and extent; bilabials close the lips exactly, labiodentals bring lip
    to teeth, and pauses let the mouth rest, whatever was learnt.

    Args:
        timeline: What is said when, in film time from 0.
        frame_rate: Frames a second of the film.
        frame_count: How many frames to make.
        start: Index in the film of the first frame; a frame's time is its index over the frame rate.
        prior: From ``evidence`` to a real mouth; ``None`` leaves the rules alone.
        heard: What ``listen`` makes of the recorded sound in the same frames: opening and jaw go half way to it, before
            contacts and rest are enforced. Both together are nearer to real mouths than either.

    Returns:
        Coefficients ``(frame_count, K)`` of the basis ``visemes.BASIS``. Every bilabial has a frame whose opening is
        exactly 0, all its frames where it holds several; so have the pauses after their release.

    Raises:
        ValueError: ``frame_count`` or ``frame_rate`` is not positive, or ``heard`` is of other frames.
        ModelError: The shipped prior's weights are absent or wrong.

    Example:
        >>> from avsynth.core.speech import PhonemeSpan
        >>> hum = PhonemeTimeline((PhonemeSpan("m", Span(Fraction(0), Fraction(1))),), Fraction(1))
        >>> float(animate(hum, frame_rate=Fraction(25), frame_count=25).coefficients[:, 0].max())
        0.0
    """
    if frame_count < 1 or frame_rate <= 0:
        raise ValueError(f"cannot make {frame_count} frames at {frame_rate} frames a second")
    times = np.array([float((start + i) / frame_rate) for i in range(frame_count)])
    spoken = _positions(timeline)
    if not spoken:
        return MouthMotion(BASIS, np.zeros((frame_count, len(COMPONENTS)), np.float32), frame_rate, start)
    learnt = shipped_phonemes() if prior is SHIPPED else prior
    values = _overlap(times, _sounds(spoken)) if learnt is None else _corrected(timeline, spoken, times, learnt)
    if heard is not None:
        if (len(heard), heard.start, heard.frame_rate) != (frame_count, start, frame_rate):
            raise ValueError(f"heard has frames {heard.start} and {len(heard)} on, not {start} and {frame_count}")
        values[:, _LEARNT] = (values[:, _LEARNT] + heard.coefficients[:, _LEARNT]) / 2
    values = _held(values, spoken, times)
    lips = [span for span, v in spoken if v.contact is Contact.LIPS]
    for index in _closed_frames(lips, frame_rate):
        if start <= index < start + frame_count:
            values[index - start, _OPENING] = 0
    return MouthMotion(BASIS, values.astype(np.float32), frame_rate, start)


def evidence(timeline: PhonemeTimeline, *, first: int, count: int) -> NDArray[np.float32]:
    """What a learnt prior starts from, ``(count, K + C)`` on the clock of ``ear.FRAME_RATE`` from frame ``first``.

    What the rules make of the timeline, and which class of ``ear.CLASSES`` sounds.
    """
    times = np.arange(first, first + count) / FRAME_RATE
    spoken = _positions(timeline)
    rules = np.zeros((count, len(COMPONENTS)))
    if spoken:
        rules = _held(_overlap(times, _sounds(spoken)), spoken, times)
    sounding = np.zeros((count, len(CLASSES)))
    silent = np.ones(count, bool)
    for phoneme in timeline:
        inside = slice(*np.searchsorted(times, (float(phoneme.span.start), float(phoneme.span.end))))
        sounding[inside, class_of(phoneme.symbol)] = 1
        silent[inside] = False
    sounding[silent, 0] = 1
    return np.concatenate([RULES_SCALE * rules, CHANCE_SCALE * sounding], axis=1).astype(np.float32)


def _corrected(
    timeline: PhonemeTimeline, spoken: Sequence[tuple[Span, Viseme]], times: NDArray[np.float64], prior: Taps
) -> NDArray[np.float64]:
    """What real mouths do where the rules say what they say; lips and teeth are still free.

    Opening and jaw are corrected. Width, protrusion and tuck stay the rules': corrected, the width of people left out
    of the fit was met less well (recipes/GRID/MouthMotion).
    """
    reach = float(np.abs(prior.around).max()) + 2 / FRAME_RATE
    first = int((times[0] - reach) * FRAME_RATE) - 1
    count = int((times[-1] + reach) * FRAME_RATE) + 2 - first
    rows = evidence(timeline, first=first, count=count)
    learnt = prior.at(rows, times=times - first / FRAME_RATE)
    values = _overlap(times, _sounds(spoken))
    values[:, _LEARNT] = np.clip(learnt[:, _LEARNT], 0, 1)
    return values


def _held(
    values: NDArray[np.float64], spoken: Sequence[tuple[Span, Viseme]], times: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The same ``(T, K)`` with rest in pauses, lip at the teeth for /f v/ and closed lips for /p b m/."""
    values = values.copy()
    rest = _rest_gate(times, _phrases([span for span, _ in spoken]))
    values *= rest[:, None]
    teeth = _contact_gate(times, [span for span, v in spoken if v.contact is Contact.TEETH])
    ceiling = np.minimum(values[:, _OPENING], TEETH_GAP)
    values[:, _OPENING] = ceiling + (values[:, _OPENING] - ceiling) * teeth
    values[:, _TUCK] = np.maximum(values[:, _TUCK], (1 - teeth) * rest)
    values[:, _OPENING] *= _contact_gate(times, [span for span, v in spoken if v.contact is Contact.LIPS])
    return values


def _positions(timeline: PhonemeTimeline) -> list[tuple[Span, Viseme]]:
    """Every position of the mouth and when it is asked for; the parts of a diphthong share its span."""
    positions = []
    for phoneme in timeline:
        parts = visemes(phoneme.symbol)
        step = phoneme.span.duration / max(len(parts), 1)
        for i, part in enumerate(parts):
            begin = phoneme.span.start + i * step
            positions.append((Span(begin, begin + step), part))
    return positions


def _sounds(spoken: Sequence[tuple[Span, Viseme]]) -> _Sounds:
    """The positions as arrays."""
    return _Sounds(
        np.array([float(span.start) for span, _ in spoken]),
        np.array([float(span.end) for span, _ in spoken]),
        np.array([viseme.target for _, viseme in spoken]),
        np.array([viseme.dominance for _, viseme in spoken]),
    )


def _overlap(times: NDArray[np.float64], sounds: _Sounds) -> NDArray[np.float64]:
    """The mean of the targets, weighted by dominance that falls with the distance in time; shape ``(T, K)``."""
    values = np.zeros((len(times), sounds.target.shape[1]))
    first = np.searchsorted(sounds.end, times - _WINDOW)
    last = np.searchsorted(sounds.start, times + _WINDOW)
    middle, half = (sounds.start + sounds.end) / 2, (sounds.end - sounds.start) / 2
    for i, time in enumerate(times):
        near = slice(first[i], max(last[i], first[i]))
        offset = (time - middle[near])[:, None]
        beyond = np.maximum(np.abs(offset) - 0.5 * half[near, None], 0)  # dominance is full in the middle half
        reach = np.where(offset < 0, _BEFORE, _AFTER)
        weight = sounds.dominance[near] * np.exp(-((beyond / reach) ** 1.5))
        total = weight.sum(axis=0)
        values[i] = (weight * sounds.target[near]).sum(axis=0) / np.maximum(total, 1e-9)
    return values


def _phrases(spans: Sequence[Span]) -> list[tuple[float, float]]:
    """Stretches of speech without a pause in them, in seconds."""
    phrases: list[tuple[float, float]] = []
    for span in spans:
        start, end = float(span.start), float(span.end)
        if phrases and start - phrases[-1][1] <= PAUSE_SECONDS:
            phrases[-1] = (phrases[-1][0], end)
        else:
            phrases.append((start, end))
    return phrases


def _rest_gate(times: NDArray[np.float64], phrases: Sequence[tuple[float, float]]) -> NDArray[np.float64]:
    """1 while speaking, exactly 0 in pauses, with a smooth onset before and a smooth release after; ``(T,)``."""
    gate = np.zeros(len(times))
    for i, (start, end) in enumerate(phrases):
        before = start - phrases[i - 1][1] if i else np.inf
        after = phrases[i + 1][0] - end if i + 1 < len(phrases) else np.inf
        onset, release = min(ONSET_SECONDS, 0.35 * before), min(RELEASE_SECONDS, 0.4 * after)
        near = slice(*np.searchsorted(times, (start - onset, end + release), side="left"))
        rise = _smooth((times[near] - start + onset) / onset)
        fall = _smooth((end + release - times[near]) / release)
        gate[near] = np.minimum(rise, fall)
    return gate


def _contact_gate(times: NDArray[np.float64], spans: Sequence[Span]) -> NDArray[np.float64]:
    """0 within the spans, rising smoothly to 1 around them; a vowel between two contacts still opens; ``(T,)``."""
    gate = np.ones(len(times))
    for i, span in enumerate(spans):
        start, end = float(span.start), float(span.end)
        before = start - float(spans[i - 1].end) if i else np.inf
        after = float(spans[i + 1].start) - end if i + 1 < len(spans) else np.inf
        close, part = (max(min(CONTACT_SECONDS, 0.45 * gap), 1e-3) for gap in (before, after))
        near = slice(*np.searchsorted(times, (start - close, end + part), side="left"))
        distance = np.maximum((start - times[near]) / close, (times[near] - end) / part)
        gate[near] = np.minimum(gate[near], _smooth(distance))
    return gate


def _closed_frames(spans: Sequence[Span], frame_rate: Fraction) -> list[int]:
    """Frames that must show closed lips: those inside the spans, or the nearest where a span holds none."""
    closed: list[int] = []
    for span in spans:
        inside = span.frames(frame_rate)
        closed += inside or [round((span.start + span.end) / 2 * frame_rate)]
    return closed


def _smooth(value: NDArray[np.float64]) -> NDArray[np.float64]:
    """Smoothstep: exactly 0 up to 0, rounding of times included, and 1 from 1."""
    x = np.clip(np.where(value < _NOTHING, 0, value), 0, 1)
    return np.asarray(x * x * (3 - 2 * x), np.float64)
