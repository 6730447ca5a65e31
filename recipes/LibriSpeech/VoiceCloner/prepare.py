"""What the converter learns from: mels, content and speaker vectors of LibriSpeech, as it is and as other voices.

python recipes/LibriSpeech/VoiceCloner/prepare.py MEDIA -o voices.json
python recipes/LibriSpeech/VoiceCloner/prepare.py vocoder.json -o voices.json

MEDIA holds speech/librispeech_train/*.flac; `vocoder.json` is what recipes/LibriSpeech/Vocoder/prepare.py wrote: speech
with its pitch. The phoneme network in `pretrained/phonemes` says what is said, the GE2E encoder who speaks. Where there
is a GPU, both do it there.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from avsynth.core.files import read_text, whole_file
from avsynth.core.serial import from_json
from avsynth.core.speech import PhonemeTimeline
from avsynth.models.ge2e import Ge2e, mel_power, partial_utterances, raise_level
from avsynth.models.hub import load_into
from avsynth.models.voice_mel import log_mel
from avsynth.training.backends.body import Body
from avsynth.training.backends.brain import training_device
from avsynth.training.command import prepare
from avsynth.training.manifest import Item, file_of, place_of
from avsynth.training.recordings import read_melody, read_mono, recordings, with_melody
from avsynth.voice.backends.neural import caution_with
from avsynth.voice.bases import BASES
from avsynth.voice.content import Hearing, at_level
from avsynth.voice.melody import Melody

OTHERS = 6  # as which each recording is also heard: 250 people are few
RECORDED_WEIGHT, CHANGED_WEIGHT, SPOKEN_WEIGHT = 1.0, 0.3, 1.2


def _items(place: Path, output: Path) -> Iterator[Item]:
    folder = output.parent / f"{output.stem}-features"
    folder.mkdir(parents=True, exist_ok=True)
    device = training_device()
    hearing, encoder = Hearing.load(), Ge2e()
    load_into(encoder, card="speaker_encoder/ge2e", ignore=("similarity_weight", "similarity_bias"))
    hearing.network.to(device), encoder.to(device)
    for number, item in enumerate(recordings(place, output=output)):
        item = with_melody(item, manifest=output)
        sound, melody = read_mono(item, manifest=output), read_melody(item, manifest=output)
        spoken = item.facts["kind"] == "spoken"
        said = symbols_of(item, manifest=output) if spoken else ()
        for index in range(1 if spoken or item.split != "train" else 1 + OTHERS):
            name = f"{item.id}@{index}"
            body = Body.drawn(np.random.default_rng(zlib.crc32(name.encode()))) if index else Body()
            target = folder / f"{name}.npz"
            if not target.exists():
                samples = body.change(sound)
                sung = body.sing(melody, length=len(samples))
                arrays = features(samples, sung, said=said, hearing=hearing, device=device)
                arrays["embeddings"] = vectors_of(samples, encoder=encoder, device=device)
                with whole_file(target) as temporary, temporary.open("wb") as file:
                    np.savez(file, **arrays)
            weight = SPOKEN_WEIGHT if spoken else CHANGED_WEIGHT if index else RECORDED_WEIGHT
            facts = item.facts | body.facts() | {"speaker": f"{item.facts['speaker']}@{index}", "weight": str(weight)}
            facts["kept"] = str(kept_of(item) if spoken else 0.0)
            yield Item(name, item.split, item.files | {"features": file_of(target, manifest=output)}, facts)
        if number % 20 == 19:
            sys.stderr.write(f"{number + 1} recordings\n")


def features(
    samples: NDArray[np.float32], melody: Melody, *, said: Sequence[str], hearing: Hearing, device: str
) -> dict[str, Any]:
    """Mels and content of a recording."""
    mel = at_level(log_mel(torch.from_numpy(samples[None]).to(device))[0])
    count = min(mel.shape[1], len(melody))
    content = hearing.content(mel, melody=melody, said=said)
    return {
        "mel": mel[:, :count].cpu().numpy().astype(np.float16),
        "content": content[:, :count].cpu().numpy().astype(np.float16),
    }


def symbols_of(item: Item, *, manifest: Path) -> list[str]:
    """What is said in it, as IPA symbols: known of what synthesizers say."""
    path = place_of(item.files["timeline"], manifest=manifest)
    return [phoneme.symbol for phoneme in from_json(read_text(path), PhonemeTimeline, source=item.id)]


def kept_of(item: Item) -> float:
    """How much of what a synthesizer moved stays in use; its name is the first of its voice's."""
    base, _, _ = item.facts["speaker"].partition("-")
    return caution_with(BASES.get(base)(), language=item.facts["language"]).kept


def vectors_of(samples: NDArray[np.float32], *, encoder: Ge2e, device: str) -> NDArray[np.float32]:
    """The GE2E vector of a whole recording and those of its halves, ``(3, D)``."""
    with torch.no_grad():
        heard = mel_power(torch.from_numpy(raise_level(samples)[None]).to(device))[0].cpu().numpy()
        found = encoder(torch.from_numpy(partial_utterances(heard)).to(device)).cpu()
    half = max(len(found) // 2, 1)
    means = torch.stack([part.mean(dim=0) for part in (found, found[:half], found[-half:])])
    vectors: NDArray[np.float32] = nn.functional.normalize(means, dim=1).numpy()
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
