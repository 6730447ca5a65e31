"""A real speaker drives another: lips that closed close, and the opening follows, in the other's own range."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from jobs import grant

import avsynth
from avsynth.core.media import Shot
from avsynth.face.track import track

pytestmark = [pytest.mark.real, pytest.mark.weights]

SHUT = 0.006  # openings that the attention mesh reads from lips that touch


@pytest.mark.parametrize(("target", "actor"), [("bbaf2n", "brbk7n"), ("lbax4n", "sbia1a")])
def test_a_real_performance(media: Path, tmp_path: Path, target: str, actor: str) -> None:
    folder = media / "talking" / "grid"
    made = avsynth.reenact(
        folder / f"{target}.mpg",
        performance=folder / f"{actor}.mpg",
        consent=grant(tmp_path / "c.json", kinds=("likeness",)),
        output=tmp_path / "out.mp4",
        options=avsynth.ReenactOptions(work=tmp_path / "work"),
    )
    shots = (Shot(0, 75),)
    (performed,) = track(folder / f"{actor}.mpg", shots=shots)
    (seen,) = track(made.output, shots=shots)
    wanted, got = (face.layout.mouth_opening(face.landmarks_px) for face in (performed, seen))
    # The first target opens his mouth by 5 px at most, so less than a sixth of that is no longer seen as open.
    assert np.corrcoef(wanted, got)[0, 1] >= 0.85
    assert (got[wanted < SHUT] < 0.015).mean() >= 0.95
