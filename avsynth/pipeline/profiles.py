"""Looking after saved voice profiles: what is in one, deleting one, and withdrawing the consent inside it."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from avsynth.core.consent import Consent, VerifiedConsent
from avsynth.core.errors import ConsentError, InputError, OutputError
from avsynth.core.files import read_text, write_text
from avsynth.core.serial import from_plain, to_plain
from avsynth.provenance.consent import require_standing, revoke_consent, save_consent
from avsynth.voice.base import PROMPT_RATE

_SCHEMA = "VoiceProfile."


@dataclass(frozen=True)
class VoiceSummary:
    """What a voice profile holds, whether or not it may still speak.

    Attributes:
        path: The file.
        speaker: Whose voice.
        encoder: Engine that made its vector.
        speech_seconds: How much speech it was made from.
        sample_seconds: How much of the speech itself is in it, as a spectrogram.
        prompt_seconds: How much as sound.
        f0_median_hz: Pitch.
        fitted: Whether it holds weights that were fitted to the voice.
        recordings: SHA-256 of what it was made from.
        consent: The record inside it.
        refusal: Why it does not speak; empty where it does.
    """

    path: Path
    speaker: str
    encoder: str
    speech_seconds: float
    sample_seconds: float
    prompt_seconds: float
    f0_median_hz: float
    fitted: bool
    recordings: tuple[str, ...]
    consent: Consent
    refusal: str


def show_voice(path: Path | str) -> VoiceSummary:
    """Say what is in a profile; one whose consent no longer holds is shown as well.

    Raises:
        InputError: The file is absent or no profile.
    """
    path = Path(path)
    plain = _read(path)
    try:
        consent = from_plain(plain["consent"]["consent"], Consent, source=str(path))
        sample, prompt = plain.get("sample"), plain.get("prompt")
        return VoiceSummary(
            path=path,
            speaker=plain["speaker"],
            encoder=plain["encoder"],
            speech_seconds=float(plain["speech_seconds"]),
            sample_seconds=sample["mel"]["shape"][1] / 100 if sample else 0.0,
            prompt_seconds=prompt["shape"][0] / PROMPT_RATE if prompt else 0.0,
            f0_median_hz=float(plain["statistics"]["f0_median_hz"]),
            fitted=bool(plain.get("adapted")),
            recordings=tuple(plain["sample_hashes"]),
            consent=consent,
            refusal=_refusal(consent),
        )
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise InputError(f"{path} is a broken voice profile ({error!r}); make a new one with: avsynth enroll") from None


def delete_voice(path: Path | str) -> VoiceSummary:
    """Delete a profile: vector, sample, fitted weights and the consent's copy in it.

    Lines that it spoke for earlier dubs stay in the cache until it is pruned, but no dub finds them without the
    profile. What cannot be promised: the file is removed, not overwritten, so a disk's or backup's traces of it and
    copies of it elsewhere remain. Copies are stopped by withdrawing the consent: ``revoke_voice``.

    Raises:
        InputError: The file is absent or no profile; nothing else is ever deleted.
        OutputError: It cannot be deleted.
    """
    path = Path(path)
    summary = show_voice(path)
    try:
        if path.is_symlink():
            path.resolve().unlink()
        path.unlink()
    except OSError as error:
        raise OutputError(f"cannot delete {path}: {error.strerror or error}") from None
    return summary


def revoke_voice(path: Path | str, *, reason: str = "withdrawn by the speaker") -> Consent:
    """Withdraw the consent in a profile: it, its copies and everything else under that consent refuse to speak here.

    The profile's own file refuses on any computer from then on; copies made before refuse on this one.

    Args:
        path: The profile.
        reason: Why, in words; it stays on this computer.

    Raises:
        InputError: The file is absent or no profile, or no reason is given.
        OutputError: The list of revocations or the file cannot be written.
    """
    path = Path(path)
    summary, plain = show_voice(path), _read(path)
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "consent.json"
        save_consent(record, replace(summary.consent, evidence=()))
        revoked = replace(revoke_consent(record, reason=reason), evidence=summary.consent.evidence)
    plain["consent"]["consent"] = to_plain(revoked)
    write_text(path, json.dumps(plain, indent=2, ensure_ascii=False) + "\n")
    return revoked


def _read(path: Path) -> dict[str, Any]:
    text = read_text(path)
    try:
        plain = json.loads(text)
    except json.JSONDecodeError:
        plain = None
    if not isinstance(plain, dict) or not str(plain.get("schema", "")).startswith(_SCHEMA):
        raise InputError(f"{path} is no voice profile; make one with: avsynth enroll")
    return plain


def _refusal(consent: Consent) -> str:
    try:
        require_standing(VerifiedConsent(consent))
    except ConsentError as error:
        return str(error)
    return ""
