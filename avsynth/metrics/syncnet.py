"""SyncNet's measures of lip-sync, as papers print them: LSE-D, LSE-C and the offset."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.signal import medfilt

from avsynth.core.errors import InputError
from avsynth.core.face import FaceTrack
from avsynth.core.media import Frames
from avsynth.core.span import Span
from avsynth.face.box import face_boxes
from avsynth.media.color import region_rgb
from avsynth.media.probe import frame_times, probe, require_video
from avsynth.media.read import read_audio, read_frames

if TYPE_CHECKING:
    from avsynth.models.syncnet import SyncNet

VSHIFT = 15  # frames to each side; the scripts that papers use have 15, the class they call has 10
FRAME_RATE = 25
_FRAMES, _COLUMNS, _PER_FRAME = 5, 20, 4  # of a window: pictures, MFCC columns, and columns a picture
_SIZE = 224
_CROP = 0.40  # how much wider than the detector's box a face is shown, and how much lower
_PAD_VALUE = 110  # code value beyond the picture
_MEDIAN = 13  # frames over which the box is steadied
_BATCH = 50  # pictures embedded at once: bounds the memory


@dataclass(frozen=True)
class SyncScore:
    """How lips and sound belong together.

    Attributes:
        offset: Frames of 25 a second by which the sound comes before its picture, or after it where negative.
        distance: LSE-D, the smallest mean distance over all shifts; lower is better. It does not see a constant
            offset: judge both.
        confidence: LSE-C, how far that lies below the median of all shifts; higher is better.
        windows: How many windows of 0.2 s were compared.
    """

    offset: int
    distance: float
    confidence: float
    windows: int


def sync_score(lips: NDArray[np.float32], *, sound: NDArray[np.float32], vshift: int = VSHIFT) -> SyncScore:
    """Compare vectors of lips with vectors of sound over shifts of time.

    The sound is continued by zero vectors on both sides, as in the published program, which pulls short clips toward
    the vectors' own length.

    Args:
        lips: ``(N, D)``, one a picture at 25 a second.
        sound: ``(N, D)``, of the same times.
        vshift: Shifts to each side.

    Raises:
        InputError: There is no window, or the lengths differ.

    Source:
        J. S. Chung and A. Zisserman 2016; K. R. Prajwal et al. 2020, who named LSE-D and LSE-C.

    Example:
        >>> vectors = np.eye(40, dtype=np.float32)
        >>> sync_score(vectors, sound=vectors).offset
        0
        >>> early = sync_score(vectors[:-3], sound=vectors[3:])  # what is seen now was heard 3 frames ago
        >>> early.offset
        3
    """
    if len(lips) == 0 or lips.shape != sound.shape:
        raise InputError(f"lips and sound must have the same windows, at least one; got {lips.shape}, {sound.shape}")
    padded = np.pad(sound.astype(np.float64), ((vshift, vshift), (0, 0)))
    # torch's pairwise_distance adds 1e-6 to each difference; the published numbers have it
    curve = np.array(
        [
            np.linalg.norm(lips - padded[shift : shift + len(lips)] + 1e-6, axis=1).mean()
            for shift in range(2 * vshift + 1)
        ]
    )
    best = int(curve.argmin())
    lowest = float(curve[best])
    # torch's median takes the lower of two middle values; 2 vshift + 1 shifts have one middle
    return SyncScore(vshift - best, lowest, float(np.median(curve)) - lowest, len(lips))


def film_score(
    film: Path, *, track: FaceTrack, sound: Path | None = None, network: SyncNet | None = None, vshift: int = VSHIFT
) -> SyncScore:
    """Measure how a face in a film follows the sound.

    The face is cut out as the published program does for real films: its detector's box (``face.box`` estimates it from
    landmarks) steadied over 13 frames, 1.8 times as wide and lower; 25 pictures a second, each the one shown nearest
    in time; sound at 16 kHz. Not done: its JPEG compression on the way. With the public weights the published sample
    ``example.avi`` gives offset 3, distance 5.353 and confidence 10.021; neither is part of this project, so that has
    not been checked here. Numbers of other programs are not comparable in any case.

    Args:
        film: The film.
        track: The face in consecutive frames of it.
        sound: The sound, from the film's time zero; None: the film's own.
        network: A loaded network, to be used for many films; None loads the public weights.
        vshift: Shifts to each side.

    Raises:
        InputError: The track is shorter than six pictures at 25 a second.
        MediaError: Film or sound cannot be read.
        ModelError: The public weights were not added here.
    """
    import torch

    from avsynth.models.syncnet import load_syncnet
    from avsynth.models.syncnet_mfcc import SAMPLE_RATE, mfcc

    network = network or load_syncnet()
    chosen, since = _pictures(film, track)
    until = since + Fraction(len(chosen), FRAME_RATE)
    heard = read_audio(sound or film, sample_rate=SAMPLE_RATE, span=Span(since, until)).mono()
    columns = mfcc(heard)
    count = min(len(chosen), len(heard) * FRAME_RATE // SAMPLE_RATE) - _FRAMES
    if count < 1:
        raise InputError(f"{film.name}: {len(chosen)} pictures at 25 a second are too few to measure; 6 are the least")
    lips = []
    for batch in _overlapping(film, track, chosen[: count + _FRAMES - 1]):
        pictures = torch.from_numpy(np.stack(batch)[..., ::-1].copy()).permute(0, 3, 1, 2).float()
        lips.append(network.embed_lips(pictures).numpy())
    windows = np.stack([columns[:, _PER_FRAME * i : _PER_FRAME * i + _COLUMNS] for i in range(count)])
    vectors = [network.embed_sound(torch.from_numpy(part)[:, None]).numpy() for part in _parts(windows)]
    return sync_score(np.concatenate(lips), sound=np.concatenate(vectors), vshift=vshift)


def _parts(windows: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    return [windows[first : first + _BATCH] for first in range(0, len(windows), _BATCH)]


def _pictures(film: Path, track: FaceTrack) -> tuple[NDArray[np.intp], Fraction]:
    """Which frame of the film is shown nearest to each tick of 1/25 s of the track, and when the first one is."""
    video = require_video(probe(film))
    if video.is_vfr:
        ticks, tick = frame_times(film)
        times = [int(ticks[index]) * tick for index in range(track.start, track.end)]
    else:
        times = [index / video.frame_rate for index in range(track.start, track.end)]
    shown = times[-1] + 1 / video.frame_rate - times[0]
    wanted = np.arange(ceil(shown * FRAME_RATE - Fraction(1, 2))) / FRAME_RATE
    at = np.array([float(time - times[0]) for time in times])
    after = np.clip(np.searchsorted(at, wanted), 1, max(len(at) - 1, 1))
    if len(at) == 1:
        return np.full(len(wanted), track.start, np.intp), times[0]
    nearest = np.where(wanted - at[after - 1] <= at[after] - wanted, after - 1, after)
    return nearest + track.start, times[0]


def _overlapping(film: Path, track: FaceTrack, chosen: NDArray[np.intp]) -> Iterator[list[NDArray[np.uint8]]]:
    """Runs of crops that share their last four with the next run, so that no window is lost between them."""
    run: list[NDArray[np.uint8]] = []
    for crop in _crops(film, track, chosen):
        run.append(crop)
        if len(run) == _BATCH:
            yield run
            run = run[-_FRAMES + 1 :]
    if len(run) >= _FRAMES:
        yield run


def _crops(film: Path, track: FaceTrack, chosen: NDArray[np.intp]) -> Iterator[NDArray[np.uint8]]:
    """The face in the chosen frames, ``(224, 224, 3)`` RGB; a frame that is chosen twice comes twice."""
    boxes = face_boxes(track.landmarks_px, track.layout)
    half = medfilt(np.maximum(boxes[:, 3] - boxes[:, 1], boxes[:, 2] - boxes[:, 0]) / 2, _MEDIAN)
    x, y = (medfilt((boxes[:, axis] + boxes[:, axis + 2]) / 2, _MEDIAN) for axis in (0, 1))
    times = np.bincount(chosen - track.start, minlength=len(track))
    last = int(chosen[-1]) + 1
    for frames in read_frames(film, start=track.start, end=last, chunk=8):
        for index in range(len(frames)):
            row = frames.start + index - track.start
            if times[row]:
                crop = _crop(frames, index, x=float(x[row]), y=float(y[row]), half=float(half[row]))
                yield from [crop] * int(times[row])


def _crop(frames: Frames, index: int, *, x: float, y: float, half: float) -> NDArray[np.uint8]:
    left, right = int(x - half * (1 + _CROP)), int(x + half * (1 + _CROP))
    top, bottom = int(y - half), int(y + half * (1 + 2 * _CROP))
    width, height = max(right - left, 1), max(bottom - top, 1)
    image = region_rgb(frames, index, left=left, top=top, width=width, height=height)
    rows, columns = np.arange(top, top + height), np.arange(left, left + width)
    inside = ((rows >= 0) & (rows < frames.height))[:, None] & ((columns >= 0) & (columns < frames.width))[None]
    image = np.where(inside[..., None], image, np.uint8(_PAD_VALUE))
    return np.asarray(cv2.resize(image, (_SIZE, _SIZE), interpolation=cv2.INTER_LINEAR), np.uint8)
