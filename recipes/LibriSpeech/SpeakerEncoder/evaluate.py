"""Measures how well the speaker encoders tell unseen voices apart, beside a published one.

python recipes/LibriSpeech/SpeakerEncoder/evaluate.py --media MEDIA      MEDIA holds speech/yourtts_gt, yourtts_ref

Writes `results.csv` and the table of `README.md`; nothing else does.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avsynth.core.errors import AvsynthError, InputError
from avsynth.core.media import Waveform
from avsynth.media.read import read_audio
from avsynth.metrics.speaker import verification
from avsynth.models.hub import load_into
from avsynth.models.speaker_encoder import SAMPLE_RATE, Coach, embed
from avsynth.training.results import Row, origin, write_results
from avsynth.voice.backends.listening import prepare
from avsynth.voice.base import ENCODERS

FOLDER = Path(__file__).parent
COLUMNS = {
    "encoder": "encoder",
    "length": "length",
    "speakers": "speakers",
    "utterances": "utterances",
    "pairs": "pairs of one speaker",
    "own": "cosine, one speaker",
    "others": "cosine, two speakers",
    "equal_error": "equal error rate, %",
    "threshold": "at cosine",
}
LENGTHS = {"whole": None, "1.3 s": 1.3}

Embed = Callable[[Waveform], NDArray[np.float32]]


def encoders() -> dict[str, Embed]:
    """The published encoder, and the two of this recipe; the coach is no engine, since it measures nothing."""
    coach = Coach()
    load_into(coach, card="speaker_encoder/coach")
    found: dict[str, Embed] = {name: ENCODERS.get(name)().embed for name in ("ge2e", "judge")}
    found["coach"] = lambda sound: embed(coach, prepare(sound, sample_rate=SAMPLE_RATE))
    return found


def read_voices(media: Path) -> dict[str, list[Waveform]]:
    """All utterances of the people of `yourtts_gt`, their prompts among them, without long pauses."""
    root = media / "speech" if (media / "speech").is_dir() else media
    prompts = sorted((root / "yourtts_ref").glob("*.flac"))
    voices: dict[str, list[Waveform]] = {}
    for folder in sorted(path for path in (root / "yourtts_gt").glob("*/*") if path.is_dir()):
        name = folder.name.partition("_")[0]
        files = {path.name: path for path in [*folder.glob("*.flac"), *prompts] if path.name.startswith(f"{name}_")}
        sounds = [prepare(read_audio(files[key]), sample_rate=SAMPLE_RATE) for key in sorted(files)]
        voices[name] = [Waveform(sound[None], SAMPLE_RATE) for sound in sounds]
    if not voices:
        raise InputError(f"{media} holds no speech/yourtts_gt; name the folder of the media")
    return voices


def middle(sound: Waveform, *, seconds: float | None) -> Waveform:
    """The middle of an utterance, or all of it."""
    size = sound.samples.shape[1] if seconds is None else round(seconds * sound.sample_rate)
    start = max(0, (sound.samples.shape[1] - size) // 2)
    return Waveform(sound.samples[:, start : start + size], sound.sample_rate)


def measure(voices: dict[str, list[Waveform]], *, encoder: str, hear: Embed, length: str) -> Row:
    """One row."""
    cut = {name: [hear(middle(sound, seconds=LENGTHS[length])) for sound in sounds] for name, sounds in voices.items()}
    found = verification(cut)
    return {
        "encoder": encoder,
        "length": length,
        "speakers": str(len(cut)),
        "utterances": str(sum(map(len, cut.values()))),
        "pairs": str(found.pairs),
        "own": f"{found.own:.3f}",
        "others": f"{found.others:.3f}",
        "equal_error": f"{100 * found.equal_error:.1f}",
        "threshold": f"{found.threshold:.3f}",
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--media", type=Path, default=Path(os.environ.get("AVSYNTH_TEST_MEDIA", "../shared/media")))
    given = parser.parse_args(arguments)
    try:
        voices = read_voices(given.media)
        facts = origin("python recipes/LibriSpeech/SpeakerEncoder/evaluate.py")
        engines = encoders().items()
        rows = [
            measure(voices, encoder=name, hear=hear, length=cut) | facts for name, hear in engines for cut in LENGTHS
        ]
        write_results(rows, columns=COLUMNS, folder=FOLDER)
    except AvsynthError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stdout.write(f"{rows}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
