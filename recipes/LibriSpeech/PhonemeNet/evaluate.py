"""Measures where the aligner puts phonemes: in synthetic speech of known times, and against the word times of GRID.

python recipes/LibriSpeech/PhonemeNet/evaluate.py [--media MEDIA] [--write]
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from avsynth.core.errors import AvsynthError
from avsynth.core.files import read_text
from avsynth.media.read import read_audio
from avsynth.text.espeak import phonemize, speak
from avsynth.training.results import Row, origin, table, write_results
from avsynth.voice.align import align, align_phonemes

FOLDER = Path(__file__).parent
COLUMNS = {
    "what": "speech",
    "language": "language",
    "boundaries": "boundaries",
    "median_ms": "median error, ms",
    "high_ms": "9 of 10 within, ms",
}
ALIGN_RATE = 25_000  # units of *.align a second
TEXTS = {
    "en": ("The old harbour was quiet before the storm came in.", "Could you pass me that yellow notebook, please?"),
    "es": ("El viejo puerto estaba tranquilo antes de la tormenta.", "¿Me pasas ese cuaderno amarillo, por favor?"),
    "fr": ("Le vieux port était calme avant la tempête.", "Tu peux me passer ce cahier jaune, s'il te plaît ?"),
    "de": ("Der alte Hafen war ruhig, bevor der Sturm kam.", "Kannst du mir bitte das gelbe Heft geben?"),
    "it": ("Il vecchio porto era calmo prima della tempesta.", "Mi passi quel quaderno giallo, per favore?"),
}


def synthetic(language: str) -> list[float]:
    """Errors of every start and end, in seconds, in two voices and two paces."""
    errors: list[float] = []
    for text in TEXTS[language]:
        for voice, pace in ((None, 140), ("f2", 190)):
            truth = speak(text, language=language, words_per_minute=pace, voice_variant=voice)
            found = align(truth.waveform, text=text, language=language)
            for a, b in zip(truth.phonemes, found, strict=True):
                errors += [float(b.span.start - a.span.start), float(b.span.end - a.span.end)]
    return errors


def grid(media: Path) -> list[float]:
    """Errors of every word's start and end, in seconds, in all of GRID's speaker s1 that is there."""
    errors: list[float] = []
    for path in sorted((media / "talking" / "grid_s1" / "align").glob("*.align")):
        rows = [line.split() for line in read_text(path).splitlines()]
        words = [(int(a), int(b), word) for a, b, word in rows if word not in ("sil", "sp")]
        spoken = [phonemize(w.upper() if len(w) == 1 else w, language="en-gb") for _, _, w in words]
        sound = read_audio(path.parents[1] / "video" / f"{path.stem}.mpg")
        found = list(align_phonemes(sound, symbols=[symbol for symbols in spoken for symbol in symbols]))
        for (start, end, _), symbols in zip(words, spoken, strict=True):
            own, found = found[: len(symbols)], found[len(symbols) :]
            errors += [float(own[0].span.start) - start / ALIGN_RATE, float(own[-1].span.end) - end / ALIGN_RATE]
    return errors


def rows(media: Path, *, command: str) -> Iterator[Row]:
    """One for each language, and one for GRID."""
    cases = [("espeak-ng", language, synthetic(language)) for language in TEXTS]
    if errors := grid(media):
        cases.append(("GRID s1, words", "en", errors))
    for what, language, found in cases:
        late = 1000 * np.abs(found)
        yield {
            "what": what,
            "language": language,
            "boundaries": str(len(late)),
            "median_ms": f"{np.median(late):.1f}",
            "high_ms": f"{np.percentile(late, 90):.0f}",
        } | origin(command)


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and write where asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--media", type=Path, default=Path(os.environ.get("AVSYNTH_TEST_MEDIA", "../shared/media")))
    parser.add_argument("--write", action="store_true", help="into results.csv and README.md")
    given = parser.parse_args(arguments)
    try:
        made = list(rows(given.media, command="python recipes/LibriSpeech/PhonemeNet/evaluate.py --write"))
        sys.stdout.write(table(made, columns=COLUMNS) + "\n")
        if given.write:
            write_results(made, columns=COLUMNS, folder=FOLDER)
    except AvsynthError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
