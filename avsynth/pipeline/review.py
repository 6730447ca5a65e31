"""What a person looks at: strips of before and after, and a review reel of both side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from numpy.typing import NDArray

from avsynth.core.face import FaceTrack
from avsynth.core.files import whole_file
from avsynth.core.media import Frames
from avsynth.media.color import region_rgb
from avsynth.media.read import read_frames
from avsynth.provenance.manifest import Claim
from avsynth.provenance.sign import sign_file

TILE = 192
REEL_HEIGHT = 480
REEL_SECONDS = 60


def strip(film: Path, *, face: FaceTrack, frames: list[int]) -> NDArray[np.uint8]:
    """The lower half of a face in chosen frames, side by side, ``(TILE, TILE * n, 3)`` RGB."""
    tiles = []
    for index in frames:
        picture = next(iter(read_frames(film, start=index, end=index + 1, chunk=1)))
        tiles.append(_tile(picture, face, index))
    joined: NDArray[np.uint8] = np.concatenate(tiles, axis=1)
    return joined


def _tile(picture: Frames, face: FaceTrack, index: int) -> NDArray[np.uint8]:
    points = face.landmarks_px[index - face.start]
    scale = float(np.linalg.norm(points[face.layout.eye_corners[0], :2] - points[face.layout.eye_corners[1], :2]))
    center = points[list(face.layout.outer_lip), :2].mean(axis=0)
    side = int(min(1.5 * scale, picture.width, picture.height))
    left = int(np.clip(center[0] - side / 2, 0, picture.width - side))
    top = int(np.clip(center[1] - side / 2, 0, picture.height - side))
    crop = region_rgb(picture, 0, left=left, top=top, width=side, height=side)
    tile: NDArray[np.uint8] = cv2.resize(crop, (TILE, TILE), interpolation=cv2.INTER_AREA).astype(np.uint8)
    return tile


def write_strips(path: Path, *, films: Sequence[Path], face: FaceTrack, frames: list[int]) -> None:
    """Write a PNG: the mouths of each film in a row, such as the original's above the dub's, in the same frames."""
    picture = np.concatenate([strip(film, face=face, frames=frames) for film in films])
    with whole_file(path) as temporary:
        cv2.imwrite(str(temporary), picture[..., ::-1])


def write_reel(path: Path, *, before: Path, after: Path, claim: Claim) -> None:
    """Write the two films side by side with the dub's sound, by moviepy, signed like the dub itself.

    A reel is for the eye: it is scaled to a height of 480 pixels, ends after a minute and is no deliverable.

    Args:
        path: The mp4 to write.
        before: The film.
        after: Its dub.
        claim: What the dub says of itself.
    """
    from moviepy import VideoFileClip, clips_array

    size = (None, REEL_HEIGHT)  # FFmpeg scales while it decodes
    with (
        VideoFileClip(str(before), audio=False, target_resolution=size) as left,
        VideoFileClip(str(after), target_resolution=size) as right,
        TemporaryDirectory(dir=path.parent) as folder,
    ):
        length = min(left.duration, right.duration, REEL_SECONDS)
        sides = [left.subclipped(0, length), right.subclipped(0, length)]
        plain = Path(folder) / "reel.mp4"
        reel = clips_array([sides]).with_audio(sides[1].audio)
        sound = str(Path(folder) / "reel.m4a")
        reel.write_videofile(
            str(plain), codec="libx264", audio_codec="aac", preset="veryfast", logger=None, temp_audiofile=sound
        )
        sign_file(plain, path, claim=claim)
