import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from avsynth.core.errors import InputError
from avsynth.provenance.credential import (
    DEVELOPMENT_NAME,
    default_credential,
    development_credential,
    load_credential,
)


def test_the_development_certificate_is_kept_for_its_user_alone(home):
    made = development_credential()
    place = home / "credentials" / "development.pem"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert development_credential() == made
    assert made.kind == "development"
    assert made.name == DEVELOPMENT_NAME == "avsynth development certificate, not trusted"
    assert made.algorithm == "es256"


def test_the_key_is_never_shown():
    made = development_credential()
    assert "PRIVATE" not in repr(made)
    assert "CERTIFICATE" not in repr(made)


def test_the_development_certificate_is_what_c2pa_asks_for():
    leaf = x509.load_pem_x509_certificate(development_credential().chain_pem.encode())
    assert leaf.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature
    assert ExtendedKeyUsageOID.EMAIL_PROTECTION in leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_a_broken_development_certificate_is_made_anew(home):
    place = home / "credentials" / "development.pem"
    development_credential()
    place.write_text("broken")
    again = development_credential()
    assert again.chain_pem in place.read_text()
    assert stat.S_IMODE(place.stat().st_mode) == 0o600


def test_the_users_own_is_used_where_it_is_set(studio, monkeypatch):
    monkeypatch.setenv("AVSYNTH_CERTIFICATE", str(studio.certificate))
    with pytest.raises(InputError, match="belong together"):
        default_credential()
    monkeypatch.setenv("AVSYNTH_KEY", str(studio.key))
    found = default_credential()
    assert (found.kind, found.name, found.timestamp_url) == ("studio", "Studio Uno", None)
    assert found.chain_pem.count("BEGIN CERTIFICATE") == 2
    monkeypatch.setenv("AVSYNTH_TIMESTAMP_URL", "http://tsa.example")
    assert default_credential().timestamp_url == "http://tsa.example"


def test_without_one_the_development_certificate_is_used():
    assert default_credential().kind == "development"


def write(folder: Path, key, *, change=lambda builder: builder, aki=True, encrypt=None):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    now = datetime.now(UTC)
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=2))
        .add_extension(usage, critical=True)
    )
    if aki:
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
        builder = builder.add_extension(identifier, critical=False)
    builder = change(builder)
    if builder._not_valid_after is None:
        builder = builder.not_valid_after(now + timedelta(days=1))
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    certificate, secret = folder / "c.pem", folder / "k.pem"
    certificate.write_bytes(builder.sign(key, algorithm).public_bytes(serialization.Encoding.PEM))
    hidden = serialization.BestAvailableEncryption(encrypt) if encrypt else serialization.NoEncryption()
    style = serialization.PrivateFormat.PKCS8
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, style, hidden))
    return certificate, secret


def email(builder):
    return builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)


def server(builder):
    return builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)


def expired(builder):
    return email(builder).not_valid_after(datetime.now(UTC) - timedelta(days=1))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"change": server}, "for another use"),
        ({}, "lacks an extension"),
        ({"change": email, "aki": False}, "lacks an extension"),
        ({"change": expired}, "not today; renew it"),
        ({"change": email, "encrypt": b"secret"}, "passphrase"),
    ],
)
def test_certificates_that_c2pa_would_refuse_are_refused_before_the_work(tmp_path, options, said):
    certificate, key = write(tmp_path, ec.generate_private_key(ec.SECP256R1()), **options)
    with pytest.raises(InputError, match=said):
        load_credential(certificate, key=key)


def test_files_that_are_no_credentials(tmp_path, studio):
    text = tmp_path / "note.txt"
    text.write_text("nothing")
    with pytest.raises(InputError, match="no PEM certificate"):
        load_credential(text, key=studio.key)
    with pytest.raises(InputError, match="no PEM private key"):
        load_credential(studio.certificate, key=text)
    with pytest.raises(InputError, match="cannot read"):
        load_credential(tmp_path / "absent.pem", key=studio.key)


def test_a_key_of_another_certificate_is_refused(tmp_path, studio):
    _, key = write(tmp_path, ec.generate_private_key(ec.SECP256R1()), change=email)
    with pytest.raises(InputError, match="put the leaf first"):
        load_credential(studio.certificate, key=key)


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (ec.generate_private_key(ec.SECP256R1()), "es256"),
        (ec.generate_private_key(ec.SECP384R1()), "es384"),
        (ed25519.Ed25519PrivateKey.generate(), "ed25519"),
        (rsa.generate_private_key(65537, 2048), "ps256"),
    ],
)
def test_the_algorithm_follows_the_key(tmp_path, key, algorithm):
    certificate, secret = write(tmp_path, key, change=email)
    assert load_credential(certificate, key=secret).algorithm == algorithm


def test_a_weak_key_is_refused(tmp_path):
    certificate, secret = write(tmp_path, rsa.generate_private_key(65537, 1024), change=email)
    with pytest.raises(InputError, match="2048 bits"):
        load_credential(certificate, key=secret)
