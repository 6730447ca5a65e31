"""Draws films of talking faces and sounds whose truth is known, so that tests can assert numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt

from avsynth.core.media import Waveform

Image = npt.NDArray[np.uint8]
SAMPLE_RATE = 48_000


@dataclass(frozen=True)
class Truth:
    """What was drawn.

    Attributes:
        path: The film.
        frame_rate: Frames a second.
        openings: ``(T,)`` distance of the inner lips over the distance of the outer eye corners.
        eyes_px: ``(T, 2, 2)`` outer eye corners, viewer's left and right, as x, y in pixels of the frame.
        mouth_px: ``(T, 2)`` middle of the opening between the lips, in pixels of the frame.
        sound: What was given as the sound, if anything.
    """

    path: Path
    frame_rate: Fraction
    openings: npt.NDArray[np.float64]
    eyes_px: npt.NDArray[np.float64]
    mouth_px: npt.NDArray[np.float64]
    sound: Waveform | None = None

    def __len__(self) -> int:
        return len(self.openings)


# --------------------------------------------------------------------------------------------------- films


def draw_film(
    path: Path,
    *,
    seconds: float | Fraction = 2,
    frame_rate: Fraction | int = 25,
    size: tuple[int, int] = (640, 480),
    scale_px: float = 96.0,
    openings: Sequence[float] | npt.NDArray[np.floating] | None = None,
    pan: tuple[float, float] = (0.0, 0.0),
    audio: Waveform | None = None,
) -> Truth:
    """Draw a face that opens its mouth, on a textured background.

    Args:
        path: An ``.mp4`` (H.264 and AAC), ``.mov`` or ``.mkv`` (H.264 and PCM).
        seconds: Length; the number of frames is ``round(seconds * frame_rate)``.
        frame_rate: Frames a second.
        size: Width and height of the frame, both even.
        scale_px: Distance of the outer eye corners.
        openings: One a frame, over the distance of the outer eye corners; a syllable rhythm of 3 Hz by default.
        pan: How far the head moves over the film, in pixels.
        audio: Its sound.
    """
    rate = Fraction(frame_rate)
    count = len(openings) if openings is not None else round(Fraction(seconds) * rate)
    if openings is None:
        openings = syllables(count, frame_rate=rate)
    values = np.asarray(openings, np.float64)
    width, height = size
    steps = np.linspace(0, 1, count)[:, None] if count > 1 else np.zeros((1, 1))
    centers = np.array([width / 2, height * 0.42]) + (steps - 0.5) * np.array(pan)
    background = _background(width, height)
    write_film(
        path,
        (draw_face(background, center=c, scale_px=scale_px, opening=o) for c, o in zip(centers, values, strict=True)),
        frame_rate=rate,
        audio=audio,
    )
    eyes = centers[:, None] + np.array([[-0.5, 0.0], [0.5, 0.0]]) * scale_px
    mouth = centers + np.stack([np.zeros(count), _MOUTH_Y + values * (_LOWER_SHARE - _UPPER_SHARE) / 2], 1) * scale_px
    return Truth(path, rate, values, eyes, mouth, audio)


def portrait_film(
    path: Path,
    *,
    portrait: Path,
    seconds: float | Fraction = 2,
    frame_rate: Fraction | int = 25,
    size: tuple[int, int] = (640, 480),
    pan: tuple[float, float] = (0.0, 0.0),
    zoom: float = 1.0,
    audio: Waveform | None = None,
) -> tuple[Path, npt.NDArray[np.float64]]:
    """Film a still portrait with a camera that moves: a real face, a mouth at rest, and a known rigid motion.

    Args:
        path: The film to write.
        portrait: A picture with a face in its upper middle.
        seconds: Length.
        frame_rate: Frames a second.
        size: Width and height of the frame.
        pan: How far the picture moves over the film, in pixels.
        zoom: How much larger the picture is at the end than at the beginning.
        audio: Its sound.

    Returns:
        The path, and for every frame the affine that maps the portrait's pixels to the frame's, ``(T, 2, 3)``.
    """
    picture = cv2.cvtColor(cv2.imread(str(portrait)), cv2.COLOR_BGR2RGB)
    rate = Fraction(frame_rate)
    width, height = size
    cover = max(width / picture.shape[1], height / picture.shape[0]) * 1.15
    count = round(Fraction(seconds) * rate)
    to_frame = np.zeros((count, 2, 3))
    for index in range(count):
        step = index / max(count - 1, 1)
        factor = cover * zoom**step
        to_frame[index, :, :2] = np.eye(2) * factor
        to_frame[index, 0, 2] = width / 2 - factor * picture.shape[1] / 2 + (step - 0.5) * pan[0]
        to_frame[index, 1, 2] = height * 0.04 - factor * picture.shape[0] * 0.03 + (step - 0.5) * pan[1]
    frames = (
        cv2.warpAffine(picture, m, (width, height), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT)
        for m in to_frame
    )
    write_film(path, frames, frame_rate=rate, audio=audio)
    return path, to_frame


def write_film(
    path: Path, frames: Iterable[Image], *, frame_rate: Fraction | int, audio: Waveform | None = None, crf: int = 12
) -> None:
    """Encode ``(h, w, 3)`` RGB pictures as H.264 4:2:0, BT.709 limited range, with a sound track."""
    rate = Fraction(frame_rate)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate, options={"crf": str(crf), "preset": "veryfast"})
        sound = None
        if audio is not None:
            codec = "aac" if path.suffix == ".mp4" else "pcm_s16le"
            layout = {1: "mono", 2: "stereo"}[audio.channels]
            sound = container.add_stream(codec, rate=audio.sample_rate, layout=layout)
        stream.pix_fmt = "yuv420p"
        stream.time_base = 1 / rate
        stream.codec_context.time_base = 1 / rate
        tags = stream.codec_context
        tags.color_primaries, tags.color_trc, tags.colorspace, tags.color_range = 1, 1, 1, 1
        for index, image in enumerate(frames):
            if index == 0:
                stream.height, stream.width = image.shape[:2]
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            frame = frame.reformat(format="yuv420p", dst_colorspace=1, dst_color_range=1)
            frame.pts, frame.time_base = index, 1 / rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if sound is not None and audio is not None:
            for packet_frame in _audio_frames(audio):
                container.mux(sound.encode(packet_frame))
            container.mux(sound.encode(None))


def _audio_frames(audio: Waveform) -> Iterator[av.AudioFrame]:
    layout = {1: "mono", 2: "stereo"}[audio.channels]
    for start in range(0, audio.samples.shape[1], 1024):
        block = np.ascontiguousarray(audio.samples[:, start : start + 1024])
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = audio.sample_rate, start, Fraction(1, audio.sample_rate)
        yield frame


# ---------------------------------------------------------------------------------------------------- face

_FINE = 4  # shapes are drawn four times as fine as the frame, so that a quarter of a pixel shows
_MOUTH_Y = 0.78  # of the closed lips, below the eyes, over the distance of the outer eye corners
_MOUTH_WIDTH = 0.5
_UPPER_SHARE, _LOWER_SHARE = 0.2, 0.8  # of the opening, by which each lip leaves the closed position
_SKIN = np.array([205.0, 158.0, 132.0])
_LIP = np.array([166.0, 84.0, 82.0])
_HAIR = np.array([58.0, 40.0, 30.0])


def syllables(count: int, *, frame_rate: Fraction | int = 25, rate_hz: float = 3.0, most: float = 0.22) -> np.ndarray:
    """Openings of a mouth that closes fully ``rate_hz`` times a second."""
    times = np.arange(count) / float(frame_rate)
    return most * 0.5 * (1 - np.cos(2 * np.pi * rate_hz * times))


def draw_face(background: Image, *, center: npt.NDArray[np.floating], scale_px: float, opening: float) -> Image:
    """Draw a frontal face over a background.

    Args:
        background: ``(h, w, 3)`` uint8, RGB; not changed.
        center: Middle between the eyes, x and y in pixels.
        scale_px: Distance of the outer eye corners.
        opening: Distance of the inner lips over it.
    """
    canvas = _Canvas(background, center=center, scale_px=scale_px)
    drop = opening * _LOWER_SHARE  # the chin goes with the lower lip
    canvas.ellipse((0, 1.6), (0.42, 0.75), _SKIN * 0.72, soft=0.03)  # neck
    canvas.ellipse((0, 2.75), (1.6, 0.85), [64, 82, 120], soft=0.02)  # shoulders
    canvas.ellipse((0, -0.1), (0.98, 1.1), _HAIR, soft=0.02)
    canvas.polygon(_outline(drop), _SKIN, soft=0.02)
    canvas.shade(_outline(drop))
    for side in (-1, 1):
        canvas.ellipse((side * 0.84, 0.2), (0.09, 0.2), _SKIN * 0.86, soft=0.02)  # ears
        canvas.ellipse((side * 0.34, -0.02), (0.25, 0.15), _SKIN * 0.80, soft=0.07, alpha=0.6)  # sockets
        canvas.ellipse((side * 0.45, 0.5), (0.2, 0.15), [214, 140, 122], soft=0.12, alpha=0.45)  # cheeks
        canvas.polygon(_brow(side), _HAIR * 1.15, soft=0.015, alpha=0.9)
        _draw_eye(canvas, side)
    canvas.polygon([(-0.07, 0.05), (0.07, 0.05), (0.13, 0.42), (-0.13, 0.42)], _SKIN * 1.1, soft=0.06, alpha=0.6)
    canvas.polygon([(0.06, 0.0), (0.1, 0.0), (0.2, 0.44), (0.12, 0.44)], _SKIN * 0.78, soft=0.04, alpha=0.7)
    canvas.ellipse((0, 0.44), (0.16, 0.07), _SKIN * 0.92, soft=0.03, alpha=0.9)
    for side in (-1, 1):
        canvas.ellipse((side * 0.075, 0.475), (0.035, 0.018), _SKIN * 0.35, soft=0.012)
    canvas.ellipse((0, 0.53), (0.2, 0.03), _SKIN * 0.78, soft=0.03, alpha=0.6)
    _draw_mouth(canvas, opening)
    canvas.ellipse((0, 0.98 + drop), (0.2, 0.035), _SKIN * 0.72, soft=0.03, alpha=0.7)  # under the lower lip
    canvas.ellipse((0, 1.14 + drop), (0.18, 0.1), _SKIN * 1.08, soft=0.06, alpha=0.5)  # chin
    return canvas.image()


def _outline(drop: float) -> npt.NDArray[np.float64]:
    angle = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    x, y = np.sin(angle), -np.cos(angle)
    low = y > 0
    wide = np.where(low, 0.8 * (1 - 0.22 * y**2), 0.8)  # cheeks taper to the chin
    tall = np.where(low, 1.12 + drop, 0.85)
    return np.stack([x * wide, 0.18 + y * tall], 1)


def _brow(side: int) -> npt.NDArray[np.float64]:
    x = np.linspace(0.14, 0.55, 16)
    arch = -0.24 - 0.06 * np.sin((x - 0.14) / 0.41 * np.pi * 0.8)
    top, bottom = np.stack([x, arch - 0.03], 1), np.stack([x, arch + 0.025], 1)[::-1]
    return np.concatenate([top, bottom]) * [side, 1]


def _draw_eye(canvas: _Canvas, side: int) -> None:
    middle = side * 0.34
    x = np.linspace(-0.16, 0.16, 24)
    curve = np.cos(x / 0.16 * np.pi / 2)
    shape = np.concatenate([np.stack([x, -0.075 * curve], 1), np.stack([x, 0.05 * curve], 1)[::-1]])
    shape += [middle, 0]
    canvas.polygon(shape, [238, 234, 230], soft=0.008)
    canvas.ellipse((middle, -0.012), (0.066, 0.066), [84, 60, 42], soft=0.008, inside=shape)
    canvas.ellipse((middle, -0.012), (0.03, 0.03), [16, 12, 10], soft=0.006, inside=shape)
    canvas.ellipse((middle - 0.02, -0.035), (0.012, 0.012), [250, 250, 250], soft=0.006, inside=shape)
    lid = np.concatenate([np.stack([x, -0.09 * curve], 1), np.stack([x, -0.065 * curve], 1)[::-1]])
    lid += [middle, 0]
    canvas.polygon(lid, _HAIR, soft=0.008)


def _draw_mouth(canvas: _Canvas, opening: float) -> None:
    """Lips around an opening whose height in the middle is exactly ``opening``."""
    half = _MOUTH_WIDTH / 2 * (1 - 0.15 * min(opening / 0.3, 1))
    x = np.linspace(-half, half, 41)
    bow = np.sqrt(np.clip(1 - (x / half) ** 2, 0, 1))
    inner_top = _MOUTH_Y - opening * _UPPER_SHARE * bow
    inner_bottom = _MOUTH_Y + opening * _LOWER_SHARE * bow
    cupid = 0.012 * np.cos(x / half * 2 * np.pi) * bow
    outer_top, outer_bottom = inner_top - 0.075 * bow + cupid, inner_bottom + 0.1 * bow
    lips = np.concatenate([np.stack([x, outer_top], 1), np.stack([x, outer_bottom], 1)[::-1]])
    hole = np.concatenate([np.stack([x, inner_top], 1), np.stack([x, inner_bottom], 1)[::-1]])
    canvas.polygon(lips, _LIP, soft=0.012)
    canvas.ellipse((0, float(inner_bottom[20]) + 0.05), (0.12, 0.02), _LIP * 1.25, soft=0.02, alpha=0.7)
    seam = np.concatenate([np.stack([x, inner_top - 0.006], 1), np.stack([x, inner_top + 0.006], 1)[::-1]])
    canvas.polygon(seam, _LIP * 0.45, soft=0.008)
    if opening > 0:
        canvas.polygon(hole, [44, 14, 16], soft=0.004)
        teeth = min(0.06, opening * 0.45)
        canvas.ellipse((0, float(inner_top[20])), (half * 0.7, teeth), [226, 218, 204], soft=0.006, inside=hole)
        canvas.ellipse(
            (0, float(inner_bottom[20])), (half * 0.55, opening * 0.3), [150, 70, 72], soft=0.02, inside=hole, alpha=0.8
        )


class _Canvas:
    """Paints soft shapes in face units: the origin between the eyes, 1 the distance of their outer corners."""

    def __init__(self, background: Image, *, center: npt.NDArray[np.floating], scale_px: float) -> None:
        self._pixels = background.astype(np.float32)
        self._center = np.asarray(center, np.float64)
        self._scale = scale_px

    def polygon(
        self,
        points: npt.ArrayLike,
        color: npt.ArrayLike,
        *,
        soft: float,
        alpha: float = 1.0,
        inside: npt.ArrayLike | None = None,
    ) -> None:
        """Fill a polygon; its edge is as wide as ``soft``, and it may be clipped by another."""
        mask, box = self._mask(points, soft)
        if inside is not None:
            mask = mask * self._mask(inside, 0.004, box=box)[0]
        part = self._pixels[box]
        part += (np.asarray(color, np.float32) - part) * (mask * alpha)[..., None]

    def ellipse(
        self,
        middle: tuple[float, float],
        radii: tuple[float, float],
        color: npt.ArrayLike,
        *,
        soft: float,
        alpha: float = 1.0,
        inside: npt.ArrayLike | None = None,
    ) -> None:
        """Fill an ellipse."""
        angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)
        points = np.stack([middle[0] + radii[0] * np.cos(angle), middle[1] + radii[1] * np.sin(angle)], 1)
        self.polygon(points, color, soft=soft, alpha=alpha, inside=inside)

    def shade(self, points: npt.ArrayLike) -> None:
        """Light from the upper left; the sides of the head turn away."""
        mask, box = self._mask(points, 0.02)
        rows, columns = np.mgrid[box]
        x = (columns - self._center[0]) / self._scale
        y = (rows - self._center[1]) / self._scale - 0.2
        light = 1.08 - 0.34 * (x / 0.8) ** 4 - 0.12 * (y / 1.1) ** 4 - 0.08 * x - 0.04 * y
        part = self._pixels[box]
        part *= (1 + (light - 1) * mask)[..., None].astype(np.float32)

    def image(self) -> Image:
        return np.clip(self._pixels + 0.5, 0, 255).astype(np.uint8)

    def _mask(
        self, points: npt.ArrayLike, soft: float, *, box: tuple[slice, slice] | None = None
    ) -> tuple[npt.NDArray[np.float32], tuple[slice, slice]]:
        pixels = self._center + np.asarray(points, np.float64) * self._scale
        blur = max(soft * self._scale / 2, 0.4)
        height, width = self._pixels.shape[:2]
        if box is None:
            low, high = np.floor(pixels.min(0) - 4 * blur).astype(int), np.ceil(pixels.max(0) + 4 * blur).astype(int)
            low, high = np.clip(low, 0, [width, height]), np.clip(high, 0, [width, height])
            box = (
                slice(int(low[1]), max(int(high[1]), int(low[1]) + 1)),
                slice(int(low[0]), max(int(high[0]), int(low[0]) + 1)),
            )
        rows, columns = box[0].stop - box[0].start, box[1].stop - box[1].start
        fine = np.zeros((rows * _FINE, columns * _FINE), np.uint8)
        origin = np.array([box[1].start, box[0].start])
        # pixel centers lie at whole numbers, in the frame and in the fine mask; cv2 takes 1/256 pixels
        at = (pixels - origin + 0.5) * _FINE - 0.5
        cv2.fillPoly(fine, [np.round(at * 256).astype(np.int32)], 255, shift=8)
        mask = cv2.resize(fine, (columns, rows), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        return cv2.GaussianBlur(mask, (0, 0), blur), box


def _background(width: int, height: int) -> Image:
    """A wall with a picture-like texture, the same every time."""
    noise = np.random.default_rng(7).normal(size=(height, width)).astype(np.float32)
    texture = sum(cv2.GaussianBlur(noise, (0, 0), sigma) * sigma * 14 for sigma in (1.5, 6.0, 24.0))
    slope = np.linspace(-18, 18, width, dtype=np.float32)[None]
    wall = np.stack([118 + texture + slope, 128 + texture, 132 + texture - slope], -1)
    return np.clip(wall, 0, 255).astype(np.uint8)


# --------------------------------------------------------------------------------------------------- sound


def vowel(
    f0_hz: float,
    formants_hz: Sequence[float] = (700.0, 1220.0, 2600.0),
    *,
    seconds: float = 1.0,
    sample_rate: int = SAMPLE_RATE,
    level: float = 0.3,
) -> Waveform:
    """A steady vowel: pulses at exactly ``f0_hz`` through resonances at ``formants_hz``, peak at ``level``."""
    count = round(seconds * sample_rate)
    times = np.arange(count) / sample_rate
    sound = np.zeros(count)
    for harmonic in range(1, int(0.45 * sample_rate / f0_hz)):
        frequency = harmonic * f0_hz
        gain = 1 / harmonic  # a glottal pulse falls by 12 dB an octave, the lips give 6 back
        for formant in formants_hz:
            bandwidth = 60 + formant * 0.05
            gain *= formant**2 / np.hypot(formant**2 - frequency**2, bandwidth * frequency)
        sound += gain * np.cos(2 * np.pi * frequency * times)
    return Waveform((sound / np.abs(sound).max() * level).astype(np.float32)[None], sample_rate)


def clicks(
    times: Sequence[Fraction | float], *, seconds: float, sample_rate: int = SAMPLE_RATE, level: float = 0.5
) -> Waveform:
    """Silence with one sample of ``level`` at each time, rounded up to a sample."""
    sound = np.zeros((1, round(seconds * sample_rate)), np.float32)
    for time in times:
        sound[0, -int(-Fraction(time) * sample_rate // 1)] = level
    return Waveform(sound, sample_rate)


def syllable_sound(openings: np.ndarray, *, frame_rate: Fraction | int, sample_rate: int = SAMPLE_RATE) -> Waveform:
    """A vowel of 120 Hz as loud as a mouth is open: the sound that belongs to ``draw_film``'s picture."""
    count = round(len(openings) * sample_rate / Fraction(frame_rate))
    voice = vowel(120.0, seconds=count / sample_rate, sample_rate=sample_rate).samples[0, :count]
    at = np.arange(count) / sample_rate * float(frame_rate)
    loud = np.interp(at, np.arange(len(openings)), openings / max(float(np.max(openings)), 1e-9))
    return Waveform((voice * loud).astype(np.float32)[None], sample_rate)
