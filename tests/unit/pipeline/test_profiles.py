"""A profile can be looked at, deleted and revoked, and then it does not speak."""

from __future__ import annotations

import shutil
from datetime import timedelta

import numpy as np
import pytest

from avsynth.core import consent as consents
from avsynth.core.consent import today
from avsynth.core.errors import ConsentError, InputError
from avsynth.core.speech import VoiceProfile, VoiceStatistics
from avsynth.pipeline.profiles import delete_voice, revoke_voice, show_voice
from avsynth.pipeline.say import say
from avsynth.provenance.consent import revoke_consent, save_consent
from avsynth.voice.profile import load_profile, save_profile
from avsynth.voice.say import speak


@pytest.fixture
def profile(verified, home):
    vector = np.eye(1, 256, dtype=np.float32)[0]
    statistics = VoiceStatistics(187.25, 0.2, np.zeros(40, np.float32), np.ones(40, np.float32))
    prompt = np.ones(36_000, np.int16)
    return VoiceProfile("Ana", vector, "ge2e", statistics, ("ab" * 32,), 12.5, verified("Ana"), prompt=prompt)


@pytest.fixture
def path(profile, tmp_path):
    path = tmp_path / "ana.voice.json"
    save_profile(path, profile)
    return path


def test_what_is_shown(path, profile):
    shown = show_voice(path)
    assert (shown.speaker, shown.speech_seconds, shown.f0_median_hz) == ("Ana", 12.5, 187.25)
    assert (shown.sample_seconds, shown.prompt_seconds, shown.fitted, shown.refusal) == (0.0, 1.5, False, "")
    assert shown.consent == profile.consent.consent


def test_a_deleted_profile_is_gone(path):
    link = path.with_name("link.voice.json")
    link.symlink_to(path)
    assert delete_voice(link).speaker == "Ana"
    assert not path.exists()
    assert not link.is_symlink()
    with pytest.raises(InputError, match="ana"):
        say("Hello.", language="en", voice=path, output=path.with_suffix(".wav"))


@pytest.mark.parametrize("text", ["{}", "RIFF", '{"schema": "Consent.1"}', '{"schema": "VoiceProfile.1"}'])
def test_nothing_but_a_profile_is_deleted(tmp_path, text):
    path = tmp_path / "film.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"film\.json"):
        delete_voice(path)
    assert path.read_text() == text


def test_a_revoked_profile_and_its_copies_refuse(path, tmp_path):
    copy = tmp_path / "copy.voice.json"
    shutil.copy(path, copy)
    assert revoke_voice(path, reason="asked for it").revoked == today()
    with pytest.raises(ConsentError, match="revoked"):
        load_profile(path)  # on any computer
    with pytest.raises(ConsentError, match="revoked"):
        say("Hello.", language="en", voice=copy, output=tmp_path / "hello.wav")
    assert "revoked" in show_voice(path).refusal
    assert "revoked" in show_voice(copy).refusal
    delete_voice(path)  # is never refused
    assert not (tmp_path / "hello.wav").exists()


def test_a_revoked_record_closes_the_profiles_made_under_it(path, profile, tmp_path):
    record = tmp_path / "ana.json"
    save_consent(record, profile.consent.consent)
    revoke_consent(record, reason="asked for it")
    with pytest.raises(ConsentError, match="revoked"):
        say("Hello.", language="en", voice=path, output=tmp_path / "hello.wav")


def test_an_expired_consent_refuses_to_load_and_to_speak(path, profile, monkeypatch):
    monkeypatch.setattr(consents, "today", lambda: today() + timedelta(days=1000))
    with pytest.raises(ConsentError, match="expired"):
        load_profile(path)
    with pytest.raises(ConsentError, match="expired"):
        speak("Hello.", profile=profile, language="en", cloner="world")
    assert "expired" in show_voice(path).refusal
