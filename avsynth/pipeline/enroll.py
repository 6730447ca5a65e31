"""Making a voice profile, with the speaker's consent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from avsynth.core.errors import ConsentError
from avsynth.core.progress import Progress
from avsynth.core.span import Span
from avsynth.core.speech import VoiceProfile
from avsynth.pipeline.options import Options
from avsynth.pipeline.result import EnrollResult
from avsynth.provenance.consent import require_standing, verify_consent
from avsynth.voice.enroll import SourceReport, study
from avsynth.voice.profile import save_profile

FITTED_FROM_SECONDS = 20.0
_FITTED_CLONER = "neural"  # the only one that can be fitted


@dataclass(frozen=True)
class EnrollOptions(Options):
    """How a voice is enrolled.

    Attributes:
        like: A short clean recording of the speaker alone, where others are heard too.
        spans: Where in a recording the speaker, and nobody else, speaks.
        fit: Whether the cloner is fitted to the voice, which takes minutes; ``None``: if it is ``neural`` and there
            are 20 s of usable speech or more.
    """

    like: Path | None = None
    spans: Mapping[Path, Sequence[Span]] = field(default_factory=dict)
    fit: bool | None = None


@dataclass(frozen=True)
class Enrolled(EnrollResult):
    """A saved voice profile and what was used of each recording, and what not."""

    sources: tuple[SourceReport, ...] = ()

    @property
    def usable_seconds(self) -> float:
        """Speech that went into the profile."""
        return self.profile.speech_seconds


def enroll(
    sources: Sequence[Path | str] | Path | str,
    *,
    speaker: str,
    consent: Path | str,
    output: Path | str,
    options: Options | None = None,
) -> Enrolled:
    """Make a voice profile from recordings or films of a speaker.

    Args:
        sources: Where the speaker is heard; of several people, one is kept (see ``EnrollOptions``).
        speaker: The same name as in the consent.
        consent: Their consent record; it must cover ``voice``.
        output: The profile to write.
        options: Engines, and with ``EnrollOptions`` whose voice it is and whether the cloner is fitted to it.

    Raises:
        ConsentError: The consent does not hold, or is another person's.
        InputError: Too little or too dirty speech, or it is not clear who is meant.
        ModelError: The voice is to be fitted and the cloner's weights are absent.
    """
    options = options if isinstance(options, EnrollOptions) else _with_defaults(options or Options())
    verified = verify_consent(Path(consent))
    if verified.speaker != speaker:
        raise ConsentError(f"the consent is of {verified.speaker!r}, not of {speaker!r}")
    files = [sources] if isinstance(sources, (str, Path)) else list(sources)
    made = study(
        [Path(file) for file in files],
        speaker=speaker,
        consent=verified,
        encoder=options.all_engines["encoder"],
        spans=options.spans,
        like=options.like,
    )
    profile = made.profile
    if _is_fitted(profile, options):
        profile = _fitted(profile, progress=options.progress)
        require_standing(verified)  # minutes have passed
    save_profile(Path(output), profile)
    return Enrolled(Path(output), profile, made.sources)


def _with_defaults(options: Options) -> EnrollOptions:
    names = [item.name for item in fields(Options)]
    return replace(EnrollOptions(), **{name: getattr(options, name) for name in names})


def _is_fitted(profile: VoiceProfile, options: EnrollOptions) -> bool:
    if options.fit is None:
        return options.all_engines["cloner"] == _FITTED_CLONER and profile.speech_seconds >= FITTED_FROM_SECONDS
    return options.fit


def _fitted(profile: VoiceProfile, *, progress: Progress) -> VoiceProfile:
    from avsynth.voice.backends.adaptation import adapt

    return adapt(profile, progress=progress)
