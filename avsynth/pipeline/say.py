"""Speaking a line in an enrolled voice, into a marked and signed sound file."""

from __future__ import annotations

import json
from pathlib import Path

from avsynth.core.errors import InputError
from avsynth.core.files import write_text
from avsynth.core.speech import VoiceProfile
from avsynth.media.read import read_audio
from avsynth.pipeline.options import SayOptions
from avsynth.pipeline.result import SayResult
from avsynth.provenance.consent import require_standing
from avsynth.provenance.manifest import Claim
from avsynth.provenance.release import release_speech
from avsynth.voice.base import CLONERS, acts
from avsynth.voice.delivery import Delivery
from avsynth.voice.profile import load_profile
from avsynth.voice.say import over, speak


def say(
    text: str, *, language: str, voice: Path | str | VoiceProfile, output: Path | str, options: SayOptions | None = None
) -> SayResult:
    """Speak a line in an enrolled voice.

    Args:
        text: The words.
        language: BCP 47 tag; the speaker's consent must cover it.
        voice: A profile or the file of one.
        output: The sound file to make: wav or flac.
        options: Exact duration, file for the phonemes, engines and seed.

    Raises:
        ConsentError: The profile's consent does not hold or does not cover this.
        InputError: No words, an unknown language, or another suffix.
        OutputError: The file cannot be written.
    """
    options = options or SayOptions()
    output = Path(output)
    if not text.strip():
        raise InputError("there are no words to say")
    profile = voice if isinstance(voice, VoiceProfile) else load_profile(Path(voice))
    require_standing(profile.consent)
    profile.consent.require("voice", language=language, project=options.project)
    speech = speak(
        text,
        profile=profile,
        language=language,
        cloner=over(options.all_engines["cloner"], base=options.all_engines["base"]),
        duration=options.duration,
        seed=options.seed,
        delivery=_delivery(options, profile),
    )
    claim = Claim(
        title=output.name,
        source=None,
        language=language,
        lips_changed=False,
        voice_cloned=True,
        consents=(profile.consent,),
    )
    release_speech(speech.waveform, output, claim=claim)
    result = SayResult(output, speech)
    if options.phonemes is not None:
        write_text(options.phonemes, json.dumps(result.phonemes(), indent=1, ensure_ascii=False) + "\n")
    return result


def _delivery(options: SayOptions, profile: VoiceProfile) -> Delivery | None:
    """How the original line was spoken, where its recording is given.

    Raises:
        InputError: The engine speaks in its own way, or no voice is heard in the recording.
    """
    if options.delivery is None:
        return None
    cloner = options.all_engines["cloner"]
    if not acts(CLONERS.get(cloner)):
        raise InputError(
            f"the cloner {cloner!r} speaks in its own way; leave --delivery out, or take --engine cloner=neural"
        )
    found = Delivery.of(read_audio(options.delivery), f0_median_hz=profile.statistics.f0_median_hz)
    if found is None:
        raise InputError(f"no voice is heard in {options.delivery.name}; give the original line alone")
    return found
