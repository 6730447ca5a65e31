"""A person's own mouth put back: the end of a clip is rendered from its beginning and held against the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avsynth.core.errors import InputError
from avsynth.core.face import FaceLayout, FaceTrack, MouthMotion
from avsynth.core.media import Frames, MediaInfo
from avsynth.core.progress import Progress, silent
from avsynth.face.base import LANDMARKERS, Landmarker
from avsynth.face.gates import judge
from avsynth.face.hull import lower_face_hull
from avsynth.face.track import track as follow_faces
from avsynth.lipsync.base import RENDERERS, Footage, Renderer
from avsynth.lipsync.canonical import invert
from avsynth.lipsync.composite import composite
from avsynth.lipsync.listen import listen
from avsynth.lipsync.person import PersonMouth
from avsynth.lipsync.visemes import BASIS, COMPONENTS
from avsynth.lipsync.warp import Box
from avsynth.media.color import region_rgb
from avsynth.media.probe import probe, require_video
from avsynth.media.read import read_audio, read_frames
from avsynth.media.shots import detect_shots
from avsynth.metrics.landmarks import landmark_distance, opening_correlation, width_correlation
from avsynth.metrics.picture import Picture, change, gradient_energy, psnr, ratio, seam, ssim

ORACLE, STATIC, SOUND = "oracle", "static", "sound"

BOX = (0.84, 0.67)  # width and height of what is compared around the lips, in distances of the outer eye corners
SEAM_REACH = 0.10  # of the eye corners' distance: just beyond the renderer's soft edge
SAME_DB = 100.0  # what pictures that do not differ count as
_SMALLEST_BOX = 11  # pixels, of SSIM's window
_SOUND_RATE = 16_000
_CHUNK = 8

Motion = Callable[[FaceTrack], MouthMotion]


@dataclass(frozen=True)
class MouthFidelity:
    """How near a rendered mouth is to the true one, over all measured frames.

    Pictures are compared before encoding, in RGB at the film's own resolution, in the mouth box: ``BOX`` around the
    lips' middle. Lips are found again in the composited picture by the same landmark engine, in the same way as in the
    true one, so 0 and 1 are what an unchanged picture scores.

    Attributes:
        method: Where the motion came from.
        frames: How many frames were measured: usable by ``face.gates.judge``, and changed by the renderer.
        psnr_db: Mean of the frames' peak signal-to-noise ratio, dB.
        ssim: Mean of the frames' structural similarity.
        lmd: Mean distance of the lip landmarks, in distances of the outer eye corners.
        opening_r: Correlation of the opening over time.
        width_r: Correlation of the width over time.
        motion_ratio: Change from frame to frame over the true one.
        sharpness_ratio: Gradient energy over the true one.
        seam: Step across the hull's edge that is not in the true picture, code values of 255.
    """

    method: str
    frames: int
    psnr_db: float
    ssim: float
    lmd: float
    opening_r: float
    width_r: float
    motion_ratio: float
    sharpness_ratio: float
    seam: float


@dataclass(frozen=True)
class ReenactmentScores:
    """What was measured of one clip.

    Attributes:
        film: The clip.
        bank_frames: Usable frames that mouths were taken from; all lie before ``split_frame``.
        split_frame: First frame that the renderer was not shown.
        methods: One a way of moving the mouth: ``"oracle"``, ``"static"`` and, where there is sound, ``"sound"``.
    """

    film: Path
    bank_frames: int
    split_frame: int
    methods: tuple[MouthFidelity, ...]

    def __getitem__(self, method: str) -> MouthFidelity:
        for scores in self.methods:
            if scores.method == method:
                return scores
        raise KeyError(f"{method!r} was not measured; there are {', '.join(s.method for s in self.methods)}")


@dataclass(frozen=True)
class _Tail:
    """One piece of the face after the split, and what is known of its true pictures.

    Attributes:
        track: The face.
        usable: ``(T,)`` bool.
        boxes: Where the mouth is compared, one a frame, all of one size.
        seen: ``(T, P, 3)`` landmarks found in the true frames; zeros where not usable.
    """

    track: FaceTrack
    usable: NDArray[np.bool_]
    boxes: tuple[Box, ...]
    seen: NDArray[np.float32]


@dataclass
class _Tally:
    """What is gathered frame by frame; a few numbers and a face's landmarks each, no pictures but the last."""

    layout: FaceLayout
    psnr: list[float] = field(default_factory=list)
    ssim: list[float] = field(default_factory=list)
    seam: list[float] = field(default_factory=list)
    made: list[NDArray[np.float32]] = field(default_factory=list)
    true: list[NDArray[np.float32]] = field(default_factory=list)
    change: NDArray[np.float64] = field(default_factory=lambda: np.zeros(2))
    energy: NDArray[np.float64] = field(default_factory=lambda: np.zeros(2))
    last: tuple[int, Picture, Picture] | None = None

    def add(self, frame: int, made: Picture, true: Picture) -> None:
        """Compare the mouth boxes of one frame."""
        self.psnr.append(min(psnr(made, reference=true), SAME_DB))
        self.ssim.append(ssim(made, reference=true))
        self.energy += gradient_energy(made), gradient_energy(true)
        if self.last is not None and self.last[0] == frame - 1 and self.last[1].shape == made.shape:
            self.change += change(made, before=self.last[1]), change(true, before=self.last[2])
        self.last = frame, made, true

    def scores(self, method: str) -> MouthFidelity:
        """The means."""
        if not self.psnr:
            raise InputError(f"no frame of the clip's end was rendered ({method}); give one that shows the face longer")
        made, true = np.stack(self.made), np.stack(self.true)
        return MouthFidelity(
            method=method,
            frames=len(self.psnr),
            psnr_db=float(np.mean(self.psnr)),
            ssim=float(np.mean(self.ssim)),
            lmd=float(landmark_distance(made, true=true, layout=self.layout).mean()),
            opening_r=opening_correlation(made, true=true, layout=self.layout),
            width_r=width_correlation(made, true=true, layout=self.layout),
            motion_ratio=ratio(float(self.change[0]), of=float(self.change[1])),
            sharpness_ratio=ratio(float(self.energy[0]), of=float(self.energy[1])),
            seam=float(np.mean(self.seam)),
        )


def reenact_self(
    film: Path,
    *,
    split: Fraction = Fraction(7, 10),
    landmarker: str | Landmarker = "facemesh",
    renderer: str = "footage",
    progress: Progress = silent,
) -> ReenactmentScores:
    """Render the end of a clip from its beginning, and measure how near it comes to what was filmed.

    The mouth is moved in three ways: ``"oracle"`` follows the true lips (``PersonMouth.follow``), so only the renderer
    is measured; ``"static"`` rests, the floor that anything must pass; ``"sound"`` hears the clip's own sound
    (``lipsync.listen``). Nothing after the split is shown to the renderer but the frame it draws into.

    Args:
        film: One person talking, at a constant rate. Of several faces the one seen longest is taken.
        split: Share of the frames that mouths are taken from.
        landmarker: Name of an engine, or an engine.
        renderer: Name of a renderer.
        progress: Told what is done.

    Raises:
        InputError: ``split`` is not inside (0, 1), the rate varies, or a part shows no usable face.
        MediaError: The film cannot be read.
        ModelError: The engine's weights cannot be obtained.
    """
    if not 0 < split < 1:
        raise InputError(f"split must lie between 0 and 1, got {split}")
    info = probe(film)
    video = require_video(info)
    if video.is_vfr:
        raise InputError(f"{film.name} has a varying frame rate; convert it to a constant one")
    engine: Landmarker = LANDMARKERS.get(landmarker)() if isinstance(landmarker, str) else landmarker
    border = int(split * video.frame_count)
    pieces = _longest(follow_faces(film, shots=detect_shots(film), landmarker=engine, progress=progress), film)
    size = (video.height, video.width)
    footage = [
        Footage(film, part, judge(part, frame_size=size).usable)
        for part in (p.cut(p.start, min(p.end, border)) for p in pieces if p.start < border)
    ]
    after = [p.cut(max(p.start, border), p.end) for p in pieces if p.end > border]
    bank_frames = sum(int(item.usable.sum()) for item in footage)
    if not bank_frames or not any(judge(part, frame_size=size).usable.any() for part in after):
        raise InputError(f"{film.name} does not show a usable face before and after frame {border}; give another clip")
    person = PersonMouth.learn([(item.track, item.usable) for item in footage])
    painter: Renderer = RENDERERS.get(renderer)()
    painter.prepare(footage, progress=progress)
    tails = [_tail(film, part, size, person, engine) for part in after]
    methods = []
    for method, motion in _motions(info, person):
        progress(f"rendering ({method})", 0, 0)
        methods.append(_measure(film, tails, motion, painter, engine).scores(method))
    return ReenactmentScores(film, bank_frames, border, tuple(methods))


def _longest(pieces: tuple[FaceTrack, ...], film: Path) -> list[FaceTrack]:
    """The pieces of the person that is seen longest."""
    if not pieces:
        raise InputError(f"{film.name} shows no face; give a clip of one person talking")
    seen: dict[int, int] = {}
    for piece in pieces:
        seen[piece.id] = seen.get(piece.id, 0) + int(piece.visible.sum())
    person = max(seen, key=lambda number: seen[number])
    return [piece for piece in pieces if piece.id == person]


def _motions(info: MediaInfo, person: PersonMouth) -> Iterator[tuple[str, Motion]]:
    """The ways to move the mouth, by name."""
    rate = require_video(info).frame_rate
    yield ORACLE, lambda track: person.follow(track, frame_rate=rate)
    rest = len(COMPONENTS)
    yield STATIC, lambda track: MouthMotion(BASIS, np.zeros((len(track), rest), np.float32), rate, track.start)
    if info.audio:
        sound = read_audio(info.path, sample_rate=_SOUND_RATE)
        if sound.samples.any():
            yield SOUND, lambda track: listen(sound, frame_rate=rate, frame_count=len(track), start=track.start)


def _tail(film: Path, track: FaceTrack, size: tuple[int, int], person: PersonMouth, engine: Landmarker) -> _Tail:
    """Find the mouth boxes, and the landmarks as the engine sees them frame by frame, of the true pictures."""
    usable = judge(track, frame_size=size).usable
    middle = invert(person.place(track).to_canonical)[:, :, 2]
    scale = float(np.median(track.scale_px[usable] if usable.any() else track.scale_px))
    width, height = (max(_SMALLEST_BOX, round(share * scale)) for share in BOX)
    boxes = tuple(Box(round(x - width / 2), round(y - height / 2), width, height) for x, y in middle.tolist())
    seen = np.zeros(track.landmarks_px.shape, np.float32)
    for frames in read_frames(film, start=track.start, end=track.end, chunk=_CHUNK):
        for index in range(len(frames)):
            row = frames.start + index - track.start
            if usable[row]:
                seen[row] = _lips_of(engine, frames, index, track.landmarks_px[row])
    return _Tail(track, usable, boxes, seen)


def _lips_of(engine: Landmarker, frames: Frames, index: int, about: NDArray[np.float32]) -> NDArray[np.float32]:
    """The landmarks of one picture, found from where the face is about, then once more from where it was found."""
    first = engine.fit(frames, index, region=engine.region(about))
    return engine.fit(frames, index, region=engine.region(first.landmarks_px)).landmarks_px


def _measure(film: Path, tails: list[_Tail], motion: Motion, renderer: Renderer, engine: Landmarker) -> _Tally:
    """Render every tail with one motion, chunk by chunk, and gather what is measured."""
    tally = _Tally(engine.layout)
    for tail in tails:
        track, moves = tail.track, motion(tail.track)
        for frames in read_frames(film, start=track.start, end=track.end, chunk=_CHUNK):
            patches = renderer.render(frames, track=track, motion=moves)
            made = composite(frames, patches)
            changed = {patch.frame for patch in patches if patch.alpha.any()}
            for index in range(len(frames)):
                row = frames.start + index - track.start
                if not tail.usable[row] or frames.start + index not in changed:
                    continue
                tally.add(
                    frames.start + index, *(_crop(film_part, index, tail.boxes[row]) for film_part in (made, frames))
                )
                tally.seam.append(_seam(made, frames, index, track, row))
                tally.made.append(_lips_of(engine, made, index, track.landmarks_px[row]))
                tally.true.append(tail.seen[row])
    return tally


def _crop(frames: Frames, index: int, box: Box) -> Picture:
    return region_rgb(frames, index, left=box.left, top=box.top, width=box.width, height=box.height)


def _seam(made: Frames, true: Frames, index: int, track: FaceTrack, row: int) -> float:
    """The seam along the lower-face hull of one frame."""
    polygon = lower_face_hull(track.landmarks_px[row], track.layout)
    reach = SEAM_REACH * float(track.scale_px[row])
    low = np.floor(polygon.min(axis=0) - reach).astype(int) - 1
    width, height = np.ceil(polygon.max(axis=0) + reach).astype(int) + 2 - low
    box = Box(int(low[0]), int(low[1]), int(width), int(height))
    pictures = [_crop(frames, index, box) for frames in (made, true)]
    return seam(pictures[0], reference=pictures[1], polygon=polygon - low, reach_px=reach)
