"""The measures on real people: an offset that was planted is found, another's sound is not believed."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from avsynth.core.media import Shot, Waveform
from avsynth.core.span import Span
from avsynth.face.track import track
from avsynth.media.probe import probe, require_video
from avsynth.media.read import read_audio
from avsynth.metrics.sync import sync_score

pytestmark = [pytest.mark.real, pytest.mark.weights]

RATE = Fraction(25)
FRAME = 0.04


@dataclass(frozen=True)
class Talk:
    """Clips one after the other."""

    sound: Waveform
    opening: np.ndarray
    seen: np.ndarray


@pytest.fixture(scope="module")
def talk(media: Path) -> Talk:
    """Four sentences that the judge has not learnt from: the even places of the sorted names are its test half."""
    clips = sorted((media / "talking" / "grid_s1" / "video").glob("*.mpg"))[:8:2]
    if len(clips) < 4:
        pytest.skip("no grid_s1 clips")
    sounds, openings, seen = [], [], []
    for clip in clips:
        count = require_video(probe(clip)).frame_count
        face = max(track(clip, shots=(Shot(0, count),)), key=len)
        opening, visible = np.zeros(count, np.float32), np.zeros(count, bool)
        opening[face.start : face.end] = face.layout.mouth_opening(face.landmarks_px)
        visible[face.start : face.end] = face.visible
        sounds.append(read_audio(clip, sample_rate=16_000, span=Span(Fraction(0), count / RATE)).mono())
        openings.append(opening)
        seen.append(visible)
    return Talk(Waveform(np.concatenate(sounds)[None], 16_000), np.concatenate(openings), np.concatenate(seen))


@pytest.mark.parametrize("later", [-0.2, -0.08, 0.0, 0.12, 0.2])
def test_a_planted_offset_is_found_within_a_frame(talk: Talk, later: float) -> None:
    moved = Waveform(np.roll(talk.sound.samples, round(later * 16_000), axis=1), 16_000)
    found = sync_score(moved, opening=talk.opening, measured=talk.seen, frame_rate=RATE)
    assert found.offset_seconds == pytest.approx(-later, abs=FRAME)
    assert found.confidence > 0.34  # 19 of 20 right pairs of 12 s have as much: recipes/GRID/SyncJudge


def test_the_same_mans_other_sentences_are_not_believed(talk: Talk) -> None:
    backwards = Waveform(np.roll(talk.sound.samples, 6 * 16_000, axis=1), 16_000)
    found = sync_score(backwards, opening=talk.opening, measured=talk.seen, frame_rate=RATE)
    assert found.confidence < 0.31  # 19 of 20 wrong pairs have less


def test_half_of_the_frames_are_enough(talk: Talk) -> None:
    seen = talk.seen & (np.arange(len(talk.seen)) // 30 % 2 == 0)
    found = sync_score(talk.sound, opening=talk.opening, measured=seen, frame_rate=RATE)
    assert abs(found.offset_seconds) <= FRAME
    assert found.r_at_zero > 0.4
