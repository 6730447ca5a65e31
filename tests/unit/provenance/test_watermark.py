import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avsynth.core.errors import UnknownEngineError
from avsynth.core.media import Waveform
from avsynth.core.span import Span
from avsynth.provenance.watermark import (
    FOUND,
    MarkWindow,
    best_score,
    detect_mark,
    lines,
    mark_speech,
    score_windows,
)


def waveform(samples, sample_rate=48_000):
    return Waveform(np.atleast_2d(samples).astype(np.float32), sample_rate)


def silence(seconds, sample_rate=48_000):
    return np.zeros(round(seconds * sample_rate), np.float32)


def band_level(samples, low, high, sample_rate=48_000):
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    frequencies = np.fft.rfftfreq(len(samples), 1 / sample_rate)
    return 10 * np.log10(spectrum[(frequencies >= low) & (frequencies < high)].sum())


def test_marked_speech_is_found_and_unmarked_is_not(speech):
    assert detect_mark(mark_speech(speech)) > 0.95
    assert detect_mark(speech) < 0.3


def test_length_rate_and_channels_are_kept(speech):
    for length in (48_000, 48_001, 50_003):
        marked = mark_speech(waveform(speech.samples[:, :length]))
        assert marked.samples.shape == (1, length)
        assert marked.sample_rate == 48_000
        assert marked.samples.dtype == np.float32


def test_no_band_is_lost_above_where_the_engine_hears(speech):
    marked = mark_speech(speech)
    before, after = (band_level(w.samples[0], 16_000, 24_000) for w in (speech, marked))
    assert abs(after - before) < 0.01
    added = marked.samples[0] - speech.samples[0]
    assert band_level(added, 0, 2_200) - band_level(added, 2_200, 24_000) > 30  # the mark lies below 2 kHz


def test_the_mark_lies_16_db_below_the_speech(speech):
    added = mark_speech(speech).samples - speech.samples
    snr_db = 10 * np.log10((speech.samples**2).sum() / (added**2).sum())
    assert 13 < snr_db < 19


def test_digital_silence_stays_digital_silence(speech):
    gap = silence(0.7)
    whole = np.concatenate([gap, speech.samples[0], gap, speech.samples[0], gap])
    marked = mark_speech(waveform(whole)).samples[0]
    assert np.isfinite(marked).all()
    length = speech.samples.shape[1]
    for start in (0, len(gap) + length, 2 * (len(gap) + length)):
        assert not marked[start : start + len(gap)].any()
    assert detect_mark(waveform(marked)) > 0.95


def test_a_short_gap_within_a_line_stays_silent_too(speech):
    samples = speech.samples[0].copy()
    samples[40_000:41_500] = 0  # 31 ms: a closure, say
    marked = mark_speech(waveform(samples)).samples[0]
    assert not marked[40_000:41_500].any()
    assert marked[39_000:40_000].any()


def test_silence_and_nothing_at_all(speech):
    for length in (0, 1, 48_000):
        quiet = waveform(np.zeros((2, length)))
        assert np.array_equal(mark_speech(quiet).samples, quiet.samples)
        assert detect_mark(quiet) == 0.0


@pytest.mark.parametrize("seconds", [0.15, 0.2, 0.3, 0.45])
def test_very_short_speech_is_marked_wherever_it_is_cut(speech, seconds):
    count = round(seconds * 48_000)
    pieces = [speech.samples[:, i : i + count] for i in range(9_600, 120_000, 24_000)]
    marked = [mark_speech(waveform(piece)) for piece in pieces if (piece**2).mean() > 1e-3]
    assert len(marked) >= 4
    assert all(m.samples.shape == (1, count) for m in marked)
    assert min(detect_mark(m) for m in marked) > FOUND


def test_a_single_sample_is_survived():
    click = waveform(np.eye(1, 100, 50))
    assert np.isfinite(mark_speech(click).samples).all()
    assert 0 <= detect_mark(click) <= 1


def test_marking_is_deterministic(speech):
    assert np.array_equal(mark_speech(speech).samples, mark_speech(speech).samples)


def test_every_channel_is_marked_and_an_empty_one_stays_empty(speech):
    other = np.roll(speech.samples[0], 10_000)
    marked = mark_speech(waveform(np.stack([speech.samples[0], np.zeros_like(other), other, speech.samples[0]])))
    assert not marked.samples[1].any()
    assert np.array_equal(marked.samples[0], marked.samples[3])
    for index in (0, 2):
        assert detect_mark(waveform(marked.samples[index])) > 0.95
    assert detect_mark(marked) > 0.9


def test_full_scale_is_not_passed(speech):
    loud = waveform(speech.samples / np.abs(speech.samples).max())
    marked = mark_speech(loud)
    assert np.abs(marked.samples).max() <= 1.0
    assert detect_mark(marked) > 0.95


@pytest.mark.parametrize("sample_rate", [16_000, 22_050, 24_000, 44_100])
def test_any_rate_is_marked(speech, sample_rate):
    count = int(speech.duration * sample_rate)
    at = np.arange(count) * 48_000 / sample_rate
    piece = waveform(np.interp(at, np.arange(speech.samples.shape[1]), speech.samples[0]), sample_rate)
    marked = mark_speech(piece)
    assert marked.samples.shape == piece.samples.shape
    assert detect_mark(marked) > 0.95


def test_a_long_line_is_marked_without_a_seam(speech):
    long = np.resize(speech.samples[0], 45 * 48_000)
    marked = mark_speech(waveform(long))
    scores = [w.score for w in score_windows(marked)]
    assert len(scores) == 11
    assert min(scores) > 0.9
    added = marked.samples[0] - long
    step = np.abs(np.diff(added, n=2))  # a click would stand out of the second difference
    usual = np.quantile(step, 0.999)
    for seam in (s * 48_000 for s in (19, 20, 38, 39) if s * 48_000 < len(step)):
        assert step[seam - 2 : seam + 2].max() < usual


def test_windows_tell_where_the_mark_is(speech):
    clean = np.resize(speech.samples[0], 8 * 48_000)
    both = np.concatenate([clean, mark_speech(waveform(clean)).samples[0], silence(8)])
    windows = score_windows(waveform(both))
    assert [w.span for w in windows] == [Span(4 * i, 4 * i + 4) for i in range(4)]  # the silence is left out
    assert [w.score >= FOUND for w in windows] == [False, False, True, True]


def test_windows_tile_a_sound_that_is_no_multiple_of_them(speech):
    sound = waveform(np.resize(speech.samples[0], round(9.9 * 48_000)))
    windows = score_windows(sound)
    assert [float(w.span.start) for w in windows] == [0.0, 4.0]  # 1.9 s are too few for a score of their own
    assert windows[-1].span.end == sound.duration
    longer = score_windows(waveform(np.resize(speech.samples[0], round(10.1 * 48_000))))
    assert [float(w.span.end) for w in longer] == [4.0, 8.0, 10.1]


@pytest.mark.parametrize(("count", "expected"), [(1, 1.0), (19, 1.0), (40, 0.5), (100, 0.2)])
def test_one_lucky_window_does_not_mark_a_long_film(count, expected):
    windows = tuple(MarkWindow(Span(i, i + 1), 1.0 if i == 0 else 0.0) for i in range(count))
    assert best_score(windows) == expected


@given(
    st.lists(st.tuples(st.booleans(), st.integers(1, 30)), max_size=12),
    st.integers(1, 20),
)
def test_lines_hold_all_sound_and_no_long_silence(runs, gap):
    samples = np.concatenate([np.full(n, float(on), np.float32) for on, n in runs] or [np.zeros(0, np.float32)])
    inside = np.zeros(len(samples), bool)
    last = None
    for line in lines(samples, gap=gap):
        assert samples[line.start]
        assert samples[line.stop - 1]
        assert last is None or line.start - last >= gap
        inside[line] = True
        last = line.stop
    assert not samples[~inside].any()
    longest = max((n for n in _zero_runs(samples[inside])), default=0)
    assert longest < gap or gap == 1


def _zero_runs(samples):
    count = 0
    for value in samples:
        count = 0 if value else count + 1
        yield count


def test_an_unknown_engine_is_named(speech):
    with pytest.raises(UnknownEngineError, match="perth"):
        mark_speech(speech, engine="nothing")
