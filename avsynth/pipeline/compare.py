"""How a finished picture looks beside itself and beside its original: sharp where it was, unchanged elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from avsynth.core.face import FaceTrack
from avsynth.core.media import Frames, MediaInfo, pixel_format
from avsynth.core.report import Check
from avsynth.face.hull import lower_face_hull
from avsynth.media.probe import require_video
from avsynth.media.read import read_frames
from avsynth.metrics.fidelity import BOX, SAME_DB, SEAM_REACH
from avsynth.metrics.picture import gradient_energy, ratio
from avsynth.pipeline.faces import Watched
from avsynth.pipeline.measures import TOLD

SHARPEST, SOFTEST = 1.25, 0.8  # of the original's gradient energy: beyond, a mouth looks drawn or out of focus
OUTSIDE_DB = 35.0  # of luma outside the faces' lower halves; our choice
_EYES = (1.1, 0.45)  # width and height of the region about the eyes, in distances of their outer corners
_CHUNK = 8
_STRIDE = 5  # of the frames that are looked at for sharpness alone

Luma = NDArray[np.float32]


@dataclass
class _Energy:
    """Gradient energy of mouths: of the film, and of what it is compared with."""

    made: float = 0.0
    other: float = 0.0


def sharpness(seen: Watched) -> Iterator[Check]:
    """How sharp each mouth is against the eyes of the same face; every fifth frame is looked at."""
    tracks = {number: seen.load(number) for number in seen.tracks}
    energy = {number: _Energy() for number in tracks}
    for frames in read_frames(seen.path, chunk=_CHUNK):
        for index in range(-frames.start % _STRIDE, len(frames), _STRIDE):
            picture = _luma(frames, index)
            for number, points, face in _faces(tracks, frames.start + index):
                mouth, eyes = _boxes(points, face)
                energy[number].made += _energy(picture, mouth)
                energy[number].other += _energy(picture, eyes)
    for number, found in energy.items():
        if found.made:
            value = ratio(found.made, of=found.other)
            yield Check("mouth_sharpness_over_eyes", value, TOLD, True, "", f"face {number}")


def against_original(seen: Watched, original: MediaInfo, *, notes: list[str]) -> Iterator[Check]:
    """Sharpness of the mouths over the original's, and luma outside the faces' lower halves, over every frame.

    Both films are read once, side by side, a few frames at a time.

    Args:
        seen: The finished film.
        original: What it was made from.
        notes: Told where the pictures cannot be compared.
    """
    before, after = require_video(original), require_video(seen.info)
    if (before.width, before.height, before.frame_count) != (after.width, after.height, after.frame_count):
        notes.append("the pictures were not compared: size or number of frames are not the original's")
        return
    tracks = {number: seen.load(number) for number in seen.tracks}
    energy = {number: _Energy() for number in tracks}
    error, pixels = 0.0, 0
    for made, true in zip(read_frames(seen.path, chunk=_CHUNK), read_frames(original.path, chunk=_CHUNK), strict=True):
        for index in range(len(made)):
            pictures = [_luma(frames, index) for frames in (made, true)]
            outside = np.ones(pictures[0].shape, np.uint8)
            for number, points, face in _faces(tracks, made.start + index):
                _erase(outside, points, face)
                mouth, _ = _boxes(points, face)
                energy[number].made += _energy(pictures[0], mouth)
                energy[number].other += _energy(pictures[1], mouth)
            difference = (pictures[0] - pictures[1])[outside > 0].astype(np.float64)
            error, pixels = error + float(difference @ difference), pixels + len(difference)
    for number, found in energy.items():
        if found.made:
            value = ratio(found.made, of=found.other)
            limit = f"{SOFTEST} to {SHARPEST}"
            yield Check("mouth_sharpness_kept", value, limit, SOFTEST <= value <= SHARPEST, "", f"face {number}")
    value = min(float(10 * np.log10(255**2 * pixels / error)), SAME_DB) if error else SAME_DB
    yield Check("psnr_outside_lower_faces", value, f">= {OUTSIDE_DB:g}", value >= OUTSIDE_DB, "dB")


def _faces(
    tracks: dict[int, tuple[FaceTrack, ...]], frame: int
) -> Iterator[tuple[int, NDArray[np.float32], FaceTrack]]:
    """The faces that are seen in a frame, with their landmarks."""
    for number, pieces in tracks.items():
        for piece in pieces:
            if piece.start <= frame < piece.end and piece.visible[frame - piece.start]:
                yield number, piece.landmarks_px[frame - piece.start], piece


def _luma(frames: Frames, index: int) -> Luma:
    """Luma in code values of 255, whatever the bit depth."""
    shift = pixel_format(frames.pixel_format).bit_depth - 8
    return np.asarray(frames.planes[0][index].astype(np.float32) / (1 << shift), np.float32)


def _boxes(points: NDArray[np.float32], face: FaceTrack) -> list[tuple[int, int, int, int]]:
    """Left, top, width and height about mouth and eyes."""
    scale = float(face.layout.scale_px(points[None])[0])
    about = (list(face.layout.outer_lip), list(face.layout.eye_corners))
    found = []
    for chosen, (wide, high) in zip(about, (BOX, _EYES), strict=True):
        x, y = points[chosen, :2].mean(axis=0)
        width, height = round(wide * scale), round(high * scale)
        found.append((round(float(x) - width / 2), round(float(y) - height / 2), width, height))
    return found


def _energy(picture: Luma, box: tuple[int, int, int, int]) -> float:
    """Gradient energy of the part of a box that lies in the picture."""
    left, top, width, height = box
    part = picture[max(top, 0) : max(top + height, 0), max(left, 0) : max(left + width, 0)]
    return gradient_energy(part) if min(part.shape) > 2 else 0.0


def _erase(outside: NDArray[np.uint8], points: NDArray[np.float32], face: FaceTrack) -> None:
    """Take a lower face, and a little around it, out of a mask: a made chin is not quite where the original's was."""
    polygon = np.round(lower_face_hull(points, face.layout)).astype(np.int32)
    reach = max(round(SEAM_REACH * float(face.layout.scale_px(points[None])[0])), 1)
    cv2.fillPoly(outside, [polygon], 0)
    cv2.polylines(outside, [polygon], True, 0, thickness=2 * reach)
