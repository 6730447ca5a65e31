"""A photo as input: made a film as long as the sound, in which the face is looked for once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from avsynth.core.errors import InputError
from avsynth.core.face import FaceTrack
from avsynth.core.files import sha256
from avsynth.core.media import ColorTags, Frames, Shot, VideoStream
from avsynth.face.track import track
from avsynth.media.color import rgb_to_planes
from avsynth.media.photo import is_photo, read_photo
from avsynth.media.probe import probe, require_audio
from avsynth.media.write import EncodeSettings, FilmWriter
from avsynth.pipeline.artefacts import save_track
from avsynth.pipeline.cache import Cache, Stage
from avsynth.pipeline.faces import Watched, usable
from avsynth.pipeline.options import LipsyncOptions, Options
from avsynth.pipeline.picture import FootageJob

RATE = Fraction(25)
RENDERER = "portrait"
LONGEST_SIDE = 3840
_RATES = (Fraction(1), Fraction(240))
_LONGEST = Fraction(12 * 3600)
_COLOR = ColorTags(primaries=1, transfer=1, matrix=1, range=1)  # sRGB has BT.709's primaries, and players show it so
_FORMAT = "yuv420p"
_NEARLY_LOSSLESS = EncodeSettings(crf=4)
_ONE = "one-frame"

AnyOptions = TypeVar("AnyOptions", bound=Options)


@dataclass(frozen=True)
class StillFilm:
    """A film made of a photo.

    Attributes:
        watched: The film, with its faces.
        footage: By face track, the one picture that mouths are taken from.
        notes: What a person should know, in words.
    """

    watched: Watched
    footage: dict[int, tuple[FootageJob, ...]]
    notes: tuple[str, ...]


def refuse_photo(film: Path) -> None:
    """Make sure that a film is none of a single picture.

    Raises:
        InputError: It is named as a photo.
    """
    if is_photo(film):
        raise InputError(
            f"{film.name} is a photo, which has no speech to dub; "
            f"put a recording on it with avsynth lipsync {film.name} VOICE.wav"
        )


def for_photo(options: AnyOptions) -> AnyOptions:
    """The options with the renderer for photos, unless another one was chosen."""
    return replace(options, engines={"renderer": RENDERER, **options.engines})


def film_photo(photo: Path, *, audio: Path, options: LipsyncOptions, cache: Cache) -> StillFilm:
    """Make a film of a photo, as long as a sound.

    Args:
        photo: A PNG, JPEG or WebP file.
        audio: The sound.
        options: Frame rate, landmark engine and progress.
        cache: Where film and track are kept.

    Raises:
        MediaError: Photo or sound cannot be used.
        InputError: The photo shows no face that can be changed, or the frame rate cannot be.
    """
    rate = RATE if options.frame_rate is None else options.frame_rate
    if not _RATES[0] <= rate <= _RATES[1]:
        raise InputError(f"--frame-rate {rate}: a film has {_RATES[0]} to {_RATES[1]} frames a second, such as 25")
    picture, notes = _fitted(read_photo(photo))
    count = max(ceil(_length(audio) * rate), 1)
    options.progress("filming the photo", 0, 0)
    inputs = {"photo": sha256(photo), "name": photo.stem, "frames": count, "rate": rate}
    name = f"{photo.stem}.mp4"  # errors call the film by it
    folder = cache.produce(Stage("still", inputs, "", lambda target: _write(target / name, picture, count, rate)))
    watched = _watch(folder / name, count, landmarker=options.all_engines["landmarker"], cache=cache)
    _require_face(photo, watched)
    footage = {
        number: tuple(FootageJob(watched.path, watched.digest, p.with_name(f"{_ONE}-{p.name}")) for p in pieces)
        for number, pieces in watched.tracks.items()
    }
    renderer = options.all_engines["renderer"]
    said = f"{photo.name} is a photo: filmed as {count} pictures at {float(rate):g} a second, drawn by {renderer!r}"
    if renderer == RENDERER:
        said += ", which lets the eyes blink and the whole head move a little"
    return StillFilm(watched, footage, (said, *notes))


def _length(audio: Path) -> Fraction:
    """Seconds from zero to the end of a sound.

    Raises:
        MediaError: There is no sound, or it is too long.
    """
    sound = require_audio(probe(audio))
    end = sound.start + sound.duration
    if end > _LONGEST:
        raise InputError(f"{audio.name} lasts {float(end):.0f} s, at most {float(_LONGEST):.0f} s can be shown; cut it")
    return end


def _fitted(picture: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """The photo in a size that a film can have, and what was done to it."""
    height, width = picture.shape[:2]
    notes = []
    shrink = max(width, height) / LONGEST_SIDE
    if shrink > 1:
        size = (max(round(width / shrink), 2), max(round(height / shrink), 2))
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
        notes.append(f"photo: scaled from {width}x{height} to {size[0]}x{size[1]}")
    height, width = picture.shape[:2]
    if height % 2 or width % 2:
        picture = picture[: height - height % 2, : width - width % 2]
        notes.append("photo: cropped by one pixel to an even size")
    return np.ascontiguousarray(picture), tuple(notes)


def _write(target: Path, picture: NDArray[np.uint8], count: int, rate: Fraction) -> None:
    height, width = picture.shape[:2]
    planes = tuple(plane[None] for plane in rgb_to_planes(picture, pixel_format=_FORMAT, color=_COLOR))
    like = VideoStream("h264", width, height, rate, count, 1 / rate, _FORMAT, _COLOR)
    with FilmWriter(target, like=like, settings=_NEARLY_LOSSLESS) as writer:
        for index in range(count):
            writer.write(Frames(planes, _FORMAT, index, np.array([index], np.int64), _COLOR))


def _watch(film: Path, count: int, *, landmarker: str, cache: Cache) -> Watched:
    """Look for faces in the first picture: in the others they are where they were."""
    digest = sha256(film)

    def follow(folder: Path) -> None:
        for number, face in enumerate(track(film, shots=(Shot(0, 1),), landmarker=landmarker)):
            name = f"{number:04d}.npz"
            save_track(folder / f"{_ONE}-{name}", face)
            save_track(folder / name, _lasting(face, count))

    stage = Stage("track-still", {"film": digest, "landmarker": landmarker, "frames": count}, "", follow)
    pieces = sorted(cache.produce(stage).glob("[0-9]*.npz"))
    tracks: dict[int, tuple[Path, ...]] = {int(piece.stem): (piece,) for piece in pieces}
    return Watched(film, digest, probe(film), (Shot(0, count),), tracks)


def _lasting(face: FaceTrack, count: int) -> FaceTrack:
    """A face of one frame, there for ``count`` of them."""
    rows = np.zeros(count, np.intp)
    return FaceTrack(
        face.id,
        face.start,
        face.layout,
        face.landmarks_px[rows],
        face.visible[rows],
        face.score[rows],
        face.pose[rows],
    )


def _require_face(photo: Path, seen: Watched) -> None:
    """Make sure that a face of the photo can be changed.

    Raises:
        InputError: None can.
    """
    if not seen.tracks:
        raise InputError(f"{photo.name} shows no face; give a photo in which one is seen from the front")
    judged = [usable(seen.load(number)[0], info=seen.info) for number in seen.tracks]
    if not any(judgement.usable.any() for judgement in judged):
        reasons = ", ".join(sorted({item.reason for judgement in judged for item in judgement.passed_through}))
        raise InputError(
            f"the face in {photo.name} cannot be changed: {reasons}; give a larger one seen from the front"
        )
