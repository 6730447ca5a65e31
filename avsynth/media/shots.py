"""Finds the cuts of a film, at exact frames."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from avsynth.core.media import Frames, Shot, VideoStream
from avsynth.core.progress import Progress, silent
from avsynth.media.ahead import ahead
from avsynth.media.color import sample_rgb
from avsynth.media.probe import probe, require_video
from avsynth.media.read import read_frames
from avsynth.media.sandbox import DEFAULT_LIMITS, Limits

_LOOK_WIDTH = 192  # columns of the small pictures that are compared
# A jump inside one room changes the whole picture little, but far more than the frames around it change among each
# other, which speech and noise do not.
_LEAST_JUMP, _JUMP_RATIO, _AROUND_FRAMES, _STILL = 2.5, 6.0, 5, 0.5
_SOFTEN = 1.5  # pixels: noise and grain are no change
_SHORTEST_SECONDS = Fraction(2, 5)  # a shorter "shot" is a flash


def detect_shots(
    path: Path, *, threshold: float = 27.0, progress: Progress = silent, limits: Limits = DEFAULT_LIMITS
) -> tuple[Shot, ...]:
    """Cut a film into shots, by PySceneDetect's change of hue, saturation and brightness between neighbors.

    To these come jump cuts inside one room, where little of the picture changes, but at once.

    The detector is fed from ``read_frames``, so the cuts are this project's frame numbers in films of varying rate too.

    Args:
        path: The film.
        threshold: Mean change (0..255) above which there is a cut; 27 is PySceneDetect's.
        progress: Told how far it is.
        limits: What is refused.

    Returns:
        Shots that tile the film: the first starts at 0, each at the end of the one before, the last ends with the film.

    Raises:
        MediaError: The film cannot be read or has no picture.
    """
    finder = ShotFinder(require_video(probe(path, limits=limits)), threshold=threshold)
    for frames in ahead(read_frames(path, limits=limits)):
        finder.see(frames)
        progress("shots", frames.start + len(frames), finder.frame_count)
    return finder.shots()


class ShotFinder:
    """Finds the cuts of a film that is shown to it, a chunk at a time; see ``detect_shots``.

    Args:
        video: The film's picture.
        threshold: Mean change (0..255) above which there is a cut.
    """

    def __init__(self, video: VideoStream, *, threshold: float = 27.0) -> None:
        from scenedetect import ContentDetector

        self.frame_count = video.frame_count
        self.shortest = max(1, round(video.frame_rate * _SHORTEST_SECONDS))
        self._rate = float(video.frame_rate)
        self._detector = ContentDetector(threshold=threshold, min_scene_len=self.shortest)
        scale = max(video.width / _LOOK_WIDTH, 1.0)
        self._size = max(round(video.height / scale), 8), max(round(video.width / scale), 8)
        self._to_frame = np.array([[scale, 0, (scale - 1) / 2], [0, scale, (scale - 1) / 2]])
        self._found: list[int] = []
        self._jumps = _Changes()
        self._last = 0

    @property
    def needs(self) -> int:
        """Frames it must have seen beyond one to know, but for rare doubts, whether there is a cut."""
        return self.shortest + _AROUND_FRAMES + 1

    def see(self, frames: Frames) -> None:
        """Look at the next chunk."""
        from scenedetect import FrameTimecode

        for index in range(len(frames)):
            picture = sample_rgb(frames, index, to_frame=self._to_frame, size=self._size)
            small = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
            self._last = frames.start + index
            self._found += _numbers(self._detector.process_frame(FrameTimecode(self._last, self._rate), small))
            self._jumps.see(small)

    def cuts(self, *, since: int = 0) -> list[int]:
        """The cuts from frame ``since`` on that are known by now; what is still to be seen may change a few."""
        found = [cut for cut in self._found if cut >= since]
        for jump in self._jumps.cuts(since=since):
            if all(abs(jump - cut) >= self.shortest for cut in (*self._found, *found, 0, self.frame_count)):
                found.append(jump)
        return sorted(found)

    def shots(self) -> tuple[Shot, ...]:
        """The shots of the whole film, after all of it was seen."""
        from scenedetect import FrameTimecode

        self._found += _numbers(self._detector.post_process(FrameTimecode(self._last, self._rate)))
        return tile(self.cuts(), frame_count=self.frame_count)


def _numbers(cuts: Iterable[Any]) -> list[int]:
    return [int(cut.frame_num) for cut in cuts]


class _Changes:
    """How much each picture differs from the one before; one number a frame."""

    def __init__(self) -> None:
        self._changes: list[float] = []
        self._before: NDArray[np.float32] | None = None

    def see(self, picture: NDArray[np.uint8]) -> None:
        """Take the next small picture."""
        now = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), _SOFTEN)
        self._changes.append(float(cv2.absdiff(now, self._before).mean()) if self._before is not None else 0.0)
        self._before = now

    def cuts(self, *, since: int = 0) -> list[int]:
        """The frames from ``since`` on that differ from the one before as none around them does."""
        first = max(since - _AROUND_FRAMES - 1, 0)
        changes = np.array(self._changes[first:])
        found = []
        for frame in map(int, np.flatnonzero(changes > _LEAST_JUMP)):
            near = changes[max(frame - _AROUND_FRAMES, 1) : frame + _AROUND_FRAMES + 1]
            others = np.delete(near, frame - max(frame - _AROUND_FRAMES, 1))
            if changes[frame] > _JUMP_RATIO * max(float(others.max(initial=0)), _STILL):
                found.append(first + frame)
        return [frame for frame in found if frame >= since]


def tile(cuts: Iterable[int], *, frame_count: int) -> tuple[Shot, ...]:
    """Shots between cuts, without gap or overlap.

    >>> tile([10, 10, 0, 40], frame_count=25)
    (Shot(start=0, end=10), Shot(start=10, end=25))
    """
    edges = sorted({0, frame_count, *(cut for cut in cuts if 0 < cut < frame_count)})
    return tuple(Shot(start, end) for start, end in pairwise(edges))
