import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import avsynth
from avsynth.core.consent import VerifiedConsent
from avsynth.core.errors import ConsentError
from avsynth.provenance.consent import revoke_consent, save_consent
from avsynth.provenance.manifest import Claim, manifest

PREFIX = "http://cv.iptc.org/newscodes/digitalsourcetype/"


def data_of(written, label):
    (found,) = [item["data"] for item in written["assertions"] if item["label"] == label]
    return found


def actions_of(claim):
    actions = data_of(manifest(claim, mime_type="video/mp4", engine="perth"), "c2pa.actions.v2")["actions"]
    return {action["action"]: action for action in actions}


@pytest.fixture
def film_claim(claim):
    return replace(claim, source=Path("in/film.mp4"), source_language="en", lips_changed=True)


def test_a_dubbed_film_tells_what_was_done_in_order(film_claim):
    actions = actions_of(film_claim)
    assert list(actions) == ["c2pa.opened", "c2pa.translated", "c2pa.dubbed", "c2pa.watermarked.unbound"]
    assert actions["c2pa.translated"]["parameters"] == {"sourceLanguage": "en", "targetLanguage": "es"}
    dubbed = actions["c2pa.dubbed"]
    assert dubbed["digitalSourceType"] == PREFIX + "compositeWithTrainedAlgorithmicMedia"
    assert dubbed["changes"][0]["region"][0]["item"]["value"] == "lips"


def test_lips_are_named_only_if_they_were_changed(film_claim):
    assert "changes" not in actions_of(replace(film_claim, lips_changed=False))["c2pa.dubbed"]


def test_an_unknown_source_language_is_undetermined(film_claim):
    parameters = actions_of(replace(film_claim, source_language=""))["c2pa.translated"]["parameters"]
    assert parameters == {"sourceLanguage": "und", "targetLanguage": "es"}


def test_speech_alone_is_created_by_a_trained_model(claim):
    actions = actions_of(claim)
    assert next(iter(actions)) == "c2pa.created"
    assert actions["c2pa.created"]["digitalSourceType"] == PREFIX + "trainedAlgorithmicMedia"
    assert list(actions) == ["c2pa.created", "c2pa.watermarked.unbound"]
    speech = data_of(manifest(claim, mime_type="audio/wav", engine="perth"), "avsynth.speech")
    assert speech == {"language": "es", "voice": "cloned"}


def test_nothing_personal_goes_in(film_claim):
    written = manifest(film_claim, mime_type="video/mp4", engine="perth")
    record = film_claim.consents[0].consent
    assert data_of(written, "avsynth.consent") == {"consents": [{"id": record.id, "sha256": record.digest}]}
    text = json.dumps(written)
    for secret in ("Ana", "Torres", "release", "in/film"):
        assert secret not in text


def test_training_is_not_allowed_and_the_mark_is_named(film_claim):
    written = manifest(film_claim, mime_type="video/mp4", engine="perth")
    entries = data_of(written, "cawg.training-mining")["entries"]
    assert len(entries) == 4
    assert all(entry == {"use": "notAllowed"} for entry in entries.values())
    assert data_of(written, "avsynth.watermark")["engine"] == "perth"
    assert actions_of(film_claim)["c2pa.watermarked.unbound"]["softwareAgent"]["version"] == "1.0.1"
    assert written["claim_generator_info"] == [{"name": "avsynth", "version": avsynth.__version__}]


def consent(record, **fields):
    return VerifiedConsent(record(**fields))


def test_the_kinds_follow_from_what_was_made():
    assert Claim("t", "es", ()).kinds == ("voice",)
    assert Claim("t", "es", (), lips_changed=True).kinds == ("voice", "likeness")
    assert Claim("t", "es", (), lips_changed=True, voice_cloned=False).kinds == ("likeness",)


def test_no_consent_is_no_permission(record):
    with pytest.raises(ConsentError, match="nothing is finished without consent"):
        Claim("t", "es", ()).require_permission()
    with pytest.raises(ConsentError, match="nothing is finished without consent"):
        Claim("t", "es", (record(),)).require_permission()  # a record is not yet a permission


def test_every_kind_that_was_used_must_be_covered(record):
    voice, likeness = (consent(record, kinds=(kind,)) for kind in ("voice", "likeness"))
    Claim("t", "es", (voice,)).require_permission()
    Claim("t", "es", (voice, likeness), lips_changed=True).require_permission()
    Claim("t", "es", (likeness,), lips_changed=True, voice_cloned=False).require_permission()
    with pytest.raises(ConsentError, match="not likeness"):
        Claim("t", "es", (voice,), lips_changed=True).require_permission()
    with pytest.raises(ConsentError, match="not voice"):
        Claim("t", "es", (likeness,), lips_changed=True).require_permission()


def test_one_consent_for_another_language_stops_all(record):
    spanish, french = (consent(record, languages=(tag,)) for tag in ("es", "fr"))
    Claim("t", "es-MX", (spanish,)).require_permission()
    with pytest.raises(ConsentError, match="covers fr, not es"):
        Claim("t", "es", (spanish, french)).require_permission()


def test_permission_is_asked_again_at_the_end(record, tmp_path, monkeypatch):
    made = record()
    claim = Claim("t", "es", (VerifiedConsent(made),))
    claim.require_permission()
    with monkeypatch.context() as later:
        later.setattr("avsynth.core.consent.today", lambda: made.expires + timedelta(days=1))
        with pytest.raises(ConsentError, match="expired"):
            claim.require_permission()
    save_consent(tmp_path / "c.json", made)
    revoke_consent(tmp_path / "c.json", reason="withdrawn")
    with pytest.raises(ConsentError, match="revoked"):
        claim.require_permission()
