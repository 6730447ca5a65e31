"""People are told apart by what an encoder hears, and nobody is invented."""

from __future__ import annotations

import numpy as np
import pytest

from avsynth.voice.turns import kept_parts, people, windows_of

SECOND = 16_000


def voices(counts, *, spread=0.035, seed=0):
    """Unit vectors around a direction for each person; two windows of one have a cosine of about .75."""
    chance = np.random.default_rng(seed)
    found = []
    for count in counts:
        middle = chance.normal(size=256)
        windows = middle / np.linalg.norm(middle) + chance.normal(0, spread, (count, 256))
        found.append(windows / np.linalg.norm(windows, axis=1, keepdims=True))
    return np.concatenate(found).astype(np.float32)


@pytest.mark.parametrize("count", [1, 3, 5, 60])
def test_one_voice_is_one_person(count):
    (person,) = people(voices([count]))
    assert person.heard.all()
    assert np.linalg.norm(person.mean) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("counts", [[20, 8], [30, 20, 10]])
def test_several_voices_are_told_apart_and_the_most_heard_comes_first(counts):
    found = people(voices(counts))
    assert [person.count for person in found] == counts
    edges = np.cumsum([0, *counts])
    for person, start, stop in zip(found, edges[:-1], edges[1:], strict=True):
        assert person.heard[start:stop].all()


def test_a_short_interjection_is_nobody_and_not_kept():
    (person,) = people(voices([20, 2]))
    assert person.heard.tolist() == [True] * 20 + [False] * 2


def test_nothing_heard_is_nobody():
    assert people(np.zeros((0, 256), np.float32)) == ()


def test_windows_cover_all_speech_that_is_long_enough():
    parts = [range(100, 100 + SECOND), range(40_000, 40_000 + 5 * SECOND), range(200_000, 200_000 + SECOND // 2)]
    windows = windows_of(parts, source=3)
    assert all(window.source == 3 and window.stop - window.start <= 1.6 * SECOND for window in windows)
    covered = np.zeros(300_000, np.bool_)
    for window in windows:
        covered[window.start : window.stop] = True
    assert [int(covered[part.start : part.stop].sum()) for part in parts] == [SECOND, 5 * SECOND, 0]
    assert covered.sum() == 6 * SECOND


def test_what_is_kept_holds_no_sample_of_anothers_window():
    parts = [range(0, 8 * SECOND), range(9 * SECOND, 9 * SECOND + 4000)]
    windows = windows_of(parts)
    own = np.array([index not in (3, 4) for index in range(len(windows))])
    kept = kept_parts(parts, windows, own)
    assert [(part.start, part.stop) for part in kept] == [
        (0, windows[3].start),
        (windows[4].stop, 8 * SECOND),
        (9 * SECOND, 9 * SECOND + 4000),  # too short for a window of its own: it goes with its neighbor
    ]
