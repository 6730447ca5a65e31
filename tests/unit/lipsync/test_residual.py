"""The person's own residual: learnt from enough speech in sync, and left alone otherwise, by rule and in words."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from drawn_track import drawn_track
from synth import Truth

from avsynth.core.face import FaceTrack
from avsynth.core.media import Waveform
from avsynth.lipsync.listen import listen
from avsynth.lipsync.person import PersonMouth
from avsynth.lipsync.prior import SoundPrior
from avsynth.lipsync.residual import LARGEST_GAIN, Habits, Heard, learn_habits
from avsynth.models.ear import sample
from avsynth.text.espeak import speak

RATE = Fraction(25)
TEXT = (
    "The boy was there when the sun rose. A pot of tea helps to pass the evening. Bring the big brown box before noon. "
    "Nobody moved while five white ships left the harbor. My father made a map of every farm above the river."
)


@cache
def voice() -> Waveform:
    """About 16 s of speech."""
    return speak(TEXT, language="en").waveform


def opening_of(sound: Waveform, times: np.ndarray) -> np.ndarray:
    """What this person does: the prior's opening, wider, and a habit that depends on what is heard."""
    prior = SoundPrior.load()
    heard = prior.hear(sound)
    told = prior.coefficients(heard, times=times)[:, 0]
    own = np.random.default_rng(5).standard_normal(heard.hidden.shape[1])
    habit = sample(heard.hidden, times=times, around=np.zeros(1)) @ own
    habit = (habit - habit.mean()) / habit.std()
    return np.clip(0.1 + 0.05 * (told - told.mean()) / told.std() + 0.04 * habit, 0, 0.3)


def person(sound: Waveform, *, late: float = 0.0, seconds: float | None = None) -> tuple[Heard, PersonMouth]:
    """A drawn face whose picture comes ``late`` seconds after its sound."""
    count = int((seconds or float(sound.duration)) * RATE)
    openings = opening_of(sound, np.arange(count) / float(RATE) - late)
    middle = np.stack([320 + 10 * np.sin(np.arange(count) / 9), np.full(count, 200.0)], 1)
    eyes = middle[:, None] + np.array([[-48.0, 0.0], [48.0, 0.0]])
    track: FaceTrack = drawn_track(Truth(Path("none"), RATE, openings, eyes, middle), noise_px=0.1)
    return Heard(track, track.visible, sound, RATE), PersonMouth.learn([(track, track.visible)])


def learnt(**how: float) -> tuple[Habits, Heard]:
    heard, mouth = person(voice(), **how)
    return learn_habits([heard], person=mouth), heard


def follows(habits: Habits | None, heard: Heard, *, first: int = 0) -> float:
    made = listen(heard.sound, frame_rate=RATE, frame_count=len(heard.track), habits=habits).coefficients[:, 0]
    truth = opening_of(heard.sound, heard.clock())
    return float(np.corrcoef(made[first:], truth[first:])[0, 1])


def test_enough_speech_gives_a_residual_that_follows_the_person_better() -> None:
    heard, mouth = person(voice())
    border = round(0.7 * len(heard.track))
    before = Heard(heard.track.cut(0, border), heard.usable[:border], heard.sound, RATE)
    habits = learn_habits([before], person=mouth)
    assert habits.residual is not None
    alone, own = (follows(which, heard, first=border) for which in (None, habits))
    assert own > 0.92
    assert 1 - own < 0.6 * (1 - alone)
    assert "own residual" in habits.note


@pytest.mark.parametrize("late", [-0.2, -0.12, 0.12, 0.2])
def test_the_offset_is_taken_out_so_that_the_made_mouth_is_in_sync(late: float) -> None:
    habits, heard = learnt(late=late)
    assert habits.offset.trusted
    assert habits.offset.seconds == pytest.approx(late, abs=0.04)
    assert f"{'after' if late > 0 else 'before'} the sound (corrected)" in habits.note
    assert follows(habits, heard) > 0.85  # against the truth in sync


def test_little_speech_gives_only_the_persons_range() -> None:
    habits, _ = learnt(seconds=5)
    assert habits.residual is None
    assert "own range" in habits.note
    assert 0 < habits.speech_seconds < 8
    assert (habits.gain >= 0).all()
    assert (habits.gain <= LARGEST_GAIN + 1e-6).all()


def test_footage_without_sound_leaves_the_prior_alone() -> None:
    heard, mouth = person(voice(), seconds=5)
    mute = Heard(heard.track, heard.usable, Waveform(np.zeros((1, 80_000), np.float32), 16_000), RATE)
    habits = learn_habits([mute], person=mouth)
    assert habits.residual is None
    assert (habits.gain == 1).all()
    assert (habits.shift == 0).all()
    assert "no sound" in habits.note


def test_somebody_elses_voice_teaches_nothing() -> None:
    heard, mouth = person(voice())
    other = speak("She sells sea shells. How now, brown cow? " * 4, language="en", words_per_minute=120).waveform
    habits = learn_habits([Heard(heard.track, heard.usable, other, RATE)], person=mouth)
    assert habits.residual is None
    assert habits.offset.seconds == 0
    assert "do not follow" in habits.note


def test_pieces_of_one_source_share_its_offset() -> None:
    heard, mouth = person(voice(), late=0.12)
    parts = []
    for first in range(0, len(heard.track) - 60, 60):
        since = max(first / 25 - 1, 0.0)
        samples = heard.sound.samples[:, round(since * heard.sound.sample_rate) :]
        cut = heard.track.cut(first, first + 60)
        times = np.arange(first, first + 60) / 25 - since
        parts.append(Heard(cut, heard.usable[:60], Waveform(samples, heard.sound.sample_rate), RATE, times, "film"))
    habits = learn_habits(parts, person=mouth)
    assert habits.offset.seconds == pytest.approx(0.12, abs=0.04)
    assert habits.residual is not None
