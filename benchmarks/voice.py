"""Measures cloning: likeness by GE2E before and after conversion, and computing time per second of speech.

    python benchmarks/voice.py --media ../shared/media [--speakers 6]
    python benchmarks/voice.py --bases        writes how espeak-ng's own voices sound, which the cloner "world" reads

``own`` is the cosine to the speaker's other real utterances, ``others`` the mean to the other speakers', ``hit`` how
often the nearest speaker is the right one. F0 alone raises ``own`` and ``others`` alike: read the three together.
"""

from __future__ import annotations

import argparse
import os
import time
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avsynth.core.consent import Consent, VerifiedConsent
from avsynth.core.files import write_text
from avsynth.core.media import Waveform
from avsynth.core.serial import to_json
from avsynth.core.speech import VoiceProfile
from avsynth.media.read import read_audio
from avsynth.text import espeak
from avsynth.voice.backends import world
from avsynth.voice.base import ENCODERS, SpeakerEncoder
from avsynth.voice.enroll import enroll
from avsynth.voice.say import speak

LINES = (
    "She had your dark suit in greasy wash water all year, and nobody cared.",
    "We are going to meet the new director tomorrow morning at the station.",
)


def write_bases() -> None:
    bases = world.Bases({name: world.measure_base(name) for name in world.VARIANTS})
    path = Path(world.__file__).with_name("world_bases.json")
    write_text(path, to_json(bases))
    for name, voice in bases.voices.items():
        print(f"{name}: {voice.f0_median_hz:.1f} Hz, deviation {voice.f0_deviation:.3f}")


def consent_of(speaker: str) -> VerifiedConsent:
    today = date.today()
    return VerifiedConsent(
        Consent(
            id="benchmark",
            speaker=speaker,
            kinds=("voice",),
            languages=("any",),
            project="benchmark",
            granted_by="license of the corpus",
            basis="CC BY 4.0",
            issued=today - timedelta(days=1),
            expires=today + timedelta(days=1),
        )
    )


def choose(media: Path, count: int) -> dict[str, tuple[Path, list[Path]]]:
    """Speaker: the reference to enroll, and other real utterances to judge by; corpora and speakers in turn."""
    references = sorted((media / "speech" / "yourtts_ref").glob("*.flac"))
    found: dict[str, tuple[Path, list[Path]]] = {}
    for corpus in ("Libri-TTS", "VCTK"):
        for folder in sorted((media / "speech" / "yourtts_gt" / corpus).iterdir()):
            name = folder.name.partition("_")[0]
            own = [path for path in references if path.name.startswith(f"{name}_")]
            real = [path for path in sorted(folder.glob("*.flac")) if path.name != own[0].name] if own else []
            if real:
                found[name] = own[0], real[:3]
    names = sorted(found)
    return {name: found[name] for name in names[:: max(1, len(names) // count)][:count]}


def unconverted(text: str, variant: str) -> Waveform:
    return espeak.speak(text, language="en", voice_variant=None if variant == "default" else variant).waveform


def judge(vectors: NDArray[np.float32], truths: NDArray[np.float32]) -> str:
    likeness = np.einsum("sld,td->st", vectors, truths) / vectors.shape[1]
    own = np.diag(likeness)
    others = (likeness.sum(axis=1) - own) / (len(own) - 1)
    hits = int((likeness.argmax(axis=1) == np.arange(len(own))).sum())
    return f"own {own.mean():.3f} (worst {own.min():.3f})  others {others.mean():.3f}  hit {hits}/{len(own)}"


def compare(media: Path, count: int) -> None:
    encoder: SpeakerEncoder = ENCODERS.get("ge2e")()
    speakers = choose(media, count)
    profiles: list[VoiceProfile] = []
    truths, rows = [], {name: [] for name in ("natural", "espeak as is", "world", "world, 1.3 x longer")}
    spent, spoken = 0.0, Fraction(0)
    for name, (reference, real) in speakers.items():
        start = time.perf_counter()
        profile = enroll([reference], speaker=name, consent=consent_of(name))
        took = time.perf_counter() - start
        print(f"{name}: {profile.statistics.f0_median_hz:.0f} Hz, {took / profile.speech_seconds:.2f} s/s to enroll")
        profiles.append(profile)
        vectors = [encoder.embed(read_audio(path)) for path in real]
        rows["natural"].append([profile.embedding])
        mean = np.mean(vectors, axis=0)
        truths.append(mean / np.linalg.norm(mean))
    for profile in profiles:
        plain, cloned, longer = [], [], []
        for line in LINES:
            variant = world.nearest_base(profile.statistics)
            plain.append(encoder.embed(unconverted(line, variant)))
            start = time.perf_counter()
            speech = speak(line, profile=profile, language="en")
            spent += time.perf_counter() - start
            spoken += speech.waveform.duration
            cloned.append(encoder.embed(speech.waveform))
            place = speech.waveform.duration * Fraction(13, 10)
            longer.append(encoder.embed(speak(line, profile=profile, language="en", duration=place).waveform))
        rows["espeak as is"].append(plain)
        rows["world"].append(cloned)
        rows["world, 1.3 x longer"].append(longer)
    for label, vectors in rows.items():
        print(f"{label:20s} {judge(np.array(vectors), np.array(truths))}")
    print(f"cloning takes {spent / float(spoken):.2f} s for a second of speech")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--media", type=Path, default=Path(os.environ.get("AVSYNTH_TEST_MEDIA", "../shared/media")))
    parser.add_argument("--speakers", type=int, default=6)
    parser.add_argument("--bases", action="store_true")
    options = parser.parse_args()
    if options.bases:
        write_bases()
    else:
        compare(options.media, options.speakers)


if __name__ == "__main__":
    main()
