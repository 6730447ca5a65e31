"""The two landmark sets the engines give, and which point of each is which."""

from __future__ import annotations

from avsynth.core.face import FaceLayout

# fmt: off
MEDIAPIPE_478 = FaceLayout(
    name="mediapipe-478",
    points=478,
    outer_lip=(61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146),
    inner_lip=(78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95),
    opening=((13, 14), (82, 87), (312, 317)),
    corners=(61, 291),
    eye_corners=(33, 263),
    jaw=(
        234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152,
        377, 400, 378, 379, 365, 397, 288, 361, 323, 454,
    ),
    rigid=(33, 133, 362, 263, 168, 6, 197, 195, 5, 4, 1, 2, 98, 327, 130, 359, 122, 351),
)
"""MediaPipe's face mesh of 468 points and 10 of the irises (468 to 472 viewer's left, 473 to 477 right)."""

IBUG_68 = FaceLayout(
    name="ibug-68",
    points=68,
    outer_lip=(48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59),
    inner_lip=(60, 61, 62, 63, 64, 65, 66, 67),
    opening=((61, 67), (62, 66), (63, 65)),
    corners=(48, 54),
    eye_corners=(36, 45),
    jaw=tuple(range(17)),
    rigid=(36, 39, 42, 45, 27, 28, 29, 30, 31, 32, 33, 34, 35),
)
"""The 68 points of the 300-W set (Sagonas et al. 2013), as the ``face-alignment`` package gives them."""
# fmt: on

LAYOUTS: dict[str, FaceLayout] = {layout.name: layout for layout in (MEDIAPIPE_478, IBUG_68)}
