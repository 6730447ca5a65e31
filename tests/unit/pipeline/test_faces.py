"""What was left alone is named, frame by frame, with its reason."""

from __future__ import annotations

import numpy as np

from avsynth.core.face import FaceTrack, PassThrough
from avsynth.face.gates import Judgement
from avsynth.face.layouts import MEDIAPIPE_478
from avsynth.pipeline.faces import left_alone


def seen(start: int, end: int, *passed: PassThrough) -> tuple[FaceTrack, Judgement]:
    count = end - start
    visible = np.ones(count, bool)
    track = FaceTrack(
        0,
        start,
        MEDIAPIPE_478,
        np.zeros((count, 478, 3), np.float32),
        visible,
        visible.astype(np.float32),
        np.zeros((count, 3), np.float32),
    )
    usable = np.ones(count, bool)
    for item in passed:
        usable[item.start - start : item.end - start] = False
    return track, Judgement(usable, passed)


def test_nothing_is_left_alone_where_all_is_well() -> None:
    assert left_alone([range(10, 50)], [seen(0, 100)]) == ()


def test_frames_without_a_track_had_no_face() -> None:
    assert left_alone([range(0, 100)], [seen(0, 30), seen(60, 100)]) == (PassThrough(30, 60, "no face found"),)


def test_the_gates_reasons_are_kept_and_cut_to_what_was_wanted() -> None:
    turned = PassThrough(20, 40, "turned away")
    assert left_alone([range(30, 50)], [seen(0, 100, turned)]) == (PassThrough(30, 40, "turned away"),)


def test_frames_nobody_asked_for_are_not_listed() -> None:
    assert left_alone([range(0, 10), range(90, 100)], [seen(0, 10), seen(90, 100)]) == ()
