"""Where mouths are taken from: the film itself, or only the clips a studio gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avsynth.core.errors import InputError
from avsynth.media.probe import probe, require_video
from avsynth.pipeline.artefacts import load_track
from avsynth.pipeline.cache import Cache
from avsynth.pipeline.faces import Watched, usable, watch
from avsynth.pipeline.options import Options
from avsynth.pipeline.picture import FootageJob

PLENTY, SOME = Fraction(8), Fraction(2)  # seconds in which a face is well seen, from which the rules change
_PARTED = 0.03  # opening from which teeth are seen, as the footage renderer takes it


@dataclass(frozen=True)
class Supply:
    """How much footage of a face there is, and what is done with so much.

    Attributes:
        frames: Pictures in which the face is well seen.
        seconds: How long they last.
        parted: Of these, the ones that show the inside of the mouth.
    """

    frames: int
    seconds: Fraction
    parted: int

    @property
    def rule(self) -> str:
        """What is done with so much, in words.

        >>> Supply(1, Fraction(1, 25), 1).rule
        'one picture: every mouth is bent from it, and what it does not show of the inside is drawn'
        """
        if self.frames == 1:
            return "one picture: every mouth is bent from it, and what it does not show of the inside is drawn"
        if self.seconds < SOME:
            return (
                "less than 2 s: mouths are mostly bent from few pictures, and range and movement are a typical person's"
            )
        if self.seconds < PLENTY:
            return "2 to 8 s: every picture is kept, and a typical person's range is blended into their own"
        return "8 s or more: their own mouths, range and movement"

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know, in words."""
        amount = "1 usable frame" if self.frames == 1 else f"{self.frames} usable frames, {float(self.seconds):.1f} s"
        notes = [f"footage: {amount}; {self.rule}"]
        if self.frames and not self.parted:
            notes.append(
                "footage: the lips are closed in all of it, so teeth and tongue are drawn and not this person's"
            )
        return tuple(notes)


def supply(footage: Sequence[FootageJob]) -> Supply:
    """Count what there is to take mouths from."""
    frames, parted, seconds = 0, 0, Fraction(0)
    for job in footage:
        face, info = load_track(job.track), probe(job.film)
        seen = usable(face, info=info).usable
        frames += int(seen.sum())
        parted += int((face.layout.mouth_opening(face.landmarks_px)[seen] > _PARTED).sum())
        seconds += int(seen.sum()) / require_video(info).frame_rate
    return Supply(frames, seconds, parted)


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
