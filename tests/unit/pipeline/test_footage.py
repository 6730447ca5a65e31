from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from drawn_track import drawn_track
from synth import draw_film

from avsynth.face.layouts import IBUG_68
from avsynth.pipeline.artefacts import save_track
from avsynth.pipeline.footage import Supply, supply
from avsynth.pipeline.picture import FootageJob


@pytest.mark.parametrize(
    ("frames", "seconds", "words"),
    [
        (1, "1/25", "one picture"),
        (49, "49/25", "less than 2 s"),
        (50, "2", "2 to 8 s"),
        (199, "199/25", "2 to 8 s"),
        (200, "8", "8 s or more"),
    ],
)
def test_each_rule_begins_where_it_says(frames: int, seconds: str, words: str) -> None:
    (note,) = Supply(frames, Fraction(seconds), frames).notes
    assert words in note
    assert note.startswith(f"footage: {frames} usable frame")


@pytest.mark.parametrize(("widest", "parted"), [(0.0, 0), (0.2, 30)])
def test_footage_is_counted_over_all_clips_and_closed_lips_are_noted(
    tmp_path: Path, widest: float, parted: int
) -> None:
    jobs = []
    for number, rate in enumerate((25, 50)):
        film = tmp_path / f"{number}.mp4"
        truth = draw_film(film, frame_rate=rate, openings=np.tile([0.0, widest], 15))
        save_track(tmp_path / f"{number}.npz", drawn_track(truth, layout=IBUG_68))
        jobs.append(FootageJob(film, "", tmp_path / f"{number}.npz"))
    found = supply(jobs)
    assert (found.frames, found.seconds, found.parted) == (60, Fraction(30, 25) + Fraction(30, 50), parted)
    assert any("lips are closed" in note for note in found.notes) == (parted == 0)
