"""Renderers that draw from sound hear the right samples, and only what they hear decides their segments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from drawn_track import drawn_track
from synth import Truth, draw_film

from avsynth.core.errors import InputError, ModelError, UnknownEngineError
from avsynth.core.face import MouthMotion
from avsynth.core.media import Waveform
from avsynth.core.script import Utterance
from avsynth.core.span import Span
from avsynth.face.layouts import IBUG_68
from avsynth.lipsync.visemes import BASIS
from avsynth.media.sound import write_audio
from avsynth.models import hub
from avsynth.pipeline.artefacts import PlannedMotion, save_motion, save_track
from avsynth.pipeline.cache import Cache
from avsynth.pipeline.heard import (
    VoicePiece,
    driving_sound,
    listens,
    require_renderer,
    voice_of_lines,
    voice_of_recording,
)
from avsynth.pipeline.lines import SpokenLine
from avsynth.pipeline.picture import FaceJob, FootageJob, SegmentJob, prepared, write_segment

RATE = Fraction(25)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    folder = tmp_path_factory.mktemp("heard")
    return draw_film(folder / "film.mp4", openings=np.zeros(120), size=(320, 240), scale_px=48.0)


def tone(path: Path, *, seconds: float, hz: float = 300.0, sample_rate: int = 48_000) -> Path:
    samples = 0.3 * np.sin(2 * np.pi * hz * np.arange(round(seconds * sample_rate)) / sample_rate)
    write_audio(path, Waveform(samples.astype(np.float32)[None], sample_rate), subtype="FLOAT")
    return path


def line(folder: Path, *, start: Fraction, end: Fraction) -> SpokenLine:
    folder.mkdir()
    tone(folder / "speech.wav", seconds=float(end - start))
    return SpokenLine(Utterance("1", Span(start, end), "Ana", "hola", "es"), folder)


def test_only_some_renderers_listen() -> None:
    assert [name for name in ("footage", "wav2lip", "wav2lip-gan") if listens(name)] == ["wav2lip", "wav2lip-gan"]
    with pytest.raises(UnknownEngineError):
        require_renderer("mime")


def test_a_renderer_whose_license_is_not_accepted_is_refused_before_the_work(home: Path, tmp_path: Path) -> None:
    require_renderer("footage")
    with pytest.raises(ModelError, match="models add lipsync/wav2lip FILE --accept-license"):
        require_renderer("wav2lip")
    torch.save({"state_dict": {"weight": torch.zeros(1)}}, tmp_path / "weights.pth")
    hub.add("lipsync/wav2lip", tmp_path / "weights.pth", license_accepted=True)
    require_renderer("wav2lip")


def test_lines_are_heard_in_their_places(film: Truth, tmp_path: Path) -> None:
    lines = [
        line(tmp_path / "a", start=Fraction(1), end=Fraction(3, 2)),
        line(tmp_path / "b", start=Fraction(3), end=Fraction(4)),
    ]
    assert voice_of_lines(lines, renderer="footage") == ()
    voice = voice_of_lines(lines, renderer="wav2lip")
    sound = driving_sound(voice, film=film.path, frames=range(50, 100))  # 2 s to 4 s
    assert (sound.since, sound.first) == (Fraction(1), 50)
    assert sound.times == tuple(Fraction(index, 25) for index in range(50, 100))
    loud = np.abs(sound.waveform.samples[0]) > 0.05
    heard = sound.since + np.flatnonzero(loud) / 16_000
    assert not ((heard > 1.502) & (heard < 2.998)).any()
    assert heard.max() == pytest.approx(4.0, abs=0.003)
    part = sound.waveform.samples[0, 16_000 * 2 + 1600 : 16_000 * 3 - 1600]  # from 3.1 to 3.9 s
    expected = 0.3 * np.sin(2 * np.pi * 300 * (np.arange(len(part)) / 16_000 + 0.1))
    np.testing.assert_allclose(part, expected, atol=2e-3)


def test_a_recording_is_heard_from_the_films_beginning(film: Truth, tmp_path: Path) -> None:
    recording, cache = tone(tmp_path / "dub.wav", seconds=2.0, sample_rate=44_100), Cache(tmp_path / "work")
    assert voice_of_recording(recording, renderer="footage", cache=cache) == ()
    assert not (tmp_path / "work").exists()
    (piece,) = voice_of_recording(recording, renderer="wav2lip", cache=cache)
    assert piece.span == Span(Fraction(0), Fraction(2))
    sound = driving_sound([piece], film=film.path, frames=range(0, 10))
    assert sound.since == 0
    assert sound.waveform.samples.shape == (1, 3 * 16_000)
    expected = 0.3 * np.sin(2 * np.pi * 300 * np.arange(1600, 30_000) / 16_000)
    np.testing.assert_allclose(sound.waveform.samples[0, 1600:30_000], expected, atol=2e-3)
    assert np.abs(sound.waveform.samples[0, 33_000:]).max() < 1e-3
    with pytest.raises(InputError, match="this face has none"):
        driving_sound((), film=film.path, frames=range(0, 10))


@pytest.fixture
def segment(film: Truth, tmp_path: Path) -> Callable[..., SegmentJob]:
    """Makes a segment in which the drawn face is changed by a renderer."""
    track = drawn_track(film, layout=IBUG_68)
    save_track(tmp_path / "track.npz", track)
    motion = MouthMotion(BASIS, np.zeros((120, 5), np.float32), RATE)
    save_motion(tmp_path / "motion.npz", PlannedMotion(motion, np.ones(120, np.float32)))
    footage = (FootageJob(film.path, "digest", tmp_path / "track.npz"),)

    def make(voice: tuple[VoicePiece, ...], *, start: int, end: int, renderer: str = "wav2lip") -> SegmentJob:
        face = FaceJob(tmp_path / "track.npz", tmp_path / "motion.npz", footage, voice)
        return SegmentJob(film.path, "digest", start, end, (face,), renderer, tmp_path / "work")

    return make


def test_only_the_sound_near_a_segment_decides_it(segment: Callable[..., SegmentJob], tmp_path: Path) -> None:
    early = VoicePiece(tone(tmp_path / "early.wav", seconds=1.0), Span(Fraction(0), Fraction(1)))
    late = VoicePiece(tone(tmp_path / "late.wav", seconds=1.0), Span(Fraction(7, 2), Fraction(9, 2)))
    other = replace(late, sound=tone(tmp_path / "other.wav", seconds=1.0, hz=500.0))
    first, second = ({"start": 0, "end": 25}, {"start": 75, "end": 120})
    key = {(v, s["start"]): segment((early, v), **s).stage().key for v in (late, other) for s in (first, second)}
    assert key[late, 0] == key[other, 0]
    assert key[late, 75] != key[other, 75]
    silent = [segment(voice, **second, renderer="footage").stage().key for voice in ((late,), (other,), ())]
    assert len(set(silent)) == 1  # a renderer that does not listen is not made anew for another sound


def test_a_segment_is_drawn_from_its_sound(
    segment: Callable[..., SegmentJob], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a stand-in network: the public weights are not ours to keep."""
    from avsynth.lipsync.backends import wav2lip

    windows: list[np.ndarray] = []

    class Bright:
        def draw(self, faces: list[np.ndarray], heard: list[np.ndarray]) -> list[np.ndarray]:
            windows.extend(heard)
            return [np.full_like(face, 200 if part.max() > 0 else 40) for face, part in zip(faces, heard, strict=True)]

    monkeypatch.setattr(wav2lip, "load_wav2lip", lambda card: Bright())
    prepared.cache_clear()
    voice = VoicePiece(tone(tmp_path / "dub.wav", seconds=1.0), Span(Fraction(0), Fraction(1)))
    write_segment(segment((voice,), start=0, end=40), tmp_path / "segment.mp4")
    prepared.cache_clear()
    loud = [bool(part.max() > 0) for part in windows[:40]]
    assert loud == [index <= 25 for index in range(40)]  # the tone ends at 1 s, and a column looks 25 ms around itself
