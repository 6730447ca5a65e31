"""Finds the cuts of a film, at exact frames."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from avsynth.core.media import Shot
from avsynth.core.progress import Progress, silent
from avsynth.media.ahead import ahead
from avsynth.media.color import sample_rgb
from avsynth.media.probe import probe, require_video
from avsynth.media.read import read_frames
from avsynth.media.sandbox import DEFAULT_LIMITS, Limits

_LOOK_WIDTH = 192  # columns of the small pictures that are compared
_SHORTEST_SECONDS = Fraction(2, 5)  # a shorter "shot" is a flash


def detect_shots(
    path: Path, *, threshold: float = 27.0, progress: Progress = silent, limits: Limits = DEFAULT_LIMITS
) -> tuple[Shot, ...]:
    """Cut a film into shots, by PySceneDetect's change of hue, saturation and brightness between neighbors.

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
    from scenedetect import ContentDetector, FrameTimecode

    video = require_video(probe(path, limits=limits))
    shortest = max(1, round(video.frame_rate * _SHORTEST_SECONDS))
    detector = ContentDetector(threshold=threshold, min_scene_len=shortest)
    scale = max(video.width / _LOOK_WIDTH, 1.0)
    size = max(round(video.height / scale), 8), max(round(video.width / scale), 8)
    to_frame = np.array([[scale, 0, (scale - 1) / 2], [0, scale, (scale - 1) / 2]])
    rate, cuts = float(video.frame_rate), []
    last = FrameTimecode(0, rate)
    for frames in ahead(read_frames(path, limits=limits)):
        for index in range(len(frames)):
            small = cv2.cvtColor(sample_rgb(frames, index, to_frame=to_frame, size=size), cv2.COLOR_RGB2BGR)
            last = FrameTimecode(frames.start + index, rate)
            cuts += detector.process_frame(last, small)
        progress("shots", frames.start + len(frames), video.frame_count)
    cuts += detector.post_process(last)
    return tile((int(cut.frame_num) for cut in cuts), frame_count=video.frame_count)


def tile(cuts: Iterable[int], *, frame_count: int) -> tuple[Shot, ...]:
    """Shots between cuts, without gap or overlap.

    >>> tile([10, 10, 0, 40], frame_count=25)
    (Shot(start=0, end=10), Shot(start=10, end=25))
    """
    edges = sorted({0, frame_count, *(cut for cut in cuts if 0 < cut < frame_count)})
    return tuple(Shot(start, end) for start, end in pairwise(edges))
