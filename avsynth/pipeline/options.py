"""The choices that every job shares, with defaults that work on a plain CPU."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from avsynth.core.errors import InputError
from avsynth.core.plan import DEFAULT_ENGINES
from avsynth.core.progress import Progress, silent


@dataclass(frozen=True)
class Options:
    """How a job is run.

    Attributes:
        engines: Engine name by kind, such as ``{"renderer": "footage"}``; the rest keep their defaults.
        executor: Who runs independent stages: ``"serial"``, ``"process"`` or ``"ray"``.
        work: Folder of the cache that lets a killed run resume; ``None`` is the one in ``$AVSYNTH_HOME``.
        report: Folder for ``qc.json``, the review reel and a dub's ``timelines.json``; ``None`` makes none.
        patches: Folder for the changed parts of the picture with alpha, and edit lists; ``None`` makes none.
        project: Production that the consents must cover.
        seed: Start of all randomness.
        progress: Hears how far the work is.
    """

    engines: Mapping[str, str] = field(default_factory=dict)
    executor: str = "serial"
    work: Path | None = None
    report: Path | None = None
    patches: Path | None = None
    project: str | None = None
    seed: int = 0
    progress: Progress = silent

    def __post_init__(self) -> None:
        for kind in self.engines:
            if kind not in DEFAULT_ENGINES:
                raise InputError(f"no kind of engine {kind!r}; there are: {', '.join(DEFAULT_ENGINES)}")

    @property
    def all_engines(self) -> dict[str, str]:
        """Engine name by kind, defaults included."""
        return DEFAULT_ENGINES | dict(self.engines)


@dataclass(frozen=True)
class DubOptions(Options):
    """How a film is dubbed.

    Attributes:
        voices: Saved voice profile by speaker; speakers without one are enrolled from their own lines in the film.
        faces: Face track number by speaker, where the automatic choice is not wanted.
        stems: Music and effects without speech; the dub is laid on them. Without, the original is ducked.
        footage: Other clips of the same person to take mouths from.
        delivery: Whether lines are spoken the way the original's are: as high, as lively, with its emphasis and pauses.
        fit: Whether the cloner is fitted to voices that are enrolled from the film, a minute each, where it can be.
    """

    voices: Mapping[str, Path] = field(default_factory=dict)
    faces: Mapping[str, int] = field(default_factory=dict)
    stems: Path | None = None
    footage: tuple[Path, ...] = ()
    delivery: bool = True
    fit: bool = True


@dataclass(frozen=True)
class LipsyncOptions(Options):
    """How a recorded dub is put on a face.

    Attributes:
        text: The words of the recording; with them its phonemes are aligned, without them its sound is followed.
        footage: The only clips mouths are taken from; empty: the video itself.
        face: Face track number, where the automatic choice is not wanted.
        frame_rate: Of the film that is made of a photo; ``None`` is 25. A film keeps its own.
    """

    text: str | None = None
    footage: tuple[Path, ...] = ()
    face: int | None = None
    frame_rate: Fraction | None = None


@dataclass(frozen=True)
class ReenactOptions(Options):
    """How a dub actor's performance is put on a face.

    Attributes:
        footage: The only clips mouths are taken from; empty: the target itself.
        face: Face track number in the target, where the automatic choice is not wanted.
        performer_face: Face track number in the performance.
    """

    footage: tuple[Path, ...] = ()
    face: int | None = None
    performer_face: int | None = None


@dataclass(frozen=True)
class CheckOptions(Options):
    """How a finished film is measured.

    Attributes:
        original: The film it was made from; with it, what must be kept is compared.
        script: The lines that are spoken in it, SRT or VTT.
        text: Its words, where one person speaks, or the name of a ``.txt`` file that holds them.
        language: BCP 47 tag of ``script`` or ``text``.
        audio: The sound the mouths are held against; ``None`` is the film's own.
        voices: Saved voice profile by speaker; how like them the film's voices are is told.
        timelines: ``timelines.json`` of the dub's report; how far the film's phonemes are heard from it is told.
    """

    original: Path | None = None
    script: Path | None = None
    text: str | None = None
    language: str | None = None
    audio: Path | None = None
    voices: Mapping[str, Path] = field(default_factory=dict)
    timelines: Path | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.script is not None and self.text is not None:
            raise InputError("give the words once: --script or --text")
        if (self.script is not None or self.text is not None) and not self.language:
            raise InputError("the words are in no language; say which with --language, such as es")


@dataclass(frozen=True)
class SayOptions(Options):
    """How a line is spoken.

    Attributes:
        duration: Exact length in seconds; ``None`` is the natural one.
        phonemes: File for the phoneme timeline.
        delivery: Recording of the line that this one translates; it is spoken the same way.
    """

    duration: Fraction | None = None
    phonemes: Path | None = None
    delivery: Path | None = None
