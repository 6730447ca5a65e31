"""Patches and edit lists for studios that finish elsewhere: what was changed, to be laid over the original film."""

from __future__ import annotations

import json
import shutil
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from avsynth.core.errors import InputError, OutputError
from avsynth.core.face import FacePatch
from avsynth.core.files import read_text, sha256, write_text
from avsynth.core.media import MediaInfo, Shot, VideoStream, pixel_format
from avsynth.core.serial import from_json, to_json, to_plain
from avsynth.media.layout import native_color, native_format
from avsynth.media.probe import probe, require_video
from avsynth.media.timecode import TimecodeScale
from avsynth.pipeline.cache import Cache, Stage
from avsynth.pipeline.clock import frame_clock
from avsynth.pipeline.edl import edit_list
from avsynth.pipeline.executors import executor
from avsynth.pipeline.options import Options
from avsynth.pipeline.picture import PictureJob, SegmentJob, rendered, segment_jobs
from avsynth.provenance.manifest import Claim
from avsynth.provenance.patches import SYNTHETIC, release_patches, require_likeness

MANIFEST = "patches.json"
PICTURES = "png"
_VERSION = 1
_COMPRESSION = 3  # zlib's level: half the time of the default for a few percent more bytes


@dataclass(frozen=True)
class PatchFile:
    """One patch of one frame, by the name of its PNG."""

    frame: int
    file: str
    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class _PatchList:
    patches: tuple[PatchFile, ...]


def check_folder(folder: Path | None) -> None:
    """Make sure, before hours of work, that patches can go there and that nobody else's files are in the way.

    Raises:
        InputError: The folder holds files that are no earlier export.
    """
    if folder is None or not folder.exists():
        return
    if not folder.is_dir() or (any(folder.iterdir()) and not (folder / MANIFEST).is_file()):
        raise InputError(f"--patches {folder}: it holds other files; give a new or empty folder")


def with_patches(claim: Claim, picture: PictureJob, *, info: MediaInfo, options: Options, cache: Cache) -> Claim:
    """Export what ``options.patches`` asks for, and name it in the claim, whose signature then vouches for it.

    Args:
        claim: Of the finished film.
        picture: What is rendered.
        info: The film it goes into.
        options: The folder, the executor and progress.
        cache: Where rendered patches are kept.

    Returns:
        The same claim where no patches were asked for or no face was changed.

    Raises:
        ConsentError: The claim does not cover a changed face.
        OutputError: The folder cannot be written.
    """
    if options.patches is None or not picture.faces:
        return claim
    check_folder(options.patches)
    require_likeness(claim)
    jobs = segment_jobs(picture, cache=cache)
    made = []
    for job, part in zip(jobs, executor(options.executor).map(make_patches, jobs), strict=True):
        made.append(part)
        options.progress("exporting patches", job.end, jobs[-1].end)
    temporary = options.patches.with_name(f".{options.patches.name}-{uuid.uuid4().hex}")
    try:
        (temporary / PICTURES).mkdir(parents=True)
        _write(temporary, made, claim=claim, picture=picture, info=info)
        if options.patches.exists():
            shutil.rmtree(options.patches)
        temporary.rename(options.patches)
    except OSError as error:
        raise OutputError(f"cannot write {options.patches}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return replace(claim, patches_sha256=sha256(options.patches / MANIFEST))


def make_patches(job: SegmentJob) -> Path:
    """Render the patches of one segment, or find them in the cache."""
    stage = Stage("patches", job.stage().inputs, "", partial(write_patches, job))
    return Cache(job.cache).produce(stage)


def write_patches(job: SegmentJob, folder: Path) -> None:
    """Write the patches of one segment as PNG with straight alpha: 8 bits a channel, 16 for films of 10 bits."""
    depth = pixel_format(native_format(require_video(probe(job.film)).pixel_format)).bit_depth
    listed: list[PatchFile] = []
    for _, patches in rendered(job):
        counts: Counter[int] = Counter()
        for cut in filter(None, map(_cut, patches)):
            name = f"{cut.frame:08d}-{counts[cut.frame]}.png"
            counts[cut.frame] += 1
            coded, data = cv2.imencode(".png", _rgba(cut, depth), [cv2.IMWRITE_PNG_COMPRESSION, _COMPRESSION])
            assert coded
            (folder / name).write_bytes(data.tobytes())
            listed.append(PatchFile(cut.frame, name, cut.left, cut.top, *cut.alpha.shape[::-1]))
    (folder / "list.json").write_text(to_json(_PatchList(tuple(listed))), encoding="utf-8")


def _cut(patch: FacePatch) -> FacePatch | None:
    """The part of a patch that changes something."""
    rows, columns = np.flatnonzero(patch.alpha.any(axis=1)), np.flatnonzero(patch.alpha.any(axis=0))
    if not len(rows):
        return None
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return FacePatch(
        patch.frame,
        patch.image[part],
        patch.alpha[part],
        patch.left + int(columns[0]),
        patch.top + int(rows[0]),
    )


def _rgba(patch: FacePatch, depth: int) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """``(h, w, 4)`` in the order OpenCV writes. Where alpha is not 0 it never rounds to 0, so that the border stays."""
    kind: type[np.uint8] | type[np.uint16]
    most, kind = (255, np.uint8) if depth == 8 else (65535, np.uint16)
    alpha = np.where(patch.alpha > 0, np.maximum(np.rint(patch.alpha * most), 1), 0).astype(kind)
    color = (patch.image[..., ::-1].astype(np.uint32) * (most // 255)).astype(kind)
    joined: NDArray[np.uint8] | NDArray[np.uint16] = np.dstack([color, alpha])
    return joined


def _write(folder: Path, made: Sequence[Path], *, claim: Claim, picture: PictureJob, info: MediaInfo) -> None:
    video = require_video(info)
    clock = frame_clock(picture.film, video=video)
    scale = None if video.is_vfr else TimecodeScale.of(video.frame_rate, start=video.timecode)
    frames: list[int] = []

    def entries() -> Iterator[dict[str, Any]]:
        for part in made:
            listed = from_json(read_text(part / "list.json"), _PatchList, source=str(part)).patches
            pairs = ((part / item.file, folder / PICTURES / item.file) for item in listed)
            for item, released in zip(listed, release_patches(pairs, claim=claim), strict=True):
                frames.append(item.frame)
                yield to_plain(item) | {
                    "file": f"{PICTURES}/{item.file}",
                    "timecode": scale.text(item.frame) if scale else None,
                    "seconds": str(clock[item.frame]),
                    "sha256": released.sha256,
                }

    _write_manifest(folder / MANIFEST, _head(claim, picture, video), entries())
    if scale is not None:
        changed = _stretches(frames, picture.shots)
        title = claim.title
        base = edit_list(title, picture.shots, scale=scale, clip=picture.film.name, notes=changed)
        write_text(folder / "edit.edl", base)
        write_text(folder / "patches.edl", edit_list(f"{title} patches", changed, scale=scale, clip=PICTURES))


def _head(claim: Claim, picture: PictureJob, video: VideoStream) -> dict[str, Any]:
    name = native_format(video.pixel_format)
    depth = pixel_format(name).bit_depth
    return {
        "version": _VERSION,
        "synthetic": True,
        "digital_source_type": SYNTHETIC,
        "consents": [{"id": item.consent.id, "sha256": item.consent.digest} for item in claim.consents],
        "film": {
            "name": picture.film.name,
            "sha256": picture.film_digest,
            "width": video.width,
            "height": video.height,
            "frame_rate": str(video.frame_rate),
            "frames": video.frame_count,
            "pixel_format": name,
            "color": to_plain(native_color(video.color, name=video.pixel_format)),
            "rotation": video.rotation,
        },
        "composite": {
            "alpha": "straight",
            "bits": 8 if depth == 8 else 16,
            "values": "the film's own non-linear RGB, full range; left and top in its coded picture, before rotation",
        },
    }


def _write_manifest(path: Path, head: dict[str, Any], entries: Iterator[dict[str, Any]]) -> None:
    """One line a patch, so that a long film's list is written and read without holding it."""
    with path.open("w", encoding="utf-8") as file:
        file.write(json.dumps(head, ensure_ascii=False, indent=1)[:-2])
        file.write(',\n "patches": [')
        for index, entry in enumerate(entries):
            file.write((",\n  " if index else "\n  ") + json.dumps(entry, ensure_ascii=False))
        file.write("\n ]\n}\n")


def _stretches(frames: Sequence[int], shots: Sequence[Shot]) -> list[Shot]:
    """Unbroken runs of changed frames, none across a cut."""
    cuts = {shot.start for shot in shots}
    found: list[Shot] = []
    for frame in sorted(set(frames)):
        if found and found[-1].end == frame and frame not in cuts:
            found[-1] = Shot(found[-1].start, frame + 1)
        else:
            found.append(Shot(frame, frame + 1))
    return found
