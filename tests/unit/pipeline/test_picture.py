"""Segments: they tile the film, respect its cuts, and are never too long."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from avsynth.core.media import Shot
from avsynth.pipeline.picture import SEGMENT_FRAMES, segments


@given(st.lists(st.integers(1, 700), min_size=1, max_size=8), st.booleans())
def test_segments_tile_the_film(lengths: list[int], quiet: bool) -> None:
    edges = np.concatenate([[0], np.cumsum(lengths)])
    shots = [Shot(int(a), int(b)) for a, b in itertools.pairwise(edges)]
    restless = np.random.default_rng(0).random(int(edges[-1]) + 1).astype(np.float32) if quiet else None
    made = list(segments(shots, restless=restless))
    assert made[0][0] == 0
    assert made[-1][1] == edges[-1]
    assert all(a[1] == b[0] for a, b in itertools.pairwise(made))
    assert all(0 < end - start <= SEGMENT_FRAMES for start, end in made)
    assert {int(edge) for edge in edges} <= {0, *(end for _, end in made)}
