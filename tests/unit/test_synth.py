"""What ``synth`` draws and speaks is what it says: the other tests lean on it."""

from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
import synth


def pictures(path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001)])
def test_a_film_has_its_frames_rate_and_sound(tmp_path, rate):
    sound = synth.vowel(150.0, seconds=1.0)
    truth = synth.draw_film(tmp_path / "a.mov", seconds=1, frame_rate=rate, size=(320, 240), scale_px=48, audio=sound)
    with av.open(str(truth.path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert video.average_rate == rate
        assert (video.width, video.height, video.pix_fmt) == (320, 240, "yuv420p")
        assert (video.codec_context.colorspace, video.codec_context.color_range) == (1, 1)
        assert audio.rate == 48_000
        heard = np.concatenate([f.to_ndarray() for f in container.decode(audio)], 1)
    assert len(pictures(truth.path)) == len(truth) == round(rate)
    assert heard.shape[1] == 48_000
    assert np.abs(heard[0] / 32768 - sound.samples[0]).max() < 1e-4


def test_the_same_film_twice(tmp_path):
    for name in ("a.mp4", "b.mp4"):
        synth.draw_film(tmp_path / name, seconds=Fraction(1, 5), size=(320, 240), scale_px=48)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_the_mouth_opens_as_far_as_it_says(tmp_path):
    """In the middle column of the mouth, what is neither skin nor lip is as high as the opening, and centered."""
    openings = [0.0, 0.05, 0.1, 0.2, 0.3]
    truth = synth.draw_film(tmp_path / "a.mp4", openings=openings, size=(640, 480), scale_px=120, pan=(40, 8))
    background = synth._background(640, 480)
    closed = [synth.draw_face(background, center=eyes.mean(0), scale_px=120, opening=0.0) for eyes in truth.eyes_px]
    for index, image in enumerate(pictures(truth.path)):
        assert np.linalg.norm(truth.eyes_px[index, 1] - truth.eyes_px[index, 0]) == pytest.approx(120)
        x, y = truth.mouth_px[index]
        red, _, blue = image[:, round(x)].astype(int).T
        near = slice(round(y - 40), round(y + 40))
        rows = np.flatnonzero((red - blue < 34)[near]) + near.start  # teeth and the dark; lips and tongue are red
        top_to_bottom = np.ptp(rows) + 1 if len(rows) else 0
        tongue = openings[index] * 0.3 * 120  # the lowest part of the opening is tongue, as red as the lips
        assert top_to_bottom == pytest.approx(openings[index] * 120 - tongue, abs=3)
        upper_face = slice(0, round(truth.eyes_px[index, 0, 1]) + 20)
        assert np.abs(image[upper_face].astype(int) - closed[index][upper_face]).mean() < 3  # coding only


def test_the_head_moves_with_the_pan(tmp_path):
    truth = synth.draw_film(tmp_path / "a.mp4", openings=[0.0] * 5, pan=(40, 0))
    first, *_, last = (cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in pictures(truth.path))
    x, y = truth.eyes_px[0].mean(0)
    eyes = first[int(y) - 30 : int(y) + 30, int(x) - 70 : int(x) + 70]
    _, _, _, (found_x, found_y) = cv2.minMaxLoc(cv2.matchTemplate(last, eyes, cv2.TM_CCOEFF_NORMED))
    assert abs(found_x - (int(x) - 70) - 40) <= 1
    assert abs(found_y - (int(y) - 30)) <= 1
    assert truth.eyes_px[-1, 0, 0] - truth.eyes_px[0, 0, 0] == pytest.approx(40)


def test_syllables_close_fully():
    openings = synth.syllables(100, frame_rate=25, rate_hz=2.5)
    assert openings[::10] == pytest.approx(0, abs=1e-12)
    assert openings[5::10] == pytest.approx(0.22)


@pytest.mark.parametrize("f0", [90.0, 150.0, 220.5])
def test_a_vowel_has_its_pitch_and_formants(f0):
    sound = synth.vowel(f0, [500, 1500, 2500], seconds=1.0, sample_rate=16_000)
    assert sound.samples.shape == (1, 16_000)
    assert np.abs(sound.samples).max() == pytest.approx(0.3)
    spectrum = np.abs(np.fft.rfft(sound.samples[0] * np.hanning(16_000), 1 << 18))
    hertz = np.fft.rfftfreq(1 << 18, 1 / 16_000)
    peak = hertz[np.argmax(np.where(hertz < 1.4 * f0, spectrum, 0))]
    assert peak == pytest.approx(f0, abs=0.2)
    harmonics = np.arange(f0, 4000, f0)
    levels = np.interp(harmonics, hertz, spectrum)
    for formant in (500, 1500, 2500):
        near = np.abs(harmonics - formant) < f0
        around = (np.abs(harmonics - formant) > 250) & (np.abs(harmonics - formant) < 500)
        assert levels[near].max() > 2 * levels[around].min()


def test_clicks_are_single_samples_where_they_should_be():
    track = synth.clicks([0, Fraction(1, 3), Fraction(1, 2)], seconds=1.0, sample_rate=3000)
    assert np.flatnonzero(track.samples[0]).tolist() == [0, 1000, 1500]
    assert set(track.samples[0].tolist()) == {0.0, 0.5}


def test_syllable_sound_is_loud_when_the_mouth_is_open():
    openings = synth.syllables(50)
    sound = synth.syllable_sound(openings, frame_rate=25).samples[0]
    loudness = np.sqrt(np.mean(sound.reshape(50, -1) ** 2, axis=1))  # of each frame's own 40 ms
    middles = (openings + np.append(openings[1:], openings[-1])) / 2
    assert np.corrcoef(loudness, middles)[0, 1] > 0.98


@pytest.mark.weights
def test_a_portrait_moves_as_its_camera_says(tmp_path, portrait):
    path, to_frame = synth.portrait_film(tmp_path / "p.mp4", portrait=portrait, seconds=1, pan=(30, 6), zoom=1.1)
    frames = pictures(path)
    assert len(frames) == len(to_frame) == 25
    source = cv2.cvtColor(cv2.imread(str(portrait)), cv2.COLOR_BGR2RGB)
    back = cv2.warpAffine(frames[-1], to_frame[-1], source.shape[1::-1], flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    middle = (slice(60, 250), slice(150, 320))  # the face
    assert np.abs(back[middle].astype(int) - source[middle]).mean() < 4
