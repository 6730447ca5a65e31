"""The public Wav2Lip network as a renderer: it draws the lower face from the sound, 96 pixels wide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from avsynth.audio.resample import resample
from avsynth.core.errors import InputError
from avsynth.core.face import FacePatch, FaceTrack, MouthMotion
from avsynth.core.media import Frames, Waveform
from avsynth.core.progress import Progress, silent
from avsynth.face.box import face_boxes
from avsynth.face.hull import hull_mask, lower_face_hull
from avsynth.lipsync.base import DrivingSound, Footage
from avsynth.lipsync.blend import FEATHER, box_of, feather, matched
from avsynth.lipsync.plan import stretches
from avsynth.lipsync.warp import Box, Picture
from avsynth.media.color import region_rgb
from avsynth.models.wav2lip import SIZE, Wav2Lip, load_wav2lip
from avsynth.models.wav2lip_mel import (
    COLUMN_RATE,
    COLUMNS,
    SAMPLE_RATE,
    SILENCE,
    first_column,
    mel_columns,
    windows,
)

BATCH = 8  # always filled up, since a network's last bits may depend on how many pictures it sees at once
_BELOW_PX = 10  # the published crop reaches as many pixels of the film below the detector's box
_SMOOTH = 5  # a box is the mean of its frame's and the next four
_CUT = 0.25  # a face that moves or grows by this share of its eyes' distance was cut to
_SMALLEST_PX = 8  # a smaller box shows nothing to draw


class Wav2LipRenderer:
    """Draws from sound what a network learnt of many people's mouths; the motion only says in which frames.

    The face is cut out by a box like its training's detector draws (``face.box``), ten pixels taller below, a mean over
    five frames that does not reach across cuts. The network sees the box with its lower half blanked, and whole. Of
    what it draws, only the lower-face hull is used, with the light of the film and its soft edge.

    Its picture is 96 pixels wide whatever the film: on a face of 300 pixels teeth and beard are as blurred as a picture
    enlarged three times. It knows nothing of this person's mouth, moves a little in silence, and does not know about
    closed lips. Its weights may not be used commercially; ``footage`` is sharper and free.

    Args:
        network: Another network of the same shapes; None loads the public weights in ``prepare``.
    """

    weights: ClassVar[tuple[str, ...]] = ("lipsync/wav2lip",)

    def __init__(self, network: Wav2Lip | None = None) -> None:
        self._network = network
        self._prepared = False
        self._sound: DrivingSound | None = None
        self._columns: tuple[int, NDArray[np.float32]] = (0, np.empty((0, 0), np.float32))

    def prepare(self, footage: Sequence[Footage], *, progress: Progress = silent) -> None:
        """Load the network. Nothing is learnt from the footage, but it must show the person, as for every renderer.

        Raises:
            InputError: There is no footage, or none of it shows a usable face.
            ModelError: The weights' license is not accepted, or they are not here.
        """
        if not footage:
            raise InputError("the renderer needs footage of the person; give at least one clip")
        if not any(item.usable.any() for item in footage):
            raise InputError("the footage shows no usable face; give clips in which the person is seen from the front")
        if self._network is None:
            progress("loading wav2lip", 0, 1)
            self._network = load_wav2lip(*self.weights)
        self._prepared = True

    def hear(self, sound: DrivingSound) -> None:
        """Take the sound of the frames that are drawn next.

        Raises:
            InputError: The sound begins between two mel columns, which lie 1/80 s apart.
        """
        if sound is self._sound:
            return
        begin = sound.since * COLUMN_RATE
        if begin.denominator != 1:
            raise InputError(f"the sound begins at {float(sound.since)} s; begin at a multiple of 1/{COLUMN_RATE} s")
        mono = Waveform(sound.waveform.mono()[None], sound.waveform.sample_rate)
        self._columns = int(begin), mel_columns(resample(mono, SAMPLE_RATE).samples[0])
        self._sound = sound

    def render(
        self,
        frames: Frames,
        *,
        track: FaceTrack,
        motion: MouthMotion,
        strength: NDArray[np.float32] | None = None,
    ) -> list[FacePatch]:
        """Draw the mouth into a chunk; see ``base.Renderer``. The boxes are smoothed over the track that is given.

        Raises:
            InputError: ``prepare`` or ``hear`` was not called, or the sound is not that of these frames.
        """
        if not self._prepared:
            raise InputError("the renderer has no network yet; call prepare() with footage of the person first")
        wanted = [
            frame
            for start, end in stretches(track, motion=motion, strength=strength)
            for frame in range(max(start, frames.start), min(end, frames.start + len(frames)))
        ]
        crops = _crops(frames, track, wanted)
        patches: list[FacePatch] = []
        for index in range(0, len(crops), BATCH):
            part = crops[index : index + BATCH]
            for crop, drawn in zip(part, self._drawn(frames, part), strict=True):
                level = 1.0 if strength is None else float(np.clip(strength[crop.frame - motion.start], 0, 1))
                patches.append(crop.patch(frames, drawn, level))
        return patches

    def _drawn(self, frames: Frames, crops: Sequence[_Crop]) -> list[Picture]:
        """The network's pictures ``(96, 96, 3)`` of up to a batch of crops."""
        network, sound = self._network, self._sound
        assert network is not None
        if sound is None:
            raise InputError("wav2lip draws from sound; call hear() before render()")
        first, columns = self._columns
        begins = []
        for crop in crops:
            if not 0 <= crop.frame - sound.first < len(sound.times):
                raise InputError(f"the sound that was heard is not that of frame {crop.frame}; call hear() with it")
            begins.append(first_column(sound.times[crop.frame - sound.first]) - first)
        reach = max(begins) + COLUMNS - columns.shape[1]
        if reach > 0:  # the film goes on after the sound
            columns = np.pad(columns, ((0, 0), (0, reach)), constant_values=SILENCE)
        faces = [cv2.resize(_cut(frames, c.frame, c.box), (SIZE, SIZE), interpolation=cv2.INTER_LINEAR) for c in crops]
        heard = list(windows(columns, begins))
        missing = BATCH - len(crops)
        return network.draw([*faces, *faces[:1] * missing], [*heard, *heard[:1] * missing])[: len(crops)]


class Wav2LipGanRenderer(Wav2LipRenderer):
    """The same network with the weights that were trained against a discriminator: a little sharper, less calm."""

    weights: ClassVar[tuple[str, ...]] = ("lipsync/wav2lip-gan",)


@dataclass(frozen=True)
class _Crop:
    """One face to draw: its frame, the box the network sees, the hull and the box around it, and the face's size."""

    frame: int
    box: Box
    hull: NDArray[np.float32]
    place: Box
    scale_px: float

    def patch(self, frames: Frames, drawn: Picture, level: float) -> FacePatch:
        """What was drawn in the box, at the film's size, inside the hull and in the film's light."""
        place, box = self.place, self.box
        inside = hull_mask(self.hull, left=place.left, top=place.top, width=place.width, height=place.height)
        top, bottom = max(place.top, box.top), min(place.top + place.height, box.top + box.height)
        left, right = max(place.left, box.left), min(place.left + place.width, box.left + box.width)
        shared = np.s_[top - place.top : bottom - place.top, left - place.left : right - place.left]
        reached = np.zeros_like(inside)  # the hull may be wider than the box; there is nothing drawn beyond
        reached[shared] = True
        alpha = feather(inside & reached, width_px=FEATHER * self.scale_px)
        base = _cut(frames, self.frame, place)
        image = base.copy()
        large = cv2.resize(drawn, (box.width, box.height), interpolation=cv2.INTER_CUBIC)
        image[shared] = large[top - box.top : bottom - box.top, left - box.left : right - box.left]
        image = matched(image, base, alpha=alpha, scale_px=self.scale_px)
        return FacePatch(self.frame, image, alpha * np.float32(level), place.left, place.top)


def _cut(frames: Frames, frame: int, box: Box) -> Picture:
    return region_rgb(frames, frame - frames.start, left=box.left, top=box.top, width=box.width, height=box.height)


def _crops(frames: Frames, track: FaceTrack, wanted: Sequence[int]) -> list[_Crop]:
    """What to draw in those of the wanted frames in which a face is seen inside the picture."""
    if not wanted:
        return []
    first, last = wanted[0], min(wanted[-1] + _SMOOTH, track.end)
    part = track.cut(first, last)
    boxes = smooth_boxes(part)
    seen = [frame for frame in wanted if np.isfinite(boxes[frame - first]).all()]
    crops = (_crop(frames, part, frame, boxes[frame - first]) for frame in seen)
    return [crop for crop in crops if crop is not None]


def _crop(frames: Frames, track: FaceTrack, frame: int, edges: NDArray[np.float64]) -> _Crop | None:
    row = frame - track.start
    left, top = (max(int(edge), 0) for edge in edges[:2])
    right, bottom = min(int(edges[2]), frames.width), min(int(edges[3]) + _BELOW_PX, frames.height)
    polygon = lower_face_hull(track.landmarks_px[row], track.layout)
    place = box_of(polygon, width=frames.width, height=frames.height)
    if place is None or min(right - left, bottom - top) < _SMALLEST_PX:
        return None
    box = Box(left, top, right - left, bottom - top)
    overlaps = place.left < right and left < place.left + place.width and place.top < bottom
    if not overlaps or place.top + place.height <= top:
        return None
    return _Crop(frame, box, polygon, place, float(track.scale_px[row]))


def smooth_boxes(track: FaceTrack) -> NDArray[np.float64]:
    """The detector's box of every frame, a mean over it and the next four frames of the same shot.

    Args:
        track: The face.

    Returns:
        ``(T, 4)``: left, top, right, bottom in pixels; not numbers where no face is seen.
    """
    seen = track.visible & np.isfinite(track.landmarks_px[..., :2]).all(axis=(1, 2))
    boxes = np.full((len(track), 4), np.nan)
    boxes[seen] = face_boxes(track.landmarks_px[seen], track.layout)
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    size = boxes[:, 2] - boxes[:, 0]
    scale = np.maximum(track.scale_px, 1)
    moved = np.linalg.norm(np.diff(middle, axis=0), axis=1) / scale[1:]
    grown = np.abs(np.diff(size)) / scale[1:]
    breaks = ~(np.maximum(moved, grown) <= _CUT)  # a face that is not seen breaks as well
    run = np.concatenate([[0], np.cumsum(breaks)])
    smooth = np.full_like(boxes, np.nan)
    for index in np.flatnonzero(seen):
        ahead = slice(index, index + _SMOOTH)
        smooth[index] = boxes[ahead][run[ahead] == run[index]].mean(axis=0)
    return smooth
