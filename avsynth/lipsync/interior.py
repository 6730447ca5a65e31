"""What lies behind the lips where no footage shows it: a dark cavity, teeth, tongue, in the picture's own light."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from avsynth.lipsync.warp import Picture

Values = NDArray[np.float32]

# Of the skin beside the mouth, by color, as measured on a man who speaks in even light. What comes back from within a
# mouth has met red walls, teeth too.
_ENAMEL = np.array([0.93, 0.98, 1.07], np.float32)
_CAVITY = np.array([0.34, 0.235, 0.255], np.float32)
_TONGUE = np.array([0.78, 0.58, 0.62], np.float32)
_WHITE = 70.0  # teeth do not darken with the skin: they have half its brightness and this at least

# Lengths in distances of the outer eye corners, about 90 mm.
_UPPER_TEETH = 0.062  # most that is seen of them
_UPPER_SHARE = 0.42  # of the opening
_LOWER_TEETH = 0.022
_BETWEEN_TEETH = np.array([0.0, 0.092, 0.160, 0.226, 0.285], np.float32)  # from the middle to either side
_LIP_SHADOW = 0.035
_LEAST_PIXELS = 1.0


@dataclass(frozen=True)
class Interior:
    """What is to be drawn between the lips.

    Attributes:
        inner: ``(n, 2)`` inner-lip ring in pixels of the image, from the left corner over the upper lip.
        brightness: Of the skin around, 0..255.
        scale_px: Distance of the outer eye corners.
        amount: 0 leaves the image, 1 hides what it shows there.
        band: From where to where it is drawn: 0 at the upper lip, 1 at the lower.
        teeth: Whether the edge of the upper teeth is drawn.
        skin: ``(3,)`` color of the skin beside the mouth, 0..255; None is looked for in the image.
    """

    inner: NDArray[np.float64]
    brightness: float
    scale_px: float
    amount: float
    band: tuple[float, float] = (0.0, 1.0)
    teeth: bool = True
    skin: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class Opening:
    """The opening of a mouth, seen from every pixel around it.

    Attributes:
        across: ``(h, w)`` from the middle, in eye distances, along the line of the corners.
        below: ``(h, w)`` below the upper lip.
        gap: ``(h, w)`` from upper to lower lip in this column; 0 beside the mouth.
        half: Half the width.
        widest: The largest gap.
        pixel: Size of a pixel.
    """

    across: Values
    below: Values
    gap: Values
    half: float
    widest: float
    pixel: float

    @classmethod
    def of(cls, at: NDArray[np.floating], inner: NDArray[np.float64], *, unit: float) -> Opening:
        """Measure.

        Args:
            at: ``(h, w, 2)`` place of every pixel, in the units of the ring.
            inner: ``(n, 2)`` inner-lip ring from the left corner over the upper lip.
            unit: Distance of the outer eye corners in these units.
        """
        count = len(inner)
        left, right = inner[0], inner[count // 2]
        axis = (right - left) / max(float(np.linalg.norm(right - left)), 1e-9)
        turn = np.array([axis, [-axis[1], axis[0]]]) / unit
        middle = (left + right) / 2
        ring = (inner - middle) @ turn.T
        upper, lower = ring[: count // 2 + 1], np.concatenate([ring[:1], ring[count // 2 :]])
        place = (np.asarray(at, np.float32) - middle.astype(np.float32)) @ turn.T.astype(np.float32)
        half = float(abs(ring[count // 2, 0] - ring[0, 0])) / 2
        x = place[..., 0]
        top = _height(upper, x)
        gap = np.where(np.abs(x) < half, np.maximum(_height(lower, x) - top, 0), 0).astype(np.float32)
        columns = np.linspace(-half, half, 33)
        widest = float((_height(lower, columns) - _height(upper, columns)).max())
        ways = place[at.shape[0] // 2], place[:, at.shape[1] // 2]
        pixel = max(float(np.linalg.norm(way[-1] - way[0])) / max(len(way) - 1, 1) for way in ways)
        return cls(x, place[..., 1] - top, gap, half, widest, max(pixel, 1e-6))

    @property
    def side(self) -> Values:
        """0 in the middle, 1 at the corners."""
        return np.clip(np.abs(self.across) / max(self.half, 1e-6), 0, 1)

    def mask(self, first: float = 0.0, last: float = 1.0) -> Values:
        """How much of each pixel lies between two shares of the gap, with soft edges."""
        edge = max(0.008, 0.6 * self.pixel)
        upper = np.clip((self.below - first * self.gap) / edge + 0.5, 0, 1)
        lower = np.clip((last * self.gap - self.below) / edge + 0.5, 0, 1)
        mask = (upper * lower * np.clip(self.gap / edge, 0, 1)).astype(np.float32)
        return np.asarray(cv2.GaussianBlur(mask, (0, 0), max(edge / self.pixel, 0.6)), np.float32)


def _height(side: NDArray[np.float64], x: NDArray[np.floating]) -> Values:
    """Where one side of the ring lies at each ``x``."""
    order = np.argsort(side[:, 0])
    return np.asarray(np.interp(x, side[order, 0], side[order, 1]), np.float32)


def draw_interior(image: Picture, interior: Interior) -> Picture:
    """Fill the opening of a mouth ``(h, w, 3)`` whose lips are already parted; returns a new image."""
    reach = max(3.0, 0.05 * interior.scale_px)
    low = np.floor(interior.inner.min(axis=0) - reach).astype(int)
    high = np.ceil(interior.inner.max(axis=0) + reach).astype(int) + 1
    (left, top), (right, bottom) = np.clip([low, high], 0, image.shape[1::-1])
    if right - left < 2 or bottom - top < 2 or interior.amount <= 0:
        return image
    at = np.stack(np.meshgrid(np.arange(left, right), np.arange(top, bottom)), axis=-1)
    opening = Opening.of(at, interior.inner, unit=interior.scale_px)
    if opening.widest < _LEAST_PIXELS * opening.pixel:
        return image
    skin = _skin(image, interior.brightness) if interior.skin is None else interior.skin
    color = interior_color(opening, skin=skin, teeth=interior.teeth)
    mask = opening.mask(*interior.band) * interior.amount
    out = image.copy()
    part = out[top:bottom, left:right]
    part[:] = np.clip(np.rint(part + (color - part) * mask[..., None]), 0, 255)
    return out


def _skin(image: Picture, brightness: float) -> Values:
    """Color of what is about as bright as the skin."""
    pixels = image[::3, ::3].reshape(-1, 3).astype(np.float32)
    alike = np.abs(pixels.mean(axis=1) - brightness) < 0.2 * brightness
    color = np.median(pixels[alike], axis=0) if alike.any() else np.full(3, brightness)
    return np.asarray(color * (brightness / max(float(color.mean()), 1.0)), np.float32)


def interior_color(
    opening: Opening, *, skin: NDArray[np.floating], teeth: bool, cavity: NDArray[np.floating] | None = None
) -> Values:
    """Color of every pixel as if the lips were not there, ``(h, w, 3)``.

    Args:
        opening: The opening.
        skin: ``(3,)`` color of the skin beside the mouth, 0..255.
        teeth: Whether the upper teeth are drawn; the lower ones and the tongue come with wide openings anyway.
        cavity: ``(3,)`` color of the dark behind, where the picture shows it.
    """
    above = opening.gap - opening.below  # the lower lip
    skin = np.asarray(skin, np.float32)
    level = max(float(skin.mean()), 1.0)
    enamel = skin * _ENAMEL * max(1.0, 0.5 + _WHITE / level)
    # Darkest behind the teeth and at the corners; what lies lower and nearer catches light.
    depth = np.clip(opening.below / np.maximum(opening.gap, 1e-6), 0, 1)
    shade = (0.55 + 0.65 * depth**2) * (1 - 0.45 * opening.side**2)
    color = (skin * _CAVITY if cavity is None else np.asarray(cavity, np.float32)) * shade[..., None]
    color = _mix(color, skin * _TONGUE, *_tongue(opening, above))
    color = _mix(color, enamel, *_lower_teeth(opening, above))
    if teeth:
        color = _mix(color, enamel, *_upper_teeth(opening))
    # Lips stand before all of it and shade it.
    rim = np.clip(np.minimum(opening.below, above) / 0.02, 0, 1)
    return np.asarray(color * (0.72 + 0.28 * rim)[..., None], np.float32)


def _mix(color: Values, other: Values, seen: Values, shade: Values) -> Values:
    return np.asarray(color + (other * shade[..., None] - color) * seen[..., None], np.float32)


def _rise(value: Values | float, first: float, last: float) -> Values:
    x = np.clip((np.asarray(value, np.float32) - first) / (last - first), 0, 1)
    return np.asarray(x * x * (3 - 2 * x), np.float32)


def _tongue(opening: Opening, above: Values) -> tuple[Values, Values]:
    """A mound on the floor of a wide mouth, with a groove along its middle."""
    bow = np.sqrt(np.clip(1 - (opening.side / 0.8) ** 2, 0, 1))
    height = min(0.42 * opening.widest, 0.10) * bow
    seen = _rise(height - above, -0.02, 0.02) * _rise(opening.widest, 0.05, 0.12) * _rise(bow, 0.0, 0.4) * 0.9
    groove = 1 - 0.05 * np.exp(-((opening.across / 0.02) ** 2))
    shade = (0.44 + 0.34 * _rise(height - above, 0.0, 0.09)) * groove * (1 - 0.4 * opening.side**2)
    return np.asarray(seen, np.float32), np.asarray(shade, np.float32)


def _lower_teeth(opening: Opening, above: Values) -> tuple[Values, Values]:
    """The edge of the lower teeth above the lip, where the mouth is wide open: dim, for the lip shades them."""
    height = _LOWER_TEETH * float(_rise(opening.widest, 0.12, 0.20)) * np.clip(1 - (opening.side / 0.6) ** 2, 0, 1)
    soft = max(0.012, 1.2 * opening.pixel)
    seen = np.clip((height - above) / soft + 0.5, 0, 1) * _rise(height, 0.0, _LOWER_TEETH)
    shade = 0.50 * (1 - 0.5 * opening.side**2) * _joints(opening.across / 0.62, 0.08)
    return np.asarray(0.7 * seen, np.float32), np.asarray(shade, np.float32)


def _upper_teeth(opening: Opening) -> tuple[Values, Values]:
    """The upper teeth under the lip: a row whose lower edge bends less than the lip does."""
    middle_gap = opening.widest
    height = min(_UPPER_SHARE * middle_gap, _UPPER_TEETH) * (1 - 0.35 * opening.side**2)
    notch = 1 - _joints(opening.across, 1.0)
    edge = height - 0.004 * notch
    soft = max(0.007, 0.8 * opening.pixel)
    seen = np.clip((edge - opening.below) / soft + 0.5, 0, 1)
    seen = seen * _rise(opening.side, 0.98, 0.72) * float(_rise(middle_gap, 0.02, 0.06))
    lip = 0.50 + 0.50 * _rise(opening.below, -0.005, _LIP_SHADOW)
    shade = lip * (1 - 0.62 * _rise(opening.side, 0.25, 1.0)) * _joints(opening.across, 0.09)
    return np.asarray(seen, np.float32), np.asarray(shade, np.float32)


def _joints(across: Values, depth: float) -> Values:
    """1 on a tooth, ``1 - depth`` between two."""
    distance = np.abs(np.abs(across)[..., None] - _BETWEEN_TEETH).min(axis=-1)
    return np.asarray(1 - depth * np.exp(-((distance / 0.009) ** 2)), np.float32)
