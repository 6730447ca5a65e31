"""Make a voice profile from recordings or films, with the speaker's consent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avsynth.core.consent import VerifiedConsent
from avsynth.core.errors import ConsentError, InputError
from avsynth.core.files import sha256
from avsynth.core.media import Waveform
from avsynth.core.span import Span
from avsynth.core.speech import VoiceProfile, VoiceSample
from avsynth.voice.base import ENCODERS, SpeakerEncoder
from avsynth.voice.cleanliness import SAMPLE_RATE
from avsynth.voice.excerpt import join, prompt_of, with_pauses
from avsynth.voice.melody import Melody
from avsynth.voice.recordings import MOST_SECONDS, LeftOut, Recording, listen, seconds_of
from avsynth.voice.statistics import measure
from avsynth.voice.wanted import own_parts

LEAST_SECONDS = 3.0
LONGEST_SAMPLE_SECONDS = 60
_SHORTEST_SHARE_SECONDS = 60.0  # of each of many recordings


@dataclass(frozen=True)
class SourceReport:
    """What was taken of one recording.

    Attributes:
        path: The file.
        speech_seconds: Speech that was found, whoever's; where the speaker's spans were given, inside them.
        usable_seconds: What went into the profile.
        snr_db: Loud against quiet frames of the speech; 0 where there is none.
        left_out: What did not, and why.
    """

    path: Path
    speech_seconds: float
    usable_seconds: float
    snr_db: float
    left_out: tuple[LeftOut, ...] = ()

    def __str__(self) -> str:
        """One line for a person.

        >>> print(SourceReport(Path("a.wav"), 9.0, 6.5, 31.0, (LeftOut("somebody else speaks", 2.5),)))
        a.wav: 6.5 s of 9.0 s of speech used; left out: 2.5 s (somebody else speaks)
        """
        left = ", ".join(f"{item.seconds:.1f} s ({item.reason})" for item in self.left_out)
        used = f"{self.path.name}: {self.usable_seconds:.1f} s of {self.speech_seconds:.1f} s of speech used"
        return f"{used}; left out: {left}" if left else used


@dataclass(frozen=True)
class Enrolment:
    """A profile and where it came from, recording by recording."""

    profile: VoiceProfile
    sources: tuple[SourceReport, ...]


def enroll(
    sources: Sequence[Path],
    *,
    speaker: str,
    consent: VerifiedConsent,
    encoder: str = "ge2e",
    spans: Mapping[Path, Sequence[Span]] | None = None,
    like: Path | None = None,
) -> VoiceProfile:
    """Measure a voice; as ``study``, without the report."""
    return study(sources, speaker=speaker, consent=consent, encoder=encoder, spans=spans, like=like).profile


def study(
    sources: Sequence[Path],
    *,
    speaker: str,
    consent: VerifiedConsent,
    encoder: str = "ge2e",
    spans: Mapping[Path, Sequence[Span]] | None = None,
    like: Path | None = None,
) -> Enrolment:
    """Measure a voice and say what was used of each recording.

    Clipped or noisy recordings and stretches with music are left out. Where several people speak, only the parts
    of one are used: the one in ``like``, else the one in ``spans``, else whoever speaks clearly most.

    Args:
        sources: Sound files or films in which the speaker is heard.
        speaker: The name in the consent.
        consent: Must cover the use of the voice.
        encoder: Engine, one of ``ENCODERS``.
        spans: Where in a source the speaker, and nobody else, speaks. Pauses inside are left out in any case.
        like: A short clean recording of the speaker alone.

    Raises:
        ConsentError: The consent is another person's or does not cover the voice.
        InputError: Less than 3 s of usable speech, or several people speak and it is not clear who is meant.
        MediaError: A source cannot be read or has no sound.
    """
    _check_consent(consent, speaker)
    files = [Path(source) for source in sources]
    if not files:
        raise InputError("there are no recordings to enroll; name at least one sound file or film")
    given = {Path(path): tuple(parts) for path, parts in (spans or {}).items()}
    for path in given.keys() - set(files):
        raise InputError(f"spans are given for {path}, which is not one of the sources")
    most = max(_SHORTEST_SHARE_SECONDS, MOST_SECONDS / len(files))
    heard = [listen(path, spans=given.get(path), most_seconds=most) for path in files]
    own = own_parts(heard, like=like)
    reports = tuple(_report(recording, parts) for recording, parts in zip(heard, own, strict=True))
    _check_enough(reports)
    profile = _profile(heard, own, speaker=speaker, consent=consent, encoder=encoder)
    return Enrolment(profile, reports)


def _profile(
    heard: Sequence[Recording], own: Sequence[list[range]], *, speaker: str, consent: VerifiedConsent, encoder: str
) -> VoiceProfile:
    bare = [r.sound[part.start : part.stop] for r, parts in zip(heard, own, strict=True) for part in parts]
    speech = Waveform(np.concatenate(bare)[None], SAMPLE_RATE)
    wide = [with_pauses(parts, speech=r.speech, length=len(r.sound)) for r, parts in zip(heard, own, strict=True)]
    flowing = [r.sound[part.start : part.stop] for r, parts in zip(heard, wide, strict=True) for part in parts]
    theirs = [index for index, parts in enumerate(wide) if parts]
    best = max(theirs, key=lambda index: (min(seconds_of(own[index]), 10) // 2, heard[index].snr_db))
    engine: SpeakerEncoder = ENCODERS.get(encoder)()
    return VoiceProfile(
        speaker=speaker,
        embedding=engine.embed(speech),
        encoder=encoder,
        statistics=measure(speech),
        sample_hashes=tuple(sha256(recording.path) for recording in heard),
        speech_seconds=float(speech.duration),
        consent=consent,
        sample=sample_of(join(flowing, sample_rate=SAMPLE_RATE)),
        prompt=prompt_of(heard[best].path, sound=heard[best].sound, pieces=wide[best]),
    )


def sample_of(speech: NDArray[np.float32]) -> VoiceSample:
    """What a cloner looks up of speech ``(T,)`` at 16 kHz; of more than a minute, of one minute in even pieces."""
    import torch

    from avsynth.models.voice_mel import log_mel

    longest = LONGEST_SAMPLE_SECONDS * SAMPLE_RATE
    if len(speech) > longest:
        speech = np.concatenate([piece[: longest // 6] for piece in np.array_split(speech, 6)])
    melody = Melody.of(speech, sample_rate=SAMPLE_RATE)
    mel = log_mel(torch.from_numpy(np.ascontiguousarray(speech))[None])[0]
    return VoiceSample(mel.numpy().astype(np.float16), (melody.f0_hz * melody.voiced).astype(np.float16))


def _check_consent(consent: VerifiedConsent, speaker: str) -> None:
    if consent.speaker != speaker:
        raise ConsentError(f"the consent is of {consent.speaker!r}, not of {speaker!r}; give {speaker!r}'s own")
    # enrolling makes nobody speak a language yet: any one that is allowed will do
    consent.require("voice", language=consent.consent.languages[0])


def _report(recording: Recording, own: Sequence[range]) -> SourceReport:
    used, left = seconds_of(own), list(recording.left_out)
    if others := seconds_of(recording.clean) - used:
        left.append(LeftOut("somebody else speaks, or it cannot be told", others))
    total = used + sum(item.seconds for item in left)
    return SourceReport(recording.path, total, used, recording.snr_db, tuple(left))


def _check_enough(reports: Sequence[SourceReport]) -> None:
    usable, found = (sum(getattr(report, name) for report in reports) for name in ("usable_seconds", "speech_seconds"))
    if usable >= LEAST_SECONDS:
        return
    if usable == found:
        raise InputError(
            f"only {usable:.1f} s of speech was found; a voice needs at least {LEAST_SECONDS:g} s "
            "(10 s or more are better): add recordings"
        )
    reasons = "; ".join(
        f"{report.path} is {item.reason}"
        if item.reason.startswith(("clipped", "too noisy"))
        else f"{item.seconds:.1f} s of {report.path}: {item.reason}"
        for report in reports
        for item in report.left_out
    )
    raise InputError(
        f"only {usable:.1f} s of {found:.1f} s of speech can be used, and a voice needs at least {LEAST_SECONDS:g} s "
        f"({reasons}): separate the voice first, or give cleaner recordings"
    )
