"""Lines are at their sample, ducking leaves the rest alone, and mixing is adding."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avsynth.audio.loudness import integrated_loudness
from avsynth.audio.mix import duck, mix, place
from avsynth.core.errors import InputError
from avsynth.core.media import Waveform
from avsynth.core.span import Span

RATE = 8000
NOISE = np.random.default_rng(0).normal(0, 0.1, (2, 4 * RATE)).astype(np.float32)
BED = Waveform(NOISE, RATE)


def ones(count: int, channels: int = 1) -> Waveform:
    return Waveform(np.ones((channels, count), np.float32), RATE)


@given(start=st.fractions(0, 3, max_denominator=30_000), count=st.integers(1, RATE))
def test_a_line_begins_at_its_sample(start, count):
    span = Span(start, start + Fraction(count, RATE))
    track = place([(span, ones(count))], duration=Fraction(5), sample_rate=RATE)
    assert track.samples.shape == (1, 5 * RATE)
    first = -(-start * RATE // 1)
    assert np.flatnonzero(track.samples[0]).tolist() == list(range(int(first), int(first) + count))


def test_overlapping_lines_add():
    lines = [(Span(Fraction(0), Fraction(2)), ones(2 * RATE)), (Span(Fraction(1), Fraction(3)), ones(2 * RATE))]
    track = place(lines, duration=Fraction(3), sample_rate=RATE).samples[0]
    assert track[[0, RATE - 1, RATE, 2 * RATE - 1, 2 * RATE]].tolist() == [1, 1, 2, 2, 1]


def test_no_lines_are_silence():
    track = place([], duration=Fraction(1001, 1000), sample_rate=RATE)
    assert track.samples.shape == (1, 8008)
    assert not track.samples.any()


def test_a_line_that_fills_its_span_to_the_end_of_the_film_fits():
    """A span that begins between two samples holds one sample less than its length."""
    span = Span(Fraction(1, 3 * RATE), Fraction(1))
    assert place([(span, ones(RATE))], duration=Fraction(1), sample_rate=RATE).samples.sum() == RATE - 1


def test_lines_that_do_not_fit_are_refused():
    span = Span(Fraction(0), Fraction(1))
    with pytest.raises(InputError, match="resample the line"):
        place([(span, Waveform(np.ones((1, 5), np.float32), 48_000))], duration=Fraction(1), sample_rate=RATE)
    with pytest.raises(InputError, match="reaches outside"):
        place([(span, ones(RATE + 2))], duration=Fraction(1), sample_rate=RATE)
    with pytest.raises(InputError, match="reaches outside"):
        place([(Span(Fraction(-1), Fraction(1)), ones(4))], duration=Fraction(1), sample_rate=RATE)
    with pytest.raises(InputError, match="1 and 2 channels"):
        place([(span, ones(4)), (span, ones(4, 2))], duration=Fraction(1), sample_rate=RATE)


@given(
    spans=st.lists(
        st.tuples(st.fractions(-1, 4, max_denominator=999), st.fractions(Fraction(1, 99), 1, max_denominator=99)),
        max_size=4,
    ),
    fade=st.fractions(0, Fraction(1, 2), max_denominator=100),
    gain_db=st.floats(-60, 0),
)
def test_ducking_touches_only_spans_and_fades(spans, fade, gain_db):
    spans = [Span(start, start + length) for start, length in spans]
    lowered = duck(BED, spans=spans, gain_db=gain_db, fade_seconds=fade)
    touched = np.zeros(4 * RATE, bool)
    inside = np.zeros(4 * RATE, bool)
    reach = -(-fade * RATE // 1)
    for span in spans:
        samples = span.samples(RATE)
        touched[max(samples.start - int(reach), 0) : max(samples.stop + int(reach), 0)] = True
        inside[max(samples.start, 0) : max(samples.stop, 0)] = True
    np.testing.assert_array_equal(lowered.samples[:, ~touched], NOISE[:, ~touched])
    np.testing.assert_allclose(lowered.samples[:, inside], NOISE[:, inside] * 10 ** (gain_db / 20), rtol=1e-5)
    assert (np.abs(lowered.samples) <= np.abs(NOISE) * (1 + 1e-6)).all()


def test_fades_are_smooth():
    flat = Waveform(np.ones((1, 2 * RATE), np.float32), RATE)
    level = duck(flat, spans=[Span(Fraction(1), Fraction(3, 2))], gain_db=-20, fade_seconds=Fraction(1, 10)).samples[0]
    assert level[RATE + 10] == pytest.approx(0.1)
    assert np.abs(np.diff(level)).max() < 2 * 0.9 / (RATE / 10)
    assert (np.diff(level[: RATE + 1]) <= 0).all()


def test_minus_infinity_is_silence_and_the_bed_is_not_changed_in_place():
    before = NOISE.copy()
    gone = duck(BED, spans=[Span(Fraction(0), Fraction(4))], gain_db=-np.inf)
    assert not gone.samples.any()
    np.testing.assert_array_equal(NOISE, before)


def test_ducking_only_lowers():
    with pytest.raises(InputError, match="at most 0"):
        duck(BED, spans=[], gain_db=3)
    with pytest.raises(InputError, match="fade"):
        duck(BED, spans=[], fade_seconds=Fraction(-1))


def test_mixing_with_silence_is_the_bed():
    silence = place([], duration=Fraction(4), sample_rate=RATE)
    np.testing.assert_array_equal(mix(silence, BED).samples, NOISE)


def test_mixing_is_adding_and_takes_the_longer():
    other = Waveform(np.ones((2, 5 * RATE), np.float32), RATE)
    total = mix(other, BED).samples
    assert total.shape == (2, 5 * RATE)
    np.testing.assert_array_equal(total[:, : 4 * RATE], NOISE + np.float32(1))
    np.testing.assert_array_equal(total[:, 4 * RATE :], 1)


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_one_channel_of_speech_is_as_loud_in_every_layout(channels):
    time = np.arange(3 * 48_000) / 48_000
    speech = Waveform(0.1 * np.sin(2 * np.pi * 997 * time)[None].astype(np.float32), 48_000)
    bed = Waveform(np.zeros((channels, 3 * 48_000), np.float32), 48_000)
    mixed = mix(speech, bed)
    assert integrated_loudness(mixed) == pytest.approx(integrated_loudness(speech), abs=0.01)
    heard = [int(c) for c in np.flatnonzero(mixed.samples.any(axis=1))]
    assert heard == {1: [0], 2: [0, 1], 6: [2]}[channels]


def test_what_cannot_be_mixed():
    with pytest.raises(InputError, match="resample"):
        mix(Waveform(np.ones((1, 4), np.float32), 48_000), BED)
    with pytest.raises(InputError, match="2 channels does not fit a bed of 6"):
        mix(ones(4, 2), ones(4, 6))
