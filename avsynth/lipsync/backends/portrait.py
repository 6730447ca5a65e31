"""A single picture made to talk: lips parted by a warp, a drawn mouth behind them, blinks and small head movements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avsynth.core.errors import InputError
from avsynth.core.face import FacePatch, FaceTrack, MouthMotion
from avsynth.core.media import Frames
from avsynth.core.progress import Progress, silent
from avsynth.lipsync.backends.footage import FootageRenderer
from avsynth.lipsync.base import Footage
from avsynth.lipsync.blend import smoothstep
from avsynth.lipsync.person import PersonMouth
from avsynth.lipsync.photo import Photo
from avsynth.lipsync.photo_painter import PhotoPainter
from avsynth.lipsync.plan import stretches
from avsynth.lipsync.sway import lids_closed, sway
from avsynth.media.read import read_frames

_LOOKED_AT = 5  # pictures of a clip that are compared
_LIKE = 4.0  # mean difference in code values up to which two of them are the same: coding noise


@dataclass(frozen=True)
class _Still:
    """Footage in which nothing moves: frames ``[first, last)`` of its film, all one shot; None for one picture."""

    painter: PhotoPainter
    shot: tuple[int, int] | None


class PortraitRenderer:
    """Makes a face in a still picture talk.

    Its patches cover the whole head, for the head moves a little and the eyes blink: the promise that nothing outside
    the lower face changes does not hold here. Everything far from the head stays as it was, to the bit.

    It is for stills. In moving footage, and where a still face is not in the place its footage has it, only the mouth
    is drawn, as the engine ``footage`` draws it. What a frame shows depends on its index and its own motion alone.
    """

    def __init__(self) -> None:
        self._footage: tuple[Footage, ...] = ()
        self._stills: list[_Still] = []
        self._mouths: FootageRenderer | None = None

    def prepare(self, footage: Sequence[Footage], *, progress: Progress = silent) -> None:
        """Look at the first usable picture of every clip.

        Raises:
            InputError: There is no footage, or none of it shows a usable face.
            MediaError: A clip cannot be read.
        """
        if not footage:
            raise InputError("the renderer needs footage of the person; give at least one clip")
        if not any((item.usable & item.track.visible).any() for item in footage):
            raise InputError(
                "the footage shows no usable face; give a picture in which the face is seen from the front"
            )
        self._footage, self._mouths = tuple(footage), None
        self._stills = [still for still in map(_still, footage) if still is not None]
        progress("looking at the picture", len(footage), len(footage))

    @property
    def person(self) -> PersonMouth:
        """What was learnt of the person's mouth, to follow it in moving footage.

        Raises:
            InputError: ``prepare`` was not called.
        """
        return self._mouth_only().person

    def render(
        self,
        frames: Frames,
        *,
        track: FaceTrack,
        motion: MouthMotion,
        strength: NDArray[np.float32] | None = None,
    ) -> list[FacePatch]:
        """Draw the heads of the chunk; see ``base.Renderer.render``."""
        if not self._footage:
            raise InputError("the renderer has no picture yet; call prepare() with footage of the person first")
        still = self._still_of(track)
        if still is None:
            return self._mouth_only().render(frames, track=track, motion=motion, strength=strength)
        patches = []
        for start, end in stretches(track, motion=motion, strength=strength):
            for frame in range(max(start, frames.start), min(end, frames.start + len(frames))):
                row = frame - motion.start
                if track.visible[frame - track.start]:
                    level = 1.0 if strength is None else float(smoothstep(strength[row : row + 1])[0])
                    patches.append(_patch(still, frame, motion=motion, level=level))
        return patches

    def _still_of(self, track: FaceTrack) -> _Still | None:
        """The still that a track shows all the time."""
        marks = track.landmarks_px[track.visible]
        for still in self._stills:
            photo = still.painter.photo
            if marks.shape[1:] == photo.landmarks_px.shape and all(photo.shows(face) for face in marks):
                return still
        return None

    def _mouth_only(self) -> FootageRenderer:
        if not self._footage:
            raise InputError("the renderer has no picture yet; call prepare() with footage of the person first")
        if self._mouths is None:
            self._mouths = FootageRenderer()
            self._mouths.prepare(self._footage)
        return self._mouths


def _patch(still: _Still, frame: int, *, motion: MouthMotion, level: float) -> FacePatch:
    photo = still.painter.photo
    row = frame - motion.start
    # One frame at a time: what is drawn must not depend on how many are asked for at once.
    one = MouthMotion(motion.basis, motion.coefficients[row : row + 1], motion.frame_rate, frame)
    time, rate = frame / motion.frame_rate, motion.frame_rate
    shot = (still.shot[0] / rate, still.shot[1] / rate) if still.shot else None
    closed = lids_closed(time, seed=photo.seed, within=shot) if photo.eyes else 0.0
    shape = photo.person.shapes(one, placed=photo.placed)[0]
    pose = sway(time, seed=photo.seed, emphasis=still.painter.emphasis(shape))
    return still.painter.paint(frame, shape=shape, pose=pose.scaled(level), closed=closed * level, level=level)


def _still(item: Footage) -> _Still | None:
    """The first usable picture of a clip in which nothing moves; None if something does."""
    rows = np.flatnonzero(item.usable & item.track.visible & np.isfinite(item.track.landmarks_px).all(axis=(1, 2)))
    if not len(rows):
        return None
    track, row = item.track, int(rows[0])
    frames = _picture(item, row)
    photo = Photo.of(frames, 0, face=track.cut(track.start + row, track.start + row + 1))
    if not all(photo.shows(track.landmarks_px[i]) for i in rows):
        return None
    for i in rows[:: max(1, len(rows) // _LOOKED_AT)][1:]:
        if not photo.looks_like(_picture(item, int(i)), 0, within=_LIKE):
            return None
    # One picture stands for a film of any length.
    return _Still(PhotoPainter(photo), (track.start, track.end) if len(track) > 1 else None)


def _picture(item: Footage, row: int) -> Frames:
    frame = item.track.start + row
    (frames,) = read_frames(item.path, start=frame, end=frame + 1)
    return frames
