"""Cuts are found at their frame, in films of any rate, and shots tile the film."""

from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avsynth.media.shots import detect_shots, tile


def scene(kind: int, step: int) -> np.ndarray:
    """One of three clearly different pictures, in slow motion."""
    image = np.full((144, 256, 3), ((200, 60, 40), (30, 160, 70), (50, 60, 210))[kind], np.uint8)
    cv2.circle(image, (40 + 60 * kind + step, 70), 30, (240, 240, 240), -1)
    return image


def draw(path, lengths, *, ticks=lambda k: 40 * k):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 256, 144, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        number = 0
        for kind, length in enumerate(lengths):
            for step in range(length):
                frame = av.VideoFrame.from_ndarray(scene(kind % 3, step), format="rgb24").reformat(format="yuv420p")
                frame.pts, frame.time_base = ticks(number), Fraction(1, 1000)
                container.mux(stream.encode(frame))
                number += 1
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("lengths", [(30, 20, 25), (12, 40), (33,)])
def test_cuts_are_at_their_frame(tmp_path, lengths):
    shots = detect_shots(draw(tmp_path / "a.mp4", lengths))
    assert [len(shot) for shot in shots] == list(lengths)


def test_varying_rate_does_not_move_cuts(tmp_path):
    path = draw(tmp_path / "a.mp4", (30, 20, 25), ticks=lambda k: 40 * k + 90 * (k // 7))
    assert [(shot.start, shot.end) for shot in detect_shots(path)] == [(0, 30), (30, 50), (50, 75)]


def test_progress_is_told(tmp_path):
    told = []
    detect_shots(draw(tmp_path / "a.mp4", (20, 20)), progress=lambda *what: told.append(what))
    assert told[-1] == ("shots", 40, 40)


@given(cuts=st.lists(st.integers(-5, 120)), frame_count=st.integers(1, 100))
def test_shots_tile(cuts, frame_count):
    shots = tile(cuts, frame_count=frame_count)
    assert [n for shot in shots for n in range(shot.start, shot.end)] == list(range(frame_count))
    assert {shot.start for shot in shots} == {0} | {cut for cut in cuts if 0 < cut < frame_count}


def test_a_jump_inside_one_room_is_a_cut_and_a_flash_is_none(tmp_path):
    rng = np.random.default_rng(5)
    room = np.clip(cv2.GaussianBlur(rng.normal(size=(144, 256)) * 400, (0, 0), 8) + 120, 0, 255).astype(np.uint8)
    frames = []
    for step in range(60):
        image = cv2.cvtColor(room, cv2.COLOR_GRAY2RGB)
        person = 110 if step < 30 else 150
        cv2.ellipse(image, (person + step % 4, 80), (30, 44), 0, 0, 360, (210, 160, 130), -1)
        frames.append(image if step != 15 else np.clip(image.astype(int) + 25, 0, 255).astype(np.uint8))
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 256, 144, "yuv420p"
        for image in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuv420p")))
        container.mux(stream.encode(None))
    assert [(shot.start, shot.end) for shot in detect_shots(path)] == [(0, 30), (30, 60)]
