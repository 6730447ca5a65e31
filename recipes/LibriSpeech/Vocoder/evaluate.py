"""Measures what the vocoder costs: real speech of people it never heard, taken apart and put together again.

python recipes/LibriSpeech/Vocoder/evaluate.py [--media MEDIA] [--people N] [--write]
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from avsynth.core.errors import AvsynthError, InputError
from avsynth.core.media import Waveform
from avsynth.media.read import read_audio
from avsynth.metrics.mos import speech_quality
from avsynth.models.hub import load_into
from avsynth.models.neural_vocoder import NeuralVocoder
from avsynth.models.speech_discriminator import spectral_distance
from avsynth.models.voice_mel import HOP, RATE, log_mel
from avsynth.training.results import Row, origin, table, write_results
from avsynth.voice.base import ENCODERS
from avsynth.voice.melody import Melody
from avsynth.voice.weights import VOCODER

FOLDER = Path(__file__).parent
COLUMNS = {
    "what": "speech",
    "people": "people",
    "ge2e": "GE2E, to another recording",
    "mos": "DNSMOS overall",
    "spectra": "distance of spectra",
}
_SECONDS = 8


def again(network: NeuralVocoder, samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same speech from its mels and pitch."""
    melody = Melody.of(samples, sample_rate=RATE)
    with torch.no_grad():
        made = network(
            log_mel(torch.from_numpy(samples[None])),
            f0_hz=torch.from_numpy(melody.f0_hz[None]),
            voiced=torch.from_numpy(melody.voiced[None]).float(),
            noise=torch.randn(1, len(samples), generator=torch.Generator().manual_seed(0)),
        )
    found: NDArray[np.float32] = made[0].numpy()
    return found


def measure(media: Path, *, people: int, command: str) -> list[Row]:
    """Rows of the real speech and of the speech put together again."""
    folders = sorted(path for path in (media / "speech" / "yourtts_gt").glob("*/*") if path.is_dir())
    pairs = [sorted(folder.glob("*.flac"))[:2] for folder in folders][:: max(1, len(folders) // people)][:people]
    if not pairs:
        raise InputError(f"{media} holds no people in speech/yourtts_gt; name the media's folder")
    network, encoder = NeuralVocoder(), ENCODERS.get("ge2e")()
    load_into(network.eval(), card=VOCODER)
    likeness: dict[str, list[float]] = {"real": [], "again": []}
    quality: dict[str, list[float]] = {"real": [], "again": []}
    distances: list[float] = []
    for first, second in pairs:
        samples = read_audio(first, sample_rate=RATE).mono()[: _SECONDS * RATE]
        samples = samples[: len(samples) // HOP * HOP]
        other = encoder.embed(read_audio(second))
        made = again(network, samples)
        distances.append(float(spectral_distance(torch.from_numpy(made[None]), torch.from_numpy(samples[None]))))
        for what, sound in (("real", samples), ("again", made)):
            likeness[what].append(float(encoder.embed(Waveform(sound[None], RATE)) @ other))
            quality[what].append(speech_quality(Waveform(sound[None], RATE)).overall)
    return [
        {
            "what": what,
            "people": str(len(pairs)),
            "ge2e": f"{np.mean(likeness[what]):.3f}",
            "mos": f"{np.mean(quality[what]):.2f}",
            "spectra": f"{np.mean(distances):.3f}" if what == "again" else "",
        }
        | origin(command)
        for what in ("real", "again")
    ]


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and write where asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--media", type=Path, default=Path(os.environ.get("AVSYNTH_TEST_MEDIA", "../shared/media")))
    parser.add_argument("--people", type=int, default=31)
    parser.add_argument("--write", action="store_true", help="into results.csv and README.md")
    given = parser.parse_args(arguments)
    command = f"python recipes/LibriSpeech/Vocoder/evaluate.py --people {given.people} --write"
    try:
        made = measure(given.media, people=given.people, command=command)
        sys.stdout.write(table(made, columns=COLUMNS) + "\n")
        if given.write:
            write_results(made, columns=COLUMNS, folder=FOLDER)
    except AvsynthError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
