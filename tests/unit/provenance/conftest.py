"""A home of its own for every test, a spoken sentence, a consent, and a small film with sound."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from avsynth.core.consent import Consent, VerifiedConsent, today
from avsynth.core.media import Waveform
from avsynth.provenance.consent import new_consent
from avsynth.provenance.manifest import Claim
from avsynth.text.espeak import speak


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Neither the revocations nor the certificates of whoever runs the tests are touched."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("AVSYNTH_HOME", str(folder))
    for name in ("AVSYNTH_CERTIFICATE", "AVSYNTH_KEY", "AVSYNTH_TIMESTAMP_URL", "AVSYNTH_TRUST_ANCHORS"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture(scope="session")
def speech() -> Waveform:
    """A sentence of some seconds at 48 kHz, with sound above 16 kHz, where the watermark engine is deaf."""
    said = speak("Good evening. This sentence was made by a machine.", language="en").waveform
    times = np.arange(round(said.duration * 48_000)) / 48_000
    spoken = np.interp(times, np.arange(said.samples.shape[1]) / said.sample_rate, said.samples[0])
    high = 0.01 * np.sin(2 * np.pi * 20_000 * times)
    return Waveform((0.8 * spoken + high)[None].astype(np.float32), 48_000)


@pytest.fixture
def record() -> Callable[..., Consent]:
    """Make a consent record, valid for 90 days."""

    def make(**fields: object) -> Consent:
        usual = {
            "speaker": "Ana Torres",
            "kinds": ("voice", "likeness"),
            "languages": ("any",),
            "project": "any",
            "expires": today() + timedelta(days=90),
            "granted_by": "Ana Torres",
            "basis": "signed release",
        }
        return new_consent(**(usual | fields))  # type: ignore[arg-type]

    return make


@pytest.fixture
def claim(record: Callable[..., Consent]) -> Claim:
    """Speech alone, in Spanish."""
    return Claim("speech", "es", (VerifiedConsent(record()),))


@pytest.fixture
def film(tmp_path: Path) -> Callable[..., Path]:
    """Draw a film of 2 s in gray, 64x48 at 25 fps, with or without a sound."""

    def draw(name: str = "film.mp4", *, sound: Waveform | None = None) -> Path:
        path = tmp_path / name
        with av.open(str(path), "w") as container:
            picture = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
            picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
            track = container.add_stream("aac", rate=sound.sample_rate, layout="mono") if sound else None
            for number in range(50):
                frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 3 * number, np.uint8), "rgb24")
                frame.pts, frame.time_base = number, Fraction(1, 25)
                container.mux(picture.encode(frame))
            container.mux(picture.encode(None))
            if sound is not None and track is not None:
                heard = av.AudioFrame.from_ndarray(sound.samples[:1], format="fltp", layout="mono")
                heard.sample_rate, heard.pts, heard.time_base = sound.sample_rate, 0, Fraction(1, sound.sample_rate)
                container.mux(track.encode(heard))
                container.mux(track.encode(None))
        return path

    return draw


@dataclass(frozen=True)
class Studio:
    """A studio's certificate chain, its key, and the root that vouches for it, as files."""

    certificate: Path
    key: Path
    root: Path


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    """A root of our own that issues a leaf to "Studio Uno"."""
    folder = tmp_path_factory.mktemp("studio")
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    now = datetime.now(UTC)

    def certificate(name: str, organization: str, public: ec.EllipticCurvePublicKey, *, ca: bool) -> x509.Certificate:
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, name),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
            ]
        )
        issuer = x509.Name(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, "Root"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Root of the Tests"),
            ]
        )
        usage = x509.KeyUsage(not ca, False, False, False, False, ca, ca, False, False)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=2))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        )
        if not ca:
            extended = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
            builder = builder.add_extension(extended, critical=False)
        return builder.sign(root_key, hashes.SHA256())

    pem = serialization.Encoding.PEM
    root = certificate("Root", "Root of the Tests", root_key.public_key(), ca=True).public_bytes(pem)
    leaf = certificate("Studio Uno", "Studio Uno SL", key.public_key(), ca=False).public_bytes(pem)
    secret = key.private_bytes(pem, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
    files = Studio(folder / "chain.pem", folder / "key.pem", folder / "root.pem")
    files.certificate.write_bytes(leaf + root)
    files.key.write_bytes(secret)
    files.root.write_bytes(root)
    return files
