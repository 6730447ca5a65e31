"""Sound and pictures keep their shapes; a cut has as many samples as its span."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avsynth.core.media import PIXEL_FORMATS, Frames, Shot, Waveform, pixel_format
from avsynth.core.span import Span

RATE = 1000


@given(
    st.integers(1, 200),
    st.fractions(min_value=-1, max_value=1, max_denominator=48_000),
    st.fractions(min_value=Fraction(1, 48_000), max_value=1, max_denominator=48_000),
    st.integers(1, 2),
)
def test_cut_takes_the_samples_of_the_span_and_silence_outside(length, start, duration, channels):
    samples = np.arange(1, channels * length + 1, dtype=np.float32).reshape(channels, length)
    span = Span(start, start + duration)
    part = Waveform(samples, RATE).cut(span)
    wanted = span.samples(RATE)
    assert part.samples.shape == (channels, len(wanted))
    padded = np.pad(samples, ((0, 0), (2 * RATE, 2 * RATE)))
    assert np.array_equal(part.samples, padded[:, wanted.start + 2 * RATE : wanted.stop + 2 * RATE])


@given(st.lists(st.integers(0, 300), min_size=2, max_size=6, unique=True))
def test_neighboring_cuts_join_to_the_whole(edges):
    cuts = [Fraction(edge, 700) for edge in sorted(edges)]  # not on samples
    sound = Waveform(np.random.default_rng(0).normal(size=(1, 400)).astype(np.float32), RATE)
    parts = [sound.cut(Span(a, b)).samples for a, b in pairwise(cuts)]
    assert np.array_equal(np.concatenate(parts, 1), sound.cut(Span(cuts[0], cuts[-1])).samples)


def test_a_cut_is_a_copy():
    sound = Waveform(np.ones((1, 10), np.float32), RATE)
    sound.cut(Span(0, 1)).samples[:] = 0
    assert sound.samples.all()


def test_waveform():
    stereo = Waveform(np.array([[1, 0], [0, 1]], np.float32), 48_000)
    assert stereo.duration == Fraction(1, 24_000)
    assert stereo.channels == 2
    assert stereo.mono().tolist() == [0.5, 0.5]
    assert stereo.mono().dtype == np.float32


@pytest.mark.parametrize(
    ("samples", "rate", "message"),
    [
        (np.zeros(5, np.float32), 8000, r"shape \(C, T\), got float32 \(5,\)"),
        (np.zeros((1, 5)), 8000, "got float64"),
        (np.zeros((1, 5), np.int16), 8000, "got int16"),
        (np.zeros((1, 5), np.float32), 0, "must be positive"),
    ],
)
def test_waveform_refuses(samples, rate, message):
    with pytest.raises(ValueError, match=message):
        Waveform(samples, rate)


def picture(name, *, count=2, height=6, width=8):
    layout = pixel_format(name)
    return tuple(np.zeros((count, *layout.plane_shape(p, height, width)), layout.dtype) for p in range(layout.planes))


@pytest.mark.parametrize("name", PIXEL_FORMATS)
def test_frames(name):
    frames = Frames(picture(name, height=7, width=9), name, 5, np.arange(2))  # odd sizes round chroma up
    assert (len(frames), frames.height, frames.width) == (2, 7, 9)


def test_chroma_of_odd_pictures_rounds_up():
    assert pixel_format("yuv420p").plane_shape(1, 7, 9) == (4, 5)
    assert pixel_format("yuv422p10le").plane_shape(2, 7, 9) == (7, 5)
    assert pixel_format("yuv444p").plane_shape(1, 7, 9) == (7, 9)


def test_frames_refuse_what_does_not_fit():
    planes = picture("yuv420p")
    with pytest.raises(ValueError, match="3 planes, got 2"):
        Frames(planes[:2], "yuv420p", 0, np.arange(2))
    with pytest.raises(ValueError, match="plane 0 of yuv420p10le must be uint16"):
        Frames(planes, "yuv420p10le", 0, np.arange(2))
    with pytest.raises(ValueError, match=r"plane 1 of yuv422p must be uint8 \(2, 6, 4\)"):
        Frames(planes, "yuv422p", 0, np.arange(2))
    with pytest.raises(ValueError, match="2 presentation times"):
        Frames(planes, "yuv420p", 0, np.arange(3))
    with pytest.raises(ValueError, match="'rgb24' is not one of gray"):
        Frames(planes, "rgb24", 0, np.arange(2))


def test_shots():
    assert len(Shot(3, 10)) == 7
    for start, end in ((3, 3), (5, 4), (-1, 2)):
        with pytest.raises(ValueError, match="must hold a frame"):
            Shot(start, end)
