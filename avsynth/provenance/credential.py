"""Who signs: the studio's own certificate, or a development one that nobody trusts and that says so."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from avsynth.core.errors import InputError
from avsynth.core.files import whole_file
from avsynth.provenance.home import home

DEVELOPMENT_NAME = "avsynth development certificate, not trusted"
_DEVELOPMENT_DAYS = 3650  # without a time stamp a signature counts as long as its certificate
_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
_CURE = "C2PA wants a leaf certificate for digital signatures with the extended key usage emailProtection"


@dataclass(frozen=True)
class Credential:
    """A certificate chain, leaf first, and its private key, as C2PA signs with them.

    Attributes:
        kind: ``"studio"`` for the user's own, ``"development"`` for the one made on the spot.
        name: Common name of the leaf.
        algorithm: C2PA's name of the signature algorithm, such as ``"es256"``.
        chain_pem: The certificates, PEM.
        key_pem: The private key, PKCS #8 PEM; never shown.
        timestamp_url: RFC 3161 time-stamp authority to ask, which makes signatures outlast the certificate.
    """

    kind: Literal["studio", "development"]
    name: str
    algorithm: str
    chain_pem: str = field(repr=False)
    key_pem: str = field(repr=False)
    timestamp_url: str | None = None


def default_credential() -> Credential:
    """The credential of ``$AVSYNTH_CERTIFICATE`` and ``$AVSYNTH_KEY``, or the development one if neither is set.

    ``$AVSYNTH_TIMESTAMP_URL`` names a time-stamp authority.

    Raises:
        InputError: Only one of the two is set, or they cannot be used.
    """
    certificate, key = os.environ.get("AVSYNTH_CERTIFICATE", ""), os.environ.get("AVSYNTH_KEY", "")
    if not certificate and not key:
        return development_credential()
    if not certificate or not key:
        raise InputError("AVSYNTH_CERTIFICATE and AVSYNTH_KEY belong together; set both or neither")
    return load_credential(
        Path(certificate), key=Path(key), timestamp_url=os.environ.get("AVSYNTH_TIMESTAMP_URL") or None
    )


def load_credential(certificate: Path, *, key: Path, timestamp_url: str | None = None) -> Credential:
    """Read the user's own certificate chain and key.

    Args:
        certificate: PEM file, the leaf first, then the certificates that vouch for it.
        key: PEM file of the leaf's private key, without a passphrase.
        timestamp_url: Time-stamp authority to ask when signing.

    Raises:
        InputError: A file cannot be read, they do not belong together, or C2PA refuses such a certificate.
    """
    chain_bytes, key_bytes = _read(certificate), _read(key)
    try:
        chain = x509.load_pem_x509_certificates(chain_bytes)
    except ValueError:
        raise InputError(f"{certificate} holds no PEM certificate") from None
    try:
        private = serialization.load_pem_private_key(key_bytes, password=None)
    except TypeError:
        raise InputError(f"{key} has a passphrase; decrypt it: openssl pkey -in {key} -out plain.key") from None
    except ValueError:
        raise InputError(f"{key} holds no PEM private key") from None
    leaf = chain[0]
    if leaf.public_key() != private.public_key():
        raise InputError(f"{key} is not the key of the first certificate in {certificate}; put the leaf first")
    _check_leaf(leaf, certificate)
    return _credential("studio", chain, private, timestamp_url)


def development_credential() -> Credential:
    """A self-signed certificate of this computer, made on first use and kept for its user alone.

    What it signs is valid and tamper-evident, but nobody vouches for it, and its name says so.

    Raises:
        OutputError: It cannot be kept.
    """
    place = home() / "credentials" / "development.pem"
    try:
        kept = _read(place)
        certificate = x509.load_pem_x509_certificate(kept)
        private = serialization.load_pem_private_key(kept, password=None)
        if certificate.not_valid_after_utc > datetime.now(UTC) + timedelta(days=1):
            return _credential("development", [certificate], private, None)
    except (InputError, ValueError):
        pass  # absent or broken: nobody relies on it, a new one is as good
    key = ec.generate_private_key(ec.SECP256R1())
    made = _credential("development", [_self_signed(key)], key, None)
    with whole_file(place) as temporary:
        temporary.touch(mode=0o600)
        temporary.write_text(made.key_pem + made.chain_pem, encoding="ascii")
    return made


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from None


def _check_leaf(leaf: x509.Certificate, path: Path) -> None:
    now = datetime.now(UTC)
    if not leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc:
        raise InputError(f"the certificate in {path} holds from {leaf.not_valid_before_utc} to "
                         f"{leaf.not_valid_after_utc}, not today; renew it")  # fmt: skip
    try:
        usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
        extended = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    except x509.ExtensionNotFound as error:
        raise InputError(f"the certificate in {path} lacks an extension ({error.oid._name}): {_CURE}") from None
    if not usage.digital_signature or ExtendedKeyUsageOID.EMAIL_PROTECTION not in extended:
        raise InputError(f"the certificate in {path} is for another use: {_CURE}")


def _algorithm(key: PrivateKeyTypes) -> str:
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= 2048:
        return "ps256"
    raise InputError("C2PA signs with EC P-256, P-384 or P-521, Ed25519, or RSA of 2048 bits and more; get such a key")


def _credential(
    kind: Literal["studio", "development"],
    chain: list[x509.Certificate],
    key: PrivateKeyTypes,
    timestamp_url: str | None,
) -> Credential:
    names = chain[0].subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    pem = serialization.Encoding.PEM
    return Credential(
        kind,
        str(names[0].value) if names else "",
        _algorithm(key),
        "".join(certificate.public_bytes(pem).decode() for certificate in chain),
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode(),
        timestamp_url,
    )


def _self_signed(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, DEVELOPMENT_NAME)])
    now = datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))  # clocks differ
        .not_valid_after(now + timedelta(days=_DEVELOPMENT_DAYS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
