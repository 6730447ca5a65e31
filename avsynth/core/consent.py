"""Consent as a type: a voice or a face cannot be used without a record that was checked."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal, get_args

from avsynth.core.errors import ConsentError

Kind = Literal["voice", "likeness"]
KINDS: tuple[Kind, ...] = get_args(Kind)
ANY = "any"


def kinds_of(text: str) -> tuple[Kind, ...]:
    """Read kinds with commas between them.

    Raises:
        ConsentError: One of them is no kind.

    Example:
        >>> kinds_of("voice, likeness")
        ('voice', 'likeness')
    """
    named = [part.strip() for part in text.split(",")]
    if unknown := [part for part in named if part not in KINDS]:
        raise ConsentError(f"{unknown[0]!r} is no kind of consent; there are: {', '.join(KINDS)}")
    return tuple(kind for kind in KINDS if kind in named)


@dataclass(frozen=True)
class Evidence:
    """A file that proves the consent, such as the signed release or the recorded statement."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Consent:
    """What a person allows to be done with their voice or face: a record, not yet a permission.

    Attributes:
        id: Unique name of the record.
        speaker: Whose voice or face; scripts and profiles use the same name.
        kinds: What is allowed: ``"voice"`` (a cloned voice), ``"likeness"`` (an altered face).
        languages: BCP 47 tags the person may be made to speak, or ``("any",)``.
        project: The production it is for, or ``"any"``.
        granted_by: Who signed: the speaker, or the holder of the rights.
        basis: On what ground, in words, such as ``"signed release of 2026-03-01"``.
        issued: First day it holds.
        expires: Last day it holds.
        revoked: Day from which it no longer holds, if it was withdrawn.
        evidence: Files that prove it, by name and hash.
    """

    id: str
    speaker: str
    kinds: tuple[Kind, ...]
    languages: tuple[str, ...]
    project: str
    granted_by: str
    basis: str
    issued: date
    expires: date
    revoked: date | None = None
    evidence: tuple[Evidence, ...] = ()

    def __post_init__(self) -> None:
        if not self.speaker.strip():
            raise ConsentError("a consent must name its speaker")
        if not self.kinds or not set(self.kinds) <= set(KINDS):
            raise ConsentError(f"kinds must be of {', '.join(KINDS)}; got {', '.join(self.kinds) or 'none'}")
        if not self.languages:
            raise ConsentError("a consent must name its languages, or 'any'")
        if self.expires < self.issued:
            raise ConsentError(f"the consent expires on {self.expires}, before it begins on {self.issued}")

    @property
    def digest(self) -> str:
        """SHA-256 of the record in canonical JSON: the only trace of it that goes into a finished file."""
        plain = {
            "id": self.id,
            "speaker": self.speaker,
            "kinds": sorted(self.kinds),
            "languages": sorted(self.languages),
            "project": self.project,
            "granted_by": self.granted_by,
            "basis": self.basis,
            "issued": self.issued.isoformat(),
            "expires": self.expires.isoformat(),
            "revoked": self.revoked.isoformat() if self.revoked else None,
            "evidence": [[item.name, item.sha256] for item in self.evidence],
        }
        text = json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def today() -> date:
    """The day in UTC, by which consents begin and end."""
    return datetime.now(UTC).date()


@dataclass(frozen=True)
class VerifiedConsent:
    """A consent that holds today: it cannot be built from one that does not.

    Args:
        consent: The record. ``provenance.verify_consent`` reads one from a file and checks its integrity,
            evidence and revocation as well.

    Raises:
        ConsentError: The record is revoked, expired, or not valid yet.
    """

    consent: Consent

    def __post_init__(self) -> None:
        record, day = self.consent, today()
        if record.revoked is not None and record.revoked <= day:
            raise ConsentError(
                f"the consent of {record.speaker!r} was revoked on {record.revoked}; ask them for a new one"
            )
        if day > record.expires:
            raise ConsentError(f"the consent of {record.speaker!r} expired on {record.expires}; ask them for a new one")
        if day < record.issued:
            raise ConsentError(f"the consent of {record.speaker!r} begins on {record.issued}; it does not hold yet")

    @property
    def speaker(self) -> str:
        """Whose consent it is."""
        return self.consent.speaker

    def require(self, kind: Kind, *, language: str, project: str | None = None) -> None:
        """Make sure that a use is inside the scope, today.

        Args:
            kind: What is to be used.
            language: BCP 47 tag the person is made to speak. A consent for ``"pt"`` covers ``"pt-BR"``.
            project: The production, where the caller knows it.

        Raises:
            ConsentError: The use is outside the scope, or the consent has run out since it was verified.
        """
        VerifiedConsent(self.consent)
        record = self.consent
        if kind not in record.kinds:
            raise ConsentError(
                f"the consent of {record.speaker!r} covers {', '.join(record.kinds)}, not {kind}; "
                f"a new record is needed: avsynth consent new --kind {kind}"
            )
        allowed = {tag.lower() for tag in record.languages}
        tag = language.lower()
        if ANY not in allowed and tag not in allowed and tag.partition("-")[0] not in allowed:
            raise ConsentError(
                f"the consent of {record.speaker!r} covers {', '.join(record.languages)}, not {language}; "
                f"a new record is needed: avsynth consent new --language {language}"
            )
        if project is not None and record.project not in (ANY, project):
            raise ConsentError(f"the consent of {record.speaker!r} is for {record.project!r}, not for {project!r}")
