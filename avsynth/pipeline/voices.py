"""The stage that listens: each speaker's profile, saved before or enrolled from the film's own lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from avsynth.core.consent import VerifiedConsent
from avsynth.core.plan import DubPlan, PlannedVoice
from avsynth.core.serial import to_plain
from avsynth.core.span import Span
from avsynth.pipeline.cache import Cache, Stage
from avsynth.pipeline.enroll import fitted, weights_to_fit
from avsynth.provenance.consent import require_standing, verify_consent
from avsynth.voice.enroll import enroll
from avsynth.voice.profile import load_profile, save_profile


@dataclass(frozen=True)
class Voice:
    """A speaker's profile on disk and the consent it is used with."""

    speaker: str
    profile: Path
    consent: VerifiedConsent


def make_voices(plan: DubPlan, *, cache: Cache) -> dict[str, Voice]:
    """Give every speaker of a plan a voice.

    Raises:
        ConsentError: A consent no longer holds or does not cover the dub.
        InputError: Too little speech to enroll from.
    """
    return {voice.speaker: _make(voice, plan, cache) for voice in plan.voices}


def _make(voice: PlannedVoice, plan: DubPlan, cache: Cache) -> Voice:
    if voice.profile is not None:
        consent = load_profile(voice.profile).consent
        require_standing(consent)
        consent.require("voice", language=plan.language, project=plan.project)
        return Voice(voice.speaker, voice.profile, consent)
    assert voice.consent is not None  # PlannedVoice holds one of the two
    consent = verify_consent(voice.consent)
    consent.require("voice", language=plan.language, project=plan.project)
    spans = [line.span for line in plan.script.utterances if line.speaker == voice.speaker]
    return Voice(voice.speaker, _enrolled(voice.speaker, plan, consent, spans, cache), consent)


def _enrolled(speaker: str, plan: DubPlan, consent: VerifiedConsent, spans: Sequence[Span], cache: Cache) -> Path:
    def run(target: Path) -> None:
        profile = enroll(
            [plan.film],
            speaker=speaker,
            consent=consent,
            encoder=plan.engines["encoder"],
            spans={plan.film: spans},
        )
        save_profile(target, fitted(profile) if fits else profile)

    fits = weights_to_fit(plan.engines) if plan.fit else ""

    inputs = {
        "film": plan.film_sha256,
        "speaker": speaker,
        "spans": to_plain(list(spans)),
        "encoder": plan.engines["encoder"],
        "fit": fits,
        "consent": consent.consent.digest,
    }
    return cache.produce(Stage("enroll", inputs, ".voice.json", run))
