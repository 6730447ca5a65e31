"""How near made lips are to true ones, by landmarks, in units of the distance of the outer eye corners."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from avsynth.core.face import FaceLayout
from avsynth.metrics.mouth import follows

Landmarks = NDArray[np.float32]


def landmark_distance(made: Landmarks, *, true: Landmarks, layout: FaceLayout) -> NDArray[np.float64]:
    """Mean distance of the lip points from the true ones over the distance of the true outer eye corners ("LMD").

    Args:
        made: ``(T, P, 2 or 3)`` in pixels of the frame.
        true: The same of the true frames.
        layout: Which landmark is which.

    Returns:
        ``(T,)``; 0.01 is one hundredth of the eye corners' distance, about 0.9 mm on an adult's face.

    Raises:
        ValueError: The shapes differ.

    Source:
        Chen et al. 2018, "Lip movements generation at a glance"; the eyes' distance as the unit as in the 300-W
        benchmark (Sagonas et al. 2013).

    Example:
        >>> from avsynth.face.layouts import IBUG_68
        >>> face = np.zeros((1, 68, 2), np.float32)
        >>> face[:, 45] = (100, 0)  # eye corners 100 pixels apart
        >>> landmark_distance(face + np.float32((3, 4)), true=face, layout=IBUG_68)
        array([0.05])
    """
    if made.shape != true.shape:
        raise ValueError(f"the landmarks differ in shape: {made.shape} and {true.shape}")
    lips = list(dict.fromkeys((*layout.outer_lip, *layout.inner_lip)))
    apart = np.linalg.norm(made[:, lips, :2].astype(np.float64) - true[:, lips, :2], axis=-1)
    return np.asarray(apart.mean(axis=1) / layout.scale_px(true), np.float64)


def opening_correlation(made: Landmarks, *, true: Landmarks, layout: FaceLayout) -> float:
    """Pearson correlation over time of the distance between the inner lips; 0 where one of them does not move."""
    return follows(layout.mouth_opening(made), wanted=layout.mouth_opening(true))


def width_correlation(made: Landmarks, *, true: Landmarks, layout: FaceLayout) -> float:
    """Pearson correlation over time of the distance between the lip corners; 0 where one of them does not move."""
    return follows(layout.mouth_width(made), wanted=layout.mouth_width(true))
