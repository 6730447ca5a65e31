"""A planted shift is found, and a film is looked at in the pictures and sounds that belong together."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from drawn_track import drawn_track
from hypothesis import given
from hypothesis import strategies as st
from synth import SAMPLE_RATE, draw_film, syllables

from avsynth.core.errors import InputError
from avsynth.core.media import Waveform
from avsynth.face.layouts import IBUG_68
from avsynth.metrics.syncnet import film_score, sync_score
from avsynth.models.syncnet import DIMENSION, SyncNet


@given(st.integers(-15, 15), st.integers(0, 1000))
def test_a_planted_shift_is_found(shift: int, seed: int) -> None:
    """Vectors of sound are those of lips with noise, ``shift`` frames earlier."""
    random = np.random.default_rng(seed)
    content = random.normal(size=(160, 24)).astype(np.float32)
    lips = content[20:140]
    sound = content[20 + shift : 140 + shift] + random.normal(size=(120, 24)).astype(np.float32) * 0.1
    score = sync_score(lips, sound=sound)
    assert score.offset == shift
    assert score.windows == 120
    assert score.confidence > 2


def test_distance_and_confidence_are_those_of_the_definition() -> None:
    """Lips that are all alike at distance 2 from the sound, but where the sound is padded with zeros, at distance 1."""
    lips = np.zeros((40, 3), np.float32)
    lips[:, 0] = 1
    sound = np.zeros((40, 3), np.float32)
    sound[:, 0] = 3
    score = sync_score(lips, sound=sound)
    # at a shift of k frames, k of 40 windows meet zeros: the mean is 2 - k / 40, least at 15 and 15 is the last shift
    assert score.distance == pytest.approx(2 - 15 / 40, abs=1e-5)
    assert abs(score.offset) == 15
    curve = [2 - abs(k) / 40 for k in range(-15, 16)]
    assert score.confidence == pytest.approx(np.median(curve) - min(curve), abs=1e-5)


def test_the_search_range_is_an_argument() -> None:
    vectors = np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32)
    assert sync_score(vectors[:-12], sound=vectors[12:], vshift=15).offset == 12
    assert abs(sync_score(vectors[:-12], sound=vectors[12:], vshift=10).offset) <= 10


def test_nothing_to_compare_is_refused() -> None:
    empty = np.empty((0, 8), np.float32)
    with pytest.raises(InputError, match="at least one"):
        sync_score(empty, sound=empty)
    with pytest.raises(InputError, match="the same windows"):
        sync_score(np.ones((3, 8), np.float32), sound=np.ones((4, 8), np.float32))


class Witness(SyncNet):
    """Stands in for the network: its vectors say whether the mouth is open and whether there is sound."""

    def __init__(self) -> None:
        super().__init__(width=1 / 64)
        self.shapes: list[tuple[int, ...]] = []

    def embed_lips(self, frames: torch.Tensor) -> torch.Tensor:
        self.shapes.append(tuple(frames.shape))
        dark = (frames[:, :, 80:190, 62:162].mean(dim=1) < 60).float().mean(dim=(1, 2))
        opened = (dark > 0.01).float()
        return _spread(torch.stack([opened[i : i + 5].mean() for i in range(len(dark) - 4)]))

    def embed_sound(self, windows: torch.Tensor) -> torch.Tensor:
        return _spread((windows[:, 0, 0] > 12).float().mean(dim=1))


def _spread(values: torch.Tensor) -> torch.Tensor:
    return values[:, None].repeat(1, DIMENSION)


def beeps(openings: np.ndarray, *, rate: Fraction) -> Waveform:
    """A tone as loud as a mouth is open."""
    times = np.arange(int(len(openings) / rate * SAMPLE_RATE)) / SAMPLE_RATE
    level = np.interp(times * float(rate), np.arange(len(openings)) + 0.5, openings)
    return Waveform((np.sin(2 * np.pi * 500 * times) * level).astype(np.float32)[None], SAMPLE_RATE)


@pytest.mark.parametrize(
    ("rate", "late", "windows"),
    [(Fraction(25), 0, 95), (Fraction(25), 6, 95), (Fraction(30_000, 1001), 6, 94), (Fraction(50), 6, 95)],
)
def test_a_film_is_measured_in_its_own_time(rate: Fraction, late: int, windows: int, tmp_path: Path) -> None:
    """The drawn mouth opens with the tone, or so many 25ths of a second later; rates other than 25 are converted."""
    count = int(4 * rate)
    steps = np.arange(count) / float(rate)
    faster = 0.7 * steps + 0.25 * steps**2  # so that no shift is like another
    openings = 0.25 * (np.sin(2 * np.pi * faster) > 0)
    delay = round(late * rate / 25)
    film = draw_film(
        tmp_path / "film.mp4",
        openings=np.concatenate([np.zeros(delay), openings])[:count],
        frame_rate=rate,
        size=(320, 240),
        scale_px=48.0,
        audio=beeps(openings, rate=rate),
    )
    network = Witness()
    score = film_score(film.path, track=drawn_track(film, layout=IBUG_68), network=network)
    assert abs(score.offset - late) <= 1
    assert score.windows == windows  # of 100 pictures, or 99 where 119 frames are 3.97 s, five less
    assert network.shapes == [(50, 3, 224, 224), (50, 3, 224, 224), (windows - 88, 3, 224, 224)]


def test_too_short_a_track_is_refused(tmp_path: Path) -> None:
    film = draw_film(tmp_path / "film.mp4", openings=syllables(5), audio=beeps(syllables(5), rate=Fraction(25)))
    with pytest.raises(InputError, match="too few to measure; 6 are the least"):
        film_score(film.path, track=drawn_track(film, layout=IBUG_68), network=Witness())
