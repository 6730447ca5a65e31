"""What the tests of whole jobs share: the sample they work on, its script, consent records, and how a command ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from avsynth.core.consent import today
from avsynth.core.files import whole_file
from avsynth.core.media import ColorTags, Frames, VideoStream, Waveform
from avsynth.media.color import rgb_to_planes
from avsynth.media.probe import probe
from avsynth.media.read import read_audio
from avsynth.media.sound import write_audio
from avsynth.media.write import FilmWriter, mux
from avsynth.pipeline import demo
from avsynth.provenance.consent import new_consent, save_consent

_RATE = Fraction(25)
SPANISH = """1
00:00:00,480 --> 00:00:02,400
Buenos días, mi amigo.

2
00:00:03,000 --> 00:00:05,200
Este papel blanco es para usted.
"""


@dataclass(frozen=True)
class Sample:
    """A film of one person with sound, a script for it, and what is needed to dub it."""

    film: Path
    voice: Path
    script: Path
    consent: Path
    work: Path


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    folder = tmp_path_factory.mktemp("sample")
    silent, voice, film = folder / "silent.mp4", folder / "voice.wav", folder / "film.mp4"
    film_portrait(silent)
    demo._record_voice(voice)
    mux(film, segments=[silent], sound=read_audio(voice), language="en", like=probe(silent))
    script = folder / "es.srt"
    script.write_text(SPANISH, encoding="utf-8")
    consent = folder / "consent.json"
    grant(consent)
    return Sample(film, voice, script, consent, folder / "work")


def film_portrait(path: Path) -> None:
    """A camera that breathes: the portrait drifts, turns and comes nearer by a little, as a held camera does."""
    picture = demo.portrait()
    count = int(demo.SECONDS * _RATE)
    color = ColorTags(primaries=1, transfer=1, matrix=1, range=1)
    like = VideoStream("h264", demo.SIZE, demo.SIZE, _RATE, count, Fraction(1, 25), "yuv420p", color)
    with whole_file(path) as temporary, FilmWriter(temporary, like=like) as writer:
        for index in range(count):
            planes = rgb_to_planes(_view(picture, index / float(_RATE)), pixel_format="yuv420p", color=color)
            stacked = tuple(plane[None] for plane in planes)
            writer.write(Frames(stacked, "yuv420p", index, np.array([index], np.int64), color))


def _view(picture: NDArray[np.uint8], time: float) -> NDArray[np.uint8]:
    zoom = demo.ZOOM + 0.03 * np.sin(0.7 * time)
    turn = 1.2 * np.sin(1.1 * time)
    matrix = cv2.getRotationMatrix2D(demo.FACE, turn, zoom)
    matrix[:, 2] += demo.SIZE / 2 - np.array(demo.FACE) + 4 * np.array([np.sin(0.9 * time), np.cos(0.6 * time)])
    view: NDArray[np.uint8] = cv2.warpAffine(
        picture, matrix, (demo.SIZE, demo.SIZE), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
    ).astype(np.uint8)
    return view


def grant(path: Path, **changes: object) -> Path:
    """Write a consent record that covers everything the tests do, but for the changes."""
    terms: dict[str, object] = {
        "speaker": "Demo",
        "kinds": ("voice", "likeness"),
        "languages": ("any",),
        "project": "any",
        "expires": today() + timedelta(days=30),
        "granted_by": "public domain",
        "basis": "a portrait in the public domain and a synthetic voice",
    }
    save_consent(path, new_consent(**{**terms, **changes}))  # type: ignore[arg-type]
    return path


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str


def silence(path: Path, *, seconds: float) -> Path:
    """Write a sound file without sound."""
    write_audio(path, Waveform(np.zeros((1, round(seconds * 16_000)), np.float32), 16_000))
    return path
