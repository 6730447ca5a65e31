"""A voice is fitted where its cloner can be, and the report says what was left out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from avsynth.core.errors import ModelError
from avsynth.core.speech import VoiceProfile, VoiceStatistics
from avsynth.pipeline import enroll as module
from avsynth.pipeline.enroll import EnrollOptions, enroll
from avsynth.pipeline.options import Options
from avsynth.provenance.consent import save_consent
from avsynth.voice.backends import adaptation
from avsynth.voice.enroll import Enrolment, SourceReport
from avsynth.voice.profile import load_profile


@pytest.fixture
def study(monkeypatch):
    """A stand-in that hears as many seconds as the recording's name says, and remembers how it was asked."""
    asked = []

    def hear(sources, *, speaker, consent, **choices):
        asked.append(choices)
        seconds = float(sources[0].stem)
        vector = np.eye(1, 256, dtype=np.float32)[0]
        statistics = VoiceStatistics(120.0, 0.2, np.zeros(40, np.float32), np.ones(40, np.float32))
        profile = VoiceProfile(speaker, vector, "ge2e", statistics, ("ab" * 32,), seconds, consent)
        return Enrolment(profile, (SourceReport(sources[0], seconds + 1, seconds, 30.0),))

    monkeypatch.setattr(module, "study", hear)
    return asked


@pytest.fixture
def record(consent_of, tmp_path):
    path = tmp_path / "ana.json"
    save_consent(path, consent_of())
    return path


@pytest.fixture
def fitted(monkeypatch):
    def adapt(profile, *, settings=None, progress):
        progress("fitting the voice", 1, 1)
        return replace(profile, adapted={"w": np.ones(2, np.float16)}, adapted_from="cd" * 32)

    monkeypatch.setattr(adaptation, "adapt", adapt)


@pytest.mark.parametrize(
    ("seconds", "fit", "cloner", "wanted"),
    [
        ("3", None, "neural", True),
        ("60", None, "world", False),
        ("60", False, "neural", False),
        ("9", True, "world", True),
    ],
)
def test_when_a_voice_is_fitted(study, record, fitted, home, tmp_path, seconds, fit, cloner, wanted):
    steps = []
    options = EnrollOptions(engines={"cloner": cloner}, fit=fit, progress=lambda *step: steps.append(step))
    output = tmp_path / "ana.voice.json"
    made = enroll(Path(f"{seconds}.wav"), speaker="Ana", consent=record, output=output, options=options)
    assert bool(made.profile.adapted) == bool(load_profile(output).adapted) == wanted
    assert bool(steps) == wanted
    assert made.usable_seconds == float(seconds)
    assert str(made.sources[0]).startswith(f"{seconds}.wav: {float(seconds):.1f} s of {float(seconds) + 1:.1f} s")


def test_plain_options_are_enough(study, record, home, tmp_path):
    made = enroll(
        "5.wav",
        speaker="Ana",
        consent=record,
        output=tmp_path / "a.json",
        options=Options(engines={"encoder": "ecapa"}),
    )
    assert made.output.exists()
    assert study == [{"encoder": "ecapa", "spans": {}, "like": None}]


def test_a_voice_that_cannot_be_fitted_leaves_no_file(study, record, home, tmp_path, monkeypatch):
    def absent(profile, **_):
        raise ModelError("no weights")

    monkeypatch.setattr(adaptation, "adapt", absent)
    output = tmp_path / "a.json"
    with pytest.raises(ModelError, match="no weights"):
        enroll("30.wav", speaker="Ana", consent=record, output=output, options=EnrollOptions(fit=True))
    assert not output.exists()
