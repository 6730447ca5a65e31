"""A profile comes back from its file as it was, unless its consent no longer holds."""

from __future__ import annotations

import json
from datetime import timedelta

import numpy as np
import pytest

from avsynth.core.consent import today
from avsynth.core.errors import ConsentError, InputError
from avsynth.core.speech import VoiceProfile, VoiceStatistics
from avsynth.voice.profile import load_profile, save_profile


@pytest.fixture
def profile(verified):
    vector = np.random.default_rng(0).normal(size=256).astype(np.float32)
    envelope = np.linspace(-3, 1, 40, dtype=np.float32)
    return VoiceProfile(
        "Ana",
        vector / np.linalg.norm(vector),
        "ge2e",
        VoiceStatistics(187.25, 0.2, envelope, envelope**2),
        ("ab" * 32,),
        12.5,
        verified("Ana", languages=("es", "fr")),
    )


def test_it_comes_back_bit_for_bit(profile, tmp_path):
    path = tmp_path / "ana.voice.json"
    save_profile(path, profile)
    back = load_profile(path)
    assert (back.embedding == profile.embedding).all()
    assert back.embedding.dtype == np.float32
    assert (back.statistics.envelope_deviation == profile.statistics.envelope_deviation).all()
    assert back.consent == profile.consent
    assert (back.speaker, back.encoder, back.sample_hashes, back.speech_seconds) == ("Ana", "ge2e", ("ab" * 32,), 12.5)
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(("field", "days"), [("expires", -1), ("revoked", 0), ("issued", 1)])
def test_a_consent_that_no_longer_holds_closes_the_profile(profile, tmp_path, field, days):
    path = tmp_path / "ana.voice.json"
    save_profile(path, profile)
    plain = json.loads(path.read_text())
    plain["consent"]["consent"]["issued"] = (today() - timedelta(days=9)).isoformat()
    plain["consent"]["consent"][field] = (today() + timedelta(days=days)).isoformat()
    path.write_text(json.dumps(plain))
    with pytest.raises(ConsentError, match="Ana"):
        load_profile(path)


@pytest.mark.parametrize("text", ["RIFF....", "{}", "[1]", '{"schema": "Consent.1"}', "{"])
def test_other_files_are_no_profiles(tmp_path, text):
    path = tmp_path / "x.voice.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"x\.voice\.json"):
        load_profile(path)


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(InputError, match="nobody"):
        load_profile(tmp_path / "nobody.voice.json")


def test_another_s_consent_cannot_be_put_in(profile, tmp_path):
    path = tmp_path / "ana.voice.json"
    save_profile(path, profile)
    path.write_text(path.read_text().replace('"speaker": "Ana"', '"speaker": "Bea"', 1))
    with pytest.raises(InputError, match="Bea"):
        load_profile(path)
