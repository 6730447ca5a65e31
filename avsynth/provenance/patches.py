"""Hands patches of a likeness to a studio that finishes elsewhere: not without consent, every picture marked."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from avsynth.core.errors import ConsentError
from avsynth.core.files import sha256, whole_file
from avsynth.provenance.manifest import SOURCE_TYPES, Claim

SYNTHETIC = SOURCE_TYPES + "compositeWithTrainedAlgorithmicMedia"
_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF \
xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" \
xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" Iptc4xmpExt:DigitalSourceType="{source}"/></rdf:RDF>\
</x:xmpmeta><?xpacket end="r"?>"""
_HEADER_BYTES = 33  # of a PNG: signature and IHDR


@dataclass(frozen=True)
class ReleasedPatch:
    """A patch as it was handed over: its file and SHA-256."""

    path: Path
    sha256: str


def require_likeness(claim: Claim) -> None:
    """Make sure that the claim covers a changed face, now.

    Raises:
        ConsentError: It does not.
    """
    if not claim.lips_changed:
        raise ConsentError("patches show a changed face, but the claim says that none was changed")
    claim.require_permission()


def release_patches(patches: Iterator[tuple[Path, Path]], *, claim: Claim) -> Iterator[ReleasedPatch]:
    """Copy PNG pictures, each marked as synthetic in its metadata (XMP, IPTC digital source type).

    Args:
        patches: Where each picture is, and where it goes.
        claim: What was made, and by whose leave.

    Raises:
        ConsentError: The claim does not cover a changed face.
        OutputError: A picture cannot be written.
    """
    require_likeness(claim)
    for source, target in patches:
        with whole_file(target) as temporary:
            temporary.write_bytes(marked(source.read_bytes()))
        yield ReleasedPatch(target, sha256(target))


def marked(png: bytes) -> bytes:
    """A PNG with the note that its picture is synthetic; its pixels are not touched.

    Source:
        PNG specification (third edition), iTXt; XMP specification part 3, 1.1.5.
    """
    text = b"XML:com.adobe.xmp\0\0\0\0\0" + _XMP.format(source=SYNTHETIC).encode()
    body = b"iTXt" + text
    chunk = struct.pack(">I", len(text)) + body + struct.pack(">I", zlib.crc32(body))
    return png[:_HEADER_BYTES] + chunk + png[_HEADER_BYTES:]
