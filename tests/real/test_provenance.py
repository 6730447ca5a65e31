"""The audio watermark on real voices: what it survives, and how seldom it is heard where it is not."""

import io
from fractions import Fraction

import av
import numpy as np
import pytest
from scipy.signal import resample_poly

from avsynth.core.media import Waveform
from avsynth.media.probe import probe, require_video
from avsynth.media.read import read_audio, read_frames
from avsynth.media.write import EncodeSettings, FilmWriter
from avsynth.provenance.inspect import inspect_file
from avsynth.provenance.manifest import Claim
from avsynth.provenance.release import release_film
from avsynth.provenance.soundtrack import SoundLine, Soundtrack
from avsynth.provenance.watermark import FOUND, detect_mark, mark_speech, score_windows

pytestmark = [pytest.mark.real, pytest.mark.weights]
RATE = 48_000


@pytest.fixture(scope="module")
def voices(media):
    """Six people, up to 6 s each."""
    paths = sorted((media / "speech" / "yourtts_ref").iterdir())[::5][:6]
    found = [read_audio(path, sample_rate=RATE).samples[:, : 6 * RATE] for path in paths]
    assert len(found) == 6
    return [Waveform(samples, RATE) for samples in found]


@pytest.fixture(scope="module")
def marked(voices):
    return [mark_speech(voice) for voice in voices]


def coded(waveform, codec, bit_rate, container):
    """Through a lossy codec and back."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as target:
        track = target.add_stream(codec, rate=RATE, layout="mono")
        track.bit_rate = bit_rate
        frame = av.AudioFrame.from_ndarray(waveform.samples, format="fltp", layout="mono")
        frame.sample_rate, frame.pts = RATE, 0
        resampler = av.AudioResampler(format=track.codec_context.format, layout="mono", rate=RATE)
        for part in resampler.resample(frame):
            target.mux(track.encode(part))
        target.mux(track.encode(None))
    buffer.seek(0)
    with av.open(buffer) as source:
        pieces = [frame.to_ndarray()[:1] for frame in source.decode(audio=0)]
    return Waveform(np.concatenate(pieces, axis=1).astype(np.float32), RATE)


def with_noise(waveform, snr_db):
    power = float((waveform.samples**2).mean())
    noise = np.random.default_rng(0).normal(0, np.sqrt(power / 10 ** (snr_db / 10)), waveform.samples.shape)
    return Waveform(waveform.samples + noise.astype(np.float32), RATE)


ATTACKS = {
    "as it is": lambda w: w,
    "AAC 128k": lambda w: coded(w, "aac", 128_000, "mp4"),
    "MP3 128k": lambda w: coded(w, "mp3", 128_000, "mp3"),
    "16 kHz": lambda w: Waveform(resample_poly(w.samples, 1, 3, axis=1).astype(np.float32), 16_000),
    "8 kHz": lambda w: Waveform(resample_poly(w.samples, 1, 6, axis=1).astype(np.float32), 8_000),
    "20 dB quieter": lambda w: Waveform(np.float32(0.1) * w.samples, RATE),
    "noise at 30 dB": lambda w: with_noise(w, 30),
    "middle 3 s": lambda w: Waveform(w.samples[:, 2 * RATE : 5 * RATE], RATE),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_mark_survives(marked, attack):
    assert min(detect_mark(ATTACKS[attack](w)) for w in marked) > 0.8


def test_half_of_the_marks_at_least_survive_noise_at_20_db(marked):
    scores = [detect_mark(with_noise(w, 20)) for w in marked]
    assert np.median(scores) > 0.8


@pytest.mark.parametrize("duck_db", [12, 18])
def test_the_mark_is_found_over_another_voice(voices, marked, duck_db):
    scores = []
    for index, voice in enumerate(marked):
        other = np.resize(voices[index - 1].samples[0], voice.samples.shape[1])
        other *= 10 ** (-duck_db / 20) * np.sqrt((voice.samples**2).mean() / (other**2).mean())
        scores.append(detect_mark(Waveform(voice.samples + other, RATE)))
    assert min(scores) > FOUND


def test_unmarked_voices_are_not_called_marked(media):
    scores = []
    for path in sorted((media / "speech" / "librispeech_train").rglob("*.flac"))[::20]:
        scores += [window.score for window in score_windows(read_audio(path))]
    assert len(scores) >= 30
    assert np.quantile(scores, 0.9) < 0.25
    assert max(scores) < FOUND


def test_the_mark_lies_far_below_real_speech(voices, marked):
    for voice, loud in zip(voices, marked, strict=True):
        added = loud.samples - voice.samples
        assert 10 * np.log10((voice.samples**2).sum() / (added**2).sum()) > 12


def test_a_real_film_is_released_as_it_was(media, home, verified, tmp_path):
    source = media / "talking" / "grid" / "bbaf2n.mpg"
    info = probe(source)
    assert not inspect_file(source).marked
    segment, output = tmp_path / "segment.mp4", tmp_path / "dub.mp4"
    with FilmWriter(segment, like=require_video(info), settings=EncodeSettings(crf=0)) as writer:
        for frames in read_frames(source):
            writer.write(frames)
    duration = require_video(info).duration
    line = SoundLine(0, int(duration * RATE), source)
    claim = Claim("dub", "es", (verified(),), source=source, source_language="en", lips_changed=True)
    made = release_film(
        [segment],
        soundtrack=Soundtrack(duration, (line,), bed=None),
        output=output,
        claim=claim,
        like=info,
    )
    assert made.watermark_score > 0.9
    assert made.manifest_valid
    assert made.credentials.ingredients == ("bbaf2n.mpg",)
    assert inspect_file(output).audio.score == made.watermark_score
    (before,), (after,) = (list(read_frames(path, chunk=100)) for path in (source, output))
    assert all(np.array_equal(a, b) for a, b in zip(before.planes, after.planes, strict=True))
    assert abs(read_audio(output).duration - duration) <= Fraction(1, RATE)
