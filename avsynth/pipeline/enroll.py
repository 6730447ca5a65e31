"""Making a voice profile, with the speaker's consent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from avsynth.core.errors import ConsentError
from avsynth.core.progress import Progress, silent
from avsynth.core.span import Span
from avsynth.core.speech import VoiceProfile
from avsynth.models.card import find_card
from avsynth.pipeline.options import Options
from avsynth.pipeline.result import EnrollResult
from avsynth.provenance.consent import require_standing, verify_consent
from avsynth.voice.enroll import SourceReport, study
from avsynth.voice.profile import save_profile
from avsynth.voice.weights import CONVERTER

_FITTED = "neural", "ge2e"  # the only cloner that can be fitted, and the encoder it needs


@dataclass(frozen=True)
class EnrollOptions(Options):
    """How a voice is enrolled.

    Attributes:
        like: A short clean recording of the speaker alone, where others are heard too.
        spans: Where in a recording the speaker, and nobody else, speaks.
        fit: Whether the cloner is fitted to the voice, which takes a minute; ``None``: if it is
            ``neural``, with the encoder ``ge2e``.
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
    if weights_to_fit(options.all_engines) if options.fit is None else options.fit:
        profile = fitted(profile, progress=options.progress)
        require_standing(verified)  # a minute has passed
    save_profile(Path(output), profile)
    return Enrolled(Path(output), profile, made.sources)


def _with_defaults(options: Options) -> EnrollOptions:
    names = [item.name for item in fields(Options)]
    return replace(EnrollOptions(), **{name: getattr(options, name) for name in names})


def weights_to_fit(engines: Mapping[str, str]) -> str:
    """The hash of the weights that are fitted to a voice.

    Args:
        engines: Name by kind; nothing (``""``) is fitted where the cloner cannot be, or lacks the encoder it needs.
    """
    can = (engines["cloner"], engines["encoder"]) == _FITTED
    return find_card(CONVERTER).sha256 if can else ""


def fitted(profile: VoiceProfile, *, progress: Progress = silent) -> VoiceProfile:
    """The profile with weights of its own for the cloner.

    Raises:
        InputError: It holds no sample of the voice.
        ModelError: The cloner's weights are absent.
    """
    from avsynth.voice.backends.adaptation import adapt

    return adapt(profile, progress=progress)
