"""What the converter learns from: mels, content and speaker vectors of LibriSpeech, as it is and as other voices.

python recipes/LibriSpeech/VoiceCloner/prepare.py MEDIA -o voices.json
python recipes/LibriSpeech/VoiceCloner/prepare.py vocoder.json -o voices.json

MEDIA holds speech/librispeech_train/*.flac; `vocoder.json` is what recipes/LibriSpeech/Vocoder/prepare.py wrote: speech
with its pitch. The phoneme network in `pretrained/phonemes` says what is said, the GE2E encoder who speaks.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import signal

from avsynth.core.files import whole_file
from avsynth.models.ge2e import Ge2e, mel_frames, partial_utterances, raise_level
from avsynth.models.hub import load_into
from avsynth.models.voice_mel import HOP, log_mel
from avsynth.training.command import prepare
from avsynth.training.manifest import Item, file_of
from avsynth.training.recordings import read_melody, read_mono, recordings, with_melody
from avsynth.voice.content import Hearing, at_level
from avsynth.voice.melody import Melody

# How much faster recordings are played: higher and from a smaller throat, or the other way.
FACTORS = (1.0, 0.89, 1.12)
RECORDED_WEIGHT, CHANGED_WEIGHT, SPOKEN_WEIGHT = 1.0, 0.5, 0.5


def _items(place: Path, output: Path) -> Iterator[Item]:
    folder = output.parent / f"{output.stem}-features"
    folder.mkdir(parents=True, exist_ok=True)
    hearing, encoder = Hearing.load(), Ge2e()
    load_into(encoder, card="speaker_encoder/ge2e", ignore=("similarity_weight", "similarity_bias"))
    items = [with_melody(item, manifest=output) for item in recordings(place, output=output)]
    if not items:
        return
    for number, item in enumerate(items):
        spoken = item.facts["kind"] == "spoken"
        melody = read_melody(item, manifest=output)
        for factor in (1.0,) if spoken or item.split != "train" else FACTORS:
            name = f"{item.id}@{factor:g}"
            target = folder / f"{name}.npz"
            if not target.exists():
                arrays = features(read_mono(item, manifest=output), melody, factor, hearing=hearing, encoder=encoder)
                with whole_file(target) as temporary, temporary.open("wb") as file:
                    np.savez(file, **arrays)
            weight = SPOKEN_WEIGHT if spoken else RECORDED_WEIGHT if factor == 1 else CHANGED_WEIGHT
            facts = item.facts | {"speaker": f"{item.facts['speaker']}@{factor:g}", "weight": str(weight)}
            files = item.files | {
                "features": file_of(target, manifest=output),
            }
            yield Item(name, item.split, files, facts)
        if number % 20 == 19:
            sys.stderr.write(f"{number + 1} recordings\n")


def features(
    samples: NDArray[np.float32], melody: Melody, factor: float, *, hearing: Hearing, encoder: Ge2e
) -> dict[str, NDArray[np.floating]]:
    """Of a recording played ``factor`` times as fast."""
    if factor != 1:
        length = round(len(samples) / factor)
        samples = signal.resample(samples, length).astype(np.float32)
        at = np.clip(np.arange(length // HOP + 1) * factor, 0, len(melody) - 1)
        pitch = np.interp(at, np.arange(len(melody)), melody.f0_hz).astype(np.float32) * np.float32(factor)
        melody = Melody(pitch, melody.voiced[np.round(at).astype(int)])
    mel = at_level(log_mel(torch.from_numpy(samples[None]))[0])
    count = min(mel.shape[1], len(melody))
    content = hearing.content(mel, melody=melody)
    return {
        "mel": mel[:, :count].numpy().astype(np.float16),
        "content": content[:, :count].numpy().astype(np.float16),
        "embeddings": vectors_of(samples, encoder=encoder),
    }


def vectors_of(samples: NDArray[np.float32], *, encoder: Ge2e) -> NDArray[np.float32]:
    """The GE2E vector of a whole recording and those of its halves, ``(3, D)``."""
    with torch.no_grad():
        found = encoder(torch.from_numpy(partial_utterances(mel_frames(raise_level(samples)))))
    half = max(len(found) // 2, 1)
    means = torch.stack([part.mean(dim=0) for part in (found, found[:half], found[-half:])])
    vectors: NDArray[np.float32] = torch.nn.functional.normalize(means, dim=1).numpy()
    return vectors


main = partial(
    prepare,
    _items,
    about=str(__doc__),
    corpus="LibriSpeech train-clean-100 (Panayotov et al. 2015) and synthetic speech",
    wanted="no speech/librispeech_train",
)

if __name__ == "__main__":
    sys.exit(main())
