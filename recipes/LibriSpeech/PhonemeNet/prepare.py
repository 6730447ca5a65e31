"""Collects speech whose phonemes and their times are known: LibriSpeech, aligned, and what synthesizers say.

python recipes/LibriSpeech/PhonemeNet/prepare.py MEDIA -o phonemes.json

Run it twice: without weights in pretrained/phonemes the ear of the mouth motion says when each phoneme sounds, and the
bases that do not know it themselves are left out; with the weights of that first round, the network says.

MEDIA holds speech/librispeech_train/*.flac and speech/transcripts_asr.tsv. Lists of words, one a line, are read from
/usr/share/dict (Debian: wamerican wspanish wfrench wngerman witalian) or from $AVSYNTH_WORDS.
"""

from __future__ import annotations

import csv
import os
import random
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray

from avsynth.audio.resample import resample
from avsynth.core.errors import InputError
from avsynth.core.files import read_text, write_text
from avsynth.core.media import Waveform
from avsynth.core.serial import to_json
from avsynth.core.speech import PhonemeSpan, PhonemeTimeline
from avsynth.media.read import read_audio
from avsynth.models.ear import CLASSES, RATE, Ear, load_arrays
from avsynth.models.hub import is_present
from avsynth.models.voice_mel import log_mel
from avsynth.text.espeak import speak
from avsynth.training.command import prepare
from avsynth.training.manifest import Item, file_of
from avsynth.training.monophones import timelines
from avsynth.training.mouths import aligned
from avsynth.training.recordings import split
from avsynth.voice.align import align
from avsynth.voice.bases import BASES
from avsynth.voice.phones import phones_of
from avsynth.voice.weights import PHONEMES

WORDS = {"en": "american-english", "es": "spanish", "fr": "french", "de": "ngerman", "it": "italian"}
# Base and language, and how many lines of a dozen words it speaks.
LINES = {
    **{("espeak", language): 70 for language in WORDS},
    ("hibari", "en"): 300,
    **{("nanotts", language): 90 for language in WORDS},
}
EXACT = ("espeak",)  # bases that know when their phonemes sound
# Bases whose own lines say it; of the rest, the network. It did not know Pico, and learnt its own mistakes from it.
BY_ITSELF = ("nanotts",)
PACES = (0.85, 1.0, 1.15, 1.3)
CORPUS = 225  # recordings beside which so many lines are spoken; fewer beside fewer
_LEAST_LINES = 20  # of a voice, from which its phones can be learnt
_LEAST_FIT = 0.1  # share of the recordings whose words fit their sound worst, which are left out


def _items(media: Path, output: Path) -> Iterator[Item]:
    recorded = list(_recorded(media / "speech", output))
    yield from recorded
    for (base, language), count in LINES.items():
        if base in EXACT or is_present(PHONEMES):
            few = min(count, -(-count * len(recorded) // CORPUS))
            yield from _spoken(base, language, lines(language, count=few), output)


def lines(language: str, *, count: int, seed: int = 0) -> list[str]:
    """Rows of words as a synthesizer is given them."""
    chance = random.Random(f"{language} {seed}")
    path = Path(os.environ.get("AVSYNTH_WORDS", "/usr/share/dict")) / WORDS[language]
    if not path.exists():
        sys.stderr.write(f"no words of {language}: {path} is not there\n")
        return []
    words = [word for word in read_text(path).split() if word.isalpha() and len(word) > 1]
    rows = [chance.sample(words, chance.randint(8, 14)) for _ in range(count)]
    for row in rows:  # people pause inside sentences too
        row[len(row) // 2] += chance.choice((",", ",", ""))
    return [" ".join(row).capitalize() + chance.choice(".?.") for row in rows]


def _recorded(media: Path, output: Path) -> Iterator[Item]:
    """LibriSpeech with its machine transcripts, aligned by the network of the round before."""
    known = is_present(PHONEMES)
    found: list[tuple[float, Path, PhonemeTimeline]] = []
    table = csv.DictReader(
        read_text(media / "transcripts_asr.tsv").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE
    )
    for row in table:
        path = media / row["path"]
        if not row["path"].startswith("librispeech_train/") or not path.exists():
            continue
        sound = read_audio(path, sample_rate=RATE)
        try:
            timeline = align(sound, text=row["text"], language="en") if known else by_ear(sound, row["text"])
        except (InputError, ValueError):  # more words than sound: a wrong transcript
            continue
        found.append((float(np.mean([phoneme.score for phoneme in timeline])), path, timeline))
    if not found:
        raise InputError(f"{media} holds no speech with transcripts; see --help")
    worst = sorted(fit for fit, _, _ in found)[int(_LEAST_FIT * len(found))]
    kept = [(path, timeline) for fit, path, timeline in found if fit >= worst]
    for number, (path, timeline) in enumerate(kept):
        facts = {"language": "en", "speaker": path.stem.split("-")[0], "kind": "recorded"}
        yield _item(path, timeline, facts, split=split(number), output=output)


def by_ear(sound: Waveform, text: str) -> PhonemeTimeline:
    """For the first round: aligned by the ear of the mouth motion, whose likelihood becomes every phoneme's score."""
    ear = Ear.of(load_arrays("mouth_motion/sound"))
    prior = np.full(len(CLASSES), -np.log(len(CLASSES)))
    symbols = [phoneme.symbol for phoneme in speak(text, language="en").phonemes]
    timeline, fit = aligned(ear.hear(sound.mono()), symbols=symbols, prior=prior, duration=sound.duration)
    scored = (PhonemeSpan(p.symbol, p.span, fit) for p in timeline)
    return PhonemeTimeline(tuple(scored), timeline.duration)


def _spoken(base: str, language: str, texts: Sequence[str], output: Path) -> Iterator[Item]:
    """What a base says, in all its voices by turns, faster and slower."""
    engine = BASES.get(base)()
    voices = engine.voices(language)
    names = [voices[number % len(voices)].name for number in range(len(texts))]
    speeches = [
        engine.speak(text, language=language, voice=name, pace=PACES[number % len(PACES)])
        for number, (text, name) in enumerate(zip(texts, names, strict=True))
    ]
    sounds = [resample(Waveform(s.waveform.mono()[None], s.waveform.sample_rate), RATE).samples[0] for s in speeches]
    times = [speech.timeline for speech in speeches]
    if base in BY_ITSELF:
        times = by_itself(sounds, times, names=names, texts=texts)
    for number, (text, name) in enumerate(zip(texts, names, strict=True)):
        path = _folder(output) / f"{base}-{language}-{number:03d}.flac"
        soundfile.write(path, sounds[number].clip(-1, 1), RATE)
        facts = {"language": language, "speaker": f"{base}-{name}", "kind": "spoken", "words": text}
        yield _item(path, times[number], facts, split=split(number), output=output)
    sys.stderr.write(f"{base} {language}: {len(texts)} lines\n")


def by_itself(
    sounds: Sequence[NDArray[np.float32]],
    times: Sequence[PhonemeTimeline],
    *,
    names: Sequence[str],
    texts: Sequence[str],
) -> list[PhonemeTimeline]:
    """When phonemes sound, found from the voice's own lines, where there are enough of them."""
    found = list(times)
    for name in sorted(set(names)):
        own = [index for index, other in enumerate(names) if other == name]
        if len(own) < _LEAST_LINES:
            continue
        mels = [log_mel(torch.from_numpy(sounds[index][None]))[0].numpy().astype(float) for index in own]
        said = [as_espeak_says(times[index], text=texts[index], language=name) for index in own]
        for index, timeline in zip(own, timelines(mels, said=said), strict=True):
            found[index] = timeline or found[index]
    return found


def as_espeak_says(timeline: PhonemeTimeline, *, text: str, language: str) -> Sequence[PhonemeSpan]:
    """The phonemes of a line, as long beside each other as espeak-ng makes them."""
    said = [phoneme for phoneme in speak(text, language=language).phonemes if phones_of(phoneme.symbol)]
    same = [phoneme.symbol for phoneme in said] == [phoneme.symbol for phoneme in timeline]
    return said if same else timeline.phonemes


def _item(path: Path, timeline: PhonemeTimeline, facts: dict[str, str], *, split: str, output: Path) -> Item:
    times = _folder(output) / f"{path.stem}.json"
    write_text(times, to_json(timeline))
    files = {"sound": file_of(path, manifest=output), "timeline": file_of(times, manifest=output)}
    return Item(path.stem, split, files, facts)


def _folder(output: Path) -> Path:
    folder = output.parent / f"{output.stem}-speech"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


main = partial(
    prepare,
    _items,
    about=str(__doc__),
    corpus="LibriSpeech train-clean-100 (Panayotov et al. 2015) and synthetic speech",
    wanted="no speech/librispeech_train",
)

if __name__ == "__main__":
    sys.exit(main())
