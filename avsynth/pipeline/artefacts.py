"""How face tracks, mouth motion and speech are kept on disk between stages: no pickle, exact time."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avsynth.core.face import FaceTrack, MouthMotion
from avsynth.core.files import read_text
from avsynth.core.serial import from_json, to_json
from avsynth.core.speech import PhonemeTimeline, Speech
from avsynth.face.layouts import IBUG_68, MEDIAPIPE_478
from avsynth.lipsync.perform import Performance
from avsynth.lipsync.visemes import BASIS
from avsynth.media.read import read_audio
from avsynth.media.sound import write_audio

LAYOUTS = {layout.name: layout for layout in (MEDIAPIPE_478, IBUG_68)}


def save_track(path: Path, track: FaceTrack) -> None:
    """Write one track as ``.npz``."""
    covering = () if track.covering is None else (("covering", track.covering),)
    np.savez(
        path,
        allow_pickle=False,
        id=track.id,
        start=track.start,
        layout=track.layout.name,
        landmarks_px=track.landmarks_px,
        visible=track.visible,
        score=track.score,
        pose=track.pose,
        **dict(covering),
    )


def load_track(path: Path) -> FaceTrack:
    """Read what ``save_track`` wrote."""
    with np.load(path, allow_pickle=False) as data:
        return FaceTrack(
            id=int(data["id"]),
            start=int(data["start"]),
            layout=LAYOUTS[str(data["layout"])],
            landmarks_px=data["landmarks_px"],
            visible=data["visible"],
            score=data["score"],
            pose=data["pose"],
            covering=data.get("covering"),
        )


@dataclass(frozen=True)
class PlannedMotion:
    """What a face is to do: its motion, how strongly each frame is replaced, and which frames can be.

    Attributes:
        motion: The mouth, one row a frame of the track.
        strength: ``(T,)`` float32 in 0..1: 0 leaves the frame as it was.
    """

    motion: MouthMotion
    strength: NDArray[np.float32]


def save_motion(path: Path, planned: PlannedMotion) -> None:
    """Write a planned motion as ``.npz``."""
    motion = planned.motion
    np.savez(
        path,
        basis=motion.basis,
        start=motion.start,
        coefficients=motion.coefficients,
        frame_rate=str(motion.frame_rate),
        strength=planned.strength,
    )


def load_motion(path: Path) -> PlannedMotion:
    """Read what ``save_motion`` wrote."""
    with np.load(path, allow_pickle=False) as data:
        motion = MouthMotion(
            basis=str(data["basis"]),
            coefficients=data["coefficients"],
            frame_rate=Fraction(str(data["frame_rate"])),
            start=int(data["start"]),
        )
        return PlannedMotion(motion, data["strength"])


def save_performance(path: Path, performance: Performance) -> None:
    """Write a performer's motion as ``.npz``."""
    np.savez(
        path, ticks=performance.ticks, tick=str(performance.tick), coefficients=performance.coefficients, basis=BASIS
    )


def load_performance(path: Path) -> Performance:
    """Read what ``save_performance`` wrote."""
    with np.load(path, allow_pickle=False) as data:
        return Performance(data["ticks"], Fraction(str(data["tick"])), data["coefficients"])


@dataclass(frozen=True)
class _SpeechRecord:
    timeline: PhonemeTimeline
    language: str
    stretch: float


def save_speech(folder: Path, speech: Speech) -> None:
    """Write a spoken line as ``speech.wav`` (32-bit float) and ``speech.json`` in a folder."""
    write_audio(folder / "speech.wav", speech.waveform, subtype="FLOAT")
    record = _SpeechRecord(speech.timeline, speech.language, speech.stretch)
    (folder / "speech.json").write_text(to_json(record), encoding="utf-8")


def load_speech(folder: Path) -> Speech:
    """Read what ``save_speech`` wrote."""
    record = from_json(read_text(folder / "speech.json"), _SpeechRecord, source=str(folder / "speech.json"))
    return Speech(read_audio(folder / "speech.wav"), record.timeline, record.language, record.stretch)
