"""Consent records as files: made, checked against evidence and revocations, and withdrawn."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from avsynth.core.consent import ANY, Consent, Evidence, Kind, VerifiedConsent, today
from avsynth.core.errors import ConsentError, InputError
from avsynth.core.files import read_text, sha256, whole_file, write_text
from avsynth.core.serial import from_json, to_json
from avsynth.provenance.home import home

LONGEST_YEARS = 10  # the longest licence of a digital replica in the US NO FAKES bill (S. 4591)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True)
class Revocation:
    """A withdrawn consent, as this computer remembers it, so that copies of its file are refused too."""

    id: str
    digest: str
    revoked: date
    reason: str


def new_consent(  # noqa: PLR0913 - a record has these fields, and none has a default that would be safe
    *,
    speaker: str,
    kinds: Sequence[Kind],
    languages: Sequence[str],
    project: str,
    expires: date,
    granted_by: str,
    basis: str,
    evidence: Sequence[Path] = (),
) -> Consent:
    """Make a record of what a person allows, valid from today.

    Args:
        speaker: Whose voice or face.
        kinds: ``"voice"``, ``"likeness"`` or both.
        languages: BCP 47 tags, or ``("any",)``.
        project: The production, or ``"any"``.
        expires: Last day it holds, at most ten years ahead.
        granted_by: Who signed.
        basis: On what ground, in words.
        evidence: Files that prove it; the record keeps their names and hashes.

    Raises:
        InputError: A field is empty or malformed, the day is past or too far, or an evidence file is absent.
        ConsentError: The record allows nothing.

    Example:
        >>> from datetime import timedelta
        >>> record = new_consent(speaker="Ana", kinds=["voice"], languages=["es"], project="Demo",
        ...     expires=today() + timedelta(days=90), granted_by="Ana", basis="signed release")
        >>> VerifiedConsent(record).require("voice", language="es-MX")
    """
    day = today()
    for name, text in (("project", project), ("granted_by", granted_by), ("basis", basis)):
        if not text.strip():
            raise InputError(f"a consent needs its {name}; it is empty")
    for tag in languages:
        if tag != ANY and not _LANGUAGE.fullmatch(tag):
            raise InputError(f"{tag!r} is no language tag; write one such as 'es' or 'pt-BR', or 'any'")
    if expires < day:
        raise InputError(f"the consent would have expired on {expires}; name a day to come")
    if expires > _latest(day):
        raise InputError(
            f"a consent holds {LONGEST_YEARS} years at most; name a day until {_latest(day)}, not {expires}"
        )
    names = [path.name for path in evidence]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"two evidence files are called {name!r}; rename one")
    return Consent(
        id=f"consent-{uuid.uuid4()}",  # random: it goes into finished files and must say nothing of the person
        speaker=speaker.strip(),
        kinds=tuple(kinds),
        languages=tuple(languages),
        project=project.strip(),
        granted_by=granted_by.strip(),
        basis=basis.strip(),
        issued=day,
        expires=expires,
        evidence=tuple(Evidence(path.name, sha256(path)) for path in evidence),
    )


def save_consent(path: Path, consent: Consent, *, evidence: Sequence[Path] = ()) -> None:
    """Write a record and its digest; copy its evidence beside it, where ``verify_consent`` looks for it.

    Args:
        path: The JSON file to write.
        consent: The record.
        evidence: Where the evidence files are now; those that lie beside ``path`` already stay.

    Raises:
        InputError: An evidence file is not one the record names, by name and hash.
        OutputError: A file cannot be written.
    """
    known = {item.name: item.sha256 for item in consent.evidence}
    for source in evidence:
        if known.get(source.name) != sha256(source):
            raise InputError(f"{source} is not the evidence the consent names; make the record anew")
        target = path.parent / source.name
        if not target.exists() or not target.samefile(source):
            with whole_file(target) as temporary:
                shutil.copyfile(source, temporary)
    _write(path, consent)


def load_consent(path: Path) -> Consent:
    """Read a record and make sure that it is the one that was made; whether it holds is not asked.

    Raises:
        InputError: The file is absent or no consent record.
        ConsentError: The record was edited.
    """
    consent, digest = _read(path)
    if digest != consent.digest:
        raise ConsentError(f"{path} was edited after it was made; issue a new one: avsynth consent new")
    return consent


def verify_consent(path: Path) -> VerifiedConsent:
    """Read a record and make sure that it holds: whole, proven, not revoked here, and valid today.

    Args:
        path: The JSON file; the evidence it names lies beside it.

    Raises:
        InputError: The file is absent or no consent record.
        ConsentError: It was edited, its evidence is absent or another, it is revoked, expired or not yet valid.
    """
    consent = load_consent(path)
    if consent.expires > _latest(consent.issued):
        raise ConsentError(f"{path} holds longer than {LONGEST_YEARS} years; issue a shorter one")
    for item in consent.evidence:
        if Path(item.name).name != item.name:
            raise ConsentError(f"{path} names evidence outside its folder, {item.name!r}; issue a new one")
        proof = path.parent / item.name
        if not proof.is_file():
            raise ConsentError(f"the evidence {item.name!r} of {path} is missing; put it beside the record")
        if sha256(proof) != item.sha256:
            raise ConsentError(f"the evidence {proof} is not the file the consent was made with; restore it")
    verified = VerifiedConsent(consent)
    require_standing(verified)
    return verified


def revoke_consent(path: Path, *, reason: str) -> Consent:
    """Withdraw a consent from today on: in its file, and on this computer for every copy of it.

    Args:
        path: The JSON file, even one that was edited: withdrawing is never refused.
        reason: Why, in words; it stays on this computer.

    Returns:
        The revoked record.

    Raises:
        InputError: The file is absent or no consent record, or no reason is given.
        OutputError: The list or the file cannot be written.
    """
    if not reason.strip():
        raise InputError("a revocation needs its reason; it is empty")
    consent, digest = _read(path)
    revoked = consent if consent.revoked else replace(consent, revoked=max(today(), consent.issued))
    entry = _revocation_path(consent.id)
    if not entry.exists():  # the list first: the file may be a copy that cannot be written
        write_text(entry, to_json(Revocation(consent.id, digest, today(), reason.strip())))
    _write(path, revoked)
    return revoked


def require_standing(consent: VerifiedConsent) -> None:
    """Make sure that a consent still holds now: work may take longer than a consent lasts.

    Raises:
        ConsentError: It has been revoked on this computer, or has expired.
    """
    record = VerifiedConsent(consent.consent).consent
    if _revocation_path(record.id).exists():
        raise ConsentError(f"the consent of {record.speaker!r} ({record.id}) was revoked; ask them for a new one")


def _latest(day: date) -> date:
    try:
        return day.replace(year=day.year + LONGEST_YEARS)
    except ValueError:  # 29 February
        return day.replace(year=day.year + LONGEST_YEARS, day=28)


def _revocation_path(consent_id: str) -> Path:
    # One file an entry: two revocations at once lose nothing. The hash keeps a hostile id from naming a path.
    return home() / "revocations" / f"{hashlib.sha256(consent_id.encode()).hexdigest()}.json"


def _write(path: Path, consent: Consent) -> None:
    plain = {**json.loads(to_json(consent)), "digest": consent.digest}
    write_text(path, json.dumps(plain, indent=2, ensure_ascii=False) + "\n")


def _read(path: Path) -> tuple[Consent, str]:
    text = read_text(path)
    try:
        plain = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{path} is no consent record: {error}") from None
    if not isinstance(plain, dict):
        raise InputError(f"{path} holds no consent record; make one: avsynth consent new")
    digest = str(plain.pop("digest", ""))
    return from_json(json.dumps(plain), Consent, source=str(path)), digest
