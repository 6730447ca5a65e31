"""Making a voice profile, with the speaker's consent."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from avsynth.core.errors import ConsentError
from avsynth.pipeline.options import Options
from avsynth.pipeline.result import EnrollResult
from avsynth.provenance.consent import verify_consent
from avsynth.voice.enroll import enroll as enroll_voice
from avsynth.voice.profile import save_profile


def enroll(
    sources: Sequence[Path | str] | Path | str,
    *,
    speaker: str,
    consent: Path | str,
    output: Path | str,
    options: Options | None = None,
) -> EnrollResult:
    """Make a voice profile from recordings or films of one speaker.

    Args:
        sources: Where the speaker is heard.
        speaker: The same name as in the consent.
        consent: Their consent record; it must cover ``voice``.
        output: The profile to write.
        options: Engines.

    Raises:
        ConsentError: The consent does not hold, or is another person's.
        InputError: Too little or too dirty speech.
    """
    options = options or Options()
    verified = verify_consent(Path(consent))
    if verified.speaker != speaker:
        raise ConsentError(f"the consent is of {verified.speaker!r}, not of {speaker!r}")
    files = [sources] if isinstance(sources, (str, Path)) else list(sources)
    profile = enroll_voice(
        [Path(file) for file in files], speaker=speaker, consent=verified, encoder=options.all_engines["encoder"]
    )
    save_profile(Path(output), profile)
    return EnrollResult(Path(output), profile)
