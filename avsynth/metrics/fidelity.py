"""How near a rendered mouth is to the true one: gathered frame by frame, no film in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avsynth.core.errors import InputError
from avsynth.core.face import FaceLayout, FaceTrack, MouthMotion
from avsynth.core.media import Frames, Waveform
from avsynth.core.speech import PhonemeTimeline
from avsynth.face.base import Landmarker
from avsynth.face.hull import lower_face_hull
from avsynth.lipsync.base import DrivingSound, Renderer, SoundDriven
from avsynth.lipsync.composite import composite
from avsynth.lipsync.warp import Box
from avsynth.media.color import region_rgb
from avsynth.media.read import read_frames
from avsynth.metrics.cepstra import Rows
from avsynth.metrics.flicker import Tremor
from avsynth.metrics.landmarks import landmark_distance, opening_correlation, width_correlation
from avsynth.metrics.mouth import mouth_score
from avsynth.metrics.picture import Picture, change, gradient_energy, psnr, ratio, seam, ssim
from avsynth.metrics.silence import moving_in_silence
from avsynth.metrics.sync import MEASURABLE_SECONDS, sync_score

BOX = (0.84, 0.67)  # width and height of what is compared around the lips, in distances of the outer eye corners
VIEW = 1.5  # side of the pictures that are kept for the eye, the same
SEAM_REACH = 0.10  # of the eye corners' distance: just beyond the renderer's soft edge
SAME_DB = 100.0  # what pictures that do not differ count as
SMALLEST_BOX = 11  # pixels, of SSIM's window
_CHUNK = 8


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
        flicker: Tremor beyond the true one's, code values of 255; below 0 it is stiller.
        seam: Step across the hull's edge that is not in the true picture, code values of 255.
        sync_r: Best correlation with the film's sound (``sync_score``); None without sound or in under 3 s of frames.
        sync_offset: Seconds by which the picture comes after the sound, at that best.
        sync_confidence: How much better that is than other offsets.
        leak: Share of the frames of silence in which the mouth moves; None where there is no silence or no sound.
        closure: Share of the /p b m/ with a closed frame; None where the words are not known or have none.
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
    flicker: float
    seam: float
    sync_r: float | None = None
    sync_offset: float | None = None
    sync_confidence: float | None = None
    leak: float | None = None
    closure: float | None = None


@dataclass(frozen=True)
class Known:
    """What is known of the sound of a film.

    Attributes:
        frame_rate: Frames a second of the film.
        frame_count: Frames of the film.
        cepstra: What ``metrics.cepstra`` makes of its sound.
        quiet: ``(T,)`` bool: frames in which nobody speaks.
        timeline: Its phonemes in film time, as its picture shows them; None where the words are not known.
    """

    frame_rate: Fraction
    frame_count: int
    cepstra: Rows | None = None
    quiet: NDArray[np.bool_] | None = None
    timeline: PhonemeTimeline | None = None


@dataclass(frozen=True)
class Tail:
    """One piece of the face after the split, and what is known of its true pictures.

    Attributes:
        film: The film.
        track: The face.
        usable: ``(T,)`` bool.
        boxes: Where the mouth is compared, one a frame, all of one size.
        seen: ``(T, P, 3)`` landmarks found in the true frames; zeros where not usable.
        kept: Frames whose pictures are kept for the eye.
    """

    film: Path
    track: FaceTrack
    usable: NDArray[np.bool_]
    boxes: tuple[Box, ...]
    seen: NDArray[np.float32]
    kept: frozenset[int] = frozenset()


@dataclass
class Tally:
    """What is gathered frame by frame; a few numbers and a face's landmarks each, and the pictures that are kept."""

    layout: FaceLayout
    psnr: list[float] = field(default_factory=list)
    ssim: list[float] = field(default_factory=list)
    seam: list[float] = field(default_factory=list)
    frames: list[int] = field(default_factory=list)
    made: list[NDArray[np.float32]] = field(default_factory=list)
    true: list[NDArray[np.float32]] = field(default_factory=list)
    change: NDArray[np.float64] = field(default_factory=lambda: np.zeros(2))
    energy: NDArray[np.float64] = field(default_factory=lambda: np.zeros(2))
    tremor: tuple[Tremor, Tremor] = field(default_factory=lambda: (Tremor(), Tremor()))
    kept: dict[int, Picture] = field(default_factory=dict)
    _last: tuple[int, Picture, Picture] | None = None

    def compare(self, frame: int, made: Picture, true: Picture) -> None:
        """Compare the mouth boxes of one frame."""
        self.frames.append(frame)
        self.psnr.append(min(psnr(made, reference=true), SAME_DB))
        self.ssim.append(ssim(made, reference=true))
        self.energy += gradient_energy(made), gradient_energy(true)
        for tremor, picture in zip(self.tremor, (made, true), strict=True):
            tremor.add(frame, picture)
        if self._last is not None and self._last[0] == frame - 1 and self._last[1].shape == made.shape:
            self.change += change(made, before=self._last[1]), change(true, before=self._last[2])
        self._last = frame, made, true

    def scores(self, method: str, *, known: Known) -> MouthFidelity:
        """The means, and what the sound says of the motion.

        Raises:
            InputError: No frame was rendered.
        """
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
            flicker=self.tremor[0].amplitude - self.tremor[1].amplitude,
            seam=float(np.mean(self.seam)),
            **self._heard(self.layout.mouth_opening(made), known),
        )

    def _heard(self, opening: NDArray[np.float32], known: Known) -> dict[str, float | None]:
        whole, measured = np.zeros(known.frame_count, np.float32), np.zeros(known.frame_count, bool)
        whole[self.frames], measured[self.frames] = opening, True
        found: dict[str, float | None] = {}
        if known.cepstra is not None and len(opening) >= MEASURABLE_SECONDS * known.frame_rate:
            sync = sync_score(known.cepstra, opening=whole, measured=measured, frame_rate=known.frame_rate)
            found |= {
                "sync_r": sync.peak_r,
                "sync_offset": sync.offset_seconds,
                "sync_confidence": sync.confidence,
            }
        if known.quiet is not None:
            still = moving_in_silence(whole, measured=measured, quiet=known.quiet, frame_rate=known.frame_rate)
            found["leak"] = still.moving if still.frames else None
        if known.timeline is not None:
            said = mouth_score(whole, measured=measured, timeline=known.timeline, frame_rate=known.frame_rate)
            found["closure"] = said.closure if said.bilabials else None
        return found


def lips_of(engine: Landmarker, frames: Frames, index: int, *, about: NDArray[np.float32]) -> NDArray[np.float32]:
    """The landmarks of one picture, found from where the face is about."""
    return engine.fit(frames, index, region=engine.region(about)).landmarks_px


@dataclass(frozen=True)
class Drawing:
    """What draws a mouth into the tails.

    Attributes:
        renderer: Prepared.
        motions: One a tail.
        sound: The film's, for a renderer that draws from it.
        frame_rate: Frames a second of the film.
    """

    renderer: Renderer
    motions: list[MouthMotion]
    sound: Waveform | None
    frame_rate: Fraction

    def draw(self, frames: Frames, *, tail: Tail, number: int) -> tuple[Frames, set[int]]:
        """The frames with the mouth drawn in, and which of them were changed."""
        if isinstance(self.renderer, SoundDriven):
            if self.sound is None:
                raise InputError("the renderer draws from sound, and the clip has none; give another clip")
            times = tuple(frame / self.frame_rate for frame in range(tail.track.start, tail.track.end))
            self.renderer.hear(DrivingSound(self.sound, Fraction(0), tail.track.start, times))
        patches = self.renderer.render(frames, track=tail.track, motion=self.motions[number])
        return composite(frames, patches), {patch.frame for patch in patches if patch.alpha.any()}


def measure(tails: list[Tail], *, engine: Landmarker, drawing: Drawing | None) -> Tally:
    """Draw into every tail, chunk by chunk, and gather what is measured; without a drawing, of the picture as it is."""
    tally = Tally(engine.layout)
    for number, tail in enumerate(tails):
        track = tail.track
        for frames in read_frames(tail.film, start=track.start, end=track.end, chunk=_CHUNK):
            made, changed = frames, set(range(frames.start, frames.start + len(frames)))
            if drawing is not None:
                made, changed = drawing.draw(frames, tail=tail, number=number)
            for index in range(len(frames)):
                row = frames.start + index - track.start
                if tail.usable[row] and frames.start + index in changed:
                    _one(tally, tail, (made, frames), index, engine)
    return tally


def _one(tally: Tally, tail: Tail, films: tuple[Frames, Frames], index: int, engine: Landmarker) -> None:
    """Measure one frame of the made and the true film."""
    made, true = films
    frame = true.start + index
    row = frame - tail.track.start
    tally.compare(frame, *(_crop(film, index, tail.boxes[row]) for film in films))
    tally.seam.append(0.0 if made is true else _seam(made, true, index, tail.track, row))
    about = tail.track.landmarks_px[row]
    tally.made.append(tail.seen[row] if made is true else lips_of(engine, made, index, about=about))
    tally.true.append(tail.seen[row])
    if frame in tail.kept:
        tally.kept[frame] = _crop(made, index, _view(tail.boxes[row]))


def _view(box: Box) -> Box:
    """A square about the mouth box, for the eye."""
    side = round(box.width * VIEW / BOX[0])
    return Box(box.left + (box.width - side) // 2, box.top + (box.height - side) // 2, side, side)


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
