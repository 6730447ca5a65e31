"""A mouth that follows sound alone: closed in silence, wider for /a/ than for /u/, rounded for /u/."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from synth import vowel

from avsynth.core.errors import InputError
from avsynth.core.media import Waveform
from avsynth.lipsync.listen import listen
from avsynth.lipsync.visemes import COMPONENTS

RATE = 16_000
OPENING, PROTRUSION = COMPONENTS.index("opening"), COMPONENTS.index("protrusion")


@pytest.fixture(scope="module")
def motion() -> np.ndarray:
    """One second each of silence, /a/, silence, /u/, silence, at 25 frames a second."""
    silence = np.zeros(RATE, np.float32)
    a = vowel(120, (750, 1200, 2500), sample_rate=RATE)
    u = vowel(120, (300, 750, 2300), sample_rate=RATE)
    parts = [silence, a.samples[0], silence, u.samples[0], silence]
    sound = Waveform(np.concatenate(parts)[None].astype(np.float32), RATE)
    return listen(sound, frame_rate=Fraction(25), frame_count=125).coefficients


def test_silence_is_closed(motion: np.ndarray) -> None:
    for first in (3, 55, 105):
        assert (motion[first : first + 17, OPENING] == 0).all()


def test_a_opens_wider_than_u(motion: np.ndarray) -> None:
    assert motion[30:45, OPENING].mean() > 0.3
    assert motion[30:45, OPENING].mean() > 1.3 * motion[80:95, OPENING].mean()


def test_u_is_rounder_than_a(motion: np.ndarray) -> None:
    assert motion[80:95, PROTRUSION].mean() > motion[30:45, PROTRUSION].mean() + 0.1


def test_silence_alone_is_refused() -> None:
    with pytest.raises(InputError, match="silent"):
        listen(Waveform(np.zeros((1, RATE), np.float32), RATE), frame_rate=Fraction(25), frame_count=25)
