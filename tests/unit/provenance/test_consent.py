import json
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from avsynth.core.consent import VerifiedConsent, today
from avsynth.core.errors import ConsentError, InputError
from avsynth.provenance.consent import (
    load_consent,
    new_consent,
    require_standing,
    revoke_consent,
    save_consent,
    verify_consent,
)


def edit(path: Path, **fields: object) -> None:
    plain = json.loads(path.read_text())
    path.write_text(json.dumps(plain | fields))


@pytest.fixture
def saved(record, tmp_path):
    path = tmp_path / "ana.json"
    save_consent(path, record())
    return path


def test_a_record_comes_back_as_it_was_saved(record, tmp_path):
    made = record(kinds=("voice",), languages=("es", "pt-BR"), speaker="Zoë Ångström")
    save_consent(tmp_path / "z.json", made)
    assert load_consent(tmp_path / "z.json") == made
    verified = verify_consent(tmp_path / "z.json")
    assert isinstance(verified, VerifiedConsent)
    assert verified.consent == made


def test_the_schema_is_the_first_key_and_the_digest_is_in_the_file(saved):
    plain = json.loads(saved.read_text())
    assert next(iter(plain)) == "schema"
    assert plain["schema"] == "Consent.1"
    assert plain["digest"] == load_consent(saved).digest


def test_ids_are_random_and_say_nothing_of_the_person(record):
    ids = {record().id for _ in range(20)}
    assert len(ids) == 20
    assert not any("ana" in name.lower() or "torres" in name.lower() for name in ids)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("speaker", "Somebody Else"),
        ("kinds", ["voice"]),
        ("languages", ["es"]),
        ("project", "Another"),
        ("expires", "2030-01-01"),
        ("basis", "none"),
        ("granted_by", "Nobody"),
        ("issued", "2020-01-01"),
        ("id", "consent-0"),
        ("digest", "0" * 64),
    ],
)
def test_an_edited_record_is_refused(saved, field, value):
    edit(saved, **{field: value})
    with pytest.raises(ConsentError, match="was edited after it was made; issue a new one"):
        verify_consent(saved)


def test_a_record_without_digest_is_refused(saved):
    plain = json.loads(saved.read_text())
    del plain["digest"]
    saved.write_text(json.dumps(plain))
    with pytest.raises(ConsentError, match="edited"):
        verify_consent(saved)


@pytest.mark.parametrize("text", ["", "no JSON", "[1]", "{}", '{"schema": "DubPlan.1"}', '{"schema": "Consent.2"}'])
def test_what_is_no_record_is_bad_input_and_not_a_refusal(tmp_path, text):
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(InputError):
        verify_consent(path)


def test_an_absent_or_binary_file_is_bad_input(tmp_path):
    with pytest.raises(InputError, match="cannot read"):
        verify_consent(tmp_path / "absent.json")
    (tmp_path / "b.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="UTF-8"):
        verify_consent(tmp_path / "b.json")


def test_an_unknown_key_is_an_error(saved):
    edit(saved, territory="EU")
    with pytest.raises(InputError, match="territory"):
        load_consent(saved)


def test_evidence_is_copied_beside_the_record_and_checked(record, tmp_path):
    proof = tmp_path / "release.pdf"
    proof.write_bytes(b"signed")
    folder = tmp_path / "records"
    path = folder / "ana.json"
    save_consent(path, record(evidence=[proof]), evidence=[proof])
    assert (folder / "release.pdf").read_bytes() == b"signed"
    assert verify_consent(path).consent.evidence[0].name == "release.pdf"
    (folder / "release.pdf").write_bytes(b"forged")
    with pytest.raises(ConsentError, match="not the file"):
        verify_consent(path)
    (folder / "release.pdf").unlink()
    with pytest.raises(ConsentError, match=r"'release\.pdf'.* is missing"):
        verify_consent(path)


def test_saving_beside_the_evidence_leaves_it_alone(record, tmp_path):
    proof = tmp_path / "release.pdf"
    proof.write_bytes(b"signed")
    save_consent(tmp_path / "ana.json", record(evidence=[proof]), evidence=[proof])
    assert proof.read_bytes() == b"signed"
    verify_consent(tmp_path / "ana.json")


def test_evidence_the_record_does_not_name_is_refused(record, tmp_path):
    other = tmp_path / "other.pdf"
    other.write_bytes(b"x")
    with pytest.raises(InputError, match="not the evidence"):
        save_consent(tmp_path / "ana.json", record(), evidence=[other])


def test_evidence_must_exist_and_have_names_of_its_own(record, tmp_path):
    with pytest.raises(InputError, match="cannot read"):
        record(evidence=[tmp_path / "absent.pdf"])
    twins = [tmp_path / "a" / "r.pdf", tmp_path / "b" / "r.pdf"]
    with pytest.raises(InputError, match=r"two evidence files are called 'r\.pdf'"):
        record(evidence=twins)


def test_evidence_outside_the_folder_is_refused(record, tmp_path):
    from dataclasses import replace

    from avsynth.core.consent import Evidence

    (tmp_path / "secret").write_bytes(b"x")
    made = replace(record(), evidence=(Evidence("../secret", "0" * 64),))
    save_consent(tmp_path / "sub" / "ana.json", made)
    with pytest.raises(ConsentError, match="outside its folder"):
        verify_consent(tmp_path / "sub" / "ana.json")


def test_a_revoked_record_is_refused_and_so_is_every_copy(saved, tmp_path):
    copy = tmp_path / "copy.json"
    shutil.copy(saved, copy)
    held = verify_consent(copy)
    revoked = revoke_consent(saved, reason="withdrawn")
    assert revoked.revoked == today()
    with pytest.raises(ConsentError, match="revoked"):
        verify_consent(saved)
    with pytest.raises(ConsentError, match="revoked"):
        verify_consent(copy)
    with pytest.raises(ConsentError, match="revoked"):
        require_standing(held)  # what was verified before does not outlive it


def test_a_copy_is_refused_even_if_its_own_file_cannot_be_marked(saved, home):
    copy_text = saved.read_text()
    revoke_consent(saved, reason="withdrawn")
    saved.write_text(copy_text)
    with pytest.raises(ConsentError, match="revoked"):
        verify_consent(saved)
    (entry,) = (home / "revocations").iterdir()
    plain = json.loads(entry.read_text())
    assert plain["id"] == json.loads(copy_text)["id"]
    assert plain["digest"] == json.loads(copy_text)["digest"]
    assert plain["reason"] == "withdrawn"
    entry.write_text("broken")  # a damaged entry still refuses
    with pytest.raises(ConsentError, match="revoked"):
        verify_consent(saved)


def test_revoking_spares_the_others(record, saved, tmp_path):
    save_consent(tmp_path / "other.json", record())
    revoke_consent(saved, reason="withdrawn")
    verify_consent(tmp_path / "other.json")


def test_revoking_twice_keeps_the_first_day_and_the_first_reason(saved, home):
    first = revoke_consent(saved, reason="one")
    assert revoke_consent(saved, reason="two") == first
    (entry,) = (home / "revocations").iterdir()
    assert json.loads(entry.read_text())["reason"] == "one"


def test_an_edited_record_can_be_revoked(saved):
    edit(saved, project="Another")
    revoke_consent(saved, reason="misuse")
    with pytest.raises(ConsentError, match="revoked"):
        verify_consent(saved)


def test_a_revocation_needs_a_reason_and_a_record(saved, tmp_path):
    with pytest.raises(InputError, match="reason"):
        revoke_consent(saved, reason=" ")
    verify_consent(saved)
    with pytest.raises(InputError):
        revoke_consent(tmp_path / "absent.json", reason="x")


def test_an_expired_record_is_refused_the_day_after(saved, monkeypatch):
    last = load_consent(saved).expires
    monkeypatch.setattr("avsynth.core.consent.today", lambda: last)
    verify_consent(saved)
    monkeypatch.setattr("avsynth.core.consent.today", lambda: last + timedelta(days=1))
    with pytest.raises(ConsentError, match="expired"):
        verify_consent(saved)


def test_ten_years_are_the_longest(record, monkeypatch):
    monkeypatch.setattr("avsynth.provenance.consent.today", lambda: date(2024, 2, 29))
    assert record(expires=date(2034, 2, 28)).issued == date(2024, 2, 29)
    with pytest.raises(InputError, match="10 years at most; name a day until 2034-02-28"):
        record(expires=date(2034, 3, 1))


def test_a_longer_record_made_by_other_means_is_refused(record, tmp_path):
    from dataclasses import replace

    save_consent(tmp_path / "long.json", replace(record(), expires=today() + timedelta(days=3660)))
    with pytest.raises(ConsentError, match="longer than 10 years"):
        verify_consent(tmp_path / "long.json")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"expires": date(2001, 1, 1)}, "would have expired"),
        ({"languages": ("Spanish please",)}, "no language tag"),
        ({"languages": ("es_MX",)}, "no language tag"),
        ({"basis": "  "}, "basis"),
        ({"granted_by": ""}, "granted_by"),
        ({"project": ""}, "project"),
    ],
)
def test_bad_fields_are_bad_input(record, fields, said):
    with pytest.raises(InputError, match=said):
        record(**fields)


@pytest.mark.parametrize("fields", [{"kinds": ()}, {"kinds": ("body",)}, {"languages": ()}, {"speaker": " "}])
def test_a_record_that_allows_nothing_is_no_permission(record, fields):
    with pytest.raises(ConsentError):
        record(**fields)


def test_new_consent_begins_today():
    made = new_consent(
        speaker=" Ana ",
        kinds=["voice"],
        languages=["es"],
        project="P",
        expires=today(),
        granted_by="Ana",
        basis="b",
    )
    assert (made.issued, made.expires, made.speaker) == (today(), today(), "Ana")
