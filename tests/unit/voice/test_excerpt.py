"""Excerpts keep short pauses, never another's words, and join without a click."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from avsynth.voice.excerpt import PROMPT_SECONDS, join, prompt_of, with_pauses

SECOND = 16_000


def test_short_pauses_stay_and_long_ones_shrink():
    parts = [range(SECOND, 2 * SECOND), range(2 * SECOND + 4000, 3 * SECOND), range(5 * SECOND, 6 * SECOND)]
    wide = with_pauses(parts, speech=parts, length=10 * SECOND)
    assert wide == [range(SECOND - 2400, 3 * SECOND + 2400), range(5 * SECOND - 2400, 6 * SECOND + 2400)]


def test_another_speaker_is_never_reached():
    speech = [range(0, SECOND), range(SECOND + 1000, 3 * SECOND), range(3 * SECOND + 600, 4 * SECOND)]
    assert with_pauses([speech[1]], speech=speech, length=5 * SECOND) == [range(SECOND + 500, 3 * SECOND + 300)]
    # cut inside a stretch, where the other begins at once
    assert with_pauses([range(0, 8000)], speech=speech, length=5 * SECOND) == [range(0, 8000)]


def test_a_recordings_ends_are_the_end():
    assert with_pauses([range(500, 9000)], speech=[range(500, 9000)], length=9100) == [range(0, 9100)]


def test_a_join_has_no_step():
    tone = np.sin(np.arange(4000) / 30).astype(np.float32)
    joined = join([tone, -tone, tone], sample_rate=SECOND)
    assert len(joined) == 3 * 4000 - 2 * 160
    assert np.abs(np.diff(joined)).max() < 1.5 * np.abs(np.diff(tone)).max()


@pytest.mark.parametrize(("lengths", "least"), [([5.0], 5.0), ([30.0], 9.0), ([2.0, 7.0, 3.0], 11.9)])
def test_a_prompt_is_at_most_twelve_seconds_at_24_khz(tmp_path, lengths, least):
    chance, pieces, at = np.random.default_rng(0), [], SECOND // 2
    for length in lengths:
        pieces.append(range(at, at + round(length * SECOND)))
        at = pieces[-1].stop + SECOND
    sound = (0.1 * chance.normal(size=at)).astype(np.float32)
    path = tmp_path / "noise.wav"
    soundfile.write(path, sound, SECOND, subtype="FLOAT")
    prompt = prompt_of(path, sound=sound, pieces=pieces)
    assert prompt.dtype == np.int16
    assert least * 24_000 <= len(prompt) + 1 <= PROMPT_SECONDS * 24_000 + 1
    assert prompt.astype(float).std() / 32767 == pytest.approx(0.1, rel=0.05)  # the pieces, not the silence between
