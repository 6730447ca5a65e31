"""The stage that learns how a person's mouth follows their voice, from the footage's own picture and sound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from avsynth.core.span import Span
from avsynth.lipsync.offset import AVOffset
from avsynth.lipsync.person import PersonMouth
from avsynth.lipsync.prior import PHONEME_WEIGHTS, SOUND_WEIGHTS, Taps
from avsynth.lipsync.residual import Habits, Heard, generic, learn_habits
from avsynth.media.probe import probe, require_video
from avsynth.media.read import read_audio
from avsynth.models.card import find_card
from avsynth.pipeline.artefacts import load_track
from avsynth.pipeline.cache import Cache, Stage
from avsynth.pipeline.clock import frame_clock
from avsynth.pipeline.faces import usable
from avsynth.pipeline.picture import FootageJob

ENOUGH_SECONDS = 180  # of usable picture: more teaches no more, and would only take time and memory
_RATE = 16_000
_AROUND = Fraction(1)  # seconds of sound before and after a piece


def weights() -> list[str]:
    """Hashes of what moves mouths: with other weights, other results."""
    return [find_card(name).sha256 for name in (SOUND_WEIGHTS, PHONEME_WEIGHTS)]


def make_habits(footage: Sequence[FootageJob], *, cache: Cache) -> Path:
    """Learn, or find in the cache, what the footage says of how this person speaks."""
    pieces = [[item.film_digest, item.track.parent.name, item.track.name] for item in footage]
    inputs = {"footage": pieces, "weights": weights()}
    return cache.produce(Stage("habits", inputs, ".npz", partial(_write, tuple(footage))))


def load_habits(path: Path) -> Habits:
    """Read what ``make_habits`` wrote."""
    with np.load(path, allow_pickle=False) as data:
        seconds, peak, confidence, trusted, speech = data["facts"].tolist()
        offset = AVOffset(seconds, peak, confidence, bool(trusted))
        taps = Taps(data["around"], data["weight"], data["bias"]) if "around" in data else None
        return Habits(offset, speech, data["gain"], data["shift"], taps, str(data["note"]))


def _write(footage: tuple[FootageJob, ...], target: Path) -> None:
    tracks = [(load_track(job.track), probe(job.film)) for job in footage]
    faces = [(face, usable(face, info=info).usable) for face, info in tracks]
    if any(good.any() for _, good in faces):
        habits = learn_habits(list(_heard(footage)), person=PersonMouth.learn(faces))
    else:
        habits = generic("motion: the generic prior, because no frame of the footage is usable")
    offset = habits.offset
    facts = [offset.seconds, offset.peak, offset.confidence, float(offset.trusted), habits.speech_seconds]
    taps = habits.residual
    learnt: dict[str, Any] = {} if taps is None else {"around": taps.around, "weight": taps.weight, "bias": taps.bias}
    np.savez(target, facts=np.array(facts), gain=habits.gain, shift=habits.shift, note=habits.note, **learnt)


def _heard(footage: Sequence[FootageJob]) -> Iterator[Heard]:
    """Pieces with the sound around them, until there is enough."""
    seconds = 0.0
    for job in footage:
        info = probe(job.film)
        video, face = require_video(info), load_track(job.track)
        good = usable(face, info=info).usable
        if not info.audio or not good.any() or seconds >= ENOUGH_SECONDS:
            continue
        last = np.flatnonzero(np.cumsum(good) / float(video.frame_rate) >= ENOUGH_SECONDS - seconds)
        face = face.cut(face.start, face.start + int(last[0]) + 1) if len(last) else face
        good = good[: len(face)]
        clock = frame_clock(job.film, video=video, frames=range(face.start, face.end))
        since = max(clock[0] - _AROUND, Fraction(0))
        sound = read_audio(job.film, sample_rate=_RATE, span=Span(since, clock[-1] + _AROUND))
        times = np.array([float(time - since) for time in clock])
        seconds += float(good.sum() / video.frame_rate)
        yield Heard(face, good, sound, video.frame_rate, times, source=job.film_digest)
