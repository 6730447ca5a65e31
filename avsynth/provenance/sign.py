"""Signs a file with a C2PA manifest: the last thing done to it, since any later change breaks the signature."""

from __future__ import annotations

import io
import json
from pathlib import Path

import c2pa

from avsynth.core.errors import InputError, MediaError, OutputError
from avsynth.core.files import whole_file
from avsynth.provenance.credential import Credential, default_credential
from avsynth.provenance.manifest import Claim, ingredient, manifest
from avsynth.provenance.read import (
    BESIDE,
    EMBEDDED,
    ContentCredentials,
    mime_type,
    read_credentials,
    read_store,
    sidecar_of,
    source_type,
)
from avsynth.provenance.watermark import ENGINE

_SIDECAR_ID = "source.c2pa"
_MEMORY_MB = 16  # the SDK keeps one copy of a film in memory; a second one beyond this goes to a temporary file


def sign_file(source: Path, output: Path, *, claim: Claim, credential: Credential | None = None) -> ContentCredentials:
    """Copy a marked file and sign the copy; what the claim's source was signed with is carried on.

    A container that cannot hold a manifest (mkv) gets it in ``<output>.c2pa`` beside it.

    Args:
        source: The finished but unsigned file.
        output: The file to make, with the same suffix.
        claim: What was made, from what, and by whose leave.
        credential: Who signs; ``default_credential()`` if None.

    Returns:
        What was read back from the signed file.

    Raises:
        ConsentError: The claim's consents do not cover it.
        InputError: The container cannot be signed, or there is no such file.
        OutputError: The file cannot be written or does not validate; nothing is left of it.
    """
    claim.require_permission()
    require_signable(output)
    if not source.is_file():
        raise InputError(f"there is no file {source} to sign")
    credential = credential or default_credential()
    with whole_file(output) as temporary:
        try:
            store = _sign(source, temporary, claim=claim, credential=credential)
        except c2pa.C2paError as error:
            raise OutputError(f"cannot sign {output}: {' '.join(str(error).split())}") from error
        beside = sidecar_of(temporary)
        try:
            if store is not None:
                beside.write_bytes(store)
            found = read_credentials(temporary)
            if not found.valid:
                raise OutputError(f"the signature of {output} does not validate: {', '.join(found.problems)}")
            if store is not None:  # before the film: a film that is there is signed
                with whole_file(sidecar_of(output)) as final:
                    final.write_bytes(store)
        finally:
            beside.unlink(missing_ok=True)
    return found


def require_signable(output: Path) -> None:
    """Make sure, before the work, that a file of that name can be signed.

    Raises:
        InputError: Its suffix is none of those that can.
    """
    if not mime_type(output):
        names = ", ".join((*EMBEDDED, *BESIDE))
        raise InputError(f"{output.name!r} cannot be signed; name a file that ends in {names}")


def _sign(source: Path, output: Path, *, claim: Claim, credential: Credential) -> bytes | None:
    """Sign into ``output``; give the manifest where it does not go into the file."""
    kind = mime_type(output)
    embed = output.suffix.lower() in EMBEDDED
    settings = c2pa.Settings.from_dict({"core": {"backing_store_memory_threshold_in_mb": _MEMORY_MB}})
    builder = c2pa.Builder(manifest(claim, mime_type=kind, engine=ENGINE), context=c2pa.Context(settings))
    if claim.source is not None:
        _add_source(builder, claim.source)
    if not embed:
        builder.set_no_embed()
    timestamp = credential.timestamp_url.encode() if credential.timestamp_url else None
    info = c2pa.C2paSignerInfo(
        credential.algorithm, credential.chain_pem.encode(), credential.key_pem.encode(), timestamp
    )
    with c2pa.Signer.from_info(info) as signer, source.open("rb") as plain, output.open("w+b") as signed:
        store: bytes = builder.sign(signer, kind, plain, signed)
    return None if embed else store


def _add_source(builder: c2pa.Builder, source: Path) -> None:
    """Name the source film as what was opened, with the manifests it carries or that lie beside it."""
    described = ingredient(source)
    try:
        store, beside = read_store(source)
        if store is not None and beside:
            # The SDK takes a manifest from beside a film only together with the result of its validation.
            described |= {
                "manifest_data": {"format": "application/c2pa", "identifier": _SIDECAR_ID},
                "active_manifest": store["active_manifest"],
                "validation_results": store["validation_results"],
            }
            builder.add_resource(_SIDECAR_ID, io.BytesIO(sidecar_of(source).read_bytes()))
        with source.open("rb") as film:
            kind = source_type(source) or "application/octet-stream"
            builder.add_ingredient(json.dumps(described), kind, film)
    except c2pa.C2paError as error:
        raise MediaError(
            f"the Content Credentials of {source} are broken and cannot be carried on ({error}); "
            "give a copy of the film without them"
        ) from error
