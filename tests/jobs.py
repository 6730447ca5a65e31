"""What the tests of whole jobs share: the sample they work on, its script, consent records, and how a command ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from avsynth.core.consent import today
from avsynth.core.media import Waveform
from avsynth.media.probe import probe
from avsynth.media.read import read_audio
from avsynth.media.sound import write_audio
from avsynth.media.write import mux
from avsynth.pipeline import demo
from avsynth.provenance.consent import new_consent, save_consent

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
    demo._film_portrait(silent)
    demo._record_voice(voice)
    mux(film, segments=[silent], sound=read_audio(voice), language="en", like=probe(silent))
    script = folder / "es.srt"
    script.write_text(SPANISH, encoding="utf-8")
    consent = folder / "consent.json"
    grant(consent)
    return Sample(film, voice, script, consent, folder / "work")


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
