"""How a cloner does on unseen people, for a look between two changes, and how espeak-ng's own voices sound.

    python benchmarks/voice.py [--cloner world] [--speakers 6] [--sentences 2]
    python benchmarks/voice.py --bases        writes how espeak-ng's own voices sound, which the cloner "world" reads

The first prints what recipes/LibriSpeech/VoiceCloner/evaluate.py prints, of a few people, and writes nothing. F0 alone
raises ``own`` and ``others`` alike: read the two together, with how often the right one is the nearest.
"""

from __future__ import annotations

import argparse
import runpy
import sys
from pathlib import Path

from avsynth.core.files import write_text
from avsynth.core.serial import to_json
from avsynth.voice.backends import world

EVALUATE = Path(__file__).parents[1] / "recipes" / "LibriSpeech" / "VoiceCloner" / "evaluate.py"
FEW = ["--speakers", "6", "--sentences", "2"]


def write_bases() -> None:
    bases = world.Bases({name: world.measure_base(name) for name in world.VARIANTS})
    path = Path(world.__file__).with_name("world_bases.json")
    write_text(path, to_json(bases))
    for name, voice in bases.voices.items():
        print(f"{name}: {voice.f0_median_hz:.1f} Hz, deviation {voice.f0_deviation:.3f}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bases", action="store_true")
    options, rest = parser.parse_known_args()
    if options.bases:
        write_bases()
        return 0
    code: int = runpy.run_path(str(EVALUATE))["main"]([*FEW, *rest])  # what is given later counts
    return code


if __name__ == "__main__":
    sys.exit(main())
