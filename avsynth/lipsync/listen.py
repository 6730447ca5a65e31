"""A mouth that follows sound whose words are not known: an ear tells speech sounds, learnt mouths follow them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_closing, binary_opening

from avsynth.core.errors import InputError
from avsynth.core.face import MouthMotion
from avsynth.core.media import Waveform
from avsynth.lipsync.prior import SPEECH, SoundPrior
from avsynth.lipsync.residual import Habits
from avsynth.lipsync.visemes import BASIS, COMPONENTS
from avsynth.models.ear import CLASSES, FRAME_RATE, Hearing

PAUSE_SECONDS = 0.4  # shorter silences are the closures of stops, in which the mouth does not rest
BLIP_SECONDS = 0.05  # shorter speech is a noise
ONSET_SECONDS, RELEASE_SECONDS = 0.12, 0.12  # lips part before the voice, and come together after it
PARTED, CLOSED = 0.5, 0.85  # how likely /p b m/ must be for the lips to come together, and to touch
_LIPS = [i for i, group in enumerate(CLASSES) if group and set(group) <= {"p", "b", "m"}]
_OPENING = COMPONENTS.index("opening")
# People move their mouths more than the prior, which knows only the mean of many: by so much, about so wide an opening.
GAIN, MIDDLE = 1.5, 0.35
WIDEST = 1.2  # of the person's /a/: nobody is held to it

Values = NDArray[np.float64]


def listen(
    sound: Waveform,
    *,
    frame_rate: Fraction,
    frame_count: int,
    start: int = 0,
    habits: Habits | None = None,
    delay: float = 0.0,
) -> MouthMotion:
    """Estimate mouth motion from sound alone, in sync with it.

    Args:
        sound: The dub's voice track from the film's time 0.
        frame_rate: Frames a second of the film.
        frame_count: How many frames to make.
        start: Index in the film of the first frame.
        habits: Of the person, learnt from footage; None: those of nobody in particular.
        delay: Seconds by which the mouth is to come after the sound: 0 but for measuring against footage that is off.

    Returns:
        Coefficients ``(frame_count, K)`` of the basis ``visemes.BASIS``: exactly 0 where nobody speaks.

    Raises:
        InputError: The sound is silent.
        ModelError: The weights of the prior are absent or wrong.
    """
    if not np.abs(sound.samples).max(initial=0) > 1e-4:
        raise InputError("the sound is silent; give the dub's voice track")
    prior = SoundPrior.load()
    heard = prior.hear(sound)
    times = np.array([float((start + i) / frame_rate) for i in range(frame_count)]) - delay
    made = prior.coefficients(heard, times=times)
    made = widened(made) if habits is None else habits.apply(made, heard=heard, times=times)
    return MouthMotion(BASIS, held(made.astype(np.float64), heard=heard, times=times), frame_rate, start)


def widened(made: NDArray[np.float32]) -> NDArray[np.float32]:
    """The prior's coefficients ``(T, K)`` with the extent of a typical person's opening."""
    wide = made.copy()
    wide[:, _OPENING] = MIDDLE + GAIN * (made[:, _OPENING] - MIDDLE)
    return wide


def held(made: Values, *, heard: Hearing, times: Values) -> NDArray[np.float32]:
    """Coefficients within their limits, at rest in silence, with lips that touch where /p b m/ is heard."""
    gates = np.stack([speech_gate(heard), 1 - _touch(heard)], axis=1)
    clock = np.arange(len(heard)) / FRAME_RATE
    inside = (times >= 0) & (times <= clock[-1])
    speech, apart = (np.interp(times, clock, column) for column in gates.T)
    low = np.array([-1.0 if name == "width" else 0.0 for name in COMPONENTS])
    high = np.array([WIDEST if name == "opening" else 1.0 for name in COMPONENTS])
    kept = np.clip(made, low, high) * (speech * inside)[:, None]
    kept[:, _OPENING] *= apart
    return np.asarray(kept, np.float32)


def speech_gate(heard: Hearing) -> Values:
    """1 while somebody speaks, exactly 0 in pauses, with smooth flanks, ``(T,)``."""
    spoken = heard.silence < SPEECH
    spoken = binary_opening(spoken, np.ones(round(BLIP_SECONDS * FRAME_RATE) | 1))
    pause = round(PAUSE_SECONDS * FRAME_RATE) | 1
    padded = np.pad(spoken, pause)
    spoken = binary_closing(padded, np.ones(pause))[pause:-pause]
    steps = np.arange(len(spoken))
    at = np.flatnonzero(spoken)
    if not len(at):
        return np.zeros(len(spoken))
    after = np.searchsorted(at, steps)  # the next spoken frame
    to_next = np.where(after < len(at), at[np.minimum(after, len(at) - 1)] - steps, np.inf)
    before = np.searchsorted(at, steps, side="right") - 1
    since_last = np.where(before >= 0, steps - at[np.maximum(before, 0)], np.inf)
    rise = 1 - to_next / (ONSET_SECONDS * FRAME_RATE)
    fall = 1 - since_last / (RELEASE_SECONDS * FRAME_RATE)
    near = np.clip(np.maximum(rise, fall), 0, 1)
    return np.asarray(near * near * (3 - 2 * near), np.float64)


def _touch(heard: Hearing) -> Values:
    """How firmly the lips must touch, ``(T,)``: 1 where /p b m/ is likely."""
    chance = heard.chance[:, _LIPS].sum(axis=1)
    firm = np.clip((chance - PARTED) / (CLOSED - PARTED), 0, 1)
    touch: Values = (firm * firm * (3 - 2 * firm)).astype(np.float64)
    return touch
