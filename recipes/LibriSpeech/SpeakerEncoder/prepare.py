"""Lists LibriSpeech's voices: most train, every sixteenth is only listened to.

python recipes/LibriSpeech/SpeakerEncoder/prepare.py MEDIA -o voices.json      MEDIA holds librispeech_train/*.flac
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from avsynth.training.command import prepare
from avsynth.training.manifest import Item, file_of

EACH = 16


def _items(media: Path, output: Path) -> Iterator[Item]:
    """One utterance a speaker, in the order of their names, which begin with the speaker's number."""
    root = media / "speech" if (media / "speech").is_dir() else media
    for index, path in enumerate(sorted(root.glob("librispeech_train/*.flac"))):
        split = "valid" if index % EACH == EACH - 1 else "train"
        speaker = path.stem.partition("-")[0]
        yield Item(path.stem, split, {"sound": file_of(path, manifest=output)}, {"speaker": speaker})


main = partial(
    prepare,
    _items,
    about=str(__doc__),
    corpus="LibriSpeech train-clean-100 (Panayotov et al. 2015)",
    wanted="no librispeech_train/*.flac",
)

if __name__ == "__main__":
    sys.exit(main())
