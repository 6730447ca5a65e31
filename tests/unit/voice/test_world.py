"""The base voices are what was measured, and the nearest one speaks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from avsynth.voice.backends.world import VARIANTS, bases, measure_base, nearest_base


def test_the_stored_base_is_the_one_that_speaks():
    stored, now = bases().voices["f2"], measure_base("f2")
    assert now.f0_median_hz == pytest.approx(stored.f0_median_hz, rel=0.01)
    assert np.abs(now.envelope - stored.envelope).max() < 0.05
    assert np.abs(now.envelope_deviation - stored.envelope_deviation).max() < 0.05


@pytest.mark.parametrize(("hz", "variant"), [(80, "default"), (135, "default"), (150, "f2"), (230, "f2")])
def test_the_nearest_base_speaks(hz, variant):
    assert nearest_base(replace(bases().voices["f2"], f0_median_hz=float(hz))) == variant
    assert set(bases().voices) == set(VARIANTS)
