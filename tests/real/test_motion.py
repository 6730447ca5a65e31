"""Motion on people whom no weight was fitted to, and offsets of films that are known."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from avsynth.core.face import FaceTrack
from avsynth.core.media import Waveform
from avsynth.face.gates import judge
from avsynth.face.track import track
from avsynth.lipsync.listen import listen
from avsynth.lipsync.offset import SeenOpening, best_offset, find_offset
from avsynth.lipsync.person import PersonMouth
from avsynth.lipsync.prior import SoundPrior
from avsynth.lipsync.residual import Heard, learn_habits
from avsynth.media.probe import probe, require_video
from avsynth.media.read import read_audio
from avsynth.media.shots import detect_shots
from avsynth.models.ear import FRAME_RATE
from avsynth.text.espeak import speak
from avsynth.voice.align import align

pytestmark = [pytest.mark.real, pytest.mark.weights]


def follow(path: Path) -> tuple[FaceTrack, np.ndarray, Waveform, Fraction]:
    video = require_video(probe(path))
    face = max(track(path, shots=detect_shots(path)), key=len)
    usable = judge(face, frame_size=(video.height, video.width)).usable
    return face, usable, read_audio(path, sample_rate=16_000), video.frame_rate


@pytest.fixture(scope="module")
def stranger(media: Path) -> tuple[FaceTrack, np.ndarray, Waveform, Fraction]:
    """Somebody whom nothing that is shipped was fitted to; his picture comes about 0.1 s before his sound."""
    return follow(media / "talking" / "studio_demo3.mp4")


@pytest.fixture(scope="module")
def sentences(media: Path) -> list[tuple[SeenOpening, np.ndarray]]:
    """Clips of five people in sync: the opening seen, and the one heard at 100 Hz."""
    prior, pairs = SoundPrior.load(), []
    for path in sorted((media / "talking" / "grid").glob("*.mpg")):
        face, usable, sound, rate = follow(path)
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


def test_a_strangers_offset_and_opening_are_heard(
    stranger: tuple[FaceTrack, np.ndarray, Waveform, Fraction],
) -> None:
    face, usable, sound, rate = stranger
    opening = face.layout.mouth_opening(face.landmarks_px)
    found = find_offset(opening, sound=sound, frame_rate=rate, start=face.start, usable=usable)
    assert found.trusted
    assert -0.15 < found.seconds < -0.06
    made = listen(sound, frame_rate=rate, frame_count=len(face), start=face.start, delay=found.seconds).coefficients
    assert np.corrcoef(made[usable, 0], opening[usable])[0, 1] >= 0.55


def test_with_the_strangers_own_habits_the_rest_of_his_film_is_followed(
    stranger: tuple[FaceTrack, np.ndarray, Waveform, Fraction],
) -> None:
    face, usable, sound, rate = stranger
    border = face.start + round(0.7 * len(face))
    first, last = face.cut(face.start, border), face.cut(border, face.end)
    before, after = usable[: len(first)], usable[len(first) :]
    habits = learn_habits([Heard(first, before, sound, rate)], person=(mouth := PersonMouth.learn([(first, before)])))
    assert habits.residual is not None
    made = listen(
        sound, frame_rate=rate, frame_count=len(last), start=last.start, habits=habits, delay=habits.offset.seconds
    ).coefficients
    opening = last.layout.mouth_opening(last.landmarks_px)
    assert np.corrcoef(made[after, 0], opening[after])[0, 1] >= 0.65
    truth = mouth.read(last, frame_rate=rate).coefficients
    assert 0.7 <= made[after, 0].std() / truth[after, 0].std() <= 1.2


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
