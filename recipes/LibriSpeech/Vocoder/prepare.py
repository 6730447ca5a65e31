"""Measures the pitch of speech.

python recipes/LibriSpeech/Vocoder/prepare.py MEDIA -o vocoder.json
python recipes/LibriSpeech/Vocoder/prepare.py phonemes.json -o vocoder.json

MEDIA holds speech/librispeech_train/*.flac; `phonemes.json` is what recipes/LibriSpeech/PhonemeNet/prepare.py wrote, of
which espeak-ng's speech is left out: its buzz is nothing to learn from.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from avsynth.training.command import prepare
from avsynth.training.manifest import Item
from avsynth.training.recordings import recordings, with_melody

_BUZZ = "espeak-"


def _items(place: Path, output: Path) -> Iterator[Item]:
    for number, item in enumerate(recordings(place, output=output)):
        if not item.facts["speaker"].startswith(_BUZZ):
            yield with_melody(item, manifest=output)
        if number % 20 == 19:
            sys.stderr.write(f"{number + 1} recordings\n")


main = partial(
    prepare,
    _items,
    about=str(__doc__),
    corpus="LibriSpeech train-clean-100 (Panayotov et al. 2015) and synthetic speech",
    wanted="no speech/librispeech_train",
)

if __name__ == "__main__":
    sys.exit(main())
