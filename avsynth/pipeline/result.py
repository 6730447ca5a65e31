"""What a job gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from avsynth.core.errors import InputError
from avsynth.core.files import read_text, write_text
from avsynth.core.plan import DubPlan
from avsynth.core.report import QCReport
from avsynth.core.serial import from_json, to_json
from avsynth.core.speech import PhonemeTimeline, Speech, VoiceProfile

_REPORT, _TIMELINES = "qc.json", "timelines.json"  # in the folder of a report


def write_report(report: QCReport, *, folder: Path) -> None:
    """Write what was measured into the folder of a report.

    Raises:
        OutputError: The file cannot be written.
    """
    write_text(folder / _REPORT, to_json(report))


@dataclass(frozen=True)
class Timelines:
    """What is said in a film, phoneme by phoneme, as it stands in the folder of a report.

    Attributes:
        speakers: When each phoneme sounds in the film, by speaker.
    """

    speakers: Mapping[str, PhonemeTimeline]

    def write(self, folder: Path) -> None:
        """Write them into the folder of a report.

        Raises:
            OutputError: The file cannot be written.
        """
        write_text(folder / _TIMELINES, to_json(self))

    @classmethod
    def read(cls, path: Path) -> Timelines:
        """Read what ``write`` wrote.

        Raises:
            InputError: The file is absent, or something else.
        """
        text = read_text(path)
        if not text.lstrip().startswith("{"):
            raise InputError(f"{path} holds no timelines; a dub with --report writes {_TIMELINES}")
        return from_json(text, cls, source=str(path))


@dataclass(frozen=True)
class FilmResult:
    """A finished film.

    Attributes:
        output: The marked and signed file.
        report: What was measured on it.
        timelines: When each phoneme sounds in the film, by speaker.
        plan: What was done; ``None`` for a recorded dub.
    """

    output: Path
    report: QCReport
    timelines: Mapping[str, PhonemeTimeline] = field(default_factory=dict)
    plan: DubPlan | None = None

    def clip(self) -> Any:
        """The film as a moviepy ``VideoFileClip``; close it after use."""
        from moviepy import VideoFileClip

        return VideoFileClip(str(self.output))


@dataclass(frozen=True)
class SayResult:
    """A spoken line: the marked and signed sound file, and what is in it."""

    output: Path
    speech: Speech

    def phonemes(self) -> list[dict[str, Any]]:
        """The timeline as ``[{"symbol": IPA, "start": s, "end": s}, ...]``, in seconds."""
        return [
            {"symbol": p.symbol, "start": float(p.span.start), "end": float(p.span.end)} for p in self.speech.timeline
        ]

    def clip(self) -> Any:
        """The line as a moviepy ``AudioFileClip``; close it after use."""
        from moviepy import AudioFileClip

        return AudioFileClip(str(self.output))


@dataclass(frozen=True)
class EnrollResult:
    """A saved voice profile."""

    output: Path
    profile: VoiceProfile
