"""Reads and validates the Content Credentials (C2PA) of any file, without asking the network."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import c2pa

from avsynth.core.errors import InputError
from avsynth.core.files import read_text
from avsynth.provenance.credential import DEVELOPMENT_NAME
from avsynth.provenance.manifest import CONSENT_LABEL, LIPS, SOURCE_TYPES, SPEECH_LABEL

EMBEDDED = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".m4a": "audio/mp4",
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".mp3": "audio/mpeg",
}
BESIDE = {".mkv": "video/x-matroska", ".webm": "video/webm", ".mka": "audio/x-matroska", ".mxf": "application/mxf"}
PHOTOS = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp"}  # sources only
_UNTRUSTED = "signingCredential.untrusted"


@dataclass(frozen=True)
class ContentCredentials:
    """What a file's manifest says, and whether it can be believed.

    Attributes:
        found: There is one, in the file or beside it.
        valid: Its signature is right and the file was not changed since.
        trusted: The signer is vouched for by a certificate in ``$AVSYNTH_TRUST_ANCHORS``.
        sidecar: It lies beside the file, in ``<file>.c2pa``.
        signer: Who signed.
        development: Signed with avsynth's development certificate, which nobody vouches for.
        generator: The program that made the claim, and its version.
        actions: What was done, in order, such as ``"c2pa.dubbed"``.
        source_types: IPTC digital source types, such as ``"trainedAlgorithmicMedia"``.
        language: What is spoken in it, where it says so.
        lips_changed: It says that the lips were changed.
        consents: Ids of the consents it names.
        ingredients: Titles of what it was made from.
        earlier: How many earlier manifests it carries on.
        problems: C2PA's codes of what is wrong, or its error.
    """

    found: bool
    valid: bool = False
    trusted: bool = False
    sidecar: bool = False
    signer: str = ""
    development: bool = False
    generator: str = ""
    actions: tuple[str, ...] = ()
    source_types: tuple[str, ...] = ()
    language: str = ""
    lips_changed: bool = False
    consents: tuple[str, ...] = ()
    ingredients: tuple[str, ...] = ()
    earlier: int = 0
    problems: tuple[str, ...] = ()


def sidecar_of(path: Path) -> Path:
    """Where the manifest of a file lies whose container cannot hold one.

    >>> sidecar_of(Path("film.mkv")).name
    'film.mkv.c2pa'
    """
    return path.with_name(path.name + ".c2pa")


def mime_type(path: Path) -> str:
    """The MIME type C2PA knows a file by, from its suffix; empty for one it must guess."""
    return {**EMBEDDED, **BESIDE}.get(path.suffix.lower(), "")


def source_type(path: Path) -> str:
    """The MIME type of a file that something is made from, which may be a photo; empty for one C2PA must guess."""
    return mime_type(path) or PHOTOS.get(path.suffix.lower(), "")


def read_credentials(path: Path) -> ContentCredentials:
    """Read and validate a file's manifest.

    Raises:
        InputError: The file cannot be read, or ``$AVSYNTH_TRUST_ANCHORS`` names no PEM file.
    """
    try:
        store, beside = read_store(path)
    except c2pa.C2paError as error:
        return ContentCredentials(found=True, problems=(_text(" ".join(str(error).split())),))
    if store is None:
        return ContentCredentials(found=False)
    return _credentials(store, sidecar=beside)


def read_store(path: Path) -> tuple[dict[str, Any] | None, bool]:
    """The manifest store as C2PA's reader gives it, or None, and whether it lies beside the file.

    Raises:
        InputError: The file cannot be read.
        c2pa.C2paError: The manifest is broken.
    """
    try:
        with path.open("rb") as file:
            return json.loads(c2pa.Reader(source_type(path), file, context=_context()).json()), False
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from None
    except (c2pa.C2paError.ManifestNotFound, c2pa.C2paError.NotSupported):
        pass
    sidecar = sidecar_of(path)
    if not sidecar.is_file():
        return None, False
    with path.open("rb") as file:
        reader = c2pa.Reader(source_type(path) or "application/octet-stream", file, sidecar.read_bytes(), _context())
        return json.loads(reader.json()), True


def _context() -> c2pa.Context:
    """Settings of a reader: a manifest elsewhere is not fetched, and the user's own anchors are trusted."""
    settings: dict[str, Any] = {"verify": {"remote_manifest_fetch": False}}
    anchors = os.environ.get("AVSYNTH_TRUST_ANCHORS", "")
    if anchors:
        settings["trust"] = {"trust_anchors": read_text(Path(anchors))}
    try:
        return c2pa.Context.from_dict(settings)
    except c2pa.C2paError as error:
        raise InputError(f"AVSYNTH_TRUST_ANCHORS names {anchors}, which holds no PEM certificates: {error}") from None


def _credentials(store: dict[str, Any], *, sidecar: bool) -> ContentCredentials:
    """What the store says; anybody may have written it, so no shape is taken for granted."""
    active = _table(_table(store.get("manifests")).get(_text(store.get("active_manifest"))))
    signature = _table(active.get("signature_info"))
    data = {str(item.get("label")): _table(item.get("data")) for item in _rows(active.get("assertions"))}
    actions = [a for label, d in data.items() if label.startswith("c2pa.actions") for a in _rows(d.get("actions"))]
    agent = next(iter(_rows(active.get("claim_generator_info"))), {})
    state = store.get("validation_state")
    codes = [_text(item.get("code")) for item in _rows(store.get("validation_status"))]
    name = _text(signature.get("common_name"))
    types = [_text(action.get("digitalSourceType")).removeprefix(SOURCE_TYPES) for action in actions]
    targets = [_text(_table(action.get("parameters")).get("targetLanguage")) for action in actions]
    return ContentCredentials(
        found=True,
        valid=state in ("Valid", "Trusted"),
        trusted=state == "Trusted",
        sidecar=sidecar,
        signer=_text(signature.get("issuer")) or name,
        development=name == DEVELOPMENT_NAME and state != "Trusted",
        generator=f"{_text(agent.get('name'))} {_text(agent.get('version'))}".strip(),
        actions=tuple(_text(action.get("action")) for action in actions),
        source_types=tuple(dict.fromkeys(filter(None, types))),
        language=next(filter(None, [_text(data.get(SPEECH_LABEL, {}).get("language")), *targets]), ""),
        lips_changed=any(LIPS in _regions(action) for action in actions),
        consents=tuple(_text(item.get("id")) for item in _rows(data.get(CONSENT_LABEL, {}).get("consents"))),
        ingredients=tuple(_text(item.get("title")) for item in _rows(active.get("ingredients"))),
        earlier=max(len(_table(store.get("manifests"))) - 1, 0),
        problems=tuple(dict.fromkeys(code for code in codes if code != _UNTRUSTED)),
    )


def _regions(action: dict[str, Any]) -> set[str]:
    changes = _rows(action.get("changes"))
    regions = [region for change in changes for region in _rows(change.get("region"))]
    return {_text(_table(region.get("item")).get("value")) for region in regions}


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _rows(value: Any) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    """One short line that does nothing to a terminal it is printed on."""
    text = value if isinstance(value, str) else ""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:200])
