"""A consent that does not hold cannot become a permission, and a permission does not reach beyond its scope."""

from datetime import timedelta

import pytest

from avsynth.core.consent import Evidence, VerifiedConsent, today
from avsynth.core.errors import ConsentError

DAY = timedelta(days=1)


def test_a_consent_that_holds_is_verified(consent_of):
    assert VerifiedConsent(consent_of("Ana")).speaker == "Ana"
    assert VerifiedConsent(consent_of(issued=today(), expires=today())).consent.expires == today()
    assert VerifiedConsent(consent_of(revoked=today() + DAY)).speaker == "Ana"  # withdrawn from tomorrow


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"revoked": today()}, "was revoked on"),
        ({"revoked": today() - DAY}, "was revoked on"),
        ({"expires": today() - DAY, "issued": today() - 9 * DAY}, "expired on"),
        ({"issued": today() + DAY}, "does not hold yet"),
    ],
)
def test_a_consent_that_does_not_hold_cannot_be_verified(consent_of, changes, message):
    with pytest.raises(ConsentError, match=message):
        VerifiedConsent(consent_of(**changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"speaker": " "}, "name its speaker"),
        ({"kinds": ()}, "kinds must be of voice, likeness; got none"),
        ({"kinds": ("voice", "soul")}, "soul"),
        ({"languages": ()}, "name its languages"),
        ({"expires": today() - 2 * DAY}, "before it begins"),
    ],
)
def test_a_record_must_make_sense(consent_of, changes, message):
    with pytest.raises(ConsentError, match=message):
        consent_of(**changes)


def test_scope(verified):
    permission = verified(kinds=("voice",), languages=("pt", "es-MX"), project="Film")
    permission.require("voice", language="pt")
    permission.require("voice", language="pt-BR", project="Film")
    permission.require("voice", language="ES-mx")
    verified(languages=("any",)).require("likeness", language="ja", project="whatever")
    for kind, language, project, message in [
        ("likeness", "pt", None, "covers voice, not likeness.*--kind likeness"),
        ("voice", "fr", None, "covers pt, es-MX, not fr.*--language fr"),
        ("voice", "es", None, "not es"),
        ("voice", "pt", "Series", "is for 'Film', not for 'Series'"),
    ]:
        with pytest.raises(ConsentError, match=message):
            permission.require(kind, language=language, project=project)


def test_a_permission_ends_when_the_day_comes(verified, monkeypatch):
    permission = verified(expires=today() + DAY)
    tomorrow, later = today() + DAY, today() + 2 * DAY
    monkeypatch.setattr("avsynth.core.consent.today", lambda: tomorrow)
    permission.require("voice", language="es")
    monkeypatch.setattr("avsynth.core.consent.today", lambda: later)
    with pytest.raises(ConsentError, match="expired"):
        permission.require("voice", language="es")


def test_the_digest_depends_on_every_field_and_on_no_order(consent_of):
    plain = consent_of()
    assert plain.digest == consent_of().digest
    assert len(plain.digest) == 64
    assert consent_of(kinds=("likeness", "voice")).digest == plain.digest
    changed = [
        {"id": "other"},
        {"kinds": ("voice",)},
        {"languages": ("es",)},
        {"project": "p"},
        {"granted_by": "g"},
        {"basis": "b"},
        {"issued": today()},
        {"expires": today() + DAY},
        {"revoked": today() + DAY},
        {"evidence": (Evidence("a.pdf", "0" * 64),)},
    ]
    digests = {consent_of(**change).digest for change in changed} | {consent_of("Eva").digest, plain.digest}
    assert len(digests) == len(changed) + 2
