"""The plan of a dub: everything that will be done, in JSON that a person may edit."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from avsynth.core.errors import InputError
from avsynth.core.script import Script

DEFAULT_ENGINES: dict[str, str] = {
    "landmarker": "facemesh",
    "encoder": "ge2e",
    "base": "auto",  # whatever speaks the language best
    "cloner": "neural",
    "renderer": "footage",
}


@dataclass(frozen=True)
class PlannedVoice:
    """Where a speaker's voice comes from: a saved profile, or the film's own lines of that speaker.

    A profile carries its own consent; without one, ``consent`` names the record.
    """

    speaker: str
    consent: Path | None = None
    profile: Path | None = None

    def __post_init__(self) -> None:
        if self.consent is None and self.profile is None:
            raise InputError(f"the voice of {self.speaker!r} has neither a consent nor a profile; give one of them")


@dataclass(frozen=True)
class PlannedFace:
    """Which face track speaks a speaker's lines, and whose consent covers the change of it."""

    speaker: str
    track: int
    consent: Path


@dataclass(frozen=True)
class DubPlan:
    """Everything that ``dub`` will do.

    Attributes:
        film: The film to dub.
        film_sha256: Its hash when the plan was made; another film is refused.
        output: The file to make.
        language: BCP 47 tag of the dub.
        script: The lines, with their exact spans.
        voices: One a speaker.
        faces: One a speaker who is seen; speakers without one keep their mouths.
        engines: Engine name by kind.
        stems: Music and effects to put the dub on; without, the original is ducked under it.
        footage: Other clips of the same person to take mouths from; empty: the film itself.
        project: Production the consents must cover.
        seed: Start of all randomness.
        delivery: Whether lines are spoken the way the original's are: as high, as lively, with its emphasis and pauses.
        fit: Whether the cloner is fitted to voices that are enrolled from the film, where it can be.
    """

    film: Path
    film_sha256: str
    output: Path
    language: str
    script: Script
    voices: tuple[PlannedVoice, ...]
    faces: tuple[PlannedFace, ...] = ()
    engines: dict[str, str] = field(default_factory=lambda: dict(DEFAULT_ENGINES))
    stems: Path | None = None
    footage: tuple[Path, ...] = ()
    project: str | None = None
    seed: int = 0
    delivery: bool = True
    fit: bool = True

    def __post_init__(self) -> None:
        missing = set(self.script.speakers) - {voice.speaker for voice in self.voices}
        if missing:
            raise InputError(
                f"no voice for {', '.join(map(repr, sorted(missing)))}; "
                "give --voice SPEAKER=PROFILE or a consent of theirs"
            )
        unknown = set(self.engines) - set(DEFAULT_ENGINES)
        if unknown:
            raise InputError(f"no kind of engine {sorted(unknown)[0]!r}; there are: {', '.join(DEFAULT_ENGINES)}")
