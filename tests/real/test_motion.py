"""Motion on a person whom no weight was fitted to, and offsets of films that are known."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from avsynth.core.face import FaceTrack
from avsynth.core.media import Waveform
from avsynth.face.gates import judge
from avsynth.lipsync.listen import listen
from avsynth.lipsync.offset import SeenOpening, best_offset, find_offset
from avsynth.lipsync.person import PersonMouth
from avsynth.lipsync.prior import SoundPrior
from avsynth.lipsync.residual import Heard, learn_habits
from avsynth.media.probe import require_video
from avsynth.media.read import read_audio
from avsynth.metrics.reenactment import find_person
from avsynth.models.ear import FRAME_RATE
from avsynth.text.espeak import speak
from avsynth.voice.align import align

pytestmark = [pytest.mark.real, pytest.mark.weights]


Pieces = list[tuple[FaceTrack, np.ndarray]]


def follow(path: Path) -> tuple[Pieces, Waveform, Fraction]:
    """The pieces of the longest seen face with their usable frames, the sound, and the rate."""
    person = find_person(path)
    video = require_video(person.info)
    pieces = [(face, judge(face, frame_size=(video.height, video.width)).usable) for face in person.pieces]
    return pieces, read_audio(path, sample_rate=16_000), video.frame_rate


def cut(pieces: Pieces, first: int, last: int) -> Pieces:
    kept = []
    for face, usable in pieces:
        if face.start < last and face.end > first:
            part = face.cut(max(face.start, first), min(face.end, last))
            kept.append((part, usable[part.start - face.start : part.end - face.start]))
    return kept


def opening_of(pieces: Pieces) -> np.ndarray:
    return np.concatenate([face.layout.mouth_opening(face.landmarks_px)[usable] for face, usable in pieces])


@pytest.fixture(scope="module")
def stranger(media: Path) -> tuple[Pieces, Waveform, Fraction]:
    """Somebody whom nothing that is shipped was fitted to; his picture comes about 0.1 s before his sound."""
    return follow(media / "talking" / "studio_demo3.mp4")


@pytest.fixture(scope="module")
def sentences(media: Path) -> list[tuple[SeenOpening, np.ndarray]]:
    """Clips of five people in sync: the opening seen, and the one heard at 100 Hz."""
    prior, pairs = SoundPrior.load(), []
    for path in sorted((media / "talking" / "grid").glob("*.mpg")):
        ((face, usable),), sound, rate = follow(path)
        heard = prior.hear(sound)
        told = prior.coefficients(heard, times=np.arange(len(heard)) / FRAME_RATE)[:, 0]
        times = np.arange(face.start, face.end) / float(rate)
        opening = face.layout.mouth_opening(face.landmarks_px).astype(np.float64)
        pairs.append((SeenOpening(times[usable], opening[usable]), told))
    return pairs


@pytest.mark.parametrize("late", [-0.2, -0.12, 0.0, 0.12, 0.2])
def test_a_planted_offset_of_real_film_is_found_within_a_frame(
    sentences: list[tuple[SeenOpening, np.ndarray]], late: float
) -> None:
    found = best_offset([(SeenOpening(seen.times + late, seen.opening), heard) for seen, heard in sentences])
    assert found.trusted
    assert found.seconds == pytest.approx(late, abs=0.04)


def test_the_wrong_sound_is_not_trusted(sentences: list[tuple[SeenOpening, np.ndarray]]) -> None:
    swapped = [(seen, sentences[i - 1][1]) for i, (seen, _) in enumerate(sentences)]
    assert not best_offset(swapped).trusted


def test_a_strangers_offset_and_opening_are_heard(stranger: tuple[Pieces, Waveform, Fraction]) -> None:
    pieces, sound, rate = stranger
    face, usable = max(pieces, key=lambda piece: len(piece[0]))
    opening = face.layout.mouth_opening(face.landmarks_px)
    found = find_offset(opening, sound=sound, frame_rate=rate, start=face.start, usable=usable)
    assert found.trusted
    assert -0.15 < found.seconds < -0.06
    made = [
        listen(sound, frame_rate=rate, frame_count=len(face), start=face.start, delay=found.seconds).coefficients[
            usable
        ]
        for face, usable in pieces
    ]
    assert np.corrcoef(np.concatenate(made)[:, 0], opening_of(pieces))[0, 1] >= 0.55


def test_with_the_strangers_own_habits_the_rest_of_his_film_is_followed(
    stranger: tuple[Pieces, Waveform, Fraction],
) -> None:
    pieces, sound, rate = stranger
    end = pieces[-1][0].end
    before, after = cut(pieces, 0, round(0.7 * end)), cut(pieces, round(0.7 * end), end)
    mouth = PersonMouth.learn(before)
    habits = learn_habits([Heard(face, usable, sound, rate) for face, usable in before], person=mouth)
    assert habits.residual is not None
    hear = partial(listen, sound, frame_rate=rate, habits=habits, delay=habits.offset.seconds)
    made = np.concatenate([hear(frame_count=len(f), start=f.start).coefficients[usable, 0] for f, usable in after])
    assert np.corrcoef(made, opening_of(after))[0, 1] >= 0.65
    truth = np.concatenate([mouth.read(f, frame_rate=rate).coefficients[usable, 0] for f, usable in after])
    assert 0.7 <= made.std() / truth.std() <= 1.2


def test_words_in_a_noisy_room_are_found(media: Path) -> None:
    """GRID's word times against the aligner's, for the words' first phonemes."""
    errors = []
    for path in sorted((media / "talking" / "grid_s1" / "align").glob("*.align"))[:12]:
        lines = [line.split() for line in path.read_text().splitlines()]
        words = [(word, int(start) / 25_000) for start, _, word in lines if word not in ("sil", "sp")]
        sound = read_audio(path.parents[1] / "video" / f"{path.stem}.mpg", sample_rate=16_000)
        text = " ".join(word.upper() if len(word) == 1 else word for word, _ in words)
        found = align(Waveform(sound.mono()[None], 16_000), text=text, language="en-gb").phonemes
        first = found[0].span.start
        errors.append(abs(float(first) - words[0][1]))
        assert len(found) >= 0.9 * len(speak(text, language="en-gb").phonemes)
    assert np.median(errors) <= 0.06
