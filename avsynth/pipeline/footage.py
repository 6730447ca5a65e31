"""Where mouths are taken from: the film itself, or only the clips a studio gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avsynth.core.errors import InputError
from avsynth.media.probe import probe
from avsynth.pipeline.artefacts import load_track
from avsynth.pipeline.cache import Cache
from avsynth.pipeline.faces import Watched, usable, watch
from avsynth.pipeline.options import Options
from avsynth.pipeline.picture import FootageJob


def footage_of(
    clips: Sequence[Path], *, film: Watched, number: int, engines: Mapping[str, str], options: Options
) -> tuple[FootageJob, ...]:
    """Name the pieces of track that mouths are taken from.

    Args:
        clips: Clips of the same person, in each of which the longest track is theirs; empty: the film's own track.
        film: The film that was looked through.
        number: The face track that is changed.
        engines: Engine name by kind.
        options: Work folder and progress.

    Raises:
        MediaError: A clip cannot be used.
        InputError: A clip shows no face.
    """
    if not clips:
        return tuple(FootageJob(film.path, film.digest, piece) for piece in film.tracks[number])
    jobs: list[FootageJob] = []
    for clip in clips:
        seen = watch(clip, landmarker=engines["landmarker"], cache=Cache(options.work), progress=options.progress)
        if not seen.tracks:
            raise InputError(f"{clip.name} shows no face; give clips of the person as --footage")
        longest = max(seen.tracks, key=lambda track: sum(int(piece.visible.sum()) for piece in seen.load(track)))
        jobs += [FootageJob(seen.path, seen.digest, piece) for piece in seen.tracks[longest]]
    return tuple(jobs)


def bank_pose(footage: Sequence[FootageJob]) -> NDArray[np.float32] | None:
    """The poses ``(N, 3)`` of every frame that mouths can be taken from: far from them none would fit.

    ``None`` where no frame is usable.
    """
    poses = []
    for job in footage:
        face = load_track(job.track)
        poses.append(face.pose[usable(face, info=probe(job.film)).usable])
    joined = np.concatenate(poses)
    return joined if len(joined) else None
