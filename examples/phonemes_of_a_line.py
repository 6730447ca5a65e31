"""Speak a line in an enrolled voice and print when each phoneme sounds.

python examples/phonemes_of_a_line.py PROFILE LANGUAGE TEXT
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import avsynth


def main(profile: Path, language: str, text: str) -> None:
    with TemporaryDirectory() as folder:
        line = avsynth.say(text, language=language, voice=profile, output=Path(folder) / "line.wav")
        for item in line.phonemes():
            print(f"{item['start']:6.3f} {item['end']:6.3f} {item['symbol']}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
